# ctest: labels=clients,all timeout=300
"""oras: artifacts of any kind, and what refers to what."""

import json

import pytest

from support import images
from support.command import output, run
from support.paths import program

CLIENT = "oras"


def version() -> str:
    return output(program("oras"), "version").split("\n")[0].split()[-1]


def oras(*arguments, **options) -> str:
    return output(program("oras"), *arguments, **options)


@pytest.fixture
def files(scratch):
    (scratch / "one.txt").write_text("one")
    (scratch / "two.json").write_text('{"two": 2}')
    return scratch


def push_files(registry, repository: str, directory) -> dict:
    """Pushes two files as an artifact and returns what oras says about it."""
    return json.loads(oras(
        "push", "--plain-http", "--artifact-type", images.ARTIFACT_TYPE, "--format=json",
        registry.reference(repository), "one.txt:text/plain", "two.json:application/json",
        cwd=directory))


def test_artifact_there_and_back(registry, files, stored_digest, scratch):
    """Pushes an artifact of two files and pulls them back."""
    pushed = push_files(registry, "oras/thing", files)
    assert pushed["digest"] == stored_digest("oras/thing")
    oras("pull", "--plain-http", "--output", scratch / "back", registry.reference("oras/thing"))
    assert (scratch / "back" / "one.txt").read_text() == "one"
    assert (scratch / "back" / "two.json").read_text() == '{"two": 2}'


def test_second_push_finds_all_blobs_there(registry, files):
    """Pushes an artifact twice, and once more with a note; only the new manifest is sent."""
    def push(*options: str) -> str:
        return oras("push", "--plain-http", "--artifact-type", images.ARTIFACT_TYPE, *options,
                    "--annotation=org.opencontainers.image.created=2024-01-02T03:04:05Z",
                    registry.reference("oras/twice"), "one.txt:text/plain",
                    "two.json:application/json", cwd=files)

    assert push().count("Uploaded ") == 4  # two files, the empty config, the manifest
    assert "Uploaded " not in push()
    noted = push("--annotation=note=new")
    assert noted.count("Exists ") == 3 and noted.count("Uploaded ") == 1, noted


def test_referrers(registry, files, referrers):
    """Attaches a bill of materials and a signature; finds each by its type."""
    subject = push_files(registry, "oras/subject", files)["digest"]
    remote = registry.reference("oras/subject")
    for artifact_type in (images.SBOM_TYPE, images.SIGNATURE_TYPE):
        oras("attach", "--plain-http", "--artifact-type", artifact_type, remote,
             "one.txt:text/plain", cwd=files)
    assert referrers("oras/subject", subject) == [images.SBOM_TYPE, images.SIGNATURE_TYPE]
    found = json.loads(oras("discover", "--plain-http", "--format=json", "--artifact-type",
                            images.SBOM_TYPE, remote))
    assert [entry["artifactType"] for entry in found["referrers"]] == [images.SBOM_TYPE]


def test_copy_with_referrers(registry, files, referrers):
    """Copies an artifact with what refers to it to another repository."""
    subject = push_files(registry, "oras/from", files)["digest"]
    oras("attach", "--plain-http", "--artifact-type", images.SBOM_TYPE,
         registry.reference("oras/from"), "one.txt:text/plain", cwd=files)
    oras("cp", "--recursive", "--from-plain-http", "--to-plain-http",
         registry.reference("oras/from"), registry.reference("oras/to"))
    assert referrers("oras/to", subject) == [images.SBOM_TYPE]


def test_image_layout(registry, multi_architecture, stored_digest, scratch):
    """Copies an index of three architectures from a layout and back; digests equal."""
    remote = registry.reference("oras/multi")
    oras("cp", "--to-plain-http", "--from-oci-layout", f"{multi_architecture.layout}:latest",
         remote)
    assert stored_digest("oras/multi") == multi_architecture.digest()
    oras("cp", "--from-plain-http", "--to-oci-layout", remote, f"{scratch}/back:latest")
    assert images.Image(scratch / "back").digest() == multi_architecture.digest()


def test_tags_and_delete(registry, files, tags):
    """Tags an artifact, lists tags and repositories, deletes the manifest with its tags."""
    digest = push_files(registry, "oras/gone", files)["digest"]
    oras("tag", "--plain-http", registry.reference("oras/gone"), "one", "two")
    shown = oras("repo", "tags", "--plain-http", f"{registry.address}/oras/gone").split()
    assert sorted(shown) == sorted(tags("oras/gone")) == ["latest", "one", "two"]
    assert "oras/gone" in oras("repo", "ls", "--plain-http", registry.address).split()
    oras("manifest", "delete", "--plain-http", "--force", registry.reference("oras/gone", digest))
    missing = run(program("oras"), "manifest", "fetch", "--plain-http",
                  registry.reference("oras/gone", "one"), expect=1)
    assert "not found" in missing.stderr
