# ctest: labels=page timeout=300
"""How the page behaves: keys, addresses, going back, deleting, what it says when something fails."""

import pytest

from page_browser import PHONE
from page_content import fill, push_version
from support.content import Repository


@pytest.fixture(scope="module")
def changing(start_module_registry):
    """As `filled`, for tests that delete."""
    registry = start_module_registry()
    fill(registry.client)
    return registry


def test_typing_filters_home_and_is_in_the_address(open_page, filled):
    page = open_page(filled).go("/")
    page.press("/")
    page.type("api")
    assert page.path == "/?q=api"
    assert page.texts("main tbody .name") == ["acme/api"]


def test_search_drops_down_elsewhere(open_page, filled):
    page = open_page(filled).go("/acme/web")
    page.press("/")
    page.type("hel")
    assert page.texts("[role=option]") == ["hello"]
    page.require_usable()
    page.press("ArrowDown", "Enter")
    assert page.path == "/hello"


def test_back_finds_the_same_place(open_page, filled):
    page = open_page(filled).go("/acme/web/-/image/deepest")
    page.evaluate("scrollTo(0, 2000)")
    page.run("await page.locator('#layer-60').scrollIntoViewIfNeeded();")
    before = page.evaluate("scrollY")
    page.run("await page.locator('header .wordmark').click();")
    page.wait_for("main tbody tr")
    assert (page.path, page.evaluate("scrollY")) == ("/", 0)
    page.run("await page.goBack();")
    page.wait_for("#layer-60")
    assert page.path == "/acme/web/-/image/deepest"
    assert abs(page.evaluate("scrollY") - before) < 2


def test_states_have_addresses(open_page, filled):
    page = open_page(filled).go("/acme/web/-/image/many")
    page.click("main nav a:has-text('linux/arm64')")
    page.click("main nav a:has-text('Config')")
    assert page.path == "/acme/web/-/image/many?platform=linux/arm64&tab=config"
    page.run("await page.reload({waitUntil: 'networkidle'});")
    assert page.text("main nav [aria-current=page]") == "Config"
    page.run("await page.goBack(); await page.goBack();")
    page.wait_for("#layer-0")
    assert page.path == "/acme/web/-/image/many"


def test_tags_are_sorted_by_the_server(open_page, filled):
    page = open_page(filled).go("/acme/web")
    names = page.texts("[data-row]")
    assert names.index("1.8.0") < names.index("deepest") < names.index("sixty")
    page.click("th a:has-text('Pushed')")
    assert page.path == "/acme/web?sort=newest"
    newest = page.texts("[data-row]")
    assert newest[0].startswith("feature-") and newest.index("1.9.0") < newest.index("1.8.0")


def test_rows_are_walked_by_keys(open_page, filled):
    page = open_page(filled).go("/acme/web")
    page.press("j", "j")
    assert page.evaluate("document.activeElement.innerText") == page.texts("[data-row]")[1]
    page.press("k", "Enter")
    page.wait_for("#layer-0")
    assert page.path.startswith("/acme/web/-/image/")


def test_help_lists_the_keys(open_page, filled):
    page = open_page(filled).go("/")
    page.press("?")
    page.wait_for("dialog[open]")
    page.require_usable()
    page.press("Escape")
    assert page.run("return page.locator('dialog[open]').count();") == 0


def test_band_and_row_light_each_other(open_page, filled):
    page = open_page(filled).go("/acme/web/-/image/latest")
    page.run("await page.locator('.band').nth(1).focus();")
    assert page.run("return page.locator('tr.lit').getAttribute('id');") == "layer-1"
    page.press("ArrowRight")
    assert page.run("return page.locator('tr.lit').getAttribute('id');") == "layer-2"
    page.run("await page.locator('#layer-0').hover();")
    assert page.run("return page.locator('.band').nth(0).getAttribute('class');").endswith("lit")


def test_bands_are_as_wide_as_layers_are_large(open_page, filled):
    page = open_page(filled).go("/acme/web/-/image/lopsided")
    widths = page.evaluate("[...document.querySelectorAll('.band')].map((band) => band.offsetWidth)")
    assert widths[0] / sum(widths) > 0.95
    assert min(widths) >= 3
    for tag, count in (("deepest", 127), ("one", 1)):
        page.go(f"/acme/web/-/image/{tag}")
        widths = page.evaluate("[...document.querySelectorAll('.band')].map((band) => band.offsetWidth)")
        assert len(widths) == count and min(widths) >= 1


def test_pull_command_names_this_host_and_the_readers_tool(open_page, filled):
    page = open_page(filled).go("/acme/web/-/image/1.9.0")
    host = page.evaluate("location.host")
    assert f"docker pull {host}/acme/web:1.9.0" in page.text()
    page.run("await page.locator('.side select').selectOption('skopeo');")
    assert f"docker://{host}/acme/web:1.9.0" in page.text()
    page.go("/acme/web")
    assert "skopeo copy" in page.text(), "the tool is remembered"


