# ctest: labels=page timeout=300
"""What strangers wrote, and what is not there, as it looks to people: both themes, both languages, a desk and a phone."""

import pytest

from page_content import HOSTILE, STRANGE
from page_look import LOOKS, require_good


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("name", STRANGE)
def test_page_is_usable(open_page, filled, name, look):
    require_good(open_page, filled, STRANGE[name], look)


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
