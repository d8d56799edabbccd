"""A registry with accounts, made by its own commands."""

import base64
import json
import re

import pytest

from support.command import run
from support.paths import entrepot

PASSWORD = "correct horse"


def basic(name: str, secret: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def ask(client, path: str, headers: dict[str, str], method: str = "GET", body: bytes = b""):
    return client.request(method, path, body, headers)


class Office:
    """The commands of `entrepot`, on the data of one registry, beside the server or without one."""

    def __init__(self, registry):
        self.registry = registry

    def run(self, *words, expect: int | None = 0, **options):
        return run(entrepot(), *words, "--data", self.registry.data, expect=expect, **options)

    def user(self, name: str, *flags) -> None:
        self.run("user", "create", name, "--password-stdin", *flags, input=PASSWORD + "\n")

    def made(self, *words) -> dict:
        """What a command printed with --json."""
        return json.loads(self.run(*words, "--json").stdout)

    def token(self, scope: str, headers: dict[str, str] | None = None, expect: int = 200):
        answer = ask(self.registry.client, f"/token?service=entrepot&scope={scope}", headers or {})
        assert answer.status == expect, answer
        return answer.json().get("token")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def office(start_registry):
    """acme with alice, who may write acme/app; bob, who may nothing; admin."""
    registry = start_registry(environment={"ENTREPOT_ADMIN_PASSWORD": PASSWORD})
    made = Office(registry)
    made.user("alice")
    made.user("bob")
    made.run("org", "create", "acme")
    made.run("repo", "create", "acme/app", "--visibility", "private")
    made.run("grant", "create", "acme/app", "--to", "user:alice", "--role", "write")
    return made


class Person:
    """Somebody at a machine of their own, who has the server's address and nothing else."""

    def __init__(self, office, home):
        self.url = f"http://{office.registry.address}"
        self.home = home
        self.environment = {"HOME": str(home), "XDG_CONFIG_HOME": ""}

    def run(self, *words, expect=0, **options):
        return run(entrepot(), *words, expect=expect, environment=self.environment, **options)

    def login(self, name, secret=PASSWORD, **options):
        return self.run("login", self.url, "-u", name, "--password-stdin", input=secret + "\n",
                        **options)

    def json(self, *words) -> dict:
        return json.loads(self.run(*words, "--json").stdout)

    def table(self, *words) -> list[list[str]]:
        """The columns of a list, without its head."""
        return [re.split(r"  +", line) for line in self.run(*words).stdout.splitlines()[1:]]

    @property
    def file(self):
        return self.home / ".config/entrepot/servers.json"


@pytest.fixture
def person(office, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return Person(office, home)
