# ctest: labels=page timeout=300
"""What a repository says of itself, on its page: shown, written, and never more than text and links."""

import json

import pytest

from page_browser import DESK, LANGUAGES, PHONE
from page_content import HOSTILE, push_version
from support.content import Repository

MARKDOWN = {"Content-Type": "text/markdown"}
TEXT = """# Web server

Serves *pages*. [Source](https://example.com/acme/web), ![logo](https://example.com/logo.png)

| tag | what |
|---|---|
| `1.10` | the newest |

```
docker run acme/web
```
"""


@pytest.fixture(scope="module")
def described(start_module_registry):
    registry = start_module_registry()
    for name, text in (("acme/web", TEXT), ("acme/evil", "\n\n".join(HOSTILE) + "\n\n".join(
            f"[x]({text}) ![y]({text})" for text in HOSTILE)), ("acme/plain", "")):
        push_version(Repository(registry.client, name), "1.10", "1.10")
        if text != "":
            assert registry.client.request("PUT", f"/api/v1/repositories/{name}/-/readme",
                                           text.encode(), MARKDOWN).status == 200
    for name, line in (("acme/web", "Serves pages 网页服务器"), ("acme/evil", HOSTILE[0])):
        assert registry.client.request("PATCH", f"/api/v1/repositories/{name}",
                                       json.dumps({"description": line}).encode()).status == 200
    return registry


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_readme_is_shown(open_page, described, language, width):
    page = open_page(described, language=language, width=width).go("/acme/web")
    page.wait_for(".markdown h2")
    assert page.text(".markdown h2") == "Web server" and "Serves pages 网页服务器" in page.text()
    assert "logo (example.com)" in page.text(".markdown")
    assert page.evaluate("document.querySelectorAll('.markdown img').length") == 0
    page.require_usable()
    page.require_still()


def test_hostile_readme_is_text(open_page, described):
    page = open_page(described).go("/acme/evil")
    page.wait_for(".markdown")
    assert HOSTILE[0] in page.text(".words .line")
    strange = page.evaluate("document.querySelectorAll('main script, main iframe, main .markdown img, main [onload],"
                            " main [onmouseover], main .markdown a[href^=\"java\"]').length")
    assert strange == 0
    page.require_quiet()


def test_search_finds_by_description(open_page, described):
    page = open_page(described).go("/acme/plain")
    page.press("/")
    page.type("网页")
    assert page.texts("[role=option]") == ["acme/web\nServes pages 网页服务器"]
    page.require_usable()
    page.press("ArrowDown", "Enter")
    assert page.path == "/acme/web"


def test_it_is_written_with_a_preview(open_page, described):
    page = open_page(described).go("/acme/plain")
    page.click("button:has-text('Describe')")
    page.run("await page.fill('dialog input', 'One line'); await page.fill('dialog textarea', '# Hello');")
    page.click("dialog button:has-text('Preview')")
    page.wait_for("dialog .markdown h2:has-text('Hello')")
    page.require_usable()
    page.click("dialog button:has-text('Save')")
    page.wait_for("main .words .markdown h2:has-text('Hello')")
    assert "One line" in page.text("main .words")
    page.click("button:has-text('Describe')")
    page.run("await page.fill('dialog textarea', '');")
    page.click("dialog button:has-text('Save')")
    page.run("await page.locator('main .words .markdown').waitFor({state: 'detached'});")
