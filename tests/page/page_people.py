"""Accounts for the page's tests, and how their owners sign in."""

import base64

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


def sign_in(page, name: str, password: str = PASSWORD) -> None:
    page.run("await page.fill('#name', values.name); await page.fill('#password', values.password);"
             "await page.click('main button[type=submit]');", name=name, password=password)
    page.settle()
