# ctest: labels=serving timeout=300
"""Who did what, from where, and that the record shows what was done to it."""

import json
import sqlite3

from conftest import ask, basic, bearer
from test_answers import wait_until

from support.content import OCI_CONFIG, OCI_MANIFEST, digest_of


def records(office, *flags) -> list[dict]:
    """What `entrepot audit export` prints, newest first."""
    return [json.loads(line) for line in office.run("audit", "export", *flags).stdout.splitlines()]


def kinds(office, *flags) -> list[str]:
    return [record["what"] for record in records(office, *flags)]


def push_manifest(office, repository, tag, headers):
    """An image without layers; the answer to its manifest."""
    content = b"{}"
    ask(office.registry.client, f"/v2/{repository}/blobs/uploads/?digest={digest_of(content)}",
        headers, "POST", content)
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [],
        "config": {"mediaType": OCI_CONFIG, "digest": digest_of(content), "size": len(content)},
    }).encode()
    answer = office.registry.client.request(
        "PUT", f"/v2/{repository}/manifests/{tag}", manifest,
        {**headers, "Content-Type": OCI_MANIFEST})
    assert answer.status == 201, answer
    return answer


def test_a_deed_names_who_from_where_and_its_request(office):
    answer = push_manifest(office, "acme/app", "v1", basic("alice"))
    (record,) = records(office, "--what", "manifest.pushed")
    assert record["who"] == "alice"
    assert record["kind"] == "user"
    assert record["client"] == "127.0.0.1"
    assert record["request"] == answer.header("X-Request-Id")
    assert record["repository"] == "acme/app"
    assert record["tag"] == "v1"


def test_what_a_command_did_is_the_systems(office):
    (record,) = records(office, "--what", "grant.created")
    assert record["kind"] == "system"
    assert "client" not in record
    assert record["detail"]["to"] == "alice"


def test_sign_ins_are_records_also_those_that_fail(office):
    client = office.registry.client
    assert ask(client, "/v2/", basic("alice")).status == 200
    assert ask(client, "/v2/", basic("alice", "wrong password")).status == 401
    assert ask(client, "/v2/", basic("no one's name", "wrong")).status == 401
    made = office.made("robot", "create", "acme/ci", "--grant", "acme/*:write")
    assert ask(client, "/v2/", basic("acme/ci", made["secret"])).status == 200
    wait_until(lambda: len(kinds(office, "--what", "sign_in")) >= 4)
    found = [(record["what"], record["detail"].get("account"), record["detail"]["how"])
             for record in records(office, "--what", "sign_in")]
    assert ("sign_in.succeeded", "alice", "password") in found
    assert ("sign_in.succeeded", "acme/ci", "token") in found
    assert ("sign_in.failed", "alice", "password") in found
    assert ("sign_in.failed", None, "password") in found


def test_a_registry_token_is_no_sign_in_of_its_own(office):
    token = office.token("repository:acme/app:pull", basic("alice"))
    for _ in range(3):
        assert ask(office.registry.client, "/v2/acme/app/tags/list", bearer(token)).status == 200
    wait_until(lambda: kinds(office, "--what", "sign_in"))
    assert kinds(office, "--what", "sign_in", "--who", "alice") == ["sign_in.succeeded"]


def test_no_secret_is_in_a_record(office):
    made = office.made("robot", "create", "acme/ci", "--grant", "acme/*:write")
    token = office.made("token", "create", "laptop", "--owner", "alice")
    ask(office.registry.client, "/v2/", basic("alice", token["secret"]))
    ask(office.registry.client, "/v2/", basic(made["secret"], "typed in the wrong field"))
    wait_until(lambda: len(kinds(office, "--what", "sign_in")) >= 2)
    everything = office.run("audit", "export").stdout
    for secret in (made["secret"], token["secret"], "correct horse", "typed in the wrong field"):
        assert secret not in everything


def test_a_namespace_has_its_own_records(office):
    office.run("org", "create", "other")
    push_manifest(office, "acme/app", "v1", basic("alice"))
    found = records(office, "--namespace", "acme")
    assert {record["what"] for record in found} == {
        "account.created", "repository.created", "grant.created", "manifest.pushed"}
    assert "other" not in json.dumps(found)


def test_what_was_changed_shows(office):
    push_manifest(office, "acme/app", "v1", basic("alice"))
    wait_until(lambda: "not sealed" not in office.run("audit", "verify").stdout)
    whole = office.run("audit", "verify").stdout
    assert "are as they were written" in whole
    head = next(line for line in whole.splitlines() if line.startswith("head: ")).split()[1]
    push_manifest(office, "acme/app", "v2", basic("alice"))
    wait_until(lambda: f"head: {head}" not in office.run("audit", "verify").stdout)
    office.run("audit", "verify", "--head", head)
    office.registry.stop()
    with sqlite3.connect(office.registry.data / "entrepot/meta.db") as metadata:
        metadata.execute("UPDATE journal SET actor = 'bob' WHERE actor = 'alice'")
    changed = office.run("audit", "verify", expect=1)
    assert "was changed" in changed.stderr


def test_sign_ins_of_the_last_second_are_kept_at_the_end(office):
    assert ask(office.registry.client, "/v2/", basic("alice")).status == 200
    office.registry.stop()
    assert kinds(office, "--what", "sign_in", "--who", "alice") == ["sign_in.succeeded"]


def test_bad_words_are_explained(office):
    refused = office.run("audit", "list", "--since", "yesterday", expect=2)
    assert "2026-11-27" in refused.stderr
    assert "--limit" in office.run("audit", "list", "--limit", "-1", expect=2).stderr
