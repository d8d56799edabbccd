# ctest: labels=page timeout=600
"""What somebody signs in with, and what was done: the pages of one's account and of the audit."""

import pytest

from page_browser import DESK, LANGUAGES, PHONE, THEMES
from page_people import PASSWORD, basic, open_as, sign_in
from support.http import Client


def status_as(registry, name: str, secret: str) -> int:
    return Client(registry.address).request("GET", "/v2/", None, basic(name, secret)).status


def test_a_token_is_made_shown_once_and_revoked(open_page, closed):
    page = open_as(open_page, closed, "alice", "/-/account")
    page.click("main button:has-text('Make a token')")
    page.run("await page.fill('dialog input[type=text] >> nth=0', 'laptop');"
             "await page.fill('dialog input[placeholder]', 'acme/*');")
    page.require_usable()
    page.click("dialog button[type=submit]")
    page.wait_for("dialog .secret")
    secret = page.text("dialog .secret code")
    assert secret.startswith("ent_pat_")
    assert "docker login" in page.text("dialog")
    page.require_usable()
    page.click("dialog .actions button")
    page.wait_for("td.name:has-text('laptop')")
    assert "acme/*" in page.text("main")
    assert secret not in page.evaluate("document.documentElement.outerHTML")
    assert status_as(closed, "alice", secret) == 200

    page.click("button[aria-label='Revoke laptop']")
    assert status_as(closed, "alice", secret) == 200, "it is asked once more"
    page.click("button:has-text('Really revoke')")
    page.wait_for("main :text('None yet')")
    assert status_as(closed, "alice", secret) == 401


def test_what_cannot_be_is_told(open_page, closed):
    page = open_as(open_page, closed, "alice", "/-/account")
    page.click("main button:has-text('Make a token')")
    page.run("await page.fill('dialog input[type=text] >> nth=0', 'x');"
             "await page.fill('dialog input[placeholder]', 'Not A Name!');")
    page.click("dialog button[type=submit]")
    page.wait_for("dialog [role=alert]")
    assert "acme/app" in page.text("dialog [role=alert]")


def test_where_one_is_signed_in(open_page, closed):
    page = open_as(open_page, closed, "bob", "/-/account")
    page.wait_for("main strong:has-text('this one')")
    other = open_as(open_page, closed, "bob", "/-/account")
    other.wait_for("main strong:has-text('this one')")
    other.click("button:has-text('Revoke')")
    other.click("button:has-text('Really revoke')")
    other.run("await page.waitForFunction(() => document.querySelectorAll('td.client').length === 1);")
    page.go("/-/account")
    assert "This is for who is signed in" in page.text("main")


def test_another_password(open_page, closed):
    page = open_as(open_page, closed, "bob", "/-/account")

    def change(old: str, new: str) -> None:
        page.run("await page.fill('input[autocomplete=current-password]', values.old);"
                 "await page.fill('input[autocomplete=new-password]', values.new);"
                 "await page.click('main form button[type=submit]');", old=old, new=new)

    change("wrong password", "battery staple")
    page.wait_for("[role=alert]")
    assert "another one" in page.text("[role=alert]")
    change(PASSWORD, "password")
    page.wait_for("[role=alert]:has-text('characters')")
    change(PASSWORD, "battery staple")
    page.wait_for("#password")
    assert status_as(closed, "bob", PASSWORD) == 401
    sign_in(page, "bob", "battery staple")
    page.wait_for("main h1:has-text('bob')")
    change("battery staple", PASSWORD)
    page.wait_for("#password")


def test_the_audit_is_read_and_filtered(open_page, closed):
    page = open_as(open_page, closed, "admin", "/-/audit")
    page.wait_for("main tbody tr")
    page.run("await page.fill('input[name=what]', 'grant'); await page.press('input[name=what]', 'Enter');")
    page.run("await page.waitForFunction(() =>"
             " [...document.querySelectorAll('tbody td:nth-child(4)')].every((cell) => cell.innerText === 'grant.created'));")
    assert page.path == "/-/audit?what=grant"
    assert "alice" in page.text("main tbody")


def test_who_may_not_read_it_is_told(open_page, closed):
    page = open_as(open_page, closed, "alice", "/-/audit")
    page.wait_for("main [role=alert]")
    assert "You may not do this" in page.text("main [role=alert]")


@pytest.mark.parametrize("path", ["/-/account", "/-/audit"])
def test_nobody_in_particular_is_asked_to_sign_in(open_page, closed, filled, path):
    page = open_page(closed).go(path)
    assert page.run("return page.locator('main a').getAttribute('href');") == f"/-/sign-in?then={path}"
    page.require_usable()
    assert "entrepot user create" in open_page(filled).go(path).text("main")


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/-/account", "/-/audit"])
def test_it_is_usable(open_page, closed, path, language, theme, width):
    page = open_as(open_page, closed, "admin", path, language=language, theme=theme, width=width)
    page.settle()
    page.require_usable()
    page.require_still()
