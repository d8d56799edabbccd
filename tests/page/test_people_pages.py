# ctest: labels=page timeout=300
"""Every page of people and rights, as it looks: themes, languages, a desk and a phone; and to who is not signed in."""

import pytest

from page_browser import DESK, PHONE
from page_people import open_as

PATHS = ["/acme", "/acme/-/people", "/acme/-/teams", "/acme/-/teams/dev", "/acme/-/robots", "/acme/-/rights",
         "/acme/web/-/rights?who=bob&do=push", "/-/organisations", "/-/admin/users", "/carol"]
FOR_PEOPLE = [path for path in PATHS if path not in ("/acme", "/carol") and "web" not in path]

# What is left of a Chinese page without names, commands and times has no Latin word.
LATIN = """(() => {
  const copy = document.body.cloneNode(true);
  for (const strange of copy.querySelectorAll('code, noscript, script, select, header, footer, .name, h1, h2, nav, details'))
    strange.remove();
  const texts = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  const words = [];
  while (texts.nextNode()) words.push(...(texts.currentNode.data.match(/[A-Za-z]{2,}/g) ?? []));
  return words;
})()"""
NAMES = {"acme", "admin", "alice", "bob", "carol", "anonymous", "docker", "entrepot", "user", "create", "NAME"}


@pytest.mark.parametrize("theme, language, width", [
    ("light", "en-US", DESK), ("dark", "zh-CN", DESK), ("light", "zh-CN", PHONE), ("dark", "en-US", PHONE)])
def test_pages_are_usable(open_page, peopled, theme, language, width):
    page = open_as(open_page, peopled, "admin", "/-/organisations", theme=theme, language=language, width=width)
    for path in PATHS:
        page.go(path)
        page.wait_for("main h1")
        page.settle()
        page.require_usable()
        page.require_still()
        if language == "zh-CN":
            assert set(page.evaluate(LATIN)) <= NAMES, path


def test_nobody_in_particular_is_asked_to_sign_in(open_page, peopled):
    page = open_page(peopled)
    for path in FOR_PEOPLE:
        page.go(path)
        page.wait_for("main :text('This is for who is signed in')")
        assert page.run("return page.locator('main a.main').getAttribute('href');") == f"/-/sign-in?then={path}"
    page.require_usable()


def test_in_open_mode_it_is_told_how_to_get_accounts(open_page, filled):
    page = open_page(filled)
    for path in [*FOR_PEOPLE, "/acme/web/-/rights"]:
        page.go(path)
        page.wait_for("main :text('entrepot user create')")
    page.require_usable()


def test_what_fails_is_said_and_tried_again(open_page, peopled):
    page = open_as(open_page, peopled, "alice", "/-/organisations")
    page.run("await page.route('**/api/v1/organisations/acme/members*', (route) => route.fulfill({status: 503,"
             " contentType: 'application/problem+json', body: JSON.stringify({code: 'unavailable'})}));")
    page.go("/acme/-/people")
    page.wait_for("main [role=alert]:has-text('not ready')")
    page.require_usable()
    page.run("await page.unroute('**/api/v1/organisations/acme/members*');")
    page.click("main [role=alert] button")
    page.wait_for("main tbody tr")


def test_rows_are_walked_by_keys(open_page, peopled):
    page = open_as(open_page, peopled, "alice", "/acme/-/teams")
    page.wait_for("main tbody tr")
    page.press("j", "Enter")
    page.wait_for("h2:has-text('dev')")
    assert page.path == "/acme/-/teams/dev"
    page.run("await page.goBack();")
    page.wait_for("[data-row]")
    assert page.path == "/acme/-/teams"


def test_no_page_is_shown_before_its_words(open_page, peopled):
    """Whichever language is chosen while they are on their way."""
    page = open_as(open_page, peopled, "alice", "/")
    page.run("page.held = []; await page.route('**/en.people-*.js', (route) => page.held.push(route));")
    page.evaluate("""(() => {
      globalThis.keys = [];
      new MutationObserver(() => {
        const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) if (/^[a-zA-Z]+\\.[a-zA-Z]+$/.test(texts.currentNode.data)) keys.push(texts.currentNode.data);
      }).observe(document.body, {subtree: true, childList: true, characterData: true});
    })()""")
    page.run("""const code = ['Organisations', 'people'].map((name) =>
        page.waitForEvent('requestfinished', (request) => request.url().includes(`/${name}-`)));
      await page.click("main a[href='/-/organisations']");
      await Promise.all(code);
      await page.locator('header select').first().selectOption('zh');
      await page.waitForFunction(() => document.documentElement.lang === 'zh-CN');
      for (const route of page.held) await route.continue();""")
    page.wait_for("h1:has-text('组织')")
    page.settle()
    assert page.evaluate("keys") == []
    page.run("await page.locator('header select').first().selectOption('en');")
    page.wait_for("h1:has-text('Organisations')")
    assert page.evaluate("keys") == []
