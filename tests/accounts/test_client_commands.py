# ctest: labels=serving timeout=300
"""What the commands of who signed in tell: lists as JSON, the audit, READMEs, exit codes; and that
the commands of a data directory tell the same."""

import json

import pytest

from conftest import PASSWORD, basic
from test_answers import wait_until
from test_audit import push_manifest

from support.command import run
from support.paths import entrepot

FAILED, NOT_UNDERSTOOD, NOT_THERE, REFUSED = 1, 2, 3, 4


@pytest.fixture
def team(office):
    """acme with two teams, a robot, grants and a token."""
    office.run("org", "member", "add", "acme", "alice")
    office.run("org", "member", "add", "acme", "bob", "--role", "owner")
    office.run("team", "create", "acme/web")
    office.run("team", "create", "acme/ops")
    office.run("team", "member", "add", "acme/web", "alice")
    office.run("robot", "create", "acme/ci", "--grant", "acme/*:write", "--expires", "30d")
    office.run("token", "create", "laptop", "--owner", "alice", "--scope", "pull")
    for repository in ("acme/app", "acme/app2", "other/acme/app"):
        push_manifest(office, repository, "v1", basic("admin"))
    return office


LISTS = [("user list", []), ("org list", []), ("org member list", ["acme"]), ("team list", ["acme"]),
         ("team member list", ["acme/web"]), ("repo list", []), ("repo list", ["acme"]),
         ("grant list", []), ("grant list", ["--in", "acme"]), ("robot list", []),
         ("robot list", ["--in", "acme"]), ("token list", ["--owner", "alice"]),
         ("audit list", ["--what", "grant"])]


@pytest.mark.parametrize("words, flags", LISTS)
def test_a_list_is_the_same_of_a_server_and_of_a_directory(team, person, words, flags):
    person.login("admin")
    command = [*words.split(), *flags]
    at_server = person.json(*command)
    assert at_server["next"] is None and at_server["items"]
    in_directory = json.loads(team.run(*command, "--json").stdout)
    if words == "org list":  # "role": one's own there
        assert {item["role"] for item in at_server["items"] + in_directory["items"]} == {None}
    assert in_directory == at_server
    assert person.run(*command).stdout == team.run(*command).stdout


def test_a_list_as_json_is_what_the_api_gives(team, person):
    person.login("admin")
    listed = person.json("robot", "list", "--in", "acme")
    answer = team.registry.client.request("GET", "/api/v1/robots?namespace=acme", b"",
                                          basic("admin"))
    assert listed == answer.json()
    assert [item["name"] for item in person.json("repo", "list", "acme")["items"]] == [
        "acme/app", "acme/app2"], "and not what has it further back"
    assert person.json("repo", "list", "nobody") == {"items": [], "next": None}
    assert person.json("whoami") == {"kind": "user", "name": "admin", "role": "admin"}
    explained = ["access", "explain", "--as", "alice", "--do", "push", "acme/app"]
    assert person.json(*explained)["allowed"] is True
    assert person.json(*explained) == json.loads(team.run(*explained, "--json").stdout)


def test_a_list_of_more_than_a_page_is_whole(office, person):
    for number in range(103):
        office.registry.client.request("POST", "/api/v1/organisations",
                                       json.dumps({"name": f"o{number:03}"}).encode(),
                                       basic("admin"))
    person.login("admin")
    names = [item["name"] for item in person.json("org", "list")["items"]]
    assert names == ["acme", *(f"o{number:03}" for number in range(103))]
    assert len(person.table("org", "list")) == 104
    assert [line.split()[0] for line in office.run("org", "list").stdout.splitlines()[1:]] == names


def test_a_team_is_one_word(office, person):
    office.run("org", "member", "add", "acme", "alice")
    person.login("admin")
    assert person.run("team", "create", "acme/web").stdout == "acme/web is a team\n"
    person.run("org", "team", "create", "acme", "ops")
    assert person.table("team", "list", "acme") == [["ops"], ["web"]]
    person.run("team", "member", "add", "acme/web", "alice")
    person.run("org", "team", "add", "acme", "ops", "alice")
    assert person.table("team", "member", "list", "acme/web") == [["alice"]]
    assert office.run("team", "member", "list", "acme/ops").stdout == "NAME\nalice\n"
    person.run("team", "member", "remove", "acme/ops", "alice")
    office.run("org", "team", "remove", "acme", "web", "alice")
    assert person.table("team", "member", "list", "acme/web") == []
    office.run("team", "delete", "acme/web")
    person.run("team", "delete", "acme/ops")
    assert person.table("team", "list", "acme") == []
    said = person.run("team", "create", "web", expect=NOT_UNDERSTOOD)
    assert "ORGANISATION/TEAM" in said.stderr
    assert "ORGANISATION/TEAM" in office.run("team", "create", "/web",
                                             expect=NOT_UNDERSTOOD).stderr


