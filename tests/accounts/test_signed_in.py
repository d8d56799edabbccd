# ctest: labels=serving timeout=300
"""`entrepot login`, and the commands that it makes possible without the data directory."""

import json
import re
import stat

import pytest

from conftest import PASSWORD, ask, basic
from test_audit import push_manifest

def test_a_sign_in_is_a_session_and_keeps_no_password(person):
    assert person.login("admin").stdout == f"signed in to {person.url} as admin\n"
    assert person.run("whoami").stdout == f"admin at {person.url}\n"
    assert stat.S_IMODE(person.file.stat().st_mode) == 0o600
    assert PASSWORD not in person.file.read_text()
    assert [row[1] for row in person.table("token", "list")] == []
    person.run("logout")
    assert "not signed in" in person.run("whoami", expect=4).stderr


def test_signing_out_ends_the_session_at_the_server(person):
    person.login("alice")
    kept = person.file.read_text()
    person.run("logout")
    person.file.write_text(kept)
    assert "has ended" in person.run("whoami", expect=4).stderr


def test_the_next_sign_in_ends_the_one_before(person):
    person.login("alice")
    kept = person.file.read_text()
    person.login("bob")
    assert person.run("whoami").stdout == f"bob at {person.url}\n"
    person.file.write_text(kept)
    assert "has ended" in person.run("whoami", expect=4).stderr


def test_a_sign_in_that_cannot_be_kept_is_ended(office, person):
    (person.home / ".config").write_text("a file")
    said = person.login("alice", expect=1)
    assert said.stdout == "" and "servers.json" in said.stderr or ".config" in said.stderr
    listed = office.run("token", "list", "--owner", "alice").stdout.splitlines()[1:]
    assert [line for line in listed if "session" in line] == []


def test_a_wrong_password_signs_nobody_in(person):
    said = person.login("alice", "wrong password", expect=4)
    assert "unauthorized" in said.stderr.lower() or "password" in said.stderr.lower()
    assert not person.file.exists()


def test_from_organisation_to_robot_as_the_readme_has_it(office, person):
    person.login("admin")
    made = person.run("org", "create", "team")
    assert made.stdout.startswith("team is an organisation")
    assert made.stderr == f"at {person.url}:\n", "where, for who may have meant a directory"
    person.run("user", "create", "carol", "--password-stdin", input=PASSWORD + "\n")
    person.run("org", "member", "add", "team", "carol", "--role", "member")
    assert person.table("org", "member", "list", "team") == [["carol", "member"]]
    person.run("org", "team", "create", "team", "dev")
    person.run("org", "team", "add", "team", "dev", "carol")
    person.run("repo", "create", "team/app", "--visibility", "private")
    said = person.run("grant", "create", "team/app", "--to", "team:team/dev", "--role", "write",
                      "--expires", "30d").stdout
    grant = re.fullmatch(r"grant (\d+): team:team/dev write team/app\n", said)[1]
    assert person.table("grant", "list", "--in", "team")[0][0] == grant
    robot = json.loads(person.run("robot", "create", "team/ci", "--grant", "team/*:write",
                                  "--expires", "30d", "--json").stdout)
    assert robot["name"] == "team/ci" and robot["expires_at"]
    assert ask(office.registry.client, "/v2/team/app/tags/list",
               basic("team/ci", robot["secret"])).status == 200
    explained = person.run("access", "explain", "--as", "carol", "--do", "push", "team/app").stdout
    assert explained.startswith("allowed: ")
    person.run("grant", "remove", grant)
    assert person.run("access", "explain", "--as", "carol", "--do", "push",
                      "team/app").stdout.startswith("denied: ")
    person.run("repo", "visibility", "team/app", "public")
    push_manifest(office, "team/app", "v1", basic("team/ci", robot["secret"]))
    assert ["team/app", "public"] in [row[:2] for row in person.table("repo", "list")]
    person.run("user", "disable", "carol")
    assert ask(office.registry.client, "/v2/", basic("carol")).status == 401


