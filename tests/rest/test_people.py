# ctest: labels=serving timeout=300
"""Users, organisations, members and teams over HTTP: who may do what, and how each is refused."""

import json

import pytest
from conftest import PASSWORD, Api, basic

PAGE = {"Entrepot-Page": "1"}
WHO = ("admin", "olga", "mia", "sam", "anonymous")


def statuses(api, method: str, path: str, body=None) -> tuple[int, ...]:
    """What each of WHO is answered, the least of them first, so that nothing changes before."""
    found = {}
    for name in reversed(WHO):
        answer = api._client.request(method, "/api/v1" + path,
                                     None if body is None else json.dumps(body).encode(),
                                     api.names[name].headers)
        api._document.check(method, path, answer)
        found[name] = answer.status
    return tuple(found[name] for name in WHO)


def test_an_open_registry_has_none_of_it(start_registry, document):
    api = Api(start_registry().client, document)
    for method, path, body in (("GET", "/users", None), ("GET", "/organisations", None),
                               ("POST", "/users", {"name": "eve", "password": PASSWORD}),
                               ("GET", "/me/tokens", None), ("GET", "/grants", None)):
        problem = api.send(method, path, 409, body)
        assert problem["code"] == "no_accounts" and "entrepot user create" in problem["detail"]


@pytest.mark.parametrize("method, path, body, expected", [
    #                                                    admin olga mia  sam  anonymous
    ("GET", "/users", None,                              (200, 403, 403, 403, 401)),
    ("POST", "/users", {"name": "Bad", "password": "x"}, (400, 403, 403, 403, 401)),
    ("GET", "/users/mia", None,                          (200, 200, 200, 200, 401)),
    ("GET", "/users/nobody", None,                       (404, 404, 404, 404, 401)),
    ("GET", "/users/acme", None,                         (404, 404, 404, 404, 401)),
    ("PATCH", "/users/mia", {"enabled": True},           (200, 403, 403, 403, 401)),
    ("PATCH", "/users/nobody", {"enabled": True},        (404, 404, 404, 404, 401)),
    ("DELETE", "/users/acme", None,                      (404, 404, 404, 404, 401)),
    ("GET", "/users/mia/organisations", None,            (200, 403, 200, 403, 401)),
    ("GET", "/users/mia/tokens", None,                   (200, 403, 200, 403, 401)),
    ("DELETE", "/users/mia/tokens/999", None,            (404, 403, 404, 403, 401)),
    ("GET", "/organisations", None,                      (200, 200, 200, 200, 401)),
    ("POST", "/organisations", {"name": "Bad"},          (400, 403, 403, 403, 401)),
    ("POST", "/organisations", {"name": "acme"},         (409, 403, 403, 403, 401)),
    ("GET", "/organisations/acme", None,                 (200, 200, 200, 200, 401)),
    ("GET", "/organisations/mia", None,                  (404, 404, 404, 404, 401)),
    ("PATCH", "/organisations/acme", {"base_role": "read"}, (200, 200, 403, 403, 401)),
    ("DELETE", "/organisations/mia", None,               (404, 404, 404, 404, 401)),
    ("GET", "/organisations/acme/members", None,         (200, 200, 200, 403, 401)),
    ("PUT", "/organisations/acme/members/mia", {"role": "member"}, (204, 204, 403, 403, 401)),
    ("DELETE", "/organisations/acme/members/sam", None,  (404, 404, 403, 403, 401)),
    ("GET", "/organisations/acme/teams", None,           (200, 200, 200, 403, 401)),
    ("POST", "/organisations/acme/teams", {"name": "dev"}, (409, 409, 403, 403, 401)),
    ("DELETE", "/organisations/acme/teams/none", None,   (404, 404, 403, 403, 401)),
    ("GET", "/organisations/acme/teams/dev/members", None, (200, 200, 200, 403, 401)),
    ("PUT", "/organisations/acme/teams/dev/members/mia", None, (204, 204, 403, 403, 401)),
    ("PUT", "/organisations/acme/teams/dev/members/sam", None, (409, 409, 403, 403, 401)),
    ("GET", "/robots", None,                             (200, 403, 403, 403, 401)),
    ("GET", "/robots?namespace=acme", None,              (200, 200, 200, 404, 401)),
    ("GET", "/robots?namespace=none", None,              (200, 404, 404, 404, 401)),
    ("DELETE", "/robots/acme/none", None,                (404, 404, 403, 404, 401)),
    ("POST", "/robots", {"name": "system/x", "expires_at": "2020-01-01T00:00:00Z"},
                                                         (400, 400, 400, 400, 401)),
    ("GET", "/grants", None,                             (200, 403, 403, 403, 401)),
    ("GET", "/grants?namespace=acme", None,              (200, 200, 403, 403, 401)),
    ("DELETE", "/grants/999", None,                      (404, 404, 404, 404, 401)),
])
def test_each_is_answered_by_what_they_are(acme, method, path, body, expected):
    assert statuses(acme, method, path, body) == expected


