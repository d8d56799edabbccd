# ctest: labels=serving timeout=120
"""Links by which somebody sets their own password, and when secrets were used last."""

import json
import sqlite3

from conftest import PASSWORD, Api, basic

NEW = "battery staple"


def invite(acme, name: str) -> str:
    """The secret of a new invitation."""
    return acme.names["admin"].send("POST", f"/users/{name}/invitation", 201)["secret"]


def test_somebody_new_sets_their_own_password(acme):
    acme.names["admin"].send("POST", "/users", 201, {"name": "nina"})
    nobody = acme.names["anonymous"]
    acme.as_("nina").send("GET", "/me", 401)
    secret = invite(acme, "nina")
    assert nobody.send("POST", "/invitations/read", 200, {"secret": secret}) == {"name": "nina"}
    nobody.send("POST", "/invitations/accept", 400, {"secret": secret, "password": "short"})
    assert nobody.send("POST", "/invitations/accept", 200,
                       {"secret": secret, "password": NEW}) == {"name": "nina"}
    assert acme.as_("nina", NEW).get("/me")["name"] == "nina"
    for path, body in (("read", {}), ("accept", {"password": NEW})):
        nobody.send("POST", f"/invitations/{path}", 404, {"secret": secret, **body})


def test_an_invitation_signs_nobody_in(acme):
    acme.names["admin"].send("POST", "/users", 201, {"name": "nils"})
    secret = invite(acme, "nils")
    acme.as_("nils", secret).send("GET", "/me", 401)
    acme.with_({"Authorization": f"Bearer {secret}"}).send("GET", "/me", 401)
    acme.names["admin"].send("DELETE", "/users/nils", 204)
    acme.names["anonymous"].send("POST", "/invitations/read", 404, {"secret": secret})


def test_an_invitation_is_taken_back(acme):
    admin = acme.names["admin"]
    admin.send("POST", "/users", 201, {"name": "noah"})
    secret = invite(acme, "noah")
    (held,) = admin.get("/users/noah/tokens")["items"]
    assert held["kind"] == "invitation" and held["expires_at"]
    admin.send("DELETE", f"/users/noah/tokens/{held['id']}", 204)
    acme.names["anonymous"].send("POST", "/invitations/read", 404, {"secret": secret})


def test_who_invites_whom(acme):
    admin = acme.names["admin"]
    admin.send("POST", "/users/admin/invitation", 409)
    admin.send("POST", "/users/nobody/invitation", 404)
    admin.send("POST", "/users/acme/invitation", 404)
    for name in ("olga", "mia", "sam"):
        acme.names[name].send("POST", "/users/mia/invitation", 409 if name == "mia" else 403)
    acme.names["anonymous"].send("POST", "/users/mia/invitation", 401)
    token = admin.send("POST", "/me/tokens", 201,
                       {"name": "bound", "scope": ["pull"], "expires_at": None})["secret"]
    acme.as_("admin", token).send("POST", "/users/mia/invitation", 403)


def test_what_is_no_invitation_is_refused_alike(acme):
    nobody = acme.names["anonymous"]
    answers = {json.dumps(nobody.send("POST", "/invitations/read", 404, {"secret": secret}))
               for secret in ("", "x", "ent_inv_" + "a" * 49, PASSWORD)}
    assert len(answers) == 1
    nobody.send("POST", "/invitations/read", 400, {})
    nobody.send("POST", "/invitations/read", 400, {"secret": "x", "password": NEW})
    nobody.send("POST", "/invitations/accept", 400, {"secret": "x"})


def test_a_repository_is_made_by_who_may_create_there(acme):
    olga, sam = acme.names["olga"], acme.names["sam"]
    made = olga.send("POST", "/repositories", 201, {"name": "acme/made", "visibility": "internal"})
    assert (made["visibility"], made["tags"]) == ("internal", 0)
    olga.send("POST", "/repositories", 409, {"name": "acme/made", "visibility": "private"})
    sam.send("POST", "/repositories", 403, {"name": "acme/other", "visibility": "private"})
    olga.send("POST", "/repositories", 403, {"name": "sam/other", "visibility": "private"})
    olga.send("POST", "/repositories", 400, {"name": "acme/Other", "visibility": "private"})
    olga.send("POST", "/repositories", 400, {"name": "acme/other", "visibility": "open"})
    acme.names["anonymous"].send("POST", "/repositories", 401,
                                 {"name": "acme/other", "visibility": "private"})


def test_the_last_use_of_a_secret_is_kept(start_registry, document):
    """Noted in memory at once, written when a minute is over and when the server stops."""
    registry = start_registry(environment={"ENTREPOT_ADMIN_PASSWORD": PASSWORD})
    admin = Api(registry.client, document, basic("admin"))
    made = [admin.send("POST", "/me/tokens", 201, {"name": name, "scope": None, "expires_at": None})
            for name in ("used", "idle")]
    admin.as_("admin", made[0]["secret"]).get("/me")
    assert [row["last_used_at"] for row in admin.get("/me/tokens")["items"]] == [None, None]
    registry.restart()
    used, idle = Api(registry.client, document, basic("admin")).get("/me/tokens")["items"]
    assert used["last_used_at"] > used["created_at"] and used["last_used_from"] == "127.0.0.1"
    assert idle["last_used_at"] is idle["last_used_from"] is None
    with sqlite3.connect(registry.data / "entrepot/meta.db") as database:
        assert database.execute("SELECT count(*) FROM secrets WHERE used_at > 0").fetchone() == (1,)
