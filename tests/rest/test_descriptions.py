# ctest: labels=serving timeout=300
"""What repositories say of themselves: descriptions, READMEs, and who may write them."""

import json

import pytest

from conftest import basic

from support.content import Repository
from support.http import Client

MARKDOWN = {"Content-Type": "text/markdown; charset=utf-8"}


def describe(api, name: str, text: str, expect: int = 200):
    return api.ask("PATCH", f"/repositories/{name}", expect,
                   json.dumps({"description": text}).encode()).json()


def put(api, name: str, text: str, expect: int = 200):
    return api.ask("PUT", f"/repositories/{name}/-/readme", expect, text.encode(), MARKDOWN).json()


@pytest.fixture(scope="module")
def described(registry):
    Repository(registry.client, "words/app").push_image("latest")
    return "words/app"


def test_description_is_told_and_found(described, registry, open_api):
    assert open_api.get(f"/repositories/{described}")["description"] == ""
    assert describe(open_api, described, "A web server 网页服务器")["description"] == "A web server 网页服务器"
    for query in ("WEB SERVER", "服务"):
        from urllib.parse import quote
        rows = open_api.get(f"/search?q={quote(query)}")["items"]
        assert [(row["name"], row["description"]) for row in rows] == [
            (described, "A web server 网页服务器")]
        found = registry.client.get(f"/v1/search?q={quote(query)}").json()["results"]
        assert found[0]["description"] == "A web server 网页服务器"
    assert open_api.get("/search?q=%25")["items"] == []
    describe(open_api, described, "层" * 100)
    for text in ("层" * 101, "two\nlines", "\u0000"):
        assert describe(open_api, described, text, 400)["code"] == "invalid"
    assert open_api.get(f"/repositories/{described}")["description"] == "层" * 100
    describe(open_api, described, "")
    describe(open_api, "words/none", "text", 404)
    open_api.ask("PATCH", f"/repositories/{described}", 400, b"{}")


def test_of_two_who_read_the_same_readme_one_writes(described, open_api):
    path = f"/repositories/{described}/-/readme"

    def write(text: str, expect: int, seen: dict[str, str]):
        return open_api.ask("PUT", path, expect, text.encode(), {**MARKDOWN, **seen})

    first = write("first", 200, {"If-None-Match": "*"})
    assert write("another", 412, {"If-None-Match": "*"}).json()["code"] == "precondition_failed"
    seen = {"If-Match": open_api.ask("GET", path, 200).header("ETag")}
    assert seen["If-Match"] == first.header("ETag") == f'"{first.json()["changed_at"]}"'
    write("second", 200, seen)
    write("third", 412, seen)
    write("third", 412, {"If-Match": '"nonsense"'})
    open_api.ask("DELETE", path, 412, headers=seen)
    assert open_api.get(path)["markdown"] == "second"
    open_api.ask("DELETE", path, 204, headers={"If-Match": "*"})


def test_readme_is_kept_as_written_and_shown_safely(described, open_api):
    path = f"/repositories/{described}/-/readme"
    assert open_api.get(path, 404)["code"] == "not_found"
    text = "# T\n\n<script>alert(1)</script>\n\n[a](javascript:x) ![i](https://e.example/x.png)\n"
    told = put(open_api, described, text)
    assert told["markdown"] == text and open_api.get(path)["html"] == told["html"]
    assert "<h2>T</h2>" in told["html"] and "script" not in told["html"].replace("javascript", "")
    assert "<img" not in told["html"] and "i (e.example)</a>" in told["html"]
    assert 'rel="nofollow noopener' in told["html"]
    shown = open_api.ask("POST", f"{path}/preview", 200, b"*x*", MARKDOWN).json()
    assert shown == {"html": "<p><em>x</em></p>\n"}
    assert open_api.get(path)["markdown"] == text
    open_api.ask("DELETE", path, 204)
    open_api.ask("DELETE", path, 404)
    open_api.ask("PUT", path, 415, b"x", {"Content-Type": "text/html"})
    open_api.ask("PUT", path, 400, b"\xff", MARKDOWN)


def test_what_is_too_much_is_refused_whole(described, registry, open_api):
    put(open_api, described, "old")
    put(open_api, described, "x" * (256 << 10))
    put(open_api, described, "x" * (256 << 10) + "y", 413)
    for text in (">" * 100_000, "[" * 100_000, "|a" * 8000 + "|\n" + "|-" * 8000 + "|\n" + "|x\n" * 60_000,
                 "[a]: http://" + "x" * 1000 + "\n\n" + "[a]" * 80_000, "- " * 100_000 + "a"):
        answer = open_api._client.request("PUT", f"/api/v1/repositories/{described}/-/readme",
                                          text.encode(), MARKDOWN)
        assert answer.status in (200, 413), answer
    assert registry.process.running()
    open_api.ask("DELETE", f"/repositories/{described}/-/readme", 204)


def test_badges_of_this_registry_are_pictures(described, registry, open_api):
    own = f"http://{registry.address}/badges/image/{described}.svg"
    told = put(open_api, described, f"![size]({own}) ![x](http://{registry.address}.evil/badges/x.svg)")
    assert f'<img src="{own}" alt="size">' in told["html"] and told["html"].count("<img") == 1
    open_api.ask("DELETE", f"/repositories/{described}/-/readme", 204)


def test_who_may_write_them(office, closed_api):
    for name in ("acme/app", "acme/open"):
        Repository(Client(office.client.address, headers=basic("admin")), name).push_image("v1")
    alice, bob = closed_api.as_("alice"), closed_api.as_("bob")
    describe(alice, "acme/app", "by alice")
    put(alice, "acme/app", "# by alice")
    assert "describe" in alice.get("/repositories/acme/app")["may"]
    for name in ("acme/app", "acme/none", "acme/open"):
        describe(bob, name, "by bob", 403)
        put(bob, name, "by bob", 403)
        describe(closed_api, name, "by nobody", 401)
        put(closed_api, name, "by nobody", 401)
    for api in (closed_api, bob):
        there = api.ask("GET", "/repositories/acme/app/-/readme", 404)
        assert there.body == api.ask("GET", "/repositories/acme/none/-/readme", 404).body
        assert api.get("/search?q=alice")["items"] == []
    # Who may describe may not open it.
    alice.ask("PATCH", "/repositories/acme/app", 403, b'{"description":"x","visibility":"public"}')
    assert alice.get("/repositories/acme/app")["description"] == "by alice"
