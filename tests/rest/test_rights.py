# ctest: labels=serving timeout=300
"""Grants, robots, tokens and sessions over HTTP: nobody gives what they lack."""

import json

from conftest import PASSWORD, basic

from support.content import Repository
from support.http import Client

PAGE = {"Entrepot-Page": "1"}


def bearer(api, secret: str):
    return api.with_({"Authorization": f"Bearer {secret}"})


def client(api, name: str, secret: str = PASSWORD) -> Client:
    return Client(api.registry.client.address, headers=basic(name, secret))


def grant(api, expect: int, to: str, role: str, pattern: str, **more):
    return api.send("POST", "/grants", expect, {"to": to, "role": role, "pattern": pattern, **more})


def test_nobody_gives_what_they_lack(acme):
    admin, olga, mia, sam = (acme.names[each] for each in ("admin", "olga", "mia", "sam"))
    Repository(client(acme, "olga"), "acme/app").push_image("v1")
    for api in (mia, sam):
        for pattern in ("acme/app", "acme/*", "**", "app", "olga/*"):
            grant(api, 403, "user:sam", "read", pattern)
    for pattern in ("**", "app", "*/app", "sam/*"):
        grant(olga, 403, "user:olga", "read", pattern)
    grant(olga, 403, "anonymous", "read", "acme/app")
    grant(olga, 403, "htpasswd", "read", "acme/app")
    grant(olga, 404, "user:nobody", "read", "acme/app")
    grant(olga, 404, "team:acme/none", "read", "acme/app")
    for team in ("dev", "none"):  # members know of teams
        grant(sam, 403, f"team:acme/{team}", "read", "sam/*")
    grant(sam, 404, "robot:acme/none", "read", "sam/*")
    grant(sam, 201, "user:mia", "read", "sam/*")  # one's own namespace

    given = grant(olga, 201, "user:mia", "admin", "acme/app")
    assert given["to"] == "user:mia" and given["made_by"] == "olga"
    grant(mia, 201, "user:sam", "read", "acme/app")
    grant(mia, 403, "user:sam", "read", "acme/*")
    mia.send("GET", "/grants?namespace=acme", 403)
    assert len(mia.get("/grants?repository=acme/app")["items"]) == 2
    assert len(olga.get("/grants?namespace=acme")["items"]) == 2

    sam.send("DELETE", f"/grants/{given['id']}", 404)
    assert sam.send("DELETE", f"/grants/{given['id']}", 404)["detail"].replace(
        str(given["id"]), "N") == sam.send("DELETE", "/grants/999999", 404)["detail"].replace(
            "999999", "N")
    olga.send("DELETE", f"/grants/{given['id']}", 204)
    grant(mia, 403, "user:sam", "read", "acme/app")
    every = grant(admin, 201, "anonymous", "read", "acme/app", expires_at="2099-01-01T00:00:00Z",
                  networks=["10.0.0.0/8"])
    assert every["networks"] == ["10.0.0.0/8"]
    olga.send("DELETE", f"/grants/{every['id']}", 204)  # what lies in her organisation


def test_a_right_that_ends_gives_none_that_does_not(acme):
    olga, sam = acme.names["olga"], acme.names["sam"]
    Repository(client(acme, "olga"), "acme/brief").push_image("v1")
    grant(olga, 201, "user:sam", "admin", "acme/brief", expires_at="2090-01-01T00:00:00Z")
    grant(sam, 403, "user:sam", "admin", "acme/brief")
    grant(sam, 403, "user:sam", "admin", "acme/brief", expires_at="2091-01-01T00:00:00Z")
    grant(sam, 201, "user:sam", "read", "acme/brief", expires_at="2089-01-01T00:00:00Z")


