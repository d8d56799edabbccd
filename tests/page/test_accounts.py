# ctest: labels=page timeout=300
"""Who is signed in, and what others are told of what is not theirs."""

from datetime import datetime, timedelta, timezone

import pytest

from page_browser import PHONE
from page_people import PASSWORD, Api, open_as, sign_in

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


def test_home_tells_what_ends_soon(open_page, closed):
    for name, days in (("ends-now", 5), ("ends-later", 50)):
        ends = datetime.now(timezone.utc) + timedelta(days=days, hours=1)
        Api(closed.address, "bob").post("/me/tokens", {"name": name, "scope": None, "expires_at": ends.isoformat()})
    page = open_as(open_page, closed, "bob", "/", width=PHONE)
    page.wait_for("main :text('ends-now ends in 5 days')")
    assert "ends-later" not in page.text()
    page.require_usable()
    page.require_still()
    page.click("main a:has-text('ends-now')")
    assert page.path == "/-/account"
    page = open_as(open_page, closed, "alice", "/")
    page.wait_for("main tbody tr")
    assert "Ends soon" not in page.text()
