"""The API's document, and a client that holds every answer against it."""

import base64
import json
import re

import pytest
import yaml
from jsonschema import Draft202012Validator

from support.command import run
from support.http import Client
from support.paths import REPOSITORY, entrepot

PASSWORD = "correct horse"
API = "/api/v1"


def basic(name: str, secret: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


class Document:
    """docs/api/openapi.yaml."""

    def __init__(self):
        self.text = (REPOSITORY / "docs/api/openapi.yaml").read_text()
        self.data = yaml.safe_load(self.text)
        self._routes = [(self._pattern(path), item) for path, item in self.data["paths"].items()]
        # The longest first: `{name}` may hold slashes.
        self._routes.sort(key=lambda route: -len(route[0].pattern))

    @staticmethod
    def _pattern(path: str) -> re.Pattern:
        words = re.split(r"(\{\w+\})", path)
        return re.compile("".join(
            ".+" if word == "{name}" else "[^/]+" if word.startswith("{") else re.escape(word)
            for word in words))

    def check(self, method: str, path: str, answer) -> None:
        """Is this answer one that the document tells of?"""
        item = next(item for pattern, item in self._routes
                    if pattern.fullmatch(path.split("?")[0].removeprefix(API)))
        responses = item[method.lower()]["responses"]
        response = responses.get(str(answer.status)) or responses["default"]
        if "$ref" in response:
            response = self.data["components"]["responses"][response["$ref"].split("/")[-1]]
            assert answer.status >= 400, answer
        content = response.get("content")
        if content is None:
            assert answer.body == b"", answer
            return
        media_type = (answer.header("Content-Type") or "").split(";")[0]
        assert media_type in content, answer
        if "json" in media_type:
            schema = {**content[media_type]["schema"], "components": self.data["components"]}
            Draft202012Validator(schema).validate(answer.json())


class Api:
    """Asks as somebody, and checks each answer."""

    def __init__(self, client: Client, document: Document, headers: dict[str, str] | None = None):
        self._client, self._document, self.headers = client, document, headers or {}

    def ask(self, method: str, path: str, expect: int, body: bytes | None = None,
            headers: dict[str, str] | None = None):
        answer = self._client.request(method, API + path, body, {**self.headers, **(headers or {})})
        assert answer.status == expect, answer
        self._document.check(method, path, answer)
        assert answer.header("Cache-Control") == "no-store"
        assert answer.header("X-Content-Type-Options") == "nosniff"
        return answer

    def get(self, path: str, expect: int = 200):
        return self.ask("GET", path, expect).json()

    def send(self, method: str, path: str, expect: int, body=None):
        """`body` as JSON; the answer's, if it has one."""
        answer = self.ask(method, path, expect, None if body is None else json.dumps(body).encode())
        return answer.json() if answer.body else None

    def as_(self, name: str, password: str = PASSWORD) -> "Api":
        return Api(self._client, self._document, basic(name, password))

    def with_(self, headers: dict[str, str]) -> "Api":
        return Api(self._client, self._document, headers)


@pytest.fixture(scope="session")
def document():
    return Document()


@pytest.fixture(scope="module")
def open_api(registry, document):
    return Api(registry.client, document)


@pytest.fixture(scope="module")
def office(start_module_registry):
    """A registry with accounts: admin, alice who may write acme/app, bob who may nothing."""
    registry = start_module_registry(environment={"ENTREPOT_ADMIN_PASSWORD": PASSWORD})

    def command(*words, **options):
        return run(entrepot(), *words, "--data", registry.data, **options)

    for name in ("alice", "bob"):
        command("user", "create", name, "--password-stdin", input=PASSWORD + "\n")
    command("org", "create", "acme")
    command("repo", "create", "acme/app", "--visibility", "private")
    command("repo", "create", "acme/open", "--visibility", "public")
    command("grant", "create", "acme/app", "--to", "user:alice", "--role", "write")
    registry.command = command
    return registry


@pytest.fixture
def closed_api(office, document):
    return Api(office.client, document)


@pytest.fixture(scope="module")
def house(start_module_registry, document):
    """A closed registry with nothing in it but admin, who asks over HTTP."""
    registry = start_module_registry(environment={"ENTREPOT_ADMIN_PASSWORD": PASSWORD})
    api = Api(registry.client, document)
    api.registry = registry
    return api


@pytest.fixture(scope="module")
def acme(house):
    """The same with acme, its owner olga, its member mia and a stranger, sam; dev is a team."""
    admin = house.as_("admin")
    for name in ("olga", "mia", "sam"):
        admin.send("POST", "/users", 201, {"name": name, "password": PASSWORD})
    admin.send("POST", "/organisations", 201, {"name": "acme"})
    admin.send("PUT", "/organisations/acme/members/olga", 204, {"role": "owner"})
    olga = house.as_("olga")
    olga.send("PUT", "/organisations/acme/members/mia", 204, {"role": "member"})
    olga.send("POST", "/organisations/acme/teams", 201, {"name": "dev"})
    house.names = {"admin": admin, "olga": olga, "mia": house.as_("mia"), "sam": house.as_("sam"),
                   "anonymous": house}
    return house