def test_a_badge_is_made_to_copy(open_page, filled):
    page = open_page(filled).go("/acme/web")
    page.click("button:has-text('Badges')")
    page.run("await page.locator('dialog select').first().selectOption('version');"
             "await page.locator('dialog select').last().selectOption('1.10');")
    page.settle()
    host = page.evaluate("location.host")
    picture = f"http://{host}/badges/version/acme/web:1.10.svg"
    assert page.texts("dialog code") == [
        f"[![version]({picture})](http://{host}/acme/web)",
        f'<a href="http://{host}/acme/web"><img src="{picture}" alt="version"></a>']
    assert page.evaluate("document.querySelector('dialog img').naturalWidth") > 20
    page.require_usable()


def test_empty_registry_teaches_three_commands(open_page, start_registry):
    registry = start_registry()
    page = open_page(registry).go("/")
    host = page.evaluate("location.host")
    lines = page.texts("main code")
    assert len(lines) == 3 and lines[-1] == f"docker push {host}/library/hello:1"
    page.require_usable()


def test_theme_and_language_are_chosen_and_kept(open_page, filled):
    page = open_page(filled).go("/")
    page.run("await page.locator('header select').first().selectOption('zh');")
    page.wait_for("th:has-text('仓库')")
    page.run("await page.locator('header select').last().selectOption('dark');")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    page.run("await page.reload({waitUntil: 'networkidle'});")
    assert page.evaluate(ground) == dark
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.run("await page.locator('header select').last().selectOption('light');")
    assert page.evaluate(ground) != dark


def test_tags_are_deleted_after_a_question(open_page, changing):
    page = open_page(changing).go("/acme/web")
    before = len(page.texts("[data-row]"))
    page.run("await page.getByLabel('Select 1.8.0', {exact: true}).click();"
             "await page.getByLabel('Select 1.9.0', {exact: true}).click();")
    page.click("button:has-text('Delete 2 tags')")
    page.wait_for("dialog[open] li:has-text('1.9.0')")
    page.require_usable()
    page.click("dialog button:has-text('Cancel')")
    assert len(page.texts("[data-row]")) == before
    page.click("button:has-text('Delete 2 tags')")
    page.click("dialog button:has-text('Delete 2 tags')")
    page.run("await page.locator('dialog[open]').waitFor({state: 'detached'});")
    assert len(page.texts("[data-row]")) == before - 2
    tags = changing.client.get("/v2/acme/web/tags/list").json()["tags"]
    assert not {"1.8.0", "1.9.0"} & set(tags) and "1.10.0" in tags


def test_space_selects_and_shift_extends(open_page, changing):
    repository = Repository(changing.client, "acme/many")
    for number in range(1, 6):
        push_version(repository, f"{number}", f"{number}")
    page = open_page(changing).go("/acme/many")
    page.press("j", "Space", "j", "j", "Shift+Space")
    assert "3 tags selected" in page.text()


def test_fails_in_a_sentence_and_is_tried_again(open_page, filled):
    page = open_page(filled).go("/acme/web")
    page.run("await page.route('**/api/v1/repositories*', (route) => route.fulfill({status: 503,"
             " contentType: 'application/problem+json', headers: {'X-Request-Id': '7-7'},"
             " body: JSON.stringify({code: 'unavailable'})}));")
    page.click("header .wordmark")
    page.wait_for("[role=alert]")
    assert "not ready" in page.text() and "7-7" in page.text()
    page.require_usable()
    page.run("await page.unroute('**/api/v1/repositories*');")
    page.click("[role=alert] button")
    page.wait_for("main tbody tr")


def test_page_that_waits_shows_rows_to_come(open_page, filled):
    page = open_page(filled)
    page.run("await page.route('**/-/tags*', async (route) => {"
             " await new Promise((done) => setTimeout(done, 1500)); await route.continue(); });"
             "await page.goto(values.url);"
             "await page.locator('main [role=status]').waitFor();", url=filled.url + "/acme/web")
    page.require_usable()
    page.wait_for("[data-row]")
    page.require_still()


def test_phone_has_the_choices_too(open_page, filled):
    page = open_page(filled, width=PHONE).go("/")
    page.run("await page.locator('footer select').first().selectOption('zh');")
    page.wait_for("footer button:has-text('键盘快捷键')")


def test_rows_do_not_jump_when_the_repository_comes_last(open_page, filled):
    """What may be done to it decides about a column of the rows."""
    page = open_page(filled)
    page.run("""await page.route('**/api/v1/repositories/acme/web', async (route) => {
      await new Promise((done) => setTimeout(done, 400));
      await route.continue();
    });""")
    page.go("/acme/web")
    assert "latest" in page.text()
    page.require_still()
