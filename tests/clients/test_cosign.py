# ctest: labels=clients,all timeout=180
"""cosign: signatures by a key of our own, stored beside the image; no transparency log."""

import json

import pytest

from support.command import run
from support.paths import program

CLIENT = "cosign"


def version() -> str:
    return json.loads(run(program("cosign"), "version", "--json").stdout)["gitVersion"]


@pytest.fixture
def cosign(scratch):
    """Runs cosign in a folder where a pair of keys is."""

    def cosign(*arguments, **options):
        return run(program("cosign"), *arguments, cwd=scratch, **options, environment={
            "COSIGN_PASSWORD": "", "COSIGN_EXPERIMENTAL": "1", "HOME": str(scratch)})

    cosign("generate-key-pair")
    return cosign


@pytest.fixture
def signed(registry, many_layers):
    """signed(repository): the reference by digest of an image to sign."""

    def place(repository: str) -> str:
        many_layers.place(registry.reference(repository))
        return registry.reference(repository, many_layers.digest())

    return place


def sign(cosign, reference: str, *options: str) -> None:
    cosign("sign", "--yes", "--key=cosign.key", "--tlog-upload=false", "--allow-http-registry",
           *options, reference)


def verify(cosign, reference: str, *options: str, **expect):
    return cosign("verify", "--key=cosign.pub", "--insecure-ignore-tlog", "--allow-http-registry",
                  *options, reference, **expect)


def test_signature_by_tag(cosign, signed, many_layers, tags):
    """Signs an image; the signature is found by its tag and verified."""
    image = signed("cosign/tag")
    sign(cosign, image)
    assert many_layers.digest().replace(":", "-") + ".sig" in tags("cosign/tag")
    checked = json.loads(verify(cosign, image).stdout)
    assert checked[0]["critical"]["image"]["docker-manifest-digest"] == many_layers.digest()


def test_signature_by_referrers(cosign, signed, many_layers, referrers):
    """Signs an image as a referrer; the signature is found by the referrers of the image."""
    image = signed("cosign/referrers")
    sign(cosign, image, "--registry-referrers-mode=oci-1-1")
    assert len(referrers("cosign/referrers", many_layers.digest())) == 1
    assert json.loads(verify(cosign, image, "--experimental-oci11").stdout)


def test_attestation(cosign, signed, scratch):
    """Attaches an attestation to an image and verifies it."""
    image = signed("cosign/attested")
    (scratch / "predicate.json").write_text('{"made": "by tests"}')
    cosign("attest", "--yes", "--key=cosign.key", "--tlog-upload=false", "--allow-http-registry",
           "--type=custom", "--predicate=predicate.json", image)
    cosign("verify-attestation", "--key=cosign.pub", "--insecure-ignore-tlog", "--type=custom",
           "--allow-http-registry", image)


def test_unsigned_image_is_refused(cosign, signed):
    """Verifying an image without a signature fails with the right reason."""
    refused = verify(cosign, signed("cosign/unsigned"), expect=None)
    assert refused.returncode != 0
    assert "no signatures found" in refused.stderr
