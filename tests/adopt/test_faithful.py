# ctest: labels=adopt timeout=300
"""What the old server answered before, entrepot answers after, byte for byte, for directories with
everything in them that strict readers refuse; and gives all of it back."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from conftest import PEERS
from support.command import run
from support.content import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, digest_of
from support.inventory import ACCEPT
from support.paths import entrepot
from support.registry import DistributionRegistry, Entrepot, Registry

ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json"
CONFIG = b'{"c":1}'
LAYER = b"the layer"


class Layout:
    """Writes the directory of an old server: the repository "a"."""

    def __init__(self, data: Path):
        self.root = data / "docker/registry/v2"

    def put(self, path: str, content: bytes) -> None:
        whole = self.root / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(content)

    def blob(self, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        self.put(f"blobs/sha256/{name[:2]}/{name}/data", content)
        return "sha256:" + name

    def link(self, path: str, digest: str) -> None:
        self.put(f"repositories/a/{path}/link", digest.encode())

    def layer(self, content: bytes) -> str:
        digest = self.blob(content)
        self.link("_layers/" + digest.replace(":", "/"), digest)
        return digest

    def manifest(self, content: bytes, *tags: str) -> str:
        digest = self.blob(content)
        self.link("_manifests/revisions/" + digest.replace(":", "/"), digest)
        for tag in tags:
            self.tag(tag, digest)
        return digest

    def tag(self, tag: str, digest: str) -> None:
        self.link(f"_manifests/tags/{tag}/index/" + digest.replace(":", "/"), digest)
        self.link(f"_manifests/tags/{tag}/current", digest)


def descriptor(media_type: str, content: bytes) -> dict:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def image(**more) -> dict:
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", CONFIG),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", LAYER)], **more}


def without(document: dict, *path) -> dict:
    document = json.loads(json.dumps(document))
    place = document
    for part in path[:-1]:
        place = place[part]
    del place[path[-1]]
    return document


def index(*children: bytes, **more) -> dict:
    return {"schemaVersion": 2, "mediaType": OCI_INDEX,
            "manifests": [descriptor(OCI_MANIFEST, child) for child in children], **more}


def encode(document: dict) -> bytes:
    return json.dumps(document).encode()


def docker(document: dict, media_type: str) -> dict:
    return {**document, "mediaType": media_type}


# By tag: what clients and old servers left behind over the years.
ODD: dict[str, bytes] = {
    "plain": encode(image()),
    "null-annotation": encode(image(annotations={"k": None})),
    "null-annotations": encode(image(annotations=None)),
    "layer-null-annotation": encode(image(layers=[
        {**descriptor("a/b", LAYER), "annotations": {"k": None}, "urls": None}])),
    "no-size": encode(without(image(), "layers", 0, "size")),
    "no-layer-type": encode(without(image(), "layers", 0, "mediaType")),
    "config-no-size": encode(without(image(), "config", "size")),
    "null-layers": encode(image(layers=None)),
    "no-layers": encode(without(image(), "layers")),
    "null-subject": encode(image(subject=None)),
    "no-type": encode(without(image(), "mediaType")),
    "other-letters": encode(image()).replace(b'"layers"', b'"Layers"'),
    "twice": encode(image()).replace(b'"config":', b'"config":null,"config":'),
    "bad-utf-8": encode(image()).replace(b'"config":', b'"x":"\xff\xfe","config":'),
    "half-surrogate": encode(image()).replace(b'"config":', b'"x":"\\ud800","config":'),
    "long-number": encode(image()).replace(b'"config":', b'"x":1234567890123456789012,"config":'),
    "deep": encode(image()).replace(
        b'"config":', b'"x":' + b"[" * 300 + b"]" * 300 + b',"config":'),
    "spaces": b"\n\n  " + json.dumps(image(), indent=7).encode() + b"\n\n",
    "docker": encode(docker(image(), DOCKER_MANIFEST)),
    "docker-null-layers": encode(docker(image(layers=None), DOCKER_MANIFEST)),
    "null-manifests": encode({**index(), "manifests": None}),
    "no-manifests": encode(without(index(), "manifests")),
    "index-no-type": encode(without(index(), "mediaType")),
    "null-manifests-no-type": encode({"schemaVersion": 2, "manifests": None}),
    "list": encode(docker(index(), DOCKER_LIST)),
    "index-of-nothing": encode(index(b"nobody has this")),
    "child-no-size": encode(without(index(encode(image())), "manifests", 0, "size")),
    "platform-null": encode(index()).replace(
        b'"manifests": []', b'"manifests": [' + encode(
            {**descriptor(OCI_MANIFEST, encode(image())), "platform": None}) + b"]"),
}


def lay(data: Path) -> Layout:
    layout = Layout(data)
    layout.layer(CONFIG)
    layout.layer(LAYER)
    for tag, content in ODD.items():
        layout.manifest(content, tag)
    return layout


def get(registry: Registry, reference: str, accept: str = ACCEPT) -> tuple:
    answer = registry.client.get(f"/v2/a/manifests/{reference}", Accept=accept)
    kind = answer.header("Content-Type") if answer.status == 200 else ""
    return answer.status, kind, answer.body if answer.status == 200 else b""


def links(data: Path) -> dict[str, bytes]:
    root = data / "docker/registry/v2/repositories"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("link")}


@pytest.fixture(params=PEERS, ids=lambda peer: peer.__name__)
def old(request, tmp_path):
    registry = request.param(tmp_path / "old")
    yield registry
    registry.stop()


@pytest.fixture
def new(tmp_path):
    registry = Entrepot(tmp_path / "new")
    yield registry
    registry.stop()


def test_what_the_old_server_served_is_served(old, new):
    for registry in (old, new):
        lay(registry.data)
        registry.start()
    served = {tag: get(old, tag) for tag in ODD}
    assert sum(answer[0] == 200 for answer in served.values()) > len(ODD) / 2
    for tag, content in ODD.items():
        mine = get(new, tag)
        assert mine[0] == 200 and mine[2] == content, tag
        assert get(new, digest_of(content)) == mine, tag
        if served[tag][0] == 200:
            assert mine == served[tag], tag
    assert new.client.get("/v2/a/tags/list").json()["tags"] == sorted(ODD)


def test_null_pushed_is_absent(start_registry):
    """A push is judged, and null for a list or a map is none."""
    registry = start_registry()
    client = registry.client
    for content in (CONFIG, LAYER):
        target = f"/v2/a/blobs/uploads/?digest={digest_of(content)}"
        assert client.request("POST", target, content,
                              {"Content-Type": "application/octet-stream"}).status == 201

    def put(content: bytes, media_type: str) -> int:
        return client.request("PUT", "/v2/a/manifests/t", content,
                              {"Content-Type": media_type}).status

    good = ("null-annotations", "null-layers", "no-layers", "null-subject", "long-number",
            "no-type")
    assert {tag: put(ODD[tag], OCI_MANIFEST) for tag in good} == dict.fromkeys(good, 201)
    assert put(ODD["null-manifests"], OCI_INDEX) == 201
    bad = ("null-annotation", "layer-null-annotation", "no-size", "no-layer-type",
           "config-no-size", "other-letters", "twice", "bad-utf-8", "deep")
    assert {tag: put(ODD[tag], OCI_MANIFEST) for tag in bad} == dict.fromkeys(bad, 400)
    assert put(ODD["no-manifests"], OCI_INDEX) == 400


def test_children_known_as_blobs_are_served_as_the_old_server_did(old, new):
    """Version 2 looks for a manifest among the layers, version 3 does no more."""
    inner = encode(image(annotations={"depth": "2"}))
    middle = encode(index(inner))
    tagged = encode(image(annotations={"tagged": "1"}))
    for registry in (old, new):
        layout = Layout(registry.data)
        for content in (CONFIG, LAYER, inner, middle, tagged):
            layout.layer(content)
        layout.manifest(encode(index(middle)), "top")
        layout.tag("tagged", digest_of(tagged))
        registry.start()
    for reference in ("top", "tagged", digest_of(inner), digest_of(middle), digest_of(tagged)):
        served = get(old, reference)
        assert served[0] == 200 or type(old) is DistributionRegistry, reference
        assert get(new, reference)[0] == 200, reference
        assert served[0] != 200 or get(new, reference) == served, reference
    for content in (inner, middle, CONFIG, LAYER):
        answer = new.client.get(f"/v2/a/blobs/{digest_of(content)}")
        assert answer.status == 200 and answer.body == content
    assert get(new, digest_of(CONFIG))[0] == 404

    # The index holds them.
    new.stop()
    told = run(entrepot(), "gc", "--data", new.data, "--delete-untagged").stdout
    assert " 0 removed" in told, told
    new.start()
    for reference in ("top", digest_of(inner), digest_of(middle)):
        assert get(new, reference)[0] == 200, reference


def test_artifact_manifests_are_kept_with_their_type(new):
    layout = lay(new.data)
    content = encode({"mediaType": ARTIFACT, "artifactType": "a/sbom",
                      "blobs": [descriptor("a/b", b"an sbom")],
                      "subject": descriptor(OCI_MANIFEST, ODD["plain"])})
    layout.layer(b"an sbom")
    layout.manifest(content, "artifact")
    new.start()
    assert get(new, "artifact", ARTIFACT) == (200, ARTIFACT, content)
    listed = new.client.get(f"/v2/a/referrers/{digest_of(ODD['plain'])}").json()["manifests"]
    assert [(each["digest"], each["artifactType"]) for each in listed] == [
        (digest_of(content), "a/sbom")]
    new.stop()
    run(entrepot(), "gc", "--data", new.data)
    new.start()
    assert new.client.get(f"/v2/a/blobs/{digest_of(b'an sbom')}").body == b"an sbom"


def test_everything_comes_back_with_an_export(old, new):
    layout = lay(new.data)
    old_layer = layout.layer(b"a layer of schema 1")
    schema1 = layout.manifest(encode({"schemaVersion": 1, "name": "a", "tag": "schema1",
                                      "fsLayers": [{"blobSum": old_layer}], "history": []}),
                              "schema1")
    layout.tag("nowhere", "sha256:" + "0" * 64)
    layout.link("_layers/sha256/" + "1" * 64, "sha256:" + "1" * 64)
    layout.link("_manifests/revisions/sha256/" + "2" * 64, "sha256:" + "2" * 64)
    damaged = layout.manifest(encode(image(annotations={"will": "rot"})), "damaged")
    layout.put(f"blobs/sha256/{damaged[7:9]}/{damaged[7:]}/data", b"rotten")
    layout.put("repositories/UPPER/_manifests/tags/t/current/link", damaged.encode())
    before = links(new.data)

    new.start()
    assert get(new, "schema1")[0] == 404
    listed = new.client.get("/v2/a/tags/list").json()["tags"]
    assert listed == sorted(ODD)
    new.stop()
    run(entrepot(), "gc", "--data", new.data, "--delete-untagged")
    run(entrepot(), "export", "--data", new.data)
    after = links(new.data)
    assert {path: after.get(path) for path in before} == before
    for digest in (schema1, old_layer):
        assert (layout.root / f"blobs/sha256/{digest[7:9]}/{digest[7:]}/data").is_file()

    old.data.rmdir()
    os.rename(new.data, old.data)
    old.start()
    for tag in ("plain", "null-annotation", "no-size"):
        assert get(old, tag)[2] == ODD[tag]
    old.stop()


def test_odd_files_neither_hang_nor_leak(new):
    layout = lay(new.data)
    secret = new.data.parent / "secret"
    secret.write_bytes(b"nobody's business")
    stolen = "sha256:" + "2" * 64
    layout.link("_layers/sha256/" + stolen[7:], stolen)
    place = layout.root / f"blobs/sha256/22/{stolen[7:]}"
    place.mkdir(parents=True)
    (place / "data").symlink_to(secret)
    repository = layout.root / "repositories/a"
    for folder in ("_layers/sha256/" + "3" * 64, "_manifests/tags/fifo/current",
                   "_manifests/revisions/sha256/" + "4" * 64):
        (repository / folder).mkdir(parents=True)
        os.mkfifo(repository / folder / "link")
    (repository / "loop").symlink_to(layout.root / "repositories")
    alias = "sha512:" + hashlib.sha512(b"other bytes").hexdigest()
    layout.link("_layers/" + alias.replace(":", "/"), digest_of(LAYER))
    right = "sha512:" + hashlib.sha512(LAYER).hexdigest()
    layout.link("_layers/" + right.replace(":", "/"), digest_of(LAYER))
    new.start()
    assert "odd files left alone" in new.process.log()
    assert new.client.get(f"/v2/a/blobs/{stolen}").status == 404
    assert new.client.get(f"/v2/a/blobs/{alias}").status == 404
    assert new.client.get(f"/v2/a/blobs/{right}").body == LAYER
    assert new.client.get("/v2/_catalog").json()["repositories"] == ["a"]
    assert new.client.get("/v2/a/tags/list").json()["tags"] == sorted(ODD)


def test_sigterm_ends_an_adoption_that_goes_on_later(new):
    layout = lay(new.data)
    with open(layout.root / "big", "wb") as file:  # a sparse file: an alias that takes long to hash
        file.truncate(1 << 40)
    name = "5" * 64
    place = layout.root / f"blobs/sha256/55/{name}"
    place.mkdir(parents=True)
    os.rename(layout.root / "big", place / "data")
    layout.link("_layers/sha512/" + "6" * 128, "sha256:" + name)
    process = new.process
    process.spawn(new._command())
    process.wait_until(lambda: "taking it over" in process.current_stderr(), 30)
    time.sleep(0.3)
    begin = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - begin < 8
    assert (layout.root / "repositories").is_dir()
    (layout.root / ("repositories/a/_layers/sha512/" + "6" * 128) / "link").unlink()
    new.start()
    assert new.client.get("/v2/a/tags/list").json()["tags"] == sorted(ODD)
