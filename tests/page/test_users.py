# ctest: labels=page timeout=300
"""Accounts, as system admins look after them."""

import pytest

from page_people import PASSWORD, Api, basic, open_as
from support.http import Client

USERS = "/-/admin/users"


def status_as(registry, name: str, password: str = PASSWORD) -> int:
    return Client(registry.address).request("GET", "/v2/", None, basic(name, password)).status


def user(registry, name: str) -> dict:
    return Api(registry.address, "admin").get_json(f"/users/{name}")


def open_dialog(page, name: str) -> None:
    page.click(f"button[aria-label='Change {name}']")
    page.wait_for("dialog[open]")


def test_admins_find_them_from_their_account(open_page, peopled):
    page = open_as(open_page, peopled, "admin", "/-/account")
    page.click(".side a:has-text('Users')")
    page.wait_for("main tbody tr")
    assert page.path == USERS
    assert page.texts("main tbody .name")[:4] == ["admin", "alice", "bob", "carol"]
    assert "system admin" in page.text("tr:has(td.name:has-text('admin'))")
    page = open_as(open_page, peopled, "alice", "/-/account")
    assert page.run("return page.locator('.side a:has-text(\"Users\")').count();") == 0


def test_they_are_filtered_and_the_filter_is_in_the_address(open_page, peopled):
    page = open_as(open_page, peopled, "admin", USERS)
    page.run("await page.locator('main input').first().click();")
    page.type("ali")
    assert page.path == USERS + "?q=ali"
    assert page.texts("main tbody .name") == ["alice"]
    page.run("await page.reload({waitUntil: 'networkidle'});")
    assert page.texts("main tbody .name") == ["alice"]
    page.run("await page.fill('main input >> nth=0', 'zzz');")
    page.wait_for("main :text('No user has “zzz”')")


def test_one_is_made_disabled_given_a_role_and_deleted(open_page, peopled):
    page = open_as(open_page, peopled, "admin", USERS)
    page.click("main button:has-text('Make a user')")
    page.run("await page.fill('dialog input[type=text]', 'dave'); await page.fill('dialog input[type=password]', values.secret);",
             secret=PASSWORD)
    page.require_usable()
    page.click("dialog button[type=submit]")
    page.wait_for("td.name:has-text('dave')")
    assert status_as(peopled, "dave") == 200
    assert PASSWORD not in page.evaluate("document.documentElement.outerHTML")

    open_dialog(page, "dave")
    page.require_usable()
    page.run("await page.locator('dialog[open] input[type=checkbox]').uncheck();")
    page.click("dialog[open] button[type=submit]")
    page.wait_for("td:has-text('disabled')")
    assert status_as(peopled, "dave") == 401 and user(peopled, "dave")["state"] == "disabled"

    open_dialog(page, "dave")
    page.run("await page.locator('dialog[open] input[type=checkbox]').check();"
             "await page.locator('dialog[open] select').selectOption('auditor');"
             "await page.locator('dialog[open] input[type=password]').fill('battery staple');")
    assert "sees every name" in page.text("dialog[open]")
    page.click("dialog[open] button[type=submit]")
    page.wait_for("tr:has(td.name:has-text('dave')) td:has-text('auditor')")
    assert user(peopled, "dave") | {"created_at": ""} == {"name": "dave", "state": "active", "role": "auditor", "created_at": ""}
    assert (status_as(peopled, "dave"), status_as(peopled, "dave", "battery staple")) == (401, 200)

    open_dialog(page, "dave")
    page.click("dialog[open] button:has-text('Delete')")
    assert page.evaluate("document.querySelector('dialog[open] .danger').disabled"), "the name has to be typed"
    page.require_usable()
    page.run("await page.locator('dialog[open] input').fill('dave');")
    page.click("dialog[open] .danger")
    page.run("await page.locator('td:has-text(\"dave\")').waitFor({state: 'detached'});")
    assert status_as(peopled, "dave", "battery staple") == 401


