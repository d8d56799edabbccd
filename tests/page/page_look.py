"""How a page has to look to people, whichever it is."""

import itertools

from page_browser import DESK, LANGUAGES, PHONE, THEMES

# Both themes and both languages at a desk, and the other end on a phone.
LOOKS = {f"{theme}-{language}-{width}": (theme, language, width) for theme, language, width in
         [*itertools.product(THEMES, LANGUAGES, [DESK]), ("dark", "zh-CN", PHONE)]}


def require_good(open_page, filled, page, look) -> None:
    """What is to be read there is, nothing jumped, and keyboards and screen readers have it all. `page`: of page_content."""
    (path, expected), (theme, language, width) = page, look
    shown = open_page(filled, theme=theme, language=language, width=width).go(path)
    # Innertext breaks long names where the page lets them break.
    assert expected.replace("\n", "") in shown.text().replace("\n", ""), shown.text()
    shown.require_usable()
    shown.require_still()
    assert shown.evaluate("document.documentElement.lang") == language.replace("en-US", "en")