def test_the_audit_is_listed_and_exported_at_a_server(office, person):
    push_manifest(office, "acme/app", "v1", basic("alice"))
    person.login("admin")
    wait_until(lambda: "sign_in" in person.run("audit", "list").stdout)
    filters = ["--what", "manifest", "--since", "7d", "--repository", "acme/app"]
    (row,) = person.table("audit", "list", *filters)
    assert row[1:] == ["alice", "127.0.0.1", "manifest.pushed", "acme/app:v1"]
    (record,) = [json.loads(line)
                 for line in person.run("audit", "export", *filters).stdout.splitlines()]
    assert record["who"] == "alice" and record["tag"] == "v1"
    assert person.json("audit", "list", *filters) == {"items": [record], "next": None}


def test_an_export_has_all_pages_and_ends(office, person):
    person.login("admin")
    for number in range(60):
        for visibility in ("public", "private"):
            office.registry.client.request(
                "PATCH", "/api/v1/repositories/acme/app",
                json.dumps({"visibility": visibility}).encode(), basic("admin"))
    filters = ["--what", "repository.changed", "--namespace", "acme"]
    exported = person.run("audit", "export", *filters).stdout
    assert len(exported.splitlines()) == 120
    assert exported == office.run("audit", "export", *filters).stdout
    assert len(person.table("audit", "list", *filters)) == 50
    for limit in (1, 100, 101, 119):
        limited = person.run("audit", "export", *filters, "--limit", limit).stdout
        assert limited == "".join(exported.splitlines(keepends=True)[:limit])
        listed = person.json("audit", "list", *filters, "--limit", limit)
        assert len(listed["items"]) == limit
        assert listed == json.loads(office.run("audit", "list", *filters, "--limit", limit,
                                               "--json").stdout)
        rest = office.registry.client.request(
            "GET", "/api/v1/audit?what=repository.changed&namespace=acme&limit=100&after="
            + listed["next"], b"", basic("admin")).json()["items"]
        assert rest == [json.loads(line) for line in exported.splitlines()][limit:][:100]
    assert person.json("audit", "list", *filters, "--limit", 121)["next"] is None


def test_the_audit_of_ones_own_organisation(office, person):
    office.run("org", "member", "add", "acme", "bob", "--role", "owner")
    person.login("bob")
    assert "system admin" in person.run("audit", "list", expect=REFUSED).stderr
    kinds = {row[3] for row in person.table("audit", "list", "--namespace", "acme")}
    assert {"account.created", "grant.created"} <= kinds
    assert person.run("audit", "list", "--namespace", "nobody", expect=None).returncode in (
        NOT_THERE, REFUSED)


def test_the_record_is_verified_where_it_lies(office, person):
    person.login("admin")
    for flags in ([], ["--server", person.url]):
        said = person.run("audit", "verify", *flags, cwd=person.home, expect=None)
        assert said.returncode in (FAILED, NOT_UNDERSTOOD) and said.stdout == ""
        assert "entrepot audit verify --data DIR" in said.stderr


def test_an_output_that_is_full_is_told(office, person):
    person.login("admin")
    to_full = ["sh", "-c", 'exec "$0" "$@" > /dev/full', entrepot(), "audit", "export"]
    for flags in ([], ["--data", office.registry.data]):
        said = run(*to_full, *flags, environment=person.environment, expect=FAILED)
        assert "standard output" in said.stderr


def test_a_readme_is_written_shown_and_removed(office, person):
    person.login("alice")
    text = "# App\n\ttab, ümlaut\n\nno newline at the end"
    file = person.home / "README.md"
    file.write_text(text)
    person.run("repo", "readme", "show", "acme/app", expect=NOT_THERE)
    assert person.run("repo", "readme", "set", "acme/app",
                      file).stdout == "acme/app has a README\n"
    assert person.run("repo", "readme", "show", "acme/app").stdout == text
    shown = person.json("repo", "readme", "show", "acme/app")
    assert shown["markdown"] == text and "<h2>" in shown["html"]
    person.run("repo", "readme", "set", "acme/app", "--seen", "none", input="x",
               expect=FAILED)
    assert "somebody else" in person.run("repo", "readme", "set", "acme/app", "--seen",
                                         "2020-01-01T00:00:00Z", input="x", expect=FAILED).stderr
    person.run("repo", "readme", "set", "acme/app", "-", "--seen", shown["changed_at"],
               input="second")
    assert person.run("repo", "readme", "show", "acme/app").stdout == "second"
    person.run("repo", "readme", "remove", "acme/app", "--seen", shown["changed_at"],
               expect=FAILED)
    person.run("repo", "readme", "remove", "acme/app")
    person.run("repo", "readme", "show", "acme/app", expect=NOT_THERE)
    person.run("repo", "readme", "set", "acme/app", "--seen", "none", input="third")
    assert person.run("repo", "readme", "show", "acme/app").stdout == "third"


