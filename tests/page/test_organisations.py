# ctest: labels=page timeout=300
"""What lies below a name and whose it is: repositories, people, teams, robots, and what was granted."""

import pytest

from page_people import PASSWORD, Api, basic, open_as, sign_in
from support.http import Client

TABS = "nav[aria-label='Parts of this namespace'] a"


def members(registry) -> dict[str, str]:
    return {one["name"]: one["role"] for one in Api(registry.address, "admin").items("/organisations/acme/members")}


@pytest.mark.parametrize("name, tabs", [
    ("alice", ["Repositories", "People", "Teams", "Robots", "Rights"]),
    ("bob", ["Repositories", "People", "Teams", "Robots"]),
])
def test_each_sees_the_parts_that_are_theirs_to_see(open_page, peopled, name, tabs):
    page = open_as(open_page, peopled, name, "/acme")
    page.wait_for("main tbody tr")
    assert page.texts("main tbody .name") == ["acme/api", "acme/web"]
    assert page.texts(TABS) == tabs
    page.require_usable()


def test_others_see_what_is_public(open_page, peopled):
    page = open_page(peopled).go("/acme")
    assert page.texts("main tbody .name") == ["acme/web"]
    assert page.texts(TABS) == [] and page.text("h1") == "acme"
    page = open_as(open_page, peopled, "carol", "/acme")
    page.wait_for("main tbody tr")
    assert page.texts("main tbody .name") == ["acme/web"] and page.texts(TABS) == []


def test_a_name_that_is_nobodys_is_not_found(open_page, peopled):
    page = open_page(peopled)
    assert "Not found" in page.go("/nobody").text()
    assert page.go("/bob").text() == page.go("/nobody").text().replace("nobody", "bob"), \
        "whether there is an account is not told to strangers"
    page = open_as(open_page, peopled, "bob", "/nobody")
    page.wait_for("main h1:has-text('Not found')")
    assert "no page" in page.go("/bob/-/people").text(), "a user has no members"


def test_repositories_are_filtered_and_the_filter_is_in_the_address(open_page, peopled):
    page = open_as(open_page, peopled, "alice", "/acme")
    page.wait_for("main tbody tr")
    page.run("await page.locator('main input.filter').click();")
    page.type("ap")
    assert page.path == "/acme?q=ap"
    assert page.texts("main tbody .name") == ["acme/api"]
    page.type("x")
    assert "has “apx” in its name" in page.text()


def test_members_come_change_and_go(open_page, peopled):
    page = open_as(open_page, peopled, "alice", "/acme/-/people")
    page.run("await page.fill('main form input', 'carol'); await page.selectOption('main form select', 'editor');")
    page.click("main form button")
    page.wait_for("main a:has-text('carol')")
    assert members(peopled)["carol"] == "editor"
    page.require_usable()
    page.run("await page.getByLabel('Role of carol', {exact: true}).selectOption('member');")
    assert members(peopled)["carol"] == "editor", "it counts when it is saved"
    page.click("button[aria-label='Save the role of carol']")
    page.run("await page.getByLabel('Save the role of carol').waitFor({state: 'detached'});")
    assert members(peopled)["carol"] == "member"
    page.click("button[aria-label='Remove carol']")
    assert "carol" in members(peopled), "it is asked once more"
    page.click("button:has-text('Really remove')")
    page.run("await page.locator('main a:has-text(\"carol\")').waitFor({state: 'detached'});")
    assert "carol" not in members(peopled)


def test_nobody_and_the_last_owner_are_told_of_in_words(open_page, peopled):
    page = open_as(open_page, peopled, "alice", "/acme/-/people")
    page.run("await page.fill('main form input', 'nobody');")
    page.click("main form button")
    page.wait_for("form [role=alert]")
    assert "Nobody here is called “nobody”" in page.text("form [role=alert]")
    page.run("await page.getByLabel('Role of alice', {exact: true}).selectOption('member');")
    page.click("button[aria-label='Save the role of alice']")
    page.wait_for("main [role=alert]:has-text('acme needs an owner')")
    page.click("button[aria-label='Remove alice']")
    page.click("button:has-text('Really remove')")
    page.wait_for("td [role=alert]:has-text('acme needs an owner')")
    assert members(peopled)["alice"] == "owner"


def test_members_look_and_change_nothing(open_page, peopled):
    for path in ("/acme/-/people", "/acme/-/teams", "/acme/-/teams/dev", "/acme/-/robots"):
        page = open_as(open_page, peopled, "bob", path)
        page.wait_for("main tbody tr")
        assert page.run("return page.locator('main').locator('form, table button, table select').count();") == 0
    page.go("/acme/-/rights")
    page.wait_for("main [role=alert]")
    assert "An owner of the namespace" in page.text("main [role=alert]")