def test_robots_are_made_by_whose_namespace_it_is(acme):
    admin, olga, mia, sam = (acme.names[each] for each in ("admin", "olga", "mia", "sam"))
    wished = {"name": "acme/ci", "grants": [{"pattern": "acme/*", "role": "write"}],
              "expires_at": "2090-01-01T00:00:00Z"}
    mia.send("POST", "/robots", 403, wished)
    sam.send("POST", "/robots", 404, wished)
    olga.send("POST", "/robots", 403, {**wished, "grants": [{"pattern": "**", "role": "read"}]})
    olga.send("POST", "/robots", 404, {**wished, "name": "system/ci"})
    answer = olga.ask("POST", "/robots", 201, json.dumps(wished).encode())
    assert answer.header("Location") == "/api/v1/robots/acme/ci"
    made = answer.json()
    Repository(client(acme, "acme/ci", made["secret"]), "acme/built").push_image("v1")
    (row,) = olga.get("/robots?namespace=acme")["items"]
    assert row["name"] == "acme/ci" and row["secret_id"] == made["secret_id"]
    assert row["expires_at"].startswith("2090-01-01")
    assert made["secret"] not in json.dumps(row)

    robot = acme.with_(basic("acme/ci", made["secret"]))
    robot.send("GET", "/users/olga", 404)  # people find people
    robot.send("GET", "/users", 403)
    sam.send("DELETE", "/robots/acme/ci", 404)
    mia.send("DELETE", "/robots/acme/ci", 403)
    olga.send("DELETE", "/robots/acme/ci", 204)
    robot.send("GET", "/me", 401)
    sam.send("POST", "/robots", 201, {"name": "sam/own", "expires_at": None})
    admin.send("POST", "/robots", 201, {"name": "system/backup", "expires_at": None})
    assert [row["name"] for row in admin.get("/robots")["items"]] == ["sam/own", "system/backup"]


def test_tokens_are_ones_own(acme):
    admin, mia, sam = acme.names["admin"], acme.names["mia"], acme.names["sam"]
    answer = mia.ask("POST", "/me/tokens", 201, json.dumps(
        {"name": "laptop", "scope": ["pull"], "repositories": ["acme/*"],
         "expires_at": "2090-01-01T00:00:00+01:00"}).encode())
    made = answer.json()
    assert answer.header("Location") == f"/api/v1/me/tokens/{made['id']}"
    (row,) = mia.get("/me/tokens")["items"]
    assert (row["scope"], row["repositories"], row["kind"]) == (["pull"], ["acme/*"],
                                                               "access_token")
    bound = bearer(acme, made["secret"])
    assert bound.get("/me")["name"] == "mia"
    for path in ("/me/tokens", "/users/mia", "/users/nobody", "/organisations/acme/members"):
        bound.send("GET", path, 403)  # for repositories alone
    whole = bearer(acme, mia.send("POST", "/me/tokens", 201,
                                  {"name": "all", "scope": None, "expires_at": None})["secret"])
    assert len(whole.get("/me/tokens")["items"]) == 2
    whole.send("POST", "/me/tokens", 403, {"name": "more", "scope": None, "expires_at": None})
    sam.send("DELETE", f"/me/tokens/{made['id']}", 404)
    sam.send("DELETE", f"/users/mia/tokens/{made['id']}", 403)
    admin.send("DELETE", f"/users/sam/tokens/{made['id']}", 404)
    mia.send("DELETE", f"/me/sessions/{made['id']}", 404)
    mia.send("DELETE", "/me/tokens/x", 404)
    mia.send("DELETE", f"/me/tokens/{made['id']}", 204)
    bound.send("GET", "/me", 401)
    (other,) = admin.get("/users/mia/tokens")["items"]
    admin.send("DELETE", f"/users/mia/tokens/{other['id']}", 204)
    whole.send("GET", "/me", 401)


def test_sessions_are_listed_and_end(acme):
    def sign_in():
        answer = acme.ask("POST", "/sessions", 201, headers={**basic("sam"), **PAGE,
                                                             "User-Agent": "a browser"})
        return acme.with_({"Cookie": answer.header("Set-Cookie").split(";")[0], **PAGE})

    first, second = sign_in(), sign_in()
    rows = first.get("/me/sessions")["items"]
    assert [row["current"] for row in rows] == [True, False]
    assert {row["name"] for row in rows} == {"a browser"} and rows[0]["kind"] == "session"
    acme.names["mia"].send("DELETE", f"/me/sessions/{rows[1]['id']}", 404)
    first.send("DELETE", f"/me/sessions/{rows[1]['id']}", 204)
    assert second.get("/me")["kind"] == "anonymous"
    made = first.send("POST", "/me/tokens", 201,
                      {"name": "by page", "scope": None, "expires_at": None})
    assert made["scope"] is None and made["expires_at"] is None
    first.get("/me")


