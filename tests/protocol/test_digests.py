# ctest: labels=protocol timeout=120 sanitizers=dev
"""Digests and descriptors: what is malformed is refused, in paths, queries and manifests."""

import json

import pytest

from support.content import ABSENT, digest_of, encode, with_query
from support.raw import ask

HEX = "0123456789abcdef" * 4

BAD_DIGESTS = [
    "sha256:", "sha256", f":{HEX}", f"sha256::{HEX}", f"sha256:{HEX[:-1]}", f"sha256:{HEX}0",
    f"sha256:{HEX.upper()}", f"SHA256:{HEX}", f"sha256:{'g' * 64}", f"sha256:{HEX}{HEX}",
    f"sha512:{HEX}", f"sha384:{HEX}{HEX[:32]}", f"sha1:{HEX[:40]}", f"md5:{HEX[:32]}",
    f"sha256+b64u:{HEX[:43]}", f"sha256:%20{HEX[:-1]}", f"sha256:{HEX}%20", f"sha256:{HEX}%0a",
    f"sha256:{HEX[:-1]}%00", "sha256:" + "%D9%A0" * 64, "sha256:..%2f..%2f..%2fetc%2fpasswd",
    "sha256:../../../etc/passwd", f"sha256:{HEX}/..", f"sha256:{HEX}%2f..", f"sha256:-{HEX[:-1]}",
    f"sha256:0x{HEX[2:]}", "sha256:baddigeststring", "a" * 5000 + ":" + HEX, f"sha256:{'0' * 5000}",
]


@pytest.mark.parametrize("digest", BAD_DIGESTS, ids=lambda digest: ascii(digest[:50]))
def test_bad_digest_in_a_path(registry, repository, digest):
    """400 DIGEST_INVALID, or 404 where the path has no such form or the text may be a tag."""
    for method, rest in [("GET", "blobs"), ("DELETE", "blobs"), ("GET", "manifests"),
                         ("PUT", "manifests"), ("DELETE", "manifests"), ("GET", "referrers")]:
        answer = ask(registry.address, method, repository.path(f"{rest}/{digest}"))
        assert answer.status in (400, 404, 405), (method, rest, answer)
        assert set(answer.error_codes()) <= {"DIGEST_INVALID", "TAG_INVALID", "MANIFEST_INVALID",
                                             "MANIFEST_UNKNOWN", "NAME_INVALID", "NAME_UNKNOWN",
                                             "UNSUPPORTED"}, (method, rest, answer)
    assert ask(registry.address, "HEAD", repository.path(f"blobs/{digest}")).status in (400, 404)


@pytest.mark.parametrize("digest", BAD_DIGESTS, ids=lambda digest: ascii(digest[:50]))
def test_bad_digest_in_a_query(registry, repository, digest):
    """A push of it gets 400 DIGEST_INVALID and stores nothing; a mount of it becomes an upload."""
    content = b"content"
    uploads = repository.path("blobs/uploads/")
    answer = ask(registry.address, "POST", f"{uploads}?digest={digest}", body=content)
    assert (answer.status, answer.error_codes()) == (400, ["DIGEST_INVALID"]), answer
    assert ask(registry.address, "POST", f"{uploads}?mount={digest}").status == 202
    upload = repository.upload()
    answer = ask(registry.address, "PUT", with_query(upload, f"digest={digest}"), body=content)
    assert (answer.status, answer.error_codes()) == (400, ["DIGEST_INVALID"]), answer
    assert repository.client.head(repository.path(f"blobs/{digest_of(content)}")).status == 404


@pytest.mark.parametrize(("algorithm", "status"), [
    ("sha256", 202), ("sha512", 202), ("sha384", 400), ("md5", 400), ("", 400), ("SHA256", 400),
    ("sha256,sha512", 400), ("../x", 400), ("x" * 2000, 400),
])
def test_digest_algorithm(repository, algorithm, status):
    answer = repository.start_upload(f"?digest-algorithm={algorithm}")
    assert answer.status == status
    if status == 400:
        assert answer.error_codes() == ["DIGEST_INVALID"]


def layer_with(**fields):
    """Changes the first layer's fields; a value of None takes the field away."""
    def change(document):
        layer = document["layers"][0]
        layer.update(fields)
        for name in [name for name, value in fields.items() if value is None]:
            del layer[name]
    return change


def document_with(**fields):
    def change(document):
        document.update(fields)
        for name in [name for name, value in fields.items() if value is None]:
            del document[name]
    return change


