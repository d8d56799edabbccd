# ctest: labels=page timeout=120
"""Addresses, tracks, bands and steps, without a browser."""

from page_browser import HERE, WEB, node
from support.command import run


def test_units():
    run(node(), HERE / "units.mjs", WEB, cwd=WEB)
