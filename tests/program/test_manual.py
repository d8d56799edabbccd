# ctest: labels=program timeout=120
"""The manual page is well-formed, and shells complete what the program understands."""

import re
import subprocess

import pytest

from support.command import output, run
from support.paths import entrepot, program


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    file = tmp_path_factory.mktemp("manual") / "entrepot.1"
    file.write_text(output(entrepot(), "manual") + "\n")
    return file


def complete(*words: str, directory=None) -> list[str]:
    """What bash offers for the last of these words."""
    script = """
        source <("$1" completion bash) && shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
        _entrepot
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    shown = run(program("bash"), "-c", script, "bash", entrepot(), "entrepot", *words,
                cwd=directory)
    assert not shown.stderr
    return shown.stdout.split()


def test_man_shows_the_page_without_a_warning(page):
    shown = run(program("man"), "--warnings=w", "-E", "UTF-8", "-l", page,
                environment={"MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
    assert not shown.stderr
    text = re.sub(r".\x08", "", shown.stdout)
    for words in ("entrepot serve [flags] [FILE]", "--http.idle_timeout DURATION", "Default: 75s.",
                  "-d, --dry-run", "ENTREPOT_HTTP_LISTEN"):
        assert words in text, words


def test_groff_knows_every_request_of_it(page):
    assert not run(program("groff"), "-man", "-ww", "-Tutf8", page).stderr


def test_man_finds_what_it_is(page):
    assert "entrepot - a registry of container images" in output(program("lexgrog"), page).replace(
        '"', "")


def test_bash_completes_commands():
    assert complete("se") == ["serve"]
    assert {"serve", "gc", "fsck", "help"} <= set(complete(""))
    assert complete("help", "f") == ["fsck"]
    assert complete("completion", "") == ["bash", "zsh", "fish"]


def test_bash_completes_the_flags_of_a_command():
    assert {"--dry-run", "-d", "--pause", "--data", "--collect.delay"} <= set(complete("gc", "-"))
    assert "--listen" not in complete("gc", "-")
    assert {"--listen", "--http.tls.key"} <= set(complete("serve", "-"))
    assert "--to" in complete("backup", "-")
    assert complete("serve", "--dry") == []
    assert complete("serve", "--http.idle") == ["--http.idle_timeout"]


def test_bash_completes_values():
    assert complete("serve", "--log.level", "") == ["debug", "info", "warning", "error"]
    assert complete("serve", "--log.level", "=", "w") == ["warning"]
    assert complete("serve", "--open", "=", "") == ["true", "false"]
    assert complete("serve", "--http.idle_timeout", "") == []


def test_bash_completes_files_and_directories(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "deep.yml").touch()
    assert sorted(complete("serve", "d", directory=tmp_path)) == ["data", "deep.yml"]
    assert complete("serve", "--data", "d", directory=tmp_path) == ["data"]
    assert complete("serve", "--data", "=", "d", directory=tmp_path) == ["data"]
    assert complete("export", "d", directory=tmp_path) == ["data"]
    assert complete("serve", "--http.tls.key", "de", directory=tmp_path) == ["deep.yml"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_theirs(shell, tmp_path):
    script = tmp_path / "script"
    script.write_text(output(entrepot(), "completion", shell))
    run(program(shell), "-n", script)


def test_fish_completes():
    shown = subprocess.run(
        [program("fish"), "--no-config", "-c",
         f"{entrepot()} completion fish | source; complete -C 'entrepot gc --dr'"],
        capture_output=True, text=True, timeout=30)
    assert shown.stdout.startswith("--dry-run\t"), shown.stderr


def test_an_unknown_shell_is_not_understood():
    assert "none of bash, zsh, fish" in run(entrepot(), "completion", "csh", expect=2).stderr
