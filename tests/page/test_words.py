# ctest: labels=page timeout=300
"""What the page says: two catalogues for each language, whole, and each where it is needed."""

import json
import re
from pathlib import Path

import pytest
import yaml

from page_browser import WEB, node
from support.command import run
from support.paths import REPOSITORY

SOURCE = WEB / "src"
# By language: what home, repositories and images say, and what only the pages of people and rights do.
FIRST = {name: json.loads((SOURCE / f"words/{name}.json").read_text()) for name in ("en", "zh")}
PEOPLE = {name: json.loads((SOURCE / f"words/{name}.people.json").read_text()) for name in ("en", "zh")}
CATALOGUES = {name: FIRST[name] | PEOPLE[name] for name in FIRST}

# Names, and what is typed: they are the same in every language.
LATIN = {"entrepot", "Docker", "JavaScript", "user", "create", "NAME", "admin", "etc", "docker", "daemon", "json",
         "http", "host", "README", "latest", "Markdown", "Kubernetes", "config", "anonymous"}


def sentences(value) -> list[str]:
    return [value] if isinstance(value, str) else list(value.values())


def placeholders(value) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", " ".join(sentences(value))))


def sources() -> str:
    return text_of(SOURCE.rglob("*"))


def text_of(files) -> str:
    return "\n".join(path.read_text() for path in sorted(files) if path.suffix in (".ts", ".svelte"))


def imported(path: Path) -> list[Path]:
    """What comes with a file; not what it imports when it is wanted, nor mere types."""
    text = re.sub(r"import type [^;]*;", "", path.read_text())
    names = [path.parent / name for name in re.findall(r"(?:from|import) '(\.[^']+)'", text)]
    known = [[path, path.with_name(f"{path.name}.ts")] for path in names]
    return [next(path.resolve() for path in ways if path.is_file()) for ways in known]


def first_files() -> set[Path]:
    """The files of home and of the pages that come without the words of people and rights."""
    loaders = (SOURCE / "pages/loaders.ts").read_text()
    pages = re.findall(r"= \(\) => import\('\./(\w+\.svelte)'\)", loaders)
    assert pages
    waiting, seen = [SOURCE / "main.ts", *(SOURCE / "pages" / page for page in pages)], set()
    while waiting:
        path = waiting.pop()
        if path not in seen and path.suffix in (".ts", ".svelte"):
            seen.add(path)
            waiting += imported(path)
    return seen


@pytest.mark.parametrize("catalogues", [FIRST, PEOPLE], ids=["first", "people"])
def test_both_have_the_same_keys(catalogues):
    english, chinese = (set(catalogue) for catalogue in catalogues.values())
    assert english == chinese


def test_each_sentence_comes_with_the_pages_that_say_it():
    """None is missing before its page is shown, and home waits for none that only other pages say."""
    assert set(FIRST["en"]) & set(PEOPLE["en"]) == set()
    text = text_of(first_files())
    said = {key for key in CATALOGUES["en"] if f"'{key}'" in text or key.startswith("error.")}
    assert said == set(FIRST["en"])


@pytest.mark.parametrize("key", CATALOGUES["en"])
def test_sentence_is_told_in_both(key):
    english, chinese = CATALOGUES["en"][key], CATALOGUES["zh"][key]
    assert placeholders(english) == placeholders(chinese)
    assert isinstance(english, str) == isinstance(chinese, str)
    if isinstance(english, dict):
        assert (set(english), set(chinese)) == ({"one", "other"}, {"other"})
    if re.search(r"[a-zA-Z]", re.sub(r"\{\w+\}", "", "".join(sentences(english)))):
        assert english != chinese
    assert all(sentence == sentence.strip() != "" for sentence in
               sentences(english) + sentences(chinese))


def test_no_latin_word_stands_in_a_chinese_sentence():
    words = {word for value in CATALOGUES["zh"].values() for sentence in sentences(value)
             for word in re.findall(r"[A-Za-z]+", re.sub(r"\{\w+\}", "", sentence))}
    assert words <= LATIN


def test_each_sentence_is_said_somewhere():
    text = sources()
    unsaid = [key for key in CATALOGUES["en"] if f"'{key}'" not in text
              and not key.startswith("error.")]
    assert unsaid == []


def test_each_code_of_the_api_has_a_sentence():
    document = yaml.safe_load((REPOSITORY / "docs/api/openapi.yaml").read_text())
    codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert [code for code in codes if f"error.{code}" not in CATALOGUES["en"]] == []


def test_types_are_right_in_scripts_and_templates():
    run(node(), WEB / "node_modules/svelte-check/bin/svelte-check", "--tsconfig", "./tsconfig.json",
        "--fail-on-warnings", cwd=WEB, timeout=240)


def test_nothing_is_put_in_as_markup():
    text = sources()
    for way in ("{@html", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in text, way


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
