# ctest: labels=all timeout=900
"""BuildKit's caches, in each form that they have, and its attestations: pushed, collected over,
copied elsewhere and back, handed to another registry's directory and taken over again, and imported
by a builder that knows nothing.

A cache is an index whose children are layers, or an image manifest; `mode=max` has the layers of all
stages. An attestation is a manifest in the image's index, of the platform unknown/unknown.
"""

import itertools
import shutil

import pytest

from support.buildkit import BuildKit
from support.command import run
from support.content import Repository
from support.http import Answer
from support.inventory import contents
from support.paths import entrepot, program

DOCKERFILE = """\
FROM scratch AS tools
COPY a /a
FROM scratch
COPY b /b
COPY --from=tools /a /c
"""
# (image-manifest, oci-mediatypes); the first wants the second.
FORMS = [("true", "true"), ("false", "true"), ("false", "false")]
KINDS = list(itertools.product(["min", "max"], FORMS, ["gzip", "zstd"]))
NOTHING_WAITS = ("--collect.delay", "0s")


def name_of(kind) -> str:
    mode, (is_image, oci), compression = kind
    return f"{mode}-{'image' if is_image == 'true' else 'index'}-" \
           f"{'oci' if oci == 'true' else 'docker'}-{compression}"


@pytest.fixture(scope="module")
def buildkit(tmp_path_factory):
    daemon = BuildKit(tmp_path_factory.mktemp("buildkit")).start()
    yield daemon
    daemon.stop()


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    folder = tmp_path_factory.mktemp("context")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "a").write_text("of the first stage")
    (folder / "b").write_text("of the second" * 1000)
    return folder


def cache(registry, kind) -> str:
    """What buildctl calls the cache of a kind."""
    mode, (is_image, oci), compression = kind
    return (f"type=registry,ref={registry.reference('build/cache', name_of(kind))},mode={mode},"
            f"image-manifest={is_image},oci-mediatypes={oci},compression={compression},"
            "force-compression=true,registry.insecure=true")


@pytest.fixture(scope="module")
def pushed(start_module_registry, buildkit, context):
    """A registry with every kind of cache, and an image with its provenance, collected over."""
    registry = start_module_registry(options=NOTHING_WAITS)
    for kind in KINDS:
        buildkit.build(context, f"--export-cache={cache(registry, kind)}")
    image = registry.reference("build/app")
    buildkit.build(context, "--opt=attest:provenance=mode=max",
                   f"--output=type=image,name={image},push=true,registry.insecure=true")
    told = run(entrepot(), "gc", "--data", registry.data, "--delete-untagged", *NOTHING_WAITS)
    assert "deleted" not in told.stdout, told.stdout
    return registry


def served(registry, kind) -> Answer:
    answer = registry.client.get(f"/v2/build/cache/manifests/{name_of(kind)}")
    assert answer.status == 200, answer
    return answer


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_cache_is_kept_whole(pushed, kind):
    """It has the form that was asked for, and the collector took none of its layers."""
    mode, (is_image, oci), compression = kind
    manifest = served(pushed, kind).json()
    layers = manifest["layers" if is_image == "true" else "manifests"]
    if is_image == "true":
        layers = [*layers, manifest["config"]]
    types = [layer["mediaType"] for layer in layers]
    assert types.count("application/vnd.buildkit.cacheconfig.v0") == 1
    family = "vnd.oci.image.layer.v1.tar+" if oci == "true" else "vnd.docker.image.rootfs.diff.tar."
    assert types.count(f"application/{family}{compression}") == len(layers) - 1
    assert len(layers) - 1 == {"min": 2, "max": 3}[mode]
    for layer in layers:
        blob = pushed.client.get(f"/v2/build/cache/blobs/{layer['digest']}")
        assert (blob.status, len(blob.body)) == (200, layer["size"])


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_cache_is_imported_by_a_builder_that_knows_nothing(pushed, buildkit, context, kind):
    buildkit.forget()
    taken = buildkit.build(context, f"--import-cache={cache(pushed, kind)}")
    assert len(taken) >= {"min": 2, "max": 3}[kind[0]], taken


# To skopeo each child of an index is a manifest.
COPIES = [(kind, client) for kind in KINDS for client in ("crane", "oras", "skopeo")
          if client != "skopeo" or kind[1][0] == "true"]


@pytest.mark.parametrize(("kind", "client"), COPIES,
                         ids=[f"{name_of(kind)}-{client}" for kind, client in COPIES])
def test_cache_is_copied(pushed, scratch, kind, client):
    copy(client, pushed, f"build/cache:{name_of(kind)}", f"copied/{client}:{name_of(kind)}", scratch)
    there = served(pushed, kind).body
    back = pushed.client.get(f"/v2/copied/{client}/manifests/{name_of(kind)}").body
    assert back == there


@pytest.mark.parametrize("client", ["crane", "oras", "skopeo"])
def test_attestation_is_copied(pushed, scratch, client):
    copy(client, pushed, "build/app:latest", f"copied/{client}:app", scratch)
    path = f"/v2/copied/{client}/manifests"
    index = pushed.client.get(f"{path}/app")
    assert index.body == pushed.client.get("/v2/build/app/manifests/latest").body
    image, attestation = index.json()["manifests"]
    assert attestation["annotations"]["vnd.docker.reference.digest"] == image["digest"]
    (statement,) = pushed.client.get(f"{path}/{attestation['digest']}").json()["layers"]
    assert statement["mediaType"] == "application/vnd.in-toto+json"
    told = pushed.client.get(f"/v2/copied/{client}/blobs/{statement['digest']}").json()
    assert "provenance" in told["predicateType"]


def copy(client: str, registry, source: str, target: str, scratch) -> None:
    """To a repository that has nothing of it, through a folder on disk if the client can."""
    there, back = f"{registry.address}/{source}", f"{registry.address}/{target}"
    tag = source.partition(":")[2]
    if client == "crane":
        run(program("crane"), "copy", "--insecure", there, back)
    elif client == "oras":
        run(program("oras"), "cp", "--from-plain-http", "--to-oci-layout", there,
            f"{scratch}/layout:{tag}")
        run(program("oras"), "cp", "--from-oci-layout", "--to-plain-http", f"{scratch}/layout:{tag}",
            back)
    else:
        options = ("--all", "--preserve-digests", "--src-tls-verify=false",
                   "--dest-tls-verify=false")
        run(program("skopeo"), "copy", *options, f"docker://{there}", f"dir:{scratch}/layout")
        run(program("skopeo"), "copy", *options, f"dir:{scratch}/layout", f"docker://{back}")


def test_exported_and_taken_over_again(pushed, start_registry, buildkit, context):
    """As another registry would find it, and as we do."""
    before = contents(pushed)
    other = start_registry()
    other.stop()
    shutil.rmtree(other.data)
    pushed.stop()
    run(entrepot(), "export", "--data", pushed.data, other.data)
    pushed.start()
    other.start()
    assert contents(other) == before
    buildkit.forget()
    for kind in KINDS:
        assert buildkit.build(context, f"--import-cache={cache(other, kind)}"), kind
