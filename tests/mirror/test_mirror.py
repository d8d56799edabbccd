# ctest: labels=mirror timeout=300
"""What a mirror asks its upstream, and what it answers."""

import threading

import pytest

from mirrored import ACCEPT, NGINX, PREFIXED, SOON, asked, large_layer, manifest, pull
from support.command import run
from support.content import OCI_INDEX, digest_of, encode
from support.paths import entrepot

def test_a_cold_image_costs_one_get_for_each_part(hub, mirror, image):
    server = mirror()
    assert manifest(server).header("Docker-Content-Digest") == image.digest()
    blobs = pull(server)
    counts = hub.counts
    assert counts["tokens"] == 1 and counts["head_manifest"] == 0
    assert counts["get_manifest"] == 2  # the second is the retry with a token
    assert counts["storage"] == len(blobs) == 3
    assert counts["blob_bytes"] == sum(map(len, blobs.values()))


def test_a_warm_image_asks_nobody(hub, mirror):
    server = mirror()
    first = pull(server)
    hub.forget_counts()
    assert pull(server) == first
    assert pull(server, PREFIXED) == first
    assert asked(hub) == {}


def test_what_was_pulled_outlives_a_restart_and_its_upstream(hub, mirror):
    server = mirror()
    first = pull(server)
    server.stop()
    hub.go_down()
    server.start()
    assert pull(server) == first
    assert "this may be old" in manifest(server).header("Warning")
    absent = manifest(server, "library/other")
    assert absent.status == 503 and absent.header("Retry-After")


def test_a_tag_is_renewed_by_a_head(hub, mirror, image):
    server = mirror(SOON)
    pull(server)
    hub.forget_counts()
    assert manifest(server).status == 200
    assert asked(hub) == {"head_manifest": 1}
    newer = hub.add_image(NGINX, "latest", [b"newer"])
    assert manifest(server).header("Docker-Content-Digest") == newer.digest
    assert manifest(server, reference=image.digest()).status == 200


@pytest.mark.parametrize(("path", "ns"), [
    (f"/v2/{NGINX}/manifests/latest", ""),
    ("/v2/nginx/manifests/latest", ""),
    (f"/v2/{NGINX}/manifests/latest", "?ns=docker.io"),
    (f"/v2/{PREFIXED}/manifests/latest", ""),
    (f"/v2/{PREFIXED}/manifests/latest", "?ns=docker.io"),
    (f"/docker.io/v2/{NGINX}/manifests/latest", ""),
    (f"/docker.io/v2/{NGINX}/manifests/latest", "?ns=docker.io"),
])
def test_each_form_of_the_name_is_one_image(hub, mirror, image, path, ns):
    answer = mirror().client.get(path + ns, Accept=ACCEPT)
    assert answer.status == 200, answer
    assert answer.header("Docker-Content-Digest") == image.digest()


def test_another_ns_is_not_found_and_not_dialled(hub, mirror):
    server = mirror()
    for ns in ("quay.io", hub.address.replace("127.0.0.1", "127.0.0.2"), "docker.io/../x", "%2e%2e"):
        assert manifest(server, query=f"?ns={ns}").status == 404, ns
    assert asked(hub) == {}


def test_names_of_ours_never_go_upstream(hub, mirror, image):
    hub.add_image("acme/app", "latest", [b"a stranger's"])
    server = mirror()
    image.place(server.reference("acme/other"))
    hub.forget_counts()
    assert manifest(server, "acme/app").status == 404
    assert asked(hub) == {}
    assert manifest(server, "docker.io/acme/app").status == 200


def test_nobody_pushes_into_it(hub, mirror):
    server = mirror()
    for path in (f"/v2/{PREFIXED}/blobs/uploads/", f"/docker.io/v2/{NGINX}/blobs/uploads/"):
        refused = server.client.request("POST", path)
        assert refused.status == 403 and "push under a namespace of your own" in str(refused.body)
    assert server.client.request("PUT", f"/v2/{PREFIXED}/manifests/latest", b"{}").status == 403
    assert asked(hub) == {}