def test_a_team_is_made_filled_and_deleted(open_page, peopled):
    admin = Api(peopled.address, "admin")
    page = open_as(open_page, peopled, "alice", "/acme/-/teams")
    page.run("await page.fill('main form input', 'ops');")
    page.click("main form button")
    page.wait_for("h2:has-text('ops')")
    assert page.path == "/acme/-/teams/ops"
    page.run("await page.fill('main form input', 'carol');")
    page.click("main form button")
    page.wait_for("[role=alert]:has-text('carol is not in acme')")
    page.run("await page.fill('main form input', 'bob');")
    page.click("main form button")
    page.wait_for("td:has-text('bob')")
    assert admin.items("/organisations/acme/teams/ops/members") == [{"name": "bob"}]
    page.require_usable()
    page.click("button[aria-label='Remove bob']")
    page.click("button:has-text('Really remove')")
    page.wait_for("main :text('Nobody is in this team')")
    assert admin.items("/organisations/acme/teams/ops/members") == []

    page.click("h2 a")
    page.click("button[aria-label='Delete the team ops']")
    page.require_usable()
    assert page.evaluate("document.querySelector('dialog .danger').disabled"), "its name has to be typed"
    page.run("await page.fill('dialog input', 'ops');")
    page.click("dialog .danger")
    page.run("await page.locator('main td:has-text(\"ops\")').waitFor({state: 'detached'});")
    assert [one["name"] for one in admin.items("/organisations/acme/teams")] == ["dev"]


def test_a_robot_is_made_shown_once_and_deleted(open_page, peopled):
    page = open_as(open_page, peopled, "alice", "/acme/-/robots")
    page.click("main button:has-text('Make a robot')")
    page.run("await page.fill('dialog form > .field input', 'deploy');"
             "await page.selectOption('dialog .wish select', 'read');"
             "await page.fill('dialog .wish input', 'acme/web');"
             "await page.click('dialog button:has-text(\"Another right\")');"
             "await page.locator('dialog .wish input').last().fill('acme/made/*');"
             "await page.locator('dialog .wish select').last().selectOption('write');")
    page.require_usable()
    page.click("dialog button[type=submit]")
    page.wait_for("dialog .secret")
    secret = page.text("dialog .secret code")
    assert secret.startswith("ent_rob_")
    page.click("dialog summary")
    text = page.text("dialog")
    assert "docker login" in text and "-u acme/deploy" in text
    assert basic("acme/deploy", secret)["Authorization"].removeprefix("Basic ") in text, "config.json"
    assert f"--docker-password={secret}" in text
    page.require_usable()
    page.click("dialog .actions button")
    page.wait_for("td.name:has-text('acme/deploy')")
    row = page.text("tr:has(td.name:text('acme/deploy'))")
    assert "acme/web" in row and "acme/made/*" in row and "in 4 weeks" in row
    assert secret not in page.evaluate("document.documentElement.outerHTML")

    def status() -> int:
        return Client(peopled.address).request("GET", "/v2/acme/web/tags/list", None, basic("acme/deploy", secret)).status

    assert status() == 200
    page.click("button[aria-label='Delete acme/deploy']")
    page.click("button:has-text('Really delete')")
    page.run("await page.locator('td:has-text(\"acme/deploy\")').waitFor({state: 'detached'});")
    assert status() == 401


def test_a_robot_gets_no_more_than_its_maker_may_grant(open_page, peopled):
    page = open_as(open_page, peopled, "carol", "/carol/-/robots")
    page.click("main button:has-text('Make a robot')")
    page.run("await page.fill('dialog form > .field input', 'ci'); await page.fill('dialog .wish input', 'acme/**');")
    page.click("dialog button[type=submit]")
    page.wait_for("dialog [role=alert]:has-text('only where you have admin')")
    page.run("await page.fill('dialog form > .field input', 'No Name');")
    page.click("dialog button[type=submit]")
    page.wait_for("dialog [role=alert]:has-text('carol/app')")


