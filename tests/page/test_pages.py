# ctest: labels=page timeout=600
"""Every page, as it looks to people: both themes, both languages, a desk and a phone."""

import pytest

from page_browser import DESK, LANGUAGES, PHONE, THEMES
from page_content import HOSTILE, PAGES


def visit(open_page, filled, name: str, **settings):
    path, expected = PAGES[name]
    page = open_page(filled, **settings).go(path)
    # Innertext breaks long names where the page lets them break.
    assert expected.replace("\n", "") in page.text().replace("\n", ""), page.text()
    return page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PAGES)
def test_page_is_usable_at_a_desk(open_page, filled, name, theme, language):
    page = visit(open_page, filled, name, theme=theme, language=language, width=DESK)
    page.require_usable()
    page.require_still()
    assert page.evaluate("document.documentElement.lang") == language.replace("en-US", "en")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_usable_on_a_phone(open_page, filled, name):
    page = visit(open_page, filled, name, theme="dark", language="zh-CN", width=PHONE)
    page.require_usable()
    page.require_still()


@pytest.mark.parametrize("path", ["/", "/acme/web", "/acme/web/-/image/latest", "/none/there",
                                  "/acme/web/-/history/latest", "/-/sign-in"])
def test_no_english_stands_on_a_chinese_page(open_page, filled, path):
    """What is left of the text without names, commands and sizes has no Latin word."""
    page = open_page(filled, language="zh-CN").go(path)
    words = page.evaluate("""(() => {
      const copy = document.body.cloneNode(true);
      for (const strange of copy.querySelectorAll(
          'code, pre, kbd, noscript, script, select, h1, .rows td.name, .rows td.pushed, .tags, nav, .wordmark, footer > span,'
          + ' [type=checkbox]'))
        strange.remove();
      const texts = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
      const words = [];
      while (texts.nextNode()) words.push(...(texts.currentNode.data.match(/[A-Za-z]{2,}/g) ?? []));
      return words;
    })()""")
    known = {"linux", "amd", "arm", "KiB", "MiB", "latest", "none", "there", "entrepot", "user", "create",
             "NAME", "admin"}
    assert set(words) <= known


def test_text_of_strangers_stays_text(open_page, filled):
    """Instructions, labels, annotations and the rest of a config are shown as they are."""
    for tab, least in (("layers", len(HOSTILE)), ("config", len(HOSTILE)), ("referrers", 1),
                       ("raw", 1)):
        page = open_page(filled).go(f"/acme/web/-/image/hostile?tab={tab}")
        shown = page.text().replace("\\\"", "\"")
        assert sum(text in shown for text in HOSTILE) >= least, tab
        strange = page.evaluate("document.querySelectorAll('main script, main iframe, main img,"
                                " main svg[onload], main [onmouseover], main a[href^=\"java\"]').length")
        assert strange == 0
        page.require_quiet()


def test_links_of_strangers_leave_nothing_behind(open_page, filled):
    page = open_page(filled).go("/acme/web/-/image/latest?tab=config")
    link = "main a[href='https://example.com/acme/web']"
    rel = page.run("return page.locator(values.link).getAttribute('rel');", link=link)
    assert set(rel.split()) >= {"nofollow", "ugc", "noopener", "noreferrer"}
