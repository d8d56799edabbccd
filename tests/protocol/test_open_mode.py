# ctest: labels=protocol timeout=60
"""Who gets in while there are no accounts: this machine's programs, and no web page's script."""

import pytest

from support.raw import ask

# Headers of a request, and whether it gets in.
ADMITTED = [
    {}, {"Host": "localhost"}, {"Host": "localhost:5000"}, {"Host": "127.0.0.1"},
    {"Host": "127.0.0.1:5000"}, {"Host": "[::1]"}, {"Host": "[::1]:5000"}, {"Host": "10.1.2.3"},
    {"Host": "registry"}, {"Host": "REGISTRY"}, {"Host": "registry:80"}, {"Host": "registry.local"},
    {"Host": "a.b.internal"}, {"Host": "registry.lan"}, {"Host": "registry.test"},
    {"Host": "x.localhost"}, {"Host": "nas.home.arpa"}, {"Host": "x.LOCAL"},
    {"Host": "localhost", "Origin": "http://localhost"},
    {"Host": "localhost:5000", "Origin": "http://localhost:5000"},
    {"Host": "127.0.0.1:5000", "Origin": "http://127.0.0.1:5000"},
    {"Host": "localhost", "Referer": "http://evil.example/"},
    {"Host": "localhost", "X-Request-Id": "mine"},
]

REFUSED = [
    {"Host": "x.local."}, {"Host": "evil.example"}, {"Host": "evil.example:5000"},
    {"Host": "example.com"},
    {"Host": "localhost.evil.example"}, {"Host": "local.example"}, {"Host": "evil-local.example"},
    {"Host": "127.0.0.1.evil.example"}, {"Host": "127.0.0.1.nip.io"}, {"Host": "notlocal.xlocal"},
    {"Host": "evil.example", "Origin": "http://evil.example"},
    {"Host": "localhost", "Origin": "http://evil.example"},
    {"Host": "localhost", "Origin": "null"},
    {"Host": "localhost", "Origin": ""},
    {"Host": "localhost", "Origin": "https://localhost"},
    {"Host": "localhost:5000", "Origin": "http://localhost"},
    {"Host": "localhost:5000", "Origin": "http://localhost:5001"},
    {"Host": "localhost", "Origin": "http://localhost.evil.example"},
    {"Host": "localhost", "Origin": "http://localhost@evil.example"},
    {"Host": "localhost", "Forwarded": "for=10.0.0.1"},
    {"Host": "localhost", "Via": "1.1 proxy"},
    {"Host": "localhost", "X-Forwarded-For": "10.0.0.1"},
    {"Host": "localhost", "X-Forwarded-For": "127.0.0.1"},
    {"Host": "localhost", "X-Forwarded-For": ""},
    {"Host": "localhost", "X-Forwarded-Host": "localhost"},
    {"Host": "localhost", "X-Forwarded-Proto": "https"},
    {"Host": "localhost", "X-Forwarded-Port": "443"},
    {"Host": "localhost", "X-Forwarded-Prefix": "/x"},
    {"Host": "localhost", "X-Forwarded-Ssl": "on"},
    {"Host": "localhost", "X-Forwarded-Anything": "1"},
    {"Host": "localhost", "x-forwarded-for": "10.0.0.1"},
    {"Host": "localhost", "X-Real-IP": "10.0.0.1"},
    {"Host": "localhost", "X-Client-IP": "10.0.0.1"},
    {"Host": "localhost", "CF-Connecting-IP": "10.0.0.1"},
    {"Host": "localhost", "True-Client-IP": "10.0.0.1"},
    {"Host": "localhost", "X-Cluster-Client-IP": "10.0.0.1"},
    {"Host": "localhost", "X-Envoy-External-Address": "10.0.0.1"},
    {"Host": "localhost", "X-Original-URI": "/"},
    {"Host": "localhost", "Fly-Client-IP": "10.0.0.1"},
    {"Host": "localhost", "Fastly-Client-IP": "10.0.0.1"},
    {"Host": "localhost", "X-Appengine-User-IP": "10.0.0.1"},
]

ROUTES = [
    ("GET", "/v2/"), ("HEAD", "/v2/"), ("GET", "/v2/_catalog"), ("GET", "/v2/a/tags/list"),
    ("GET", "/v2/a/manifests/latest"), ("HEAD", "/v2/a/manifests/latest"),
    ("PUT", "/v2/a/manifests/latest"), ("DELETE", "/v2/a/manifests/latest"),
    ("POST", "/v2/a/blobs/uploads/"), ("GET", f"/v2/a/blobs/sha256:{'0' * 64}"),
    ("GET", f"/v2/a/referrers/sha256:{'0' * 64}"), ("GET", "/v2/not/a/route"),
]


def shown(headers: dict) -> str:
    return ", ".join(f"{name}: {value}" for name, value in headers.items()) or "nothing"


@pytest.mark.parametrize("headers", ADMITTED, ids=shown)
def test_let_in(registry, headers):
    assert ask(registry.address, "GET", "/v2/", headers).status == 200


@pytest.mark.parametrize("headers", REFUSED, ids=shown)
def test_refused(registry, headers):
    """403 DENIED with what to do about it."""
    answer = ask(registry.address, "GET", "/v2/", headers)
    assert (answer.status, answer.error_codes()) == (403, ["DENIED"])
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Via": "1.1 proxy"},
                                     {"Origin": "http://evil.example"}], ids=shown)
def test_refused_on_every_route(registry, method, path, headers):
    assert ask(registry.address, method, path, headers).status == 403


def test_refusal_stores_nothing(registry, repository):
    """A foreign page's push, also behind pushes of our own that were answered from memory."""
    image = repository.push_image("latest")
    path = repository.path("manifests/latest")
    assert repository.client.get(path).status == 200
    foreign = {"Origin": "http://evil.example", "Content-Type": image.media_type}
    assert ask(registry.address, "PUT", repository.path("manifests/evil"), foreign,
               image.content).status == 403
    assert ask(registry.address, "GET", path, foreign).status == 403
    assert ask(registry.address, "DELETE", path, foreign).status == 403
    assert repository.client.get(repository.path("tags/list")).json()["tags"] == ["latest"]


def test_no_word_for_browsers_of_other_sites(registry):
    """No answer invites a foreign page to read it."""
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "http://localhost"}, {}):
        answer = ask(registry.address, "GET", "/v2/", headers)
        assert answer.header("Access-Control-Allow-Origin") is None


def test_open_on_purpose(start_registry):
    """--open: any name and any proxy, but still no foreign page."""
    registry = start_registry(options=["--open"])
    for headers in ({"Host": "registry.example.com"}, {"X-Forwarded-For": "10.0.0.1"},
                    {"Via": "1.1 proxy", "Host": "registry.example.com"}):
        assert ask(registry.address, "GET", "/v2/", headers).status == 200
    assert ask(registry.address, "GET", "/v2/", {"Origin": "http://evil.example"}).status == 403