def test_a_readme_that_is_too_long_is_none(office, person):
    """Never cut; likewise what would be too large as a page."""
    person.login("alice")
    for command in (person.run, office.run):
        command("repo", "readme", "set", "acme/app", input="first")
        for size in (256 * 1024 + 1, 5_000_000):
            said = command("repo", "readme", "set", "acme/app", input="x" * size, expect=FAILED)
            assert "longer than 262144 octets" in said.stderr
        assert command("repo", "readme", "show", "acme/app").stdout == "first"
        command("repo", "readme", "set", "acme/app", input="***a***\n\n" * 29_000, expect=FAILED)
        assert command("repo", "readme", "show", "acme/app").stdout == "first"
        command("repo", "readme", "set", "acme/app", input="x" * 256 * 1024)
    said = person.run("repo", "readme", "set", "acme/app", person.home / "nowhere",
                      expect=NOT_UNDERSTOOD)
    assert "nowhere" in said.stderr


def test_words_of_a_directory_are_those_of_the_server(office, person):
    push_manifest(office, "acme/app", "v1", basic("alice"))
    person.login("alice")
    office.run("repo", "readme", "set", "acme/app", input="from the disk")
    office.run("repo", "describe", "acme/app", "An app")
    shown = person.json("repo", "readme", "show", "acme/app")
    assert shown == json.loads(office.run("repo", "readme", "show", "acme/app", "--json").stdout)
    assert shown["markdown"] == "from the disk"
    assert person.json("repo", "list")["items"][0]["description"] == "An app"
    person.run("repo", "describe", "acme/app", "x" * 101, expect=NOT_UNDERSTOOD)
    office.run("repo", "describe", "acme/app", "x" * 101, expect=NOT_UNDERSTOOD)
    person.run("repo", "describe", "acme/app", "")
    assert person.json("repo", "list")["items"][0]["description"] == ""


def test_a_robot_describes_what_it_pushes(office, person):
    robot = office.made("robot", "create", "acme/ci", "--grant", "acme/*:write")
    person.login("acme/ci", robot["secret"])
    assert person.run("repo", "describe", "acme/app",
                      "Built nightly").stdout == "acme/app is described\n"
    person.run("repo", "readme", "set", "acme/app", input="# Nightly\n")
    assert person.run("repo", "readme", "show", "acme/app").stdout == "# Nightly\n"
    reader = office.made("robot", "create", "acme/reader", "--grant", "acme/*:read")
    person.login("acme/reader", reader["secret"])
    person.run("repo", "readme", "show", "acme/app")
    person.run("repo", "describe", "acme/app", "mine", expect=REFUSED)
    person.run("repo", "readme", "set", "acme/app", input="mine", expect=REFUSED)


def test_a_script_can_tell_failures_apart(office, person):
    person.run("whoami", expect=REFUSED)
    person.run("org", "list", "--server", person.url, expect=REFUSED)
    person.login("alice", "wrong", expect=REFUSED)
    person.login("alice")
    person.run("user", "create", "carol", "--invite", expect=REFUSED)
    person.run("repo", "readme", "show", "acme/nothing", expect=NOT_THERE)
    person.run("repo", "readme", "show", "bob/hidden", expect=NOT_THERE)
    person.run("token", "revoke", "12345", expect=NOT_THERE)
    person.run("repo", "list", "a", "b", expect=NOT_UNDERSTOOD)
    person.run("repo", "lst", expect=NOT_UNDERSTOOD)
    person.run("repo", "list", "--jsn", expect=NOT_UNDERSTOOD)
    person.run("repo", "visibility", "acme/app", "secret", expect=NOT_UNDERSTOOD)
    person.run("token", "create", "x", "--expires", "soon", expect=NOT_UNDERSTOOD)
    person.run("audit", "list", "--since", "yesterday", "--namespace", "alice",
               expect=NOT_UNDERSTOOD)
    person.run("org", "list", "--server", "not a server", expect=NOT_UNDERSTOOD)
    office.registry.process.stop()
    person.run("org", "list", expect=FAILED)


def test_so_it_is_in_a_directory(office, tmp_path):
    office.run("user", "disable", "carol", expect=NOT_THERE)
    office.run("repo", "archive", "acme/nothing", expect=NOT_THERE)
    office.run("repo", "visibility", "acme/app", "secret", expect=NOT_UNDERSTOOD)
    office.run("user", "create", "alice", "--password-stdin", input=PASSWORD, expect=FAILED)
    office.run("repo", "archive", "acme/app")
    office.run("repo", "describe", "acme/app", "x", expect=REFUSED)
    office.registry.data = tmp_path / "nowhere"
    office.run("user", "list", expect=FAILED)


def test_a_file_of_sign_ins_that_is_none_is_no_wrong_word(person):
    person.login("alice")
    person.file.write_text("not JSON")
    assert "servers.json" in person.run("whoami", expect=FAILED).stderr
