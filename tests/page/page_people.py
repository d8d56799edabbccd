"""Accounts for the page's tests, and how their owners sign in."""

import base64
import json
from urllib.parse import quote

from support.http import Client

PASSWORD = "correct horse"


def basic(name: str, secret: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


class SignedIn(Client):
    """Sends a name and a password along, as docker does."""

    def __init__(self, address: str, name: str):
        super().__init__(address)
        self._authorization = basic(name)

    def request(self, method, target, body=None, headers=None):
        return super().request(method, target, body, {**self._authorization, **(headers or {})})


class Api(SignedIn):
    """What somebody may do by the API, and is told there."""

    def _ask(self, method: str, path: str, value=None):
        body = None if value is None else json.dumps(value).encode()
        answer = self.request(method, "/api/v1" + path, body)
        assert answer.status < 300, (method, path, answer.status, answer.body)
        return answer.json() if answer.body else None

    def get_json(self, path: str):
        return self._ask("GET", path)

    def items(self, path: str) -> list[dict]:
        return self.get_json(path)["items"]

    def post(self, path: str, value):
        return self._ask("POST", path, value)

    def put(self, path: str, value):
        return self._ask("PUT", path, value)

    def patch(self, path: str, value):
        return self._ask("PATCH", path, value)


def sign_in(page, name: str, password: str = PASSWORD) -> None:
    page.run("await page.fill('#name', values.name); await page.fill('#password', values.password);"
             "await page.click('main button[type=submit]');", name=name, password=password)
    page.settle()


def open_as(open_page, registry, name: str, path: str, **settings):
    """A page of somebody's who has just signed in, with all that it asked for."""
    page = open_page(registry, **settings).go(f"/-/sign-in?then={quote(path)}")
    sign_in(page, name)
    page.run("await page.waitForFunction((path) => location.pathname + location.search === path"
             " && document.querySelector('#password') === null, values.path);", path=path)
    page.wait_for("main h1")
    page.settle()
    return page
