# ctest: labels=protocol timeout=120 sanitizers=dev
"""Manifests as large and as long as they may be: taken, quick, and no larger."""

import time

from support.content import (OCI_INDEX, OCI_LAYER, OCI_MANIFEST, descriptor, encode,
                             image_manifest, index_manifest)

MOST_GROWTH_BYTES = 192 << 20  # 64 MiB of manifests may be kept in memory to answer from
MOST_REFERENCES = 10_000


def test_very_long_lists_are_quick(repository):
    """As many absent children as a manifest may name, and as many layers, take no time to speak of.
    One more is refused: tests/lanes."""
    count = MOST_REFERENCES - 1  # the config is one, too
    child = descriptor(b"{}", OCI_MANIFEST)
    content = b"one layer, many times"
    repository.push_blob(content)
    layer = descriptor(content, OCI_LAYER)
    for document, media_type in ((index_manifest([child] * count), OCI_INDEX),
                                 (image_manifest(layer, [layer] * count), OCI_MANIFEST)):
        start = time.monotonic()
        answer = repository.put_manifest("many", document, media_type)
        assert answer.status == 201
        assert time.monotonic() - start < 3


def test_manifests_up_to_4_mib(repository):
    """4 MiB exactly is taken and comes back; one byte more is 413, before or after it was sent."""
    limit = 4 << 20
    document = repository.image_document(annotations={"fill": ""})
    room = limit - len(encode(document))
    document["annotations"]["fill"] = "x" * room
    content = encode(document)
    assert len(content) == limit
    repository.push_manifest("largest", content)
    assert repository.client.get(repository.path("manifests/largest")).body == content

    document["annotations"]["fill"] += "x"
    for body in (encode(document), iter([encode(document)])):  # with a length, and chunked
        answer = repository.client.request("PUT", repository.path("manifests/larger"), body,
                                           {"Content-Type": OCI_MANIFEST})
        assert (answer.status, answer.error_codes()) == (413, ["MANIFEST_INVALID"])
    assert repository.client.head(repository.path("manifests/larger")).status == 404