def test_however_many_ask_it_comes_once(hub, mirror, image):
    server = mirror()
    layer = large_layer(image)
    manifest(server)
    hub.forget_counts()
    got: list[bytes] = []

    def fetch() -> None:
        got.append(server.client.get(f"/v2/{NGINX}/blobs/{layer['digest']}").body)

    threads = [threading.Thread(target=fetch) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [digest_of(body) for body in got] == [layer["digest"]] * 16
    assert hub.counts["storage"] == 1 and hub.counts["blob_bytes"] == layer["size"]


def test_a_part_of_what_is_on_its_way_is_a_part(hub, mirror, image):
    server = mirror()
    layer = large_layer(image)
    manifest(server)
    end = layer["size"] - 1
    part = server.client.get(f"/v2/{NGINX}/blobs/{layer['digest']}", Range=f"bytes=1000-{end}")
    assert part.status == 206, part
    assert part.header("Content-Range") == f"bytes 1000-{end}/{layer['size']}"
    assert part.body == image.blob(layer["digest"])[1000:]


def test_a_head_of_a_blob_brings_nothing(hub, mirror, image):
    server = mirror()
    layer = large_layer(image)
    answer = server.client.head(f"/v2/{NGINX}/blobs/{layer['digest']}")
    assert answer.status == 200 and int(answer.header("Content-Length")) == layer["size"]
    assert hub.counts["blob_bytes"] == 0


def test_the_upstreams_tags_are_listed(hub, mirror):
    hub.add_image(NGINX, "1.26")
    server = mirror()
    listed = server.client.get(f"/v2/{NGINX}/tags/list").json()
    assert listed == {"name": PREFIXED, "tags": ["1.26", "latest"]}
    page = server.client.get(f"/v2/{NGINX}/tags/list?n=1")
    assert page.json()["tags"] == ["1.26"]
    assert page.header("Link") == f'</v2/{PREFIXED}/tags/list?n=1&last=1.26>; rel="next"'
    manifest(server)
    hub.go_down()
    assert server.client.get(f"/v2/{NGINX}/tags/list").json()["tags"] == ["latest"]


def test_signatures_are_found(hub, mirror, image):
    """By the tag that clients look for where there is no referrers API."""
    signature = hub.add_image(NGINX, "signature", [b"signed"])
    entry = {"mediaType": signature.media_type, "digest": signature.digest,
             "size": len(signature.manifest), "artifactType": "application/vnd.example.signature.v1"}
    index = encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})
    hub.add(NGINX, index, OCI_INDEX, [image.digest().replace(":", "-")])
    server = mirror()
    listed = server.client.get(f"/v2/{NGINX}/referrers/{image.digest()}").json()["manifests"]
    assert [each["digest"] for each in listed] == [signature.digest]
    assert manifest(server, reference=signature.digest).status == 200


def test_credentials_are_read_as_docker_wrote_them(hub, mirror, tmp_path):
    hub.users = {"alice": "pa:ss"}
    hub.private = {NGINX}
    server = mirror("--mirror.absent_for=1ms")
    assert manifest(server).status in (403, 404)
    server.stop()
    file = tmp_path / "config.json"
    file.write_text('{"auths": {"https://index.docker.io/v1/": {"auth": "YWxpY2U6cGE6c3M="}}}')
    file.chmod(0o600)
    server.options += ["--mirror.credentials", str(file)]
    server.start()
    assert manifest(server).status == 200


def test_check_asks_each_upstream(hub, tmp_path):
    def check(*options: str, expect: int = 0) -> str:
        return run(entrepot(), "check", "--data", tmp_path / "data", "--listen", "127.0.0.1:0",
                   "--mirror.root", f"docker.io={hub.url}", *options, expect=expect).stdout

    assert "mirror: docker.io answers" in check()
    assert "docker.io is not asked" in check("--mirror.offline")
    assert "none.json" in check("--mirror.credentials", tmp_path / "none.json", expect=1)
    hub.go_down()
    assert "starts all the same" in check()


def test_offline_asks_nobody(hub, mirror):
    server = mirror()
    first = pull(server)
    server.stop()
    hub.forget_counts()
    server.options += ["--mirror.offline"]
    server.start()
    assert pull(server) == first
    assert manifest(server, "library/other").status == 503
    assert asked(hub) == {}


def test_a_registry2_proxy_goes_on(hub, start_registry):
    server = start_registry(environment={"REGISTRY_PROXY_REMOTEURL": hub.url})
    assert pull(server)
    assert server.client.request("POST", "/v2/acme/app/blobs/uploads/").status == 405
    assert hub.counts["tokens"] == 1
