# ctest: labels=serving timeout=300
"""Who asks, and what they are told: credentials, cookies, other sites' pages."""

import json

from conftest import API, PASSWORD, basic

from support.content import Repository
from support.http import Client

PAGE = {"Entrepot-Page": "1"}


def cookie_of(answer) -> dict[str, str]:
    cookie = answer.header("Set-Cookie")
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    return {"Cookie": cookie.split(";")[0]}


def sign_in(api, name: str) -> dict[str, str]:
    return cookie_of(api.ask("POST", "/sessions", 201, headers={**basic(name), **PAGE}))


def test_each_sees_what_is_theirs(office, closed_api):
    office.command("repo", "create", "acme/idle", "--visibility", "private")
    for headers in (basic("alice"), basic("admin")):
        Repository(Client(office.client.address, headers=headers), "acme/app").push_image("v1")
    Repository(Client(office.client.address, headers=basic("admin")), "acme/open").push_image("v1")

    def names(api, query=""):
        return [row["name"] for row in api.get(f"/repositories{query}")["items"]]

    assert names(closed_api) == ["acme/open"]
    assert names(closed_api.as_("bob")) == ["acme/open"]
    assert names(closed_api.as_("alice")) == names(closed_api.as_("admin")) == ["acme/app", "acme/open"]
    of_acme = "?namespace=acme"
    assert names(closed_api, of_acme) == names(closed_api.as_("bob"), of_acme) == ["acme/open"]
    assert names(closed_api.as_("alice"), of_acme) == ["acme/app", "acme/open"]
    assert names(closed_api.as_("admin"), of_acme) == ["acme/app", "acme/idle", "acme/open"]
    assert closed_api.get("/system")["state"] == "closed"
    assert closed_api.as_("admin").get("/me")["role"] == "admin"
    assert "delete" not in closed_api.as_("alice").get("/repositories/acme/app")["may"]


def test_the_document_is_handed_out(closed_api, document):
    assert closed_api.ask("GET", "/openapi.yaml", 200).body.decode() == document.text


def test_private_and_absent_answer_alike(closed_api):
    """S44: to the byte but for the name."""
    for api in (closed_api, closed_api.as_("bob")):
        for rest in ("", "/-/tags", "/-/images/v1", "/-/tags/v1/history", "/-/manifests/v1"):
            there = api.ask("GET", "/repositories/acme/app" + rest, 404)
            absent = api.ask("GET", "/repositories/acme/none" + rest, 404)
            assert there.body == absent.body
            assert {k for k, _ in there.headers} == {k for k, _ in absent.headers}
        refused = [api.ask("DELETE", f"/repositories/acme/{name}/-/tags/v1",
                           401 if api is closed_api else 403).body for name in ("app", "none")]
        assert refused[0].replace(b"acme/app", b"acme/none") == refused[1]


def test_who_may_not_is_told_why(office, closed_api):
    answer = closed_api.as_("alice").ask("DELETE", "/repositories/acme/app/-/tags/v1", 403)
    assert "alice" in answer.json()["detail"] and "maintain" in answer.json()["detail"]
    closed_api.as_("alice").ask("PATCH", "/repositories/acme/app", 403, b'{"visibility":"public"}')
    for visibility in ("internal", "private"):
        changed = closed_api.as_("admin").ask(
            "PATCH", "/repositories/acme/app", 200, json.dumps({"visibility": visibility}).encode())
        assert changed.json()["visibility"] == visibility


def test_a_session_is_a_cookie_that_ends(office, closed_api):
    cookie = sign_in(closed_api, "alice")
    page = closed_api.with_(cookie)
    assert page.get("/me")["name"] == "alice"
    page.ask("DELETE", "/sessions/current", 403)  # not from the page
    assert page.get("/me")["name"] == "alice"
    page.ask("DELETE", "/sessions/current", 204, headers=PAGE)
    answer = page.ask("GET", "/me", 200)
    assert answer.json()["kind"] == "anonymous"
    assert "Max-Age=0" in answer.header("Set-Cookie")