def test_rights_below_a_namespace_are_granted_and_revoked(open_page, peopled):
    page = open_as(open_page, peopled, "alice", "/acme/-/rights")
    page.click("main button:has-text('Grant a right')")
    page.run("await page.fill('dialog input >> nth=0', 'carol');"
             "await page.selectOption('dialog select >> nth=1', 'write');"
             "await page.fill('dialog input >> nth=1', 'acme/shared/*');")
    assert "May pull, push and tag: all directly below acme/shared/." in page.text("dialog")
    page.require_usable()
    page.click("dialog button[type=submit]")
    page.wait_for("td.name:has-text('carol')")

    def granted() -> list[tuple[str, str]]:
        return [(one["role"], one["pattern"]) for one in Api(peopled.address, "admin").items("/grants?namespace=acme")
                if one["to"] == "user:carol"]

    assert granted() == [("write", "acme/shared/*")]
    page.click("button[aria-label='Revoke the right of carol on acme/shared/*']")
    page.click("button:has-text('Really revoke')")
    page.run("await page.locator('td.name:has-text(\"carol\")').waitFor({state: 'detached'});")
    assert granted() == []


def test_settings_are_changed(open_page, peopled):
    page = open_as(open_page, peopled, "alice", "/acme")
    page.click(".side button:has-text('Change')")
    page.run("await page.selectOption('dialog select >> nth=0', 'write');")
    page.require_usable()
    assert "Delete the organisation" not in page.text("dialog"), "that is for system admins"
    page.click("dialog button[type=submit]")
    page.wait_for(".side dd:has-text('write')")
    admin = Api(peopled.address, "admin")
    assert admin.get_json("/organisations/acme")["base_role"] == "write"
    admin.patch("/organisations/acme", {"base_role": "read"})


def test_an_organisation_is_made_and_deleted_by_an_admin(open_page, peopled):
    page = open_as(open_page, peopled, "admin", "/-/organisations")
    page.click("main button:has-text('Make an organisation')")
    page.run("await page.fill('dialog input[type=text]', 'admin');")
    page.click("dialog button[type=submit]")
    page.wait_for("dialog [role=alert]")
    page.run("await page.fill('dialog input[type=text]', 'tools');")
    page.click("dialog button[type=submit]")
    page.wait_for("h1:has-text('tools')")
    assert page.path == "/tools/-/people" and "Add an owner" in page.text()
    assert Api(peopled.address, "admin").get_json("/organisations/tools")["new_visibility"] == "private"

    page.click("main nav a:has-text('Repositories') >> nth=1")
    page.click(".side button:has-text('Change')")
    page.click("dialog button:has-text('Delete the organisation')")
    page.run("await page.locator('dialog[open] input').fill('tools');")
    page.click("dialog[open] .danger")
    page.wait_for("h1:has-text('Organisations')")
    page.wait_for("main tbody tr")
    assert page.texts("main tbody .name") == ["acme"]


def test_an_organisation_with_repositories_stays(open_page, peopled):
    page = open_as(open_page, peopled, "admin", "/acme")
    page.click(".side button:has-text('Change')")
    page.click("dialog button:has-text('Delete the organisation')")
    page.run("await page.locator('dialog[open] input').fill('acme');")
    page.click("dialog[open] .danger")
    page.wait_for("dialog [role=alert]:has-text('Repositories lie below acme/')")


def test_ones_own_organisations_are_listed(open_page, peopled):
    page = open_as(open_page, peopled, "alice", "/-/organisations")
    page.wait_for("main tbody tr")
    assert "owner" in page.text("main tbody")
    assert page.run("return page.locator('main button:has-text(\"Make\")').count();") == 0
    page = open_as(open_page, peopled, "carol", "/-/organisations")
    page.wait_for("main :text('You are in none')")


def test_a_users_namespace_is_their_own_to_look_after(open_page, peopled):
    page = open_as(open_page, peopled, "carol", "/-/account")
    page.click("a:has-text('Repositories of carol')")
    page.wait_for(TABS)
    assert page.texts(TABS) == ["Repositories", "Robots", "Rights"]
    assert "carol/hello:1" in page.text(), "what to push there"
    page = open_as(open_page, peopled, "bob", "/carol")
    page.wait_for("h1:has-text('carol')")
    assert page.texts(TABS) == []


def test_in_open_mode_a_namespace_has_its_repositories_alone(open_page, filled):
    page = open_page(filled).go("/acme")
    assert page.texts("main tbody .name") == ["acme/api", "acme/web"]
    assert page.texts(TABS) == []
    page.go("/acme/web")
    page.click("nav[aria-label='Where this is'] a:has-text('acme/')")
    page.wait_for("h1:has-text('acme')")
    assert page.path == "/acme"


def test_sign_in_leads_back_to_the_people(open_page, peopled):
    page = open_page(peopled).go("/acme/-/people")
    page.click("main a:has-text('Sign in')")
    assert page.path == "/-/sign-in?then=/acme/-/people"
    sign_in(page, "alice", PASSWORD)
    page.wait_for("main form.inline")
    assert page.path == "/acme/-/people"