def test_who_may_be_told_of_state_and_role(acme):
    assert acme.names["admin"].get("/users/mia")["role"] == "none"
    assert acme.names["mia"].get("/users/mia")["state"] == "active"
    assert acme.names["sam"].get("/users/mia") == {"name": "mia", "state": None, "role": None,
                                                   "created_at": None}
    assert acme.names["mia"].get("/organisations/acme")["role"] == "member"
    stranger = acme.names["sam"].get("/organisations/acme")
    assert stranger["role"] is stranger["base_role"] is stranger["new_visibility"] is None
    assert acme.names["sam"].get("/organisations")["items"] == []


def test_a_story(acme):
    """What `entrepot user` and `entrepot org` do, over HTTP."""
    admin, olga = acme.names["admin"], acme.names["olga"]
    answer = admin.ask("POST", "/users", 201,
                       json.dumps({"name": "ann", "password": PASSWORD}).encode())
    assert answer.header("Location") == "/api/v1/users/ann"
    assert admin.get("/users/ann")["state"] == "active"
    assert [row["name"] for row in admin.get("/users?q=an")["items"]] == ["ann"]
    olga.send("PUT", "/organisations/acme/members/ann", 204, {"role": "editor"})
    olga.send("PUT", "/organisations/acme/teams/dev/members/ann", 204)
    members = {row["name"]: row["role"] for row in olga.get("/organisations/acme/members")["items"]}
    assert members == {"olga": "owner", "mia": "member", "ann": "editor"}
    ann = acme.as_("ann")
    assert ann.get("/users/ann/organisations")["items"] == [{"name": "acme", "role": "editor"}]
    olga.send("DELETE", "/organisations/acme/members/ann", 204)
    assert ann.get("/users/ann/organisations")["items"] == []
    assert {"name": "ann"} not in olga.get("/organisations/acme/teams/dev/members")["items"]
    changed = olga.send("PATCH", "/organisations/acme", 200,
                        {"new_visibility": "internal", "base_role": "write"})
    assert (changed["new_visibility"], changed["base_role"]) == ("internal", "write")
    assert admin.send("PATCH", "/users/ann", 200, {"enabled": False})["state"] == "disabled"
    ann.send("GET", "/me", 401)
    admin.send("PATCH", "/users/ann", 200, {"enabled": True, "role": "auditor"})
    assert ann.get("/users/mia")["role"] == "none"
    ann.send("PATCH", "/users/mia", 403, {"role": "admin"})
    admin.send("DELETE", "/users/ann", 204)
    ann.send("GET", "/me", 401)
    admin.send("POST", "/users", 409, {"name": "ann", "password": PASSWORD})


def test_pages_go_through_all(acme):
    admin = acme.names["admin"]
    for path in ("/users", "/organisations/acme/members"):
        seen, after = [], ""
        while after is not None:
            page = admin.get(f"{path}?limit=1&after={after}")
            seen += [row["name"] for row in page["items"]]
            after = page["next"]
        assert len(seen) == len(set(seen)) and {"olga", "mia"} <= set(seen)


