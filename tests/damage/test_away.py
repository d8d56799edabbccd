# ctest: labels=damage timeout=200
"""A store that is away is not damage: 503 until it is back, and nothing is lost by it."""

import re
import shutil
import time

import pytest

from conftest import damage_lines, damaged_count
from support.content import ABSENT, Repository, digest_of

NO_SCRUB = ("--scrub.enabled=false",)


@pytest.fixture
def registry(start_registry):
    return start_registry(options=NO_SCRUB)


def wait_until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def tag_status(registry, image) -> int:
    return registry.client.get(image.repository.path("manifests/v1")).status


def ready(registry) -> bool:
    return registry.client.get("/readyz").status == 200


def answers(registry, image) -> dict[str, object]:
    """What is asked of a registry, each with its answer."""
    client, path = registry.client, image.repository.path
    new = b"a layer that is new"
    wanted = {
        "manifest": ("GET", path("manifests/v1"), None),
        "manifest by digest": ("HEAD", path(f"manifests/{image.digest}"), None),
        "blob": ("GET", path(f"blobs/{image.layer_digest}"), None),
        "absent blob": ("HEAD", path(f"blobs/{ABSENT}"), None),
        "tags": ("GET", path("tags/list"), None),
        "mount": ("POST", f"/v2/b/blobs/uploads/?mount={image.layer_digest}&from=app", b""),
        "whole blob": ("POST", path(f"blobs/uploads/?digest={digest_of(new)}"), new),
        "manifest push": ("PUT", path("manifests/v2"), image.manifest),
        "delete": ("DELETE", path("manifests/none"), None),
    }
    found = {name: client.request(method, target, body,
                                  {"Content-Type": "application/vnd.oci.image.manifest.v1+json"})
             for name, (method, target, body) in wanted.items()}
    for answer in found.values():
        names_no_path(registry, answer)
    return found


def names_no_path(registry, answer) -> None:
    if answer.header("Docker-Content-Digest") is not None:
        return  # what was stored, as it is
    text = answer.body.decode()
    for place in (str(registry.data), "docker/registry", "entrepot/", "meta.db", "No such file"):
        assert place not in text, text


def error_lines(registry, words: str) -> list[str]:
    return re.findall(rf"^.*{words}.*$", registry.process.current_stderr(), re.MULTILINE)


@pytest.mark.parametrize("lost", ["docker", "docker/registry/v2/blobs", "entrepot/meta.db"])
def test_all_is_refused_until_it_is_back(registry, image_of, tmp_path, lost):
    image = image_of(registry)
    image.pull()
    shutil.move(registry.data / lost, tmp_path / "away")
    wait_until(lambda: tag_status(registry, image) == 503)
    assert not ready(registry)
    for name, answer in answers(registry, image).items():
        assert answer.status == 503, name
        assert answer.header("Retry-After") is not None
    assert len(error_lines(registry, "the store is away")) == 1
    shutil.move(tmp_path / "away", registry.data / lost)
    wait_until(lambda: tag_status(registry, image) == 200)
    wait_until(lambda: ready(registry))
    image.pull()
    assert answers(registry, image)["whole blob"].status == 201
    assert damaged_count(registry) == (0, 0)
    assert damage_lines(registry) == []


def test_pulls_go_on_without_the_uploads(registry, image_of, tmp_path):
    image = image_of(registry)
    begun = image.repository.upload()
    assert registry.client.request("PATCH", begun, b"some").status == 202
    uploads = registry.data / "entrepot/uploads"
    shutil.move(uploads, tmp_path / "away")
    for target in (begun, image.repository.upload()):
        for method, body in (("PATCH", b"more"), ("PUT", b"")):
            answer = registry.client.request(
                method, f"{target}&digest={digest_of(b'some')}" if method == "PUT" else target, body)
            assert answer.status == 503, answer
            names_no_path(registry, answer)
    found = answers(registry, image)
    assert found["whole blob"].status == 503
    assert found["manifest push"].status == 503
    assert found["absent blob"].status == 404
    image.pull()
    assert not ready(registry)
    assert len(error_lines(registry, "the folder of the uploads is gone")) >= 1
    shutil.move(tmp_path / "away", uploads)
    wait_until(lambda: ready(registry))
    assert answers(registry, image)["whole blob"].status == 201


def test_an_emptied_directory_serves_nothing(registry, image_of):
    """Manifests that are in memory are gone with the rest."""
    image = image_of(registry)
    image.pull()
    for entry in registry.data.iterdir():
        shutil.rmtree(entry)
    wait_until(lambda: tag_status(registry, image) == 503)
    assert not ready(registry)
    for name, answer in answers(registry, image).items():
        assert answer.status == 503, name


def test_what_is_lost_for_good_is_pushed_again(registry, image_of):
    image = image_of(registry)
    registry.stop()
    shutil.rmtree(registry.data / "docker")
    registry.start()
    assert image.layer_status() == 404
    assert image.tag_status() == 404
    assert image.push_as_crane_does() == 3
    image.pull()


def test_no_answer_names_a_path(registry, image_of):
    image = image_of(registry)
    registry.stop()
    image.layer_file.unlink()
    image.layer_file.mkdir()
    registry.start()
    answers(registry, image)
    target = image.repository.upload()
    assert registry.client.request("PATCH", target, b"some").status == 202
    for file in (registry.data / "entrepot/uploads").iterdir():
        file.unlink()
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        query = f"&digest={digest_of(b'some')}" if method == "PUT" else ""
        names_no_path(registry, registry.client.request(method, target + query, b""))
    assert Repository(registry.client, "app").upload()
