# ctest: labels=page timeout=300
"""Who may do what in a repository, and why; who may see it."""

import pytest

from page_people import Api, basic, open_as
from support.http import Client

RIGHTS = "/acme/api/-/rights"


def grants_of(registry, holder: str) -> list[dict]:
    return [one for one in Api(registry.address, "admin").items("/grants?namespace=acme") if one["to"] == holder]


def test_each_row_says_who_what_and_why(open_page, peopled):
    page = open_as(open_page, peopled, "alice", "/acme/api")
    page.click("a:has-text('Who may do what')")
    page.wait_for("main tbody tr")
    assert page.path == RIGHTS
    rows = {row.split("\t")[0]: " ".join(row.split()) for row in page.texts("main tbody tr")}
    assert list(rows) == ["owners of acme", "editors of acme", "members of acme", "robot acme/ci", "team acme/dev"]
    assert "everything" in rows["owners of acme"]
    assert "read see and pull in all of acme" in rows["members of acme"]
    assert "maintain pull, push, tag and delete acme/api this repository" in rows["team acme/dev"]
    assert "acme/* all directly below acme/" in rows["robot acme/ci"]
    page.require_usable()


def test_a_right_is_granted_counts_and_is_revoked(open_page, peopled):
    def status() -> int:
        return Client(peopled.address).request("GET", "/v2/acme/api/tags/list", None, basic("carol")).status

    page = open_as(open_page, peopled, "alice", RIGHTS)
    page.click("main button:has-text('Grant a right')")
    page.run("await page.fill('dialog input >> nth=0', 'carol');"
             "await page.selectOption('dialog select >> nth=2', '90');"
             "await page.locator('dialog input').last().fill('127.0.0.0/8, ::1/128');")
    assert page.evaluate("document.querySelectorAll('dialog input')[1].value") == "acme/api"
    assert "everybody" not in page.text("dialog select"), "that is for system admins"
    assert status() == 404
    page.click("dialog button[type=submit]")
    page.wait_for("td.name:has-text('carol')")
    assert status() == 200
    (grant,) = grants_of(peopled, "user:carol")
    assert grant["networks"] == ["127.0.0.0/8", "::1/128"] and grant["expires_at"] is not None
    assert "in 3 months" in page.text("tr:has(td.name:text('carol'))")
    page.click("button[aria-label='Revoke the right of carol on acme/api']")
    page.click("button:has-text('Really revoke')")
    page.run("await page.locator('td.name:has-text(\"carol\")').waitFor({state: 'detached'});")
    assert status() == 404 and grants_of(peopled, "user:carol") == []


def test_teams_and_robots_need_not_be_called_by_their_whole_names(open_page, peopled):
    page = open_as(open_page, peopled, "alice", RIGHTS)
    page.click("main button:has-text('Grant a right')")
    page.run("await page.selectOption('dialog select >> nth=0', 'robot'); await page.fill('dialog input >> nth=0', 'ci');"
             "await page.selectOption('dialog select >> nth=1', 'maintain');"
             "await page.selectOption('dialog select >> nth=2', '0');")
    page.click("dialog button[type=submit]")
    page.wait_for("button[aria-label='Revoke the right of robot acme/ci on acme/api']")
    (grant,) = [one for one in grants_of(peopled, "robot:acme/ci") if one["pattern"] == "acme/api"]
    assert grant["role"] == "maintain" and grant["expires_at"] is None
    page.click("button[aria-label='Revoke the right of robot acme/ci on acme/api']")
    page.click("button:has-text('Really revoke')")
    page.run("await page.locator('button[aria-label=\"Revoke the right of robot acme/ci on acme/api\"]')"
             ".waitFor({state: 'detached'});")


def test_what_cannot_be_granted_is_told(open_page, peopled):
    page = open_as(open_page, peopled, "alice", RIGHTS)
    page.click("main button:has-text('Grant a right')")
    for name, pattern, expected in (("nobody", "acme/api", "Nobody here is called “nobody”"),
                                    ("bob", "carol/**", "only where you have admin"),
                                    ("bob", "Not A Name", "acme/app")):
        page.run("await page.fill('dialog input >> nth=0', values.name); await page.fill('dialog input >> nth=1', values.pattern);",
                 name=name, pattern=pattern)
        page.click("dialog button[type=submit]")
        page.wait_for(f"dialog [role=alert]:has-text('{expected}')")


def test_an_admin_lets_everybody_read(open_page, peopled):
    page = open_as(open_page, peopled, "admin", RIGHTS)
    assert "system admins" in page.text("main tbody")
    page.click("main button:has-text('Grant a right')")
    page.run("await page.selectOption('dialog select >> nth=0', 'anonymous');")
    page.click("dialog button[type=submit]")
    page.wait_for("td.name:has-text('everybody')")
    (grant,) = grants_of(peopled, "anonymous")
    assert grant["role"] == "read"
    page.click("button[aria-label='Revoke the right of everybody on acme/api']")
    page.click("button:has-text('Really revoke')")
    page.run("await page.locator('td.name:has-text(\"everybody\")').waitFor({state: 'detached'});")