def test_the_last_ones_stay(acme):
    admin, olga = acme.names["admin"], acme.names["olga"]
    for change in ({"enabled": False}, {"role": "none"}):
        admin.send("PATCH", "/users/admin", 409, change)
    admin.send("DELETE", "/users/admin", 409)
    admin.send("DELETE", "/users/olga", 409)
    olga.send("DELETE", "/organisations/acme/members/olga", 409)
    olga.send("PUT", "/organisations/acme/members/olga", 409, {"role": "member"})


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/users", {"name": "eve", "password": PASSWORD, "role": "admin"}),
    ("PATCH", "/users/mia", {"enabled": True, "name": "eve"}),
    ("PATCH", "/users/mia", {}),
    ("PUT", "/users/mia/password", {"password": PASSWORD, "epoch": 1}),
    ("POST", "/organisations", {"name": "eve", "owner": "admin"}),
    ("PATCH", "/organisations/acme", {"base_role": "admin"}),
    ("PATCH", "/organisations/acme", {"base_role": "read", "state": "active"}),
    ("PUT", "/organisations/acme/members/mia", {"role": "admin"}),
    ("PUT", "/organisations/acme/members/mia", {"role": "member", "Role": "owner"}),
    ("POST", "/organisations/acme/teams", {"name": "x", "members": ["sam"]}),
    ("POST", "/me/tokens", {"name": "x", "scope": None, "expires_at": None, "user": "mia"}),
    ("POST", "/me/tokens", {"name": "x", "scope": None}),
    ("POST", "/me/tokens", {"name": "\x1b[2J", "scope": None, "expires_at": None}),
    ("POST", "/me/tokens", {"name": "x", "scope": ["grant"], "expires_at": None}),
    ("POST", "/robots", {"name": "acme/x", "expires_at": None, "role": "admin"}),
    ("POST", "/robots", {"name": "acme/x", "expires_at": None,
                         "grants": [{"pattern": "acme/*", "role": "read", "to": "anonymous"}]}),
    ("POST", "/grants", {"to": "user:mia", "role": "none", "pattern": "acme/*"}),
    ("POST", "/grants", {"to": "user:mia", "role": "read", "pattern": "acme/*", "id": 7}),
])
def test_what_is_not_meant_is_refused(acme, method, path, body):
    assert acme.names["admin"].send(method, path, 400, body)["code"] == "invalid"


def test_passwords(acme):
    admin = acme.names["admin"]
    admin.send("POST", "/users", 201, {"name": "pat", "password": PASSWORD})
    pat, mia = acme.as_("pat"), acme.names["mia"]
    new = {"password": "another horse"}
    pat.send("PUT", "/users/pat/password", 400, new)
    pat.send("PUT", "/users/pat/password", 403, {**new, "old_password": "wrong horse"})
    mia.send("PUT", "/users/pat/password", 403, {**new, "old_password": PASSWORD})
    token = pat.send("POST", "/me/tokens", 201, {"name": "t", "scope": None, "expires_at": None})
    pat.send("PUT", "/users/pat/password", 403, {**new, "old_password": token["secret"]})
    pat.send("PUT", "/users/PAT/password", 204, {**new, "old_password": PASSWORD})
    pat.send("GET", "/me", 401)
    again = acme.as_("pat", "another horse")
    again.get("/me")
    admin.send("PUT", "/users/pat/password", 204, {"password": PASSWORD})
    again.send("GET", "/me", 401)
    pat.get("/me")
    admin.send("PUT", "/users/admin/password", 400, {"password": PASSWORD})
    admin.send("PUT", "/users/pat/password", 400, {"password": "short"})


def test_another_sites_page_changes_nothing(acme):
    session = acme.ask("POST", "/sessions", 201, headers={**basic("admin"), **PAGE})
    cookie = {"Cookie": session.header("Set-Cookie").split(";")[0]}
    body = json.dumps({"name": "eve", "password": PASSWORD}).encode()
    for headers in (cookie, {**cookie, **PAGE, "Origin": "http://evil.test"},
                    {**basic("admin"), "Sec-Fetch-Site": "cross-site"}):
        answer = acme.ask("POST", "/users", 403, body, headers)
        assert answer.json()["code"] == "foreign_page"
    acme.names["admin"].send("GET", "/users/eve", 404)
    acme.ask("PATCH", "/users/mia", 200, b'{"role":"none"}', {**cookie, **PAGE})