# The size or digest of a descriptor that no reader may take.
BAD_DESCRIPTORS = {
    "size -1": layer_with(size=-1),
    "size 2^63": layer_with(size=1 << 63),
    "size 2^64": layer_with(size=1 << 64),
    "size 2^70": layer_with(size=1 << 70),
    "size 1.5": layer_with(size=1.5),
    "size as a string": layer_with(size="12"),
    "size true": layer_with(size=True),
    "size a list": layer_with(size=[1]),
    "no size": layer_with(size=None),
    "no digest": layer_with(digest=None),
    "digest a number": layer_with(digest=12),
    "digest empty": layer_with(digest=""),
    "digest short": layer_with(digest="sha256:abc"),
    "digest in capitals": layer_with(digest="sha256:" + HEX.upper()),
    "digest a path": layer_with(digest="sha256:../../../../etc/passwd"),
    "digest md5": layer_with(digest="md5:" + HEX[:32]),
    "digest with NUL": layer_with(digest=ABSENT + "\0"),
    "media type a number": layer_with(mediaType=7),
    "layer a string": document_with(layers=[ABSENT]),
    "layer a list": document_with(layers=[[]]),
    "layer a number": document_with(layers=[0]),
    "layers an object": document_with(layers={}),
    "layers a string": document_with(layers="none"),
    "no config": document_with(config=None),
    "config a list": document_with(config=[]),
    "config a string": document_with(config=ABSENT),
    "config empty": document_with(config={}),
    "subject a string": document_with(subject=ABSENT),
    "subject without a digest": document_with(subject={"size": 1}),
    "subject's digest bad": document_with(subject={"mediaType": "a/b", "digest": "x", "size": 1}),
    "annotations a list": document_with(annotations=[]),
    "annotation a number": document_with(annotations={"a": 1}),
    "artifact type a number": document_with(artifactType=1),
}


@pytest.mark.parametrize("change", BAD_DESCRIPTORS.values(), ids=BAD_DESCRIPTORS)
def test_bad_descriptor(repository, change):
    """400 MANIFEST_INVALID that says where; the tag does not come to be."""
    document = repository.image_document()
    change(document)
    refuse(repository, encode(document))


def refuse(repository, content: bytes) -> None:
    answer = repository.put_manifest("bad", content)
    assert answer.status == 400, answer
    assert set(answer.error_codes()) <= {"MANIFEST_INVALID", "DIGEST_INVALID"}, answer
    assert answer.json()["errors"][0]["message"]
    assert repository.client.head(repository.path("manifests/bad")).status == 404
    assert repository.client.head(repository.path(f"manifests/{digest_of(content)}")).status == 404


def text_with(old: str, new: str):
    return lambda text: text.replace(old, new, 1)


# What JSON itself forbids, or what two readers would read in two ways.
BAD_JSON = {
    "nothing": lambda text: "",
    "null": lambda text: "null",
    "a list": lambda text: "[]",
    "a string": lambda text: '"manifest"',
    "a number": lambda text: "2",
    "half of it": lambda text: text[: len(text) // 2],
    "something behind it": lambda text: text + "{}",
    "twice": lambda text: text + text,
    "a byte order mark": lambda text: "\ufeff" + text,
    "single quotes": lambda text: text.replace('"', "'"),
    "a comment": lambda text: text + "// done",
    "a comma too many": lambda text: text[:-1] + ",}",
    "NaN": text_with('"size": ', '"size": NaN, "x": '),
    "Infinity": text_with('"size": ', '"size": Infinity, "x": '),
    "a size of 1e3": text_with('"size": ', '"size": 1e3, "x": '),
    "a plus sign": text_with('"size": ', '"size": +'),
    "zeros in front": text_with('"size": ', '"size": 00'),
    "two digests": text_with('"digest": ', f'"digest": "{ABSENT}", "digest": '),
    "two sizes": text_with('"size": ', '"size": 1, "size": '),
    "two configs": text_with('"config": ', '"config": {}, "config": '),
    "two lists of layers": text_with('"layers": ', '"layers": [], "layers": '),
    "two media types": text_with('"mediaType": ', '"mediaType": "a/b", "mediaType": '),
    "an escaped second digest": text_with('"digest": ',
                                          f'"d\\u0069gest": "{ABSENT}", "digest": '),
    "a line end in a string": text_with('"mediaType": "', '"mediaType": "\n'),
    "100,000 brackets": lambda text: "[" * 100_000,
    "100,000 objects": lambda text: '{"a":' * 100_000,
    "deep in a field": lambda text: text[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
}


@pytest.mark.parametrize("change", BAD_JSON.values(), ids=BAD_JSON)
def test_bad_json(repository, change):
    refuse(repository, change(json.dumps(repository.image_document())).encode())


@pytest.mark.parametrize("make", [
    lambda text: text.encode("utf-16"),
    lambda text: text.encode("utf-32"),
    lambda text: text.encode().replace(b"amd64", b"\xff\xfe"),
    lambda text: b"\x00" + text.encode(),
    lambda text: text.encode() + b"\x00",
    lambda text: b"\x1f\x8b\x08" + text.encode(),
], ids=["UTF-16", "UTF-32", "no UTF-8", "NUL in front", "NUL behind", "half gzip"])
def test_bad_encoding(repository, make):
    document = repository.image_document(annotations={"cpu": "amd64"})
    refuse(repository, make(json.dumps(document)))


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\udfff"', '"\\u0000"', '"\\ud83d\\ude00"'])
def test_odd_text_in_an_annotation(repository, text):
    """Refused, or kept byte for byte: never a 5xx, never other bytes."""
    content = json.dumps(repository.image_document(annotations={"a": "TEXT"}))
    content = content.replace('"TEXT"', text).encode()
    answer = repository.put_manifest("odd", content)
    assert answer.status in (201, 400)
    if answer.status == 201:
        assert repository.client.get(repository.path("manifests/odd")).body == content
