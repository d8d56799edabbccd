# ctest: labels=page timeout=120
"""What the server hands out for browsers: a small shell, and parts that never change."""

import re

import pytest

from page_browser import WEB, node
from support.command import run

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
HOME_MOST_BYTES = 60 * 1024


def parts_of(shell: bytes) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]+)"', shell.decode())


@pytest.mark.parametrize("path", ["/", "/acme/web", "/acme/web/-/image/1?platform=linux/arm64",
                                  "/-/sign-in", "/-/r/v2/odd"])
def test_every_address_is_the_same_shell(registry, path):
    answer = registry.client.get(path, Accept=HTML)
    assert (answer.status, answer.header("Content-Type")) == (200, "text/html; charset=utf-8")
    assert answer.body == registry.client.get("/", Accept=HTML).body
    assert registry.client.head(path, Accept=HTML).status == 200


def test_probes_and_clients_are_told_what_this_is(registry):
    for headers in ({}, {"Accept": "*/*"}):
        answer = registry.client.get("/", **headers)
        assert (answer.status, answer.header("Content-Type")) == (200, "text/plain; charset=utf-8")
    assert registry.client.get("/acme/web").status == 404
    assert registry.client.get("/v2/").header("Content-Type") != "text/html; charset=utf-8"


def test_parts_are_absolute_compressed_and_never_change(registry):
    parts = parts_of(registry.client.get("/", Accept=HTML).body)
    assert len(parts) >= 3
    for part in parts:
        assert part.startswith("/-/assets/"), part
        plain = registry.client.get(part)
        assert plain.header("Cache-Control") == "public, max-age=31536000, immutable"
        for encoding in ("gzip", "br"):
            packed = registry.client.get(part, Accept_Encoding=encoding)
            assert packed.header("Content-Encoding") == encoding
            assert len(packed.body) < len(plain.body)
            again = registry.client.get(part, Accept_Encoding=encoding,
                                        If_None_Match=packed.header("ETag"))
            assert (again.status, again.body) == (304, b"")


def test_home_is_small(registry):
    """All that a browser loads before home can be used, and the first catalogues of both languages."""
    shell = registry.client.get("/", Accept=HTML)
    parts = parts_of(shell.body)
    scripts = b"".join(registry.client.get(part).body for part in parts).decode()
    catalogues = [f"/-/assets/{name}" for name in re.findall(r"(?:en|zh)-[\w-]+\.js", scripts)]
    assert catalogues
    loaded = [registry.client.get(part, Accept_Encoding="gzip").body
              for part in {*parts, *catalogues}]
    assert sum(map(len, loaded)) <= HOME_MOST_BYTES


def test_all_of_it_stands_below_the_prefix(start_registry):
    client = start_registry(options=["--http.prefix", "/registry"]).client
    shell = client.get("/registry/acme/web", Accept=HTML)
    assert shell.status == 200
    for part in parts_of(shell.body):
        assert part.startswith("/registry/-/assets/"), part
        assert client.get(part).status == 200
    assert client.get("/acme/web", Accept=HTML).status == 404


def test_the_same_sources_give_the_same_page(registry, tmp_path):
    """Built twice, byte for byte; and it is what the server hands out."""
    packs = [tmp_path / "one", tmp_path / "two"]
    for pack in packs:
        run(node(), WEB / "build.mjs", pack, cwd=WEB)
    assert packs[0].read_bytes() == packs[1].read_bytes()
    listed = packs[0].read_bytes().partition(b"\n\n")[0].decode().splitlines()
    names = [line.split()[0] for line in listed]
    for part in parts_of(registry.client.get("/", Accept=HTML).body):
        assert part.removeprefix("/-/assets/") in names
