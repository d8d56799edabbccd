# ctest: labels=serving timeout=300
"""What callers are told, with accounts: the table of docs/reference/access.md."""

import re
import shutil
import time
from urllib.parse import urlencode

import pytest
from conftest import PASSWORD, Office, ask, basic, bearer

from support.command import run
from support.content import digest_of
from support.paths import entrepot

APP = "/v2/acme/app/tags/list"
ABSENT = "/v2/acme/none/tags/list"


def wait_until(holds) -> None:
    for _ in range(100):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("not within ten seconds")


def challenge_of(answer) -> dict[str, str]:
    header = answer.header("WWW-Authenticate")
    assert header and header.startswith("Bearer "), answer
    return dict(re.findall(r'(\w+)="([^"]*)"', header))


def push(office, headers, repository="acme/app"):
    """Pushes an image with one layer by these credentials; the last answer's status."""
    client = office.registry.client
    content = b"layer"
    begun = ask(client, f"/v2/{repository}/blobs/uploads/", headers, "POST")
    if begun.status != 202:
        return begun.status
    joint = "&" if "?" in begun.header("Location") else "?"
    return ask(client, f"{begun.header('Location')}{joint}digest={digest_of(content)}", headers,
               "PUT", content).status


def test_who_sends_nothing_is_asked_to_sign_in(office):
    for path in ("/v2/", APP, ABSENT, "/v2/_catalog"):
        answer = office.registry.client.get(path)
        assert answer.status == 401, path
        challenge = challenge_of(answer)
        assert challenge["realm"] == f"{office.registry.url}/token"
        assert challenge["service"] == "entrepot"
    assert challenge_of(office.registry.client.get(APP))["scope"] == "repository:acme/app:pull"


def test_private_and_absent_answer_alike(office):
    """S44: for nobody, for who may not and for a token of theirs: byte for byte but for the name."""
    client = office.registry.client
    token = bearer(office.token("repository:acme/app:pull", basic("bob")))
    for headers, status in (({}, 401), (basic("bob"), 404), (token, 401)):
        there, absent = (ask(client, path, headers) for path in (APP, ABSENT))
        assert there.status == absent.status == status
        assert there.body.replace(b"acme/app", b"acme/none") == absent.body
        varying = ("Date", "X-Request-Id", "Content-Length")
        fixed = [[(k, v.replace("acme/app", "acme/none")) for k, v in answer.headers
                  if k not in varying] for answer in (there, absent)]
        assert fixed[0] == fixed[1]


def test_basic_and_bearer_reach_what_was_granted(office):
    client = office.registry.client
    assert ask(client, "/v2/", basic("alice")).status == 200
    assert push(office, basic("alice")) == 201
    assert push(office, basic("bob")) == 403
    assert push(office, bearer(office.token("repository:acme/app:pull,push", basic("alice")))) == 201
    assert push(office, bearer(office.token("repository:acme/app:pull", basic("alice")))) == 401
    assert push(office, basic("alice"), "acme/other") == 403
    assert push(office, basic("alice"), "alice/mine") == 201
    assert push(office, basic("admin"), "anything") == 201


def test_wrong_credentials_are_401_everywhere(office):
    client = office.registry.client
    for path in ("/v2/", APP, "/token?service=entrepot"):
        assert ask(client, path, basic("alice", "wrong horse")).status == 401
        assert ask(client, path, basic("nobody", "wrong horse")).status == 401
    assert ask(client, APP, bearer("nonsense")).status == 401
    assert challenge_of(ask(client, APP, bearer("nonsense")))["error"] == "invalid_token"


def test_a_refusal_says_what_would_help(office):
    answer = ask(office.registry.client, "/v2/acme/app/blobs/uploads/", basic("bob"), "POST")
    assert answer.error_codes() == ["DENIED"]
    assert ("bob may not push to acme/app: that needs write, which acme's owners give"
            in answer.body.decode())


def test_the_token_service_gives_the_part_that_may_be_done(office):
    client = office.registry.client
    assert client.get("/token?service=other").status == 400
    token = office.token("repository:acme/app:pull,push,delete", basic("alice"))
    assert push(office, bearer(token)) == 201
    deleted = ask(client, f"/v2/acme/app/manifests/sha256:{'0' * 64}", bearer(token), "DELETE")
    assert deleted.status == 401
    assert challenge_of(deleted)["error"] == "insufficient_scope"
    assert "alice" in challenge_of(deleted)["error_description"]
    anonymous = bearer(office.token("repository:acme/app:pull"))
    assert ask(client, APP, anonymous).status == 401
    assert ask(client, "/v2/", anonymous).status == 200
    assert client.get("/token/jwks").json()["keys"][0]["alg"] == "ES256"


def post_form(office, headers=None, **fields):
    return ask(office.registry.client, "/token",
               {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}, "POST",
               urlencode({"service": "entrepot", **fields}).encode())


def by_password(office, name="alice", secret=PASSWORD, **fields):
    return post_form(office, grant_type="password", username=name, password=secret, **fields)


