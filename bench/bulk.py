"""Stores too large to be filled by pushes: the program pushes one image, and the rows of all others
are written beside it, of the same shape, straight into its metadata.
"""

import hashlib
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from . import plans
from .content import Content
from .plans import Plan

SCHEMA = 11  # what these statements know; see docs/formats/metadata.md
_CHUNK = 50_000
_CACHE_KIB = 512 << 10
_MARK = 99_999_999  # the number in the text of a manifest, to be replaced
_PUSHED = "pushed"  # the tag of the image that the program pushes itself


@dataclass(frozen=True)
class Bulk:
    """So many repositories with so many tags each, and a manifest of its own for each tag."""

    name: str
    repositories: int
    tags: int

    @property
    def images(self) -> int:
        return self.repositories * self.tags

    def repository(self, number: int) -> str:
        return f"bulk/r{number % self.repositories:06d}"

    def tag(self, number: int) -> str:
        return f"tag-{number // self.repositories:07d}"


MILLION = Bulk("1,000,000 tags", 1, 1_000_000)
REPOSITORIES = Bulk("100,000 repositories", 100_000, 10)
ALL = (MILLION, REPOSITORIES)

# Of `one`, the pushed image's rows, and of `new`: the next images. In the order of the keys, as far
# as pushes one after the other have it, too.
_NEW = """CREATE TEMP TABLE new (
  id INTEGER PRIMARY KEY, repository INTEGER, name TEXT, tag TEXT, digest BLOB, bytes BLOB)"""
_ROWS = (
    """INSERT INTO manifests (id, repository, digest, media_type, size_bytes, pushed_at, pushed_by,
                              subject, artifact_type, annotations)
       SELECT new.id, new.repository, new.digest, one.media_type, length(new.bytes), one.pushed_at,
              one.pushed_by, one.subject, one.artifact_type, one.annotations
         FROM new CROSS JOIN manifests one WHERE one.id = :one ORDER BY new.id""",
    "INSERT INTO manifest_payloads (manifest, bytes) SELECT id, bytes FROM new ORDER BY id",
    """INSERT INTO manifest_references (manifest, digest, kind, repository, live)
       SELECT new.id, one.digest, one.kind, new.repository, one.live
         FROM new CROSS JOIN manifest_references one WHERE one.manifest = :one
        ORDER BY new.id, one.digest, one.kind""",
    """INSERT INTO tags (repository, name, manifest, moved_at)
       SELECT new.repository, new.tag, new.id, one.moved_at
         FROM new CROSS JOIN tags one WHERE one.manifest = :one ORDER BY new.id""",
    """INSERT INTO journal (kind, at, actor, actor_kind, repository, digest, tag, previous, detail)
       SELECT one.kind, one.at, one.actor, one.actor_kind, new.name, new.digest, new.tag,
              one.previous, one.detail
         FROM new CROSS JOIN journal one WHERE one.sequence = :moved ORDER BY new.id""",
    "DELETE FROM new",
)
# The manifests' trigger counts what they hold.
_REPOSITORY_ROWS = (
    """INSERT INTO repositories (id, name, created_at, live_manifests, expires_at, gone)
       SELECT ?, ?, created_at, 0, expires_at, gone FROM repositories WHERE id = 1""",
    """INSERT INTO repository_blobs (digest, repository, linked_at, dropped, gone_at)
       SELECT one.digest, other.id, one.linked_at, one.dropped, one.gone_at
         FROM repository_blobs one CROSS JOIN repositories other
        WHERE one.repository = 1 AND other.id > 1""",
    """INSERT INTO journal (kind, at, actor, actor_kind, repository, detail)
       SELECT one.kind, one.at, one.actor, one.actor_kind, other.name, one.detail
         FROM journal one CROSS JOIN repositories other
        WHERE one.kind = 7 AND one.repository = (SELECT name FROM repositories WHERE id = 1)
          AND other.id > 1 ORDER BY other.id""",
)


def seed(bulk: Bulk, content: Content) -> list[Plan]:
    """What the program has to be asked for on an empty directory, and nothing else, before fill()."""
    repository = bulk.repository(0)
    blobs = [plans.push_blob(content.fill, *blob, repository) for blob in content.LAYERS]
    return [blobs, [plans.put_manifest(content.manifest(bulk.images), _PUSHED, repository)]]


def fill(data: Path, bulk: Bulk, content: Content) -> None:
    """Writes the other rows. The server must be stopped. What fails leaves nothing of use."""
    path = data / "entrepot" / "meta.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        _require_known(database)
        # Nothing here has to survive a power cut, nor a failure half way.
        database.executescript("PRAGMA journal_mode = off; PRAGMA synchronous = off;"
                               f"PRAGMA cache_size = -{_CACHE_KIB}; PRAGMA temp_store = memory;")
        database.execute(_NEW)
        database.execute("BEGIN")
        repositories, *of_them = _REPOSITORY_ROWS
        database.executemany(repositories, ((n + 1, bulk.repository(n))
                                            for n in range(1, bulk.repositories)))
        for statement in of_them:
            database.execute(statement)
        _fill_images(database, bulk, content)
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode = wal")


def _require_known(database: sqlite3.Connection) -> None:
    (version,) = database.execute("SELECT max(version) FROM schema_migrations").fetchone()
    if version != SCHEMA:
        raise RuntimeError(f"the metadata's schema is {version}, and bench/bulk.py fills {SCHEMA}: "
                           "let it write what the program writes now")
    for table in ("repositories", "manifests", "tags"):
        (rows,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
        if rows != 1:
            raise RuntimeError(f"{rows} rows in {table}: the store must hold one image to fill it")


def _fill_images(database: sqlite3.Connection, bulk: Bulk, content: Content) -> None:
    (one,) = database.execute("SELECT id FROM manifests").fetchone()
    (moved,) = database.execute("SELECT sequence FROM journal WHERE tag = ?", (_PUSHED,)).fetchone()
    images = _images(bulk, content.manifest(_MARK).encode(), one + 1)
    for _ in range(0, bulk.images, _CHUNK):
        database.executemany("INSERT INTO new VALUES (?, ?, ?, ?, ?, ?)",
                             itertools.islice(images, _CHUNK))
        for statement in _ROWS:
            named = {"one": one, "moved": moved}
            database.execute(statement, {k: v for k, v in named.items() if f":{k}" in statement})


def _images(bulk: Bulk, text: bytes, first: int) -> Iterator[tuple]:
    """Rows of `new`; the texts are those of Content.manifest()."""
    head, _, tail = text.partition(str(_MARK).encode())
    for n in range(bulk.images):
        body = b"%s%08d%s" % (head, n, tail)
        digest = b"\x01" + hashlib.sha256(body).digest()
        yield first + n, n % bulk.repositories + 1, bulk.repository(n), bulk.tag(n), digest, body
