# ctest: labels=page timeout=300
"""A repository that is archived: what is said of it, what is not offered, and who may change that."""

import pytest

from page_browser import DESK, PHONE
from page_people import Api, SignedIn, open_as
from support.content import Repository

SAYS = "can be pulled, and nothing else"
OFFERS = "main input[type=checkbox], main button:has-text('Describe…')"


def count(page, selector: str) -> int:
    return page.run("return page.locator(values.selector).count();", selector=selector)


@pytest.fixture(scope="module")
def archived(peopled):
    """acme/web, of which nobody may change anything now, and the empty acme/idle; acme/api goes on."""
    admin = Api(peopled.address, "admin")
    admin.post("/repositories", {"name": "acme/idle", "visibility": "public"})
    for name in ("acme/web", "acme/idle"):
        admin.patch(f"/repositories/{name}", {"archived": True})
    return peopled


def test_its_head_says_so_and_nothing_is_offered_that_is_refused(open_page, archived):
    page = open_as(open_page, archived, "alice", "/acme/web")
    page.wait_for("[data-row]")
    assert "archived" in page.text("main .head") and SAYS in page.text()
    assert count(page, OFFERS) == 0
    assert "docker pull" in page.text(".side")
    page.require_still()
    page.go("/acme/api")
    page.wait_for("[data-row]")
    assert SAYS not in page.text() and count(page, OFFERS) > 1


def test_an_empty_one_teaches_no_push(open_page, archived):
    page = open_as(open_page, archived, "alice", "/acme/idle")
    assert "no tags" in page.text() and "docker push" not in page.text()


@pytest.mark.parametrize("theme, language, width", [("light", "en-US", DESK), ("dark", "zh-CN", PHONE)])
@pytest.mark.parametrize("path", ["/", "/acme", "/acme/web", "/acme/web/-/rights"])
def test_the_mark_stands_wherever_it_is_listed(open_page, archived, path, theme, language, width):
    page = open_as(open_page, archived, "admin", path, theme=theme, language=language, width=width)
    word = {"en-US": "archived", "zh-CN": "已归档"}[language]
    page.wait_for(f"main :text('{word}')")
    page.require_usable()
    page.require_still()


def test_search_tells_it(open_page, archived):
    page = open_as(open_page, archived, "alice", "/acme/api")
    page.press("/")
    page.type("acme/")
    told = {one.split()[0]: "archived" in one for one in page.texts("[role=option]")}
    assert told["acme/web"] and not told["acme/api"]


def test_it_is_archived_and_taken_up_again_after_a_question(open_page, archived):
    def told() -> bool:
        return Api(archived.address, "alice").get_json("/repositories/acme/job")["archived"]

    Repository(SignedIn(archived.address, "alice"), "acme/job").push_image("latest")
    page = open_as(open_page, archived, "alice", "/acme/job")
    page.click("main a:has-text('Who may do what')")
    page.click("main button:has-text('Archive…')")
    page.require_usable()
    page.click("dialog button:has-text('Cancel')")
    assert not told()
    page.click("main button:has-text('Archive…')")
    page.click("dialog button:has-text('Archive it')")
    page.wait_for("main .head :text('archived')")
    assert told()
    page.run("await page.goBack();")
    page.wait_for(f"main :text('{SAYS}')")
    assert count(page, OFFERS) == 0
    page.run("await page.goForward();")
    page.click("main button:has-text('Unarchive…')")
    page.click("dialog button:has-text('Unarchive it')")
    page.wait_for("main button:text-is('Archive…')")
    assert not told() and "archived" not in page.text("main .head")


def test_whose_right_does_not_count_for_now_is_told(open_page, archived):
    page = open_as(open_page, archived, "alice", "/acme/web/-/rights?do=push")
    page.wait_for(f"main .answer:has-text('{SAYS}')")
    assert "Yes" in page.text("main .answer")
    page.go("/acme/web/-/rights?do=pull")
    page.wait_for("main .answer:has-text('Yes')")
    assert SAYS not in page.text("main .answer")


def test_who_may_not_is_offered_nothing(open_page, archived):
    page = open_as(open_page, archived, "bob", "/acme/api/-/rights")
    page.wait_for("main h2")
    assert count(page, "main button:has-text('rchive')") == 0