def by_refresh_token(office, token, **fields):
    return post_form(office, grant_type="refresh_token", refresh_token=token, **fields)


def test_a_form_gives_a_token(office):
    given = by_password(office, scope="repository:acme/app:pull,push,delete")
    assert given.status == 200, given
    assert given.json()["scope"] == "repository:acme/app:pull,push"
    assert "refresh_token" not in given.json()
    assert push(office, bearer(given.json()["access_token"])) == 201
    wrong = by_password(office, secret="wrong horse")
    asked = ask(office.registry.client, "/token?service=entrepot", basic("alice", "wrong horse"))
    assert wrong.status == asked.status == 401
    assert wrong.body == asked.body
    assert by_password(office, service="other").status == 400
    assert post_form(office, grant_type="authorization_code").status == 400
    assert post_form(office, {"Content-Type": "application/json"}, grant_type="password").status == 400
    assert by_password(office, secret="x" * 70_000).status == 413
    assert ask(office.registry.client, "/token", {}, "DELETE").status == 405


def test_a_refresh_token_ends_with_the_password(office):
    token = by_password(office, access_type="offline", client_id="docker").json()["refresh_token"]
    by_get = ask(office.registry.client, "/token?service=entrepot&offline_token=true",
                 basic("alice")).json()["refresh_token"]
    for kept in (token, by_get):
        given = by_refresh_token(office, kept, scope="repository:acme/app:pull,push")
        assert given.status == 200, given
        assert push(office, bearer(given.json()["access_token"])) == 201
        assert ask(office.registry.client, "/v2/", basic("alice", kept)).status == 401
    listed = office.run("token", "list", "--owner", "alice").stdout
    assert listed.count("refresh_token") == 2 and "docker from 127.0.0.1" in listed
    lost = next(line.split()[0] for line in listed.splitlines() if "docker from" in line)
    office.run("token", "revoke", lost)
    assert by_refresh_token(office, token).status == 401
    assert by_refresh_token(office, by_get).status == 200
    office.run("user", "password", "alice", input="another horse\n")
    assert by_refresh_token(office, by_get).status == 401


def test_only_passwords_get_a_refresh_token(office):
    robot = office.made("robot", "create", "acme/ci")["secret"]
    token = office.made("token", "create", "laptop", "--owner", "alice")["secret"]
    for name, secret in (("alice", token), ("acme/ci", robot)):
        given = by_password(office, name, secret, access_type="offline")
        assert given.status == 200 and "refresh_token" not in given.json()
        assert by_refresh_token(office, secret).status == 401


def test_what_is_public_is_pulled_by_everybody(office):
    office.run("repo", "visibility", "acme/app", "public")
    client = office.registry.client
    assert client.get(APP).status == 200
    assert push(office, {}) == 401
    office.run("repo", "visibility", "acme/app", "private")
    assert client.get(APP).status == 401


def test_changes_count_for_the_next_request(office):
    client = office.registry.client
    alice = basic("alice")
    token = bearer(office.token("repository:acme/app:pull", alice))
    for headers in (alice, token):
        assert ask(client, "/v2/", headers).status == 200
    office.run("user", "disable", "alice")
    for headers in (alice, token):
        assert ask(client, "/v2/", headers).status == 401
    office.run("user", "enable", "alice")
    assert ask(client, "/v2/", basic("alice")).status == 200
    grant = office.run("grant", "list").stdout.splitlines()[1].split()[0]
    assert push(office, alice) == 201
    office.run("grant", "remove", grant)
    assert push(office, alice) == 403


def test_lists_show_what_their_reader_may_see(office):
    alice = basic("alice")
    for repository in ("acme/app", "alice/mine"):
        assert push(office, alice, repository) == 201
        content = b"layer"
        manifest = (
            '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",'
            '"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"%s","size":%d},'
            '"layers":[]}' % (digest_of(content), len(content))).encode()
        put = ask(office.registry.client, f"/v2/{repository}/manifests/v1",
                  {**alice, "Content-Type": "application/vnd.oci.image.manifest.v1+json"}, "PUT",
                  manifest)
        assert put.status == 201, put
    for name, seen in (("alice", ["acme/app", "alice/mine"]), ("bob", []),
                       ("admin", ["acme/app", "alice/mine"])):
        answer = ask(office.registry.client, "/v2/_catalog", basic(name))
        assert answer.json()["repositories"] == seen, name
    everybody = bearer(office.token("registry:catalog:*"))
    assert ask(office.registry.client, "/v2/_catalog", everybody).json() == {
        "repositories": []}


def test_figures_are_for_who_runs_the_server(office):
    client = office.registry.client
    assert client.get("/metrics").status in (401, 403)
    assert ask(client, "/metrics", basic("alice")).status == 403
    assert ask(client, "/metrics", basic("admin")).status == 200
    assert client.get("/healthz").status == 200
    assert client.get("/readyz").status == 200


