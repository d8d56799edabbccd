# ctest: labels=page timeout=300
"""Repositories and tags, as they look to people: both themes, both languages, a desk and a phone."""

import pytest

from page_content import LISTS
from page_look import LOOKS, require_good


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("name", LISTS)
def test_page_is_usable(open_page, filled, name, look):
    require_good(open_page, filled, LISTS[name], look)