def test_a_new_password_and_a_disabled_account_end_sessions(office, closed_api):
    office.command("user", "create", "carol", "--password-stdin", input=PASSWORD + "\n")
    first = closed_api.with_(sign_in(closed_api, "carol"))
    assert first.get("/me")["name"] == "carol"
    office.command("user", "password", "carol", "--password-stdin", input="another horse\n")
    assert first.get("/me")["kind"] == "anonymous"
    cookie = cookie_of(closed_api.ask("POST", "/sessions", 201,
                                      headers={**basic("carol", "another horse"), **PAGE}))
    second = closed_api.with_(cookie)
    assert second.get("/me")["name"] == "carol"
    office.command("user", "disable", "carol")
    assert second.get("/me")["kind"] == "anonymous"


def test_a_cookie_counts_for_the_page_alone(office, closed_api):
    """Neither for registry clients, nor when another site's page sends it."""
    cookie = sign_in(closed_api, "admin")
    secret = cookie["Cookie"].split("=", 1)[1]
    closed_api.with_(cookie).get("/me")  # it is remembered
    client = office.client
    for headers in (cookie, {"Authorization": secret}, {"Authorization": f"Bearer {secret}"},
                    basic("admin", secret)):
        assert client.request("GET", "/v2/", None, headers).status == 401, headers
    assert client.request("GET", "/token?service=entrepot", None, cookie).json()["token"]
    path = f"{API}/repositories/acme/app"
    body = b'{"visibility":"public"}'
    for more in ({}, {**PAGE, "Origin": "http://evil.test"}, {**PAGE, "Origin": "null"},
                 {**PAGE, "Sec-Fetch-Site": "cross-site"}):
        answer = client.request("PATCH", path, body, {**cookie, **more})
        assert answer.status == 403 and answer.json()["code"] == "foreign_page", more
    for more in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.request("PATCH", path, body, {**basic("admin"), **more})
        assert answer.status == 403 and answer.json()["code"] == "foreign_page", more
    own = {**cookie, **PAGE, "Origin": f"http://{client.address}", "Sec-Fetch-Site": "same-origin"}
    assert client.request("PATCH", path, b'{"visibility":"private"}', own).status == 200


def test_no_token_becomes_a_session(office, closed_api):
    made = json.loads(office.command("token", "create", "laptop", "--owner", "alice", "--scope",
                                     "pull", "--expires", "1d", "--json").stdout)
    assert closed_api.with_({"Authorization": f"Bearer {made['secret']}"}).get("/me")["name"] == \
        "alice"
    closed_api.ask("POST", "/sessions", 401, headers={**basic("alice", made["secret"]), **PAGE})
    closed_api.ask("POST", "/sessions", 401,
                   headers={"Authorization": f"Bearer {made['secret']}", **PAGE})
    closed_api.ask("POST", "/sessions", 401, headers=PAGE)
    closed_api.ask("POST", "/sessions", 403, headers=basic("alice"))  # not from the page


def test_wrong_credentials_are_refused_alike(closed_api):
    wrong = [closed_api.ask("GET", "/me", 401, headers=basic(name, "wrong horse")).json()
             for name in ("alice", "nobody")]
    assert wrong[0] == wrong[1]
    answer = closed_api.ask("GET", "/me", 401, headers=basic("bob", "wrong horse"))
    assert answer.header("WWW-Authenticate") == 'Basic realm="entrepot"'
    quiet = closed_api.ask("GET", "/me", 401, headers={**basic("bob", "wrong horse"), **PAGE})
    assert quiet.header("WWW-Authenticate") is None


def test_a_session_that_ended_reads_as_nobody_and_its_cookie_goes(office, closed_api):
    session = closed_api.with_(sign_in(closed_api, "bob"))
    assert session.get("/me")["name"] == "bob"
    office.command("user", "disable", "bob")
    answer = session.ask("GET", "/me", 200)
    assert answer.json()["kind"] == "anonymous"
    assert "Max-Age=0" in answer.header("Set-Cookie")
    assert session.get("/system")["state"] == "closed"
    # Nobody's browser asks in a window of its own.
    for method, path in (("GET", "/me/tokens"), ("POST", "/me/tokens")):
        refused = session.ask(method, path, 401, headers=PAGE)
        assert refused.header("WWW-Authenticate") is None
    office.command("user", "enable", "bob")