def test_robots_and_access_tokens(office):
    robot = office.made("robot", "create", "acme/ci", "--grant", "acme/*:write", "--expires", "30d")
    assert set(robot) >= {"name", "secret", "expires_at"}
    assert push(office, basic("acme/ci", robot["secret"]), "acme/built") == 201
    assert push(office, basic("acme/ci", robot["secret"]), "alice/mine") == 403
    token = office.made("token", "create", "laptop", "--owner", "alice", "--scope", "pull",
                        "--repo", "acme/*", "--expires", "30d")
    client = office.registry.client
    assert ask(client, APP, basic("alice", token["secret"])).status == 200
    assert push(office, basic("alice", token["secret"])) == 403
    office.run("token", "revoke", str(token["id"]))
    assert ask(client, APP, basic("alice", token["secret"])).status == 401


def test_nothing_at_rest_gives_a_secret_away(office):
    """S50: neither a password nor a token stands in any file of the data directory."""
    secrets = [PASSWORD, office.made("robot", "create", "acme/ci")["secret"],
               office.made("token", "create", "laptop", "--owner", "alice")["secret"],
               by_password(office, access_type="offline").json()["refresh_token"]]
    assert ask(office.registry.client, "/v2/", basic("alice")).status == 200
    for file in office.registry.data.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in content], file


def test_explain_says_why(office):
    said = office.run("access", "explain", "--as", "alice", "--do", "push", "acme/app").stdout
    assert re.fullmatch(r"allowed: grant \d+: user:alice write acme/app\n", said)
    said = office.run("access", "explain", "--as", "bob", "--do", "push", "acme/app").stdout
    assert said.startswith("denied: bob may not push to acme/app")


@pytest.mark.parametrize("listening", ["127.0.0.1", "0.0.0.0"])
def test_the_first_account_closes_the_registry(start_registry, listening):
    """On loopback it is open until then; on other addresses it never was."""
    registry = start_registry(options=["--listen", f"{listening}:0"])
    office = Office(registry)
    was_open = registry.client.get("/v2/").status == 200
    assert was_open == (listening == "127.0.0.1")
    if was_open:
        office.user("carol", "--admin")
    else:
        office.run("user", "password", "admin", input=PASSWORD + "\n")
    assert registry.client.get("/v2/").status == 401
    name = "carol" if was_open else "admin"
    assert ask(registry.client, "/v2/", basic(name)).status == 200
    registry.stop()
    registry.start()
    assert registry.client.get("/v2/").status == 401


def test_older_metadata_without_accounts_does_not_open_it(start_registry, tmp_path):
    registry = start_registry()
    office = Office(registry)
    office.run("backup", "--to", tmp_path / "older")
    office.user("alice", "--admin")
    marked = registry.data / "entrepot/closed"
    wait_until(marked.exists)
    registry.stop()
    for end in ("", "-wal", "-shm"):
        (registry.data / f"entrepot/meta.db{end}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "older", registry.data / "entrepot/meta.db")
    registry.start()
    assert registry.client.get("/v2/").status == 401
    assert "had accounts" in registry.process.current_stderr()


def test_an_empty_password_file_opens_nothing(start_registry, tmp_path):
    """Whoever names one believes the server to be closed."""
    (tmp_path / "none").write_text("\n")
    registry = start_registry()
    registry.stop()
    for variables, said in (({"ENTREPOT_ADMIN_PASSWORD_FILE": str(tmp_path / "none")}, "is empty"),
                            ({"ENTREPOT_ADMIN_PASSWORD": "short"}, "at least 8 characters")):
        refused = run(entrepot(), "serve", "--data", registry.data, "--listen", "127.0.0.1:0",
                      environment=variables, expect=1)
        assert refused.stderr.splitlines()[-1].startswith("entrepot: admin.password")
        assert said in refused.stderr
    registry.start()


def test_roles_of_the_whole_system(office):
    assert ask(office.registry.client, "/metrics", basic("bob")).status == 403
    office.run("user", "role", "bob", "auditor")
    assert ask(office.registry.client, "/metrics", basic("bob")).status == 200
    assert push(office, basic("bob")) == 403
    assert "last system admin" in office.run("user", "role", "admin", "none", expect=1).stderr


def test_commands_work_without_a_server(start_registry):
    registry = start_registry()
    registry.stop()
    Office(registry).user("alice", "--admin")
    registry.start()
    assert registry.client.get("/v2/").status == 401
    assert ask(registry.client, "/v2/", basic("alice")).status == 200


def test_words_that_are_not_understood_say_which_are(office):
    said = office.run("user", "invent", "alice", expect=2).stderr
    assert "entrepot user create NAME" in said
    said = office.run("grant", "create", "acme/**", "--to", "alice", "--role", "write",
                      expect=2).stderr
    assert "user:NAME" in said
    said = office.run("user", "create", "alice", "--password-stdin", expect=1,
                      input=PASSWORD + "\n").stderr
    assert "the name alice is taken" in said