def test_a_token_of_ones_own_and_its_end(office, person):
    person.login("alice")
    token = json.loads(person.run("token", "create", "laptop", "--scope", "pull", "--repo",
                                  "acme/*", "--expires", "30d", "--json").stdout)
    headers = basic("alice", token["secret"])
    assert ask(office.registry.client, "/v2/acme/app/tags/list", headers).status == 200
    assert ask(office.registry.client, "/v2/acme/app/blobs/uploads/", headers, "POST").status == 403
    assert person.table("token", "list")[0][:3] == [str(token["id"]), "access_token", "laptop"]
    person.run("token", "revoke", str(token["id"]))
    assert ask(office.registry.client, "/v2/acme/app/tags/list", headers).status == 401


def test_a_robot_and_a_token_sign_in_as_they_are(office, person):
    push_manifest(office, "acme/app", "v1", basic("alice"))
    person.login("admin")
    robot = json.loads(person.run("robot", "create", "acme/ci", "--grant", "acme/*:read",
                                  "--json").stdout)
    token = json.loads(person.run("token", "create", "laptop", "--json").stdout)
    person.login("acme/ci", robot["secret"])
    assert person.run("whoami").stdout == f"acme/ci at {person.url}\n"
    assert [row[:2] for row in person.table("repo", "list")] == [["acme/app", "private"]]
    person.login("admin", token["secret"])
    assert person.run("whoami").stdout == f"admin at {person.url}\n"
    said = person.run("token", "create", "another", expect=4)
    assert "no token makes tokens" in said.stderr


def test_a_refusal_is_the_servers_own_words(person):
    person.login("bob")
    said = person.run("org", "create", "bobs", expect=4)
    assert said.stdout == "" and "system admin" in said.stderr
    assert "acme/app" in person.run("repo", "visibility", "acme/app", "public", expect=4).stderr


def test_a_new_password_ends_the_sign_in(person):
    person.login("alice")
    said = person.run("user", "password", "alice", input=f"{PASSWORD}\nanother horse\n")
    assert "sign in again" in said.stderr
    assert "has ended" in person.run("whoami", expect=4).stderr
    person.login("alice", "another horse")


def test_the_directory_is_meant_when_it_is_named(office, person):
    person.login("bob")
    data = office.registry.data
    assert "alice" in person.run("user", "list", "--data", data).stdout
    person.environment["ENTREPOT_DATA"] = str(data)
    assert "alice" in person.run("user", "list").stdout
    assert person.run("user", "list", "--server", person.url, expect=4).stdout == ""
    person.environment.pop("ENTREPOT_DATA")
    person.environment["ENTREPOT_SERVER"] = person.url
    assert person.run("org", "list").stderr == ""
    assert "not both" in person.run("user", "list", "--data", data, "--server", person.url,
                                    expect=2).stderr


def test_without_a_sign_in_it_says_how(person):
    said = person.run("user", "list", cwd=person.home, expect=1).stderr
    assert "--data" in said and "entrepot login" in said
    said = person.run("user", "list", "--server", person.url, expect=4).stderr
    assert f"entrepot login {person.url}" in said
    assert "entrepot login" in person.run("logout", expect=4).stderr


def test_a_server_that_is_away_is_told_as_such(office, person):
    person.login("alice")
    office.registry.process.stop()
    assert "connect" in person.run("org", "list", expect=1).stderr.lower()
    said = person.run("logout")
    assert "signed out" in said.stdout and "was not told" in said.stderr


@pytest.mark.parametrize("command", ["user", "org", "team", "repo", "grant", "robot", "token",
                                     "access"])
def test_a_server_has_the_verbs_of_a_directory(person, command):
    person.login("alice")
    usage = person.run(command, expect=2).stderr
    verbs = re.findall(rf"^  entrepot {command} (.*)$", usage, re.M)
    assert verbs
    for verb in verbs:
        words = [word.split("|")[0] if "|" in word else word.lower() for word in verb.split()]
        said = person.run(command, *words, "--server", person.url, expect=None, input="x\nx\n")
        assert "works on a data directory alone" not in said.stderr, verb
