"""What tests of mirrors have in common: the one image that the hub has, and how it is pulled."""

from support.content import digest_of

NGINX = "library/nginx"
ACCEPT = ("application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
          "application/vnd.docker.distribution.manifest.v2+json")
PREFIXED = f"docker.io/{NGINX}"
SOON = "--mirror.fresh_for=1ms"


def manifest(server, name: str = NGINX, reference: str = "latest", query: str = ""):
    return server.client.get(f"/v2/{name}/manifests/{reference}{query}", Accept=ACCEPT)


def pull(server, name: str = NGINX) -> dict[str, bytes]:
    """The image, as a client takes it; the bytes of its blobs, checked."""
    answer = manifest(server, name)
    assert answer.status == 200, answer
    blobs = {}
    for named in [answer.json()["config"], *answer.json()["layers"]]:
        got = server.client.get(f"/v2/{name}/blobs/{named['digest']}")
        assert got.status == 200, got
        assert digest_of(got.body) == named["digest"]
        assert int(got.header("Content-Length")) == named["size"] == len(got.body)
        blobs[named["digest"]] = got.body
    return blobs


def asked(hub) -> dict[str, int]:
    """Of the upstream, without the 401 that begins each conversation."""
    return {kind: n for kind, n in hub.counts.items()
            if kind in ("tokens", "head_manifest", "get_manifest", "get_blob", "head_blob")}


def large_layer(image) -> dict:
    return max(image.manifest(image.digest())["layers"], key=lambda layer: layer["size"])
