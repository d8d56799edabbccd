# ctest: labels=serving timeout=300
"""Badges: what they say, and that they say nothing of what may not be seen."""

import re
import time

from conftest import basic

from support.content import Repository, descriptor, encode, image_manifest, OCI_CONFIG, OCI_LAYER
from support.http import Client

REVISION = "org.opencontainers.image.revision"
LICENSES = "org.opencontainers.image.licenses"


def push(repository: Repository, tag: str, labels: dict, **more):
    config = encode({"os": "linux", "architecture": "amd64", "config": {"Labels": labels}})
    layers = [b"x" * 5_000_000, b"y" * 900_000]
    for blob in (config, *layers):
        repository.push_blob(blob)
    return repository.push_manifest(tag, image_manifest(
        descriptor(config, OCI_CONFIG), [descriptor(each, OCI_LAYER) for each in layers], **more))


def said(client: Client, path: str) -> str:
    answer = client.get(f"/badges/{path}.svg")
    assert answer.status == 200 and answer.header("Content-Type") == "image/svg+xml", answer
    return re.findall(r"<text[^>]*>([^<]*)</text>", answer.body.decode())[-1]


def test_badges_follow_the_pushes(registry):
    client = registry.client
    repository = Repository(client, "team/sub/app")
    assert said(client, "version/team/sub/app") == "not found"
    push(repository, "1.2.3", {REVISION: "a" * 40, LICENSES: "MIT"})
    assert said(client, "image/team/sub/app") == "5.9MB | 2 layers"
    assert said(client, "version/team/sub/app:1.2.3") == "1.2.3"
    assert said(client, "commit/team/sub/app") == "aaaaaaa"
    assert said(client, "license/team/sub/app") == "MIT"
    assert said(client, "pushed/team/sub/app") in (
        time.strftime("%Y-%m-%d", time.gmtime()), time.strftime("%Y-%m-%d", time.gmtime(time.time() - 60)))
    for number in range(20):
        push(repository, "latest", {REVISION: f"{number:07}"}, annotations={LICENSES: f"L-{number}"})
        assert said(client, "commit/team/sub/app") == f"{number:07}"
        assert said(client, "license/team/sub/app:latest") == f"L-{number}"


def test_hostile_labels_stay_text(registry):
    push(Repository(registry.client, "hostile"), "latest", {
        REVISION: "<&\"'>\u202e\u0000", LICENSES: "</text><script>alert(1)</script>" * 1000})
    for kind in ("commit", "license"):
        answer = registry.client.get(f"/badges/{kind}/hostile.svg")
        assert b"<script" not in answer.body and b"\0" not in answer.body
        assert len(answer.body) < 2000
        assert answer.header("Content-Security-Policy") == \
            "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert answer.header("Cache-Control") == "no-cache"


def test_head_and_other_methods(registry):
    push(Repository(registry.client, "methods"), "latest", {})
    whole = registry.client.get("/badges/image/methods.svg")
    head = registry.client.request("HEAD", "/badges/image/methods.svg")
    assert head.status == 200 and head.body == b""
    assert head.header("Content-Length") == str(len(whole.body))
    for method in ("POST", "PUT", "DELETE"):
        answer = registry.client.request(method, "/badges/image/methods.svg", b"")
        assert answer.status == 405 and answer.header("Allow") == "GET, HEAD", answer
    for path in ("/badges", "/badges/", "/badges/stars/methods.svg", "/badges/image/methods",
                 "/badges/image/%2e%2e%00.svg"):
        assert registry.client.get(path, Accept="text/html").status == 404, path


def test_what_may_not_be_seen_is_not_found(office):
    """S72."""
    push(Repository(Client(office.client.address, headers=basic("admin")), "acme/app"), "v1", {})
    push(Repository(Client(office.client.address, headers=basic("admin")), "acme/open"), "v1", {})
    client = office.client

    def seen(path, headers):
        answer = client.request("GET", path, None, headers)
        ignored = ("date", "x-request-id")
        return answer.status, answer.body, [(k, v) for k, v in answer.headers if k.lower() not in ignored]

    session = client.request("POST", "/api/v1/sessions", b"", {**basic("alice"), "Entrepot-Page": "1"})
    cookie = {"Cookie": session.header("Set-Cookie").split(";")[0]}
    absent = seen("/badges/image/acme/none.svg", {})
    assert absent[0] == 200 and b">not found<" in absent[1]
    for headers in ({}, basic("bob"), basic("alice", "wrong"), cookie, {"If-None-Match": "*"},
                    {"Range": "bytes=0-9"}):
        for kind in ("image", "version", "commit", "license", "pushed"):
            for name in ("acme/app", "acme/app:v1", "acme/none", "acme/app:v2"):
                assert seen(f"/badges/{kind}/{name}.svg", headers) == absent, (headers, kind, name)
    assert b"5.9MB" in seen("/badges/image/acme/app.svg", basic("alice"))[1]
    assert b"5.9MB" in seen("/badges/image/acme/open.svg", {})[1]
