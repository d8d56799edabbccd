# ctest: labels=bench timeout=60
"""Stores that are filled by their rows are what the program itself would have written."""

import random
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from support.paths import entrepot

from bench import bulk, peers, plans
from bench.bulk import Bulk
from bench.content import Content
from bench.fill import MIB, Fill
from bench.loader import Loader
from bench.server import Server

BULKS = [Bulk("1,000 tags", 1, 1000), Bulk("100 repositories", 100, 10)]


class Filled:
    def __init__(self, directory: Path, of: Bulk):
        program = Path(entrepot())
        fill = Fill(directory / "fill", MIB)
        own = peers.builtin(program, program.parent / "bench/floor", directory / "none")[0]
        self.bulk = of
        self.content = Content(fill, 1, 1, 0)
        self.server = Server(own, directory / "server")
        self._loader = Loader(program.parent / "bench/load", directory, fill)
        self.server.start()
        for plan in bulk.seed(of, self.content):
            self.ask(plan)
        self.server.stop()

    def ask(self, plan: plans.Plan) -> None:
        outcome = self._loader.run(self.server.target, plan, connections=8, once=True)
        assert (outcome["errors"], outcome["transactions"]) == (0, len(plan)), outcome["first_error"]

    def database(self) -> closing:
        return closing(sqlite3.connect(self.server.data / "entrepot/meta.db"))


@pytest.fixture(params=BULKS, ids=lambda of: of.name)
def filled(request, tmp_path, monkeypatch):
    monkeypatch.setattr(bulk, "_CHUNK", 300)
    made = Filled(tmp_path, request.param)
    yield made
    made.server.stop()


def test_what_was_filled_is_whole_and_served(filled):
    of, content, server = filled.bulk, filled.content, filled.server
    bulk.fill(server.data, of, content)
    with filled.database() as database:
        assert not database.execute("PRAGMA foreign_key_check").fetchall()
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM tags").fetchone() == (of.images + 1,)
    found = subprocess.run([entrepot(), "fsck", "--data", server.data], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"{of.images + 1} manifests" in found.stdout and " 0 damaged, 0 mended" in found.stdout

    server.start()
    some = random.sample(range(of.images), 100)
    filled.ask([plans.get_verified(plans.manifest_path(of.tag(n), of.repository(n)),
                                   content.manifest(n).encode(), {"Accept": plans.MANIFEST})
                for n in some])
    filled.ask([plans.head(plans.blob_path(content.fill.digest(*content.LAYERS[0]), of.repository(n)))
                for n in some])


def test_the_program_goes_on_from_there(filled):
    of, content, server = filled.bulk, filled.content, filled.server
    bulk.fill(server.data, of, content)
    server.start()
    last = of.images - 1
    text = content.manifest(20_000_000)
    filled.ask([plans.put_manifest(text, of.tag(last), of.repository(last))])
    filled.ask([plans.get_verified(plans.manifest_path(of.tag(last), of.repository(last)),
                                   text.encode(), {"Accept": plans.MANIFEST})])
    server.stop()
    with filled.database() as database:  # a push of the program's is known from a filled one by nothing
        moved = database.execute(
            "SELECT kind, actor, repository, previous IS NOT NULL FROM journal"
            " WHERE repository = ? AND tag = ? ORDER BY sequence",
            (of.repository(last), of.tag(last))).fetchall()
        assert moved == [(1, "", of.repository(last), 0), (1, "", of.repository(last), 1)]
        assert database.execute(
            "SELECT count(*) FROM journal WHERE kind = 7").fetchone() == (of.repositories,)
        assert database.execute(
            "SELECT min(live_manifests = (SELECT count(*) FROM manifests m WHERE m.repository = r.id)),"
            "       max(expires_at IS NOT NULL) FROM repositories r").fetchone() == (1, 0)


def test_another_schema_is_refused(filled):
    with filled.database() as database:
        database.execute("INSERT INTO schema_migrations VALUES (?, 'next', 0)", (bulk.SCHEMA + 1,))
        database.commit()
    with pytest.raises(RuntimeError, match="bench/bulk.py fills"):
        bulk.fill(filled.server.data, filled.bulk, filled.content)


def test_a_store_that_holds_more_is_refused(filled):
    bulk.fill(filled.server.data, filled.bulk, filled.content)
    with pytest.raises(RuntimeError, match="must hold one image"):
        bulk.fill(filled.server.data, filled.bulk, filled.content)
