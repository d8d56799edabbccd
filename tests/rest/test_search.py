# ctest: labels=serving timeout=300
"""Search: the order, the pages, and that what may not be seen changes nothing."""

from urllib.parse import quote

import pytest

from conftest import basic

from support.content import Repository
from support.http import Client


def names(api, query: str, limit: int = 50) -> list[str]:
    seen, after = [], ""
    while True:
        page = api.get(f"/search?q={quote(query)}&limit={limit}&after={after}")
        assert len(page["items"]) <= limit
        seen += [row["name"] for row in page["items"]]
        if page["next"] is None:
            return seen
        after = page["next"]


@pytest.fixture(scope="module")
def shelf(registry):
    for name in ("zoo/nginx", "nginx", "nginx/more", "a/nginx-x/y", "my-nginx", "other"):
        Repository(registry.client, name).push_image("latest")
    return registry


def test_order_and_pages(shelf, open_api):
    expected = ["nginx", "zoo/nginx", "nginx/more", "a/nginx-x/y", "my-nginx"]
    for limit in (1, 2, 3, 50):
        assert names(open_api, "nginx", limit) == expected
        assert names(open_api, "NGINX", limit) == expected
    row = open_api.get("/search?q=nginx")["items"][0]
    assert row["visibility"] == "public" and not row["archived"] and row["updated_at"] and row["description"] == ""
    assert set(names(open_api, "", 2)) >= {"other", *expected}


def test_nothing_is_query_syntax(shelf, open_api):
    for query in ("%", "_", "*", "n%x", "ngin_", "nginx*", "'", "\"", "\\", "') OR 1=1 --", "ngin.",
                  "\u0001", "x" * 5000, "NEAR(a b)", "^nginx"):
        assert names(open_api, query) == [], query
    assert names(open_api, "x-x/") == ["a/nginx-x/y"]


def test_cursors_are_checked(shelf, open_api):
    from base64 import urlsafe_b64encode
    for text in ("", "0", "0 ", "9 a a", "0 A a", "0 a A", "0 a", "00 a a", " 0 a a", "-1 a b"):
        after = urlsafe_b64encode(text.encode()).decode().rstrip("=")
        if after:
            assert open_api.get(f"/search?q=a&after={after}", 400)["code"] == "invalid", text


def test_each_finds_what_they_may_see(office, closed_api):
    admin = Client(office.client.address, headers=basic("admin"))
    for name in ("acme/app", "acme/open"):
        Repository(admin, name).push_image("v1")
    alice, bob = closed_api.as_("alice"), closed_api.as_("bob")
    for api, found in ((closed_api, ["acme/open"]), (bob, ["acme/open"]),
                       (alice, ["acme/app", "acme/open"]),
                       (closed_api.as_("admin"), ["acme/app", "acme/open"])):
        assert names(api, "acme", 1) == found
    before = closed_api.get("/search?q=a&limit=1")
    for number in range(5):
        Repository(admin, f"a/hidden{number}").push_image("v1")
    assert closed_api.get("/search?q=a&limit=1") == before
    assert names(bob, "hidden") == []
    assert len(names(closed_api.as_("admin"), "hidden", 2)) == 5

    def old(headers):
        answer = office.client.request("GET", "/v1/search?q=acme", None, headers)
        assert answer.status == 200, answer
        return [row["name"] for row in answer.json()["results"]]

    token = office.client.request(
        "GET", "/token?service=entrepot&scope=registry:catalog:search", None, basic("alice")).json()["token"]
    narrow = office.client.request(
        "GET", "/token?service=entrepot&scope=repository:acme/app:pull", None, basic("alice")).json()["token"]
    assert old({}) == ["acme/open"]
    assert old(basic("alice")) == old({"Authorization": f"Bearer {token}"}) == ["acme/app", "acme/open"]
    assert old({"Authorization": f"Bearer {narrow}"}) == ["acme/app"]
    refused = office.client.request("GET", "/v1/search?q=acme", None, basic("alice", "wrong"))
    assert refused.status == 401
    assert office.client.get("/v1/_ping").header("X-Docker-Registry-Standalone") == "true"