@pytest.mark.parametrize("who, action, expected", [
    ("bob", "delete", "Yes, bob may. team acme/dev has maintain on acme/api."),
    ("bob", "grant", "No, bob may not. That needs admin, which acme’s owners and system admins give."),
    ("", "grant", "Yes, alice may. By being owner of acme."),
    ("acme/ci", "push", "Yes, acme/ci may. robot acme/ci has write on acme/*."),
    ("admin", "pull", "Yes, admin may. By being a system admin."),
    ("anonymous", "pull", "No, who did not sign in may not. That needs read, which acme’s owners and system admins give."),
    ("nobody", "pull", "Nobody here is called “nobody”."),
])
def test_who_may_what_and_why_is_asked(open_page, peopled, who, action, expected):
    page = open_as(open_page, peopled, "alice", RIGHTS)
    page.run("await page.fill('.side input[name=who]', values.who); await page.selectOption('.side select[name=do]', values.action);",
             who=who, action=action)
    page.click(".side button:has-text('Ask')")
    page.wait_for(".side [role=status] p")
    assert " ".join(page.text(".side [role=status]").split()) == expected
    assert page.path == RIGHTS + "?" + (f"who={who}&" if who else "") + f"do={action}"
    page.run("await page.reload({waitUntil: 'networkidle'});")
    assert " ".join(page.text(".side [role=status]").split()) == expected, "the address asks"


def test_an_answer_follows_what_is_granted(open_page, peopled):
    page = open_as(open_page, peopled, "alice", RIGHTS + "?who=carol&do=pull")
    page.wait_for(".side :text('No, carol may not')")
    page.click("main button:has-text('Grant a right')")
    page.run("await page.fill('dialog input >> nth=0', 'carol');")
    page.click("dialog button[type=submit]")
    page.wait_for(".side :text('Yes, carol may')")
    page.click("button[aria-label='Revoke the right of carol on acme/api']")
    page.click("button:has-text('Really revoke')")
    page.wait_for(".side :text('No, carol may not')")


def test_reasons_are_told_in_chinese(open_page, peopled):
    page = open_as(open_page, peopled, "alice", RIGHTS + "?who=bob&do=delete", language="zh-CN")
    page.wait_for(".side [role=status] p")
    assert "可以：bob 有此权限。" in page.text(".side [role=status]")
    assert "团队 acme/dev 在 acme/api 上拥有“维护”权限。" in page.text(".side [role=status]")


def test_visibility_is_changed(open_page, peopled):
    def status() -> int:
        return Client(peopled.address).request("GET", "/api/v1/repositories/acme/api").status

    page = open_as(open_page, peopled, "alice", RIGHTS)
    button = ".side button:has-text('Change the visibility')"
    assert page.run("return page.locator(values.button).isDisabled();", button=button)
    assert status() == 404
    page.click(".side label:has-text('public')")
    page.click(button)
    page.wait_for("td.name:has-text('everybody')")
    assert status() == 200
    page.click(".side label:has-text('private')")
    page.click(button)
    page.run("await page.locator('td.name:has-text(\"everybody\")').waitFor({state: 'detached'});")
    assert status() == 404


def test_what_reaches_further_is_its_owners_to_take_back(open_page, peopled):
    """Who has admin in one repository alone."""
    admin = Api(peopled.address, "admin")
    grant = admin.post("/grants", {"to": "user:carol", "role": "admin", "pattern": "acme/api"})
    page = open_as(open_page, peopled, "carol", RIGHTS)
    page.click("button[aria-label='Revoke the right of robot acme/ci on acme/*']")
    page.click("button:has-text('Really revoke')")
    page.wait_for("td [role=alert]:has-text('reaches further than this repository')")
    page.click("main button:has-text('Grant a right')")
    page.run("await page.fill('dialog input >> nth=0', 'bob');")
    page.run("await page.selectOption('dialog select >> nth=2', '0');")
    page.click("dialog button[type=submit]")
    page.wait_for("td.name:has-text('bob')")
    for one in (grant, *grants_of(peopled, "user:bob")):
        assert admin.delete(f"/api/v1/grants/{one['id']}").status == 204


def test_who_may_not_grant_is_told_who_may(open_page, peopled):
    page = open_as(open_page, peopled, "bob", "/acme/web")
    page.wait_for("[data-row]")
    assert page.run("return page.locator('a:has-text(\"Who may do what\")').count();") == 0
    page.go("/acme/web/-/rights?do=push")
    page.wait_for("main [role=alert]")
    assert "An owner of the namespace or an admin" in page.text("main [role=alert]")
    assert "No, bob may not." in page.text(".side"), "of oneself everybody may ask"
    assert page.run("return page.locator('.side input').count();") == 0


def test_private_and_absent_look_alike(open_page, peopled):
    page = open_as(open_page, peopled, "carol", RIGHTS)
    private = page.text()
    assert private == page.go("/acme/none/-/rights").text().replace("none", "api")