def test_who_may_what_and_why(acme):
    admin, olga, mia, sam = (acme.names[each] for each in ("admin", "olga", "mia", "sam"))
    Repository(client(acme, "olga"), "acme/why").push_image("v1")
    given = grant(olga, 201, "team:acme/dev", "write", "acme/why")
    rows = olga.get("/repositories/acme/why/-/access")["items"]
    assert [(row["holder"], row["role"]) for row in rows] == [
        ("owners:acme", "admin"), ("editors:acme", "maintain"), ("members:acme", "read"),
        ("team:acme/dev", "write")]
    assert rows[-1]["grant"]["id"] == given["id"]
    assert admin.get("/repositories/acme/why/-/access")["items"][0]["holder"] == "admins"
    mia.send("GET", "/repositories/acme/why/-/access", 403)
    assert sam.ask("GET", "/repositories/acme/why/-/access", 404).body == \
        sam.ask("GET", "/repositories/acme/none/-/access", 404).body
    acme.send("GET", "/repositories/acme/why/-/access", 404)

    path = "/access/explain?repository=acme/why"
    assert mia.get(path) == {"allowed": True, "reason": "member of acme"}
    refused = sam.get(path + "&do=push")
    assert not refused["allowed"] and "sam may not push to acme/why" in refused["reason"]
    assert not olga.get(path + "&as=sam&do=pull")["allowed"]
    assert not admin.get(path + "&as=anonymous")["allowed"]
    olga.send("GET", path + "&as=nobody", 404)
    mia.send("GET", path + "&as=sam", 403)
    sam.send("GET", path + "&as=mia", 403)
    acme.send("GET", path, 401)
    sam.send("GET", path + "&do=fly", 400)
    sam.send("GET", "/access/explain", 400)


def test_auditors_read_all_and_change_nothing(acme):
    admin = acme.names["admin"]
    admin.send("POST", "/users", 201, {"name": "audi", "password": PASSWORD})
    admin.send("PATCH", "/users/audi", 200, {"role": "auditor"})
    auditor = acme.as_("audi")
    given = auditor.get("/grants")["items"][0]
    for path in ("/users", "/robots", "/organisations", "/organisations/acme/members",
                 "/grants?namespace=acme", "/repositories/acme/why/-/access",
                 "/access/explain?as=mia&repository=acme/why"):
        auditor.get(path)
    auditor.send("GET", "/users/mia/tokens", 403)
    auditor.send("DELETE", f"/grants/{given['id']}", 403)
    auditor.send("DELETE", "/organisations/acme/members/mia", 403)
    auditor.send("POST", "/users", 403, {"name": "eve", "password": PASSWORD})
    grant(auditor, 403, "user:audi", "read", "acme/*")


def test_the_audit_is_for_owners_and_who_may_list_everybody(acme):
    for path, expected in (("/audit", (200, 403, 403, 403, 401)),
                           ("/audit?namespace=acme", (200, 200, 403, 403, 401)),
                           ("/audit?namespace=nobody", (200, 403, 403, 403, 401)),
                           ("/audit?namespace=mia", (200, 403, 200, 403, 401)),
                           ("/audit?since=yesterday", (400, 400, 400, 400, 401))):
        for name, status in zip(("admin", "olga", "mia", "sam", "anonymous"), expected):
            acme.names[name].ask("GET", path, status)


def test_the_audit_says_who_did_what_from_where(acme):
    olga = acme.names["olga"]
    given = grant(olga, 201, "user:sam", "read", "acme/told")
    record = olga.get("/audit?namespace=acme&what=grant.created&limit=1")["items"][0]
    assert (record["who"], record["kind"], record["client"]) == ("olga", "user", "127.0.0.1")
    assert record["detail"]["grant"] == given["id"]
    assert record["request"]
    found, path = [], "/audit?namespace=acme&limit=2"
    while path:
        page = olga.get(path)
        found += [record["id"] for record in page["items"]]
        path = page["next"] and f"/audit?namespace=acme&limit=2&after={page['next']}"
    assert found == sorted(found, reverse=True)
    assert len(found) == len(set(found)) > 4
