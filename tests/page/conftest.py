"""A browser, and a registry with something to see."""

import pytest

from page_content import fill
from page_browser import Browser


@pytest.fixture(scope="module")
def browser():
    made = Browser()
    yield made
    made.close()


@pytest.fixture(scope="module")
def filled(start_module_registry):
    """Open, with everything of content.py. Nothing in it is changed."""
    registry = start_module_registry()
    fill(registry.client)
    return registry


@pytest.fixture
def open_page(browser):
    """Opens pages that must be quiet to their end: open_page(registry, theme=…)."""
    opened = []

    def open_one(registry, **settings):
        opened.append(browser.open(registry, **settings))
        return opened[-1]

    yield open_one
    for page in opened:
        page.require_quiet()
        page.close()