def test_what_cannot_be_made_is_told(open_page, peopled):
    page = open_as(open_page, peopled, "admin", USERS)
    page.click("main button:has-text('Make a user')")
    for name, secret, expected in (("bob", PASSWORD, "The name is taken"), ("acme", PASSWORD, "The name is taken"),
                                   ("Not A Name", PASSWORD, "lower-case letters"), ("erin", "password", "at least 8 characters"),
                                   ("system", PASSWORD, "reserved")):
        page.run("await page.fill('dialog input[type=text]', values.name); await page.fill('dialog input[type=password]', values.secret);",
                 name=name, secret=secret)
        page.click("dialog button[type=submit]")
        page.wait_for(f"dialog [role=alert]:has-text('{expected}')")


def test_the_last_admin_stays(open_page, peopled):
    page = open_as(open_page, peopled, "admin", USERS)
    open_dialog(page, "admin")
    assert "Delete" not in page.text("dialog[open]"), "nobody deletes themselves"
    page.run("await page.locator('dialog[open] select').selectOption('none');")
    page.click("dialog[open] button[type=submit]")
    page.wait_for("dialog [role=alert]:has-text('needs a system admin')")
    assert user(peopled, "admin")["role"] == "admin"


def test_who_has_repositories_or_is_a_last_owner_is_not_deleted(open_page, peopled):
    page = open_as(open_page, peopled, "admin", USERS)
    open_dialog(page, "alice")
    page.click("dialog[open] button:has-text('Delete')")
    page.run("await page.locator('dialog[open] input').fill('alice');")
    page.click("dialog[open] .danger")
    page.wait_for("dialog [role=alert]:has-text('last owner')")
    assert status_as(peopled, "alice") == 200


def test_an_auditor_looks_and_changes_nothing(open_page, peopled):
    admin = Api(peopled.address, "admin")
    admin.patch("/users/carol", {"role": "auditor"})
    try:
        page = open_as(open_page, peopled, "carol", USERS)
        page.wait_for("main tbody tr")
        assert page.run("return page.locator('main button:not(.plain)').count();") == 0
        for path in ("/acme/-/people", "/acme/-/rights", "/acme/-/robots", "/acme/web/-/rights"):
            page.go(path)
            page.wait_for("main tbody tr")
            assert page.run("return page.locator('main table').locator('button, select').count();") == 0
    finally:
        admin.patch("/users/carol", {"role": "none"})


def test_who_is_no_admin_is_told_who_may(open_page, peopled):
    page = open_as(open_page, peopled, "alice", USERS)
    page.wait_for("main [role=alert]")
    assert "You may not do this" in page.text("main [role=alert]")
    assert page.run("return page.locator('main button:has-text(\"Make\")').count();") == 0


def test_somebody_new_sets_their_own_password_by_a_link(open_page, peopled):
    page = open_as(open_page, peopled, "admin", USERS)
    page.click("main button:has-text('Make a user')")
    page.run("await page.fill('dialog input[type=text]', 'nina');")
    page.click("dialog button[type=submit]")
    page.wait_for("dialog[open] .copied code")
    page.require_usable()
    link = page.text("dialog[open] .copied code")
    assert link.startswith(f"http://{peopled.address}/-/welcome#ent_inv_")
    page.click("dialog[open] button:has-text('Close')")
    assert "ent_inv_" not in page.evaluate("document.documentElement.outerHTML")

    page = open_page(peopled).go(link[link.index("/-/"):])
    page.wait_for("main input[type=password]")
    page.require_usable()
    assert "You are nina" in page.text("main")
    page.run("await page.fill('main input[type=password]', 'battery staple');")
    page.click("main button[type=submit]")
    page.wait_for("header :text('nina')")
    assert status_as(peopled, "nina", "battery staple") == 200

    page = open_page(peopled).go(link[link.index("/-/"):])
    page.wait_for("main [role=alert]")
    assert "was used, or has ended" in page.text("main")


def test_a_forgotten_password_is_set_anew(open_page, peopled):
    page = open_as(open_page, peopled, "admin", USERS)
    open_dialog(page, "carol")
    page.click("dialog[open] button:has-text('Make a link')")
    page.wait_for("dialog[open] .copied code")
    page.require_usable()
    assert status_as(peopled, "carol") == 200, "the old one counts until then"
