# ctest: labels=page timeout=300
"""Who is signed in, and what others are told of what is not theirs."""

import base64

import pytest

from page_browser import PHONE
from page_content import push_version
from support.command import run
from support.content import Repository
from support.http import Client
from support.paths import entrepot

PASSWORD = "correct horse"


class SignedIn(Client):
    """Sends a name and a password along, as docker does."""

    def __init__(self, address: str, name: str):
        super().__init__(address)
        secret = base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
        self._authorization = {"Authorization": f"Basic {secret}"}

    def request(self, method, target, body=None, headers=None):
        return super().request(method, target, body, {**self._authorization, **(headers or {})})


@pytest.fixture(scope="module")
def closed(start_module_registry):
    """acme/secret, which alice may change; acme/open, which everybody may pull; bob, who may nothing."""
    registry = start_module_registry(environment={"ENTREPOT_ADMIN_PASSWORD": PASSWORD})

    def command(*words, **options):
        run(entrepot(), *words, "--data", registry.data, **options)

    for name in ("alice", "bob"):
        command("user", "create", name, "--password-stdin", input=PASSWORD + "\n")
    command("org", "create", "acme")
    for name, visibility in (("acme/secret", "private"), ("acme/open", "public")):
        command("repo", "create", name, "--visibility", visibility)
        command("grant", "create", name, "--to", "user:alice", "--role", "maintain")
        push_version(Repository(SignedIn(registry.address, "alice"), name), "1", name)
    return registry


def sign_in(page, name: str, password: str = PASSWORD) -> None:
    page.run("await page.fill('#name', values.name); await page.fill('#password', values.password);"
             "await page.click('main button[type=submit]');", name=name, password=password)
    page.settle()


def test_strangers_see_what_is_public(open_page, closed):
    page = open_page(closed).go("/")
    assert page.texts("main tbody .name") == ["acme/open"]
    page.require_usable()


def test_private_and_absent_look_alike(open_page, closed):
    page = open_page(closed)
    private = page.go("/acme/secret").text()
    absent = page.go("/acme/absent").text()
    assert private == absent.replace("absent", "secret")
    assert page.go("/acme/secret/-/image/1").text() == \
        page.go("/acme/absent/-/image/1").text().replace("absent", "secret")


def test_sign_in_leads_back(open_page, closed):
    page = open_page(closed).go("/acme/secret")
    page.click("header a:has-text('Sign in')")
    assert page.path == "/-/sign-in?then=/acme/secret"
    sign_in(page, "alice")
    page.wait_for("[data-row]")
    assert page.path == "/acme/secret"
    assert "alice" in page.text("header")
    page.require_usable()
    page.run("await page.reload({waitUntil: 'networkidle'});")
    assert "alice" in page.text("header"), "the session goes on"


def test_sign_out_forgets(open_page, closed):
    page = open_page(closed).go("/-/sign-in?then=/acme/secret")
    sign_in(page, "alice")
    page.wait_for("[data-row]")
    page.click("header button:has-text('Sign out')")
    page.wait_for("main tbody td.visibility")
    assert page.texts("main tbody .name") == ["acme/open"]
    page.run("await page.goBack();")
    page.wait_for("main h1:has-text('Not found')")


def test_wrong_password_is_a_sentence(open_page, closed):
    page = open_page(closed, language="zh-CN").go("/-/sign-in")
    sign_in(page, "alice", "wrong")
    assert "用户名或密码不正确" in page.text("[role=alert]")
    assert page.evaluate("document.querySelector('#password').value") == ""
    page.require_usable()


@pytest.mark.parametrize("then", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_sign_in_leads_nowhere_else(open_page, closed, then):
    page = open_page(closed).go(f"/-/sign-in?then={then}")
    sign_in(page, "bob")
    page.wait_for("main tbody tr")
    assert page.path == "/"


def test_who_may_not_delete_is_offered_nothing(open_page, closed):
    page = open_page(closed).go("/acme/open")
    page.wait_for("[data-row]")
    assert page.run("return page.locator('main input[type=checkbox]').count();") == 0
    page.go("/-/sign-in?then=/acme/open")
    sign_in(page, "alice")
    page.wait_for("main input[type=checkbox]")


def test_sign_in_fits_a_phone(open_page, closed):
    page = open_page(closed, width=PHONE, theme="dark").go("/-/sign-in")
    page.require_usable()
