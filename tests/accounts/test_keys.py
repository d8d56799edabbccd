# ctest: labels=serving timeout=300
"""A new key for registry tokens: nobody notices, or all tokens end."""

from conftest import ask, basic, bearer
from test_answers import wait_until

LIST = "/v2/acme/app/tags/list"
SCOPE = "repository:acme/app:pull"


def keys(office) -> set[str]:
    return {key["kid"] for key in office.registry.client.get("/token/jwks").json()["keys"]}


def test_tokens_of_the_former_key_count_on(office):
    before = keys(office)
    token = office.token(SCOPE, basic("alice"))
    office.run("keys", "rotate")
    wait_until(lambda: len(keys(office)) == 2)
    assert before < keys(office)
    assert ask(office.registry.client, LIST, bearer(token)).status == 200
    assert len(office.run("keys", "list").stdout.splitlines()) == 3


def test_where_the_former_end_their_tokens_do(office):
    before = keys(office)
    token = office.token(SCOPE, basic("alice"))
    office.run("keys", "rotate", "--end-former")
    wait_until(lambda: keys(office).isdisjoint(before))
    assert ask(office.registry.client, LIST, bearer(token)).status == 401
    fresh = office.token(SCOPE, basic("alice"))
    assert ask(office.registry.client, LIST, bearer(fresh)).status == 200


def test_it_is_done_at_the_next_start_and_is_a_record(office):
    before = keys(office)
    office.registry.stop()
    office.run("keys", "rotate", "--end-former")
    assert '"kind":"signing key"' in office.run("audit", "export", "--what", "secret").stdout
    office.registry.start()
    assert keys(office).isdisjoint(before)
