-- The metadata of one store, from the beginning. docs/formats/metadata.md draws it and says what
-- each table promises.
--
-- Times are microseconds since 1970 (UTC). A digest is its key: one octet for the algorithm
-- (1 sha256, 2 sha512), then the raw hash. Text is compared octet by octet: ASCII order.

PRAGMA application_id = 0x656e7472;  -- "entr"

-- Small facts about the store itself.
CREATE TABLE settings (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE repositories (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;

-- A row with deleted_at is hidden: nobody sees it until it is pushed again or purged.
CREATE TABLE manifests (
  id            INTEGER PRIMARY KEY,
  repository    INTEGER NOT NULL REFERENCES repositories (id),
  digest        BLOB NOT NULL,
  media_type    TEXT NOT NULL,
  size_bytes    INTEGER NOT NULL,
  pushed_at     INTEGER NOT NULL,
  pushed_by     TEXT NOT NULL,
  deleted_at    INTEGER,
  deleted_by    TEXT,
  subject       BLOB,
  artifact_type TEXT NOT NULL,
  annotations   BLOB NOT NULL,  -- JSON, or empty
  UNIQUE (repository, digest)
) STRICT;
CREATE INDEX manifests_by_subject ON manifests (repository, subject, digest)
  WHERE subject IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX manifests_hidden ON manifests (deleted_at) WHERE deleted_at IS NOT NULL;

-- The exact bytes, apart so that lists of manifests read few pages.
CREATE TABLE manifest_payloads (
  manifest INTEGER PRIMARY KEY REFERENCES manifests (id),
  bytes    BLOB NOT NULL
) STRICT;

-- What a manifest names. Only rows of manifests that are not hidden are `live`, and only live rows
-- are in the index, so "is this digest used" is one look-up in it.
CREATE TABLE manifest_references (
  manifest   INTEGER NOT NULL REFERENCES manifests (id),
  digest     BLOB NOT NULL,
  kind       INTEGER NOT NULL,  -- 1 config, 2 layer, 3 child
  repository INTEGER NOT NULL,  -- of the manifest
  live       INTEGER NOT NULL,  -- 1 or 0
  PRIMARY KEY (manifest, digest, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_references_live ON manifest_references (digest, repository) WHERE live = 1;

CREATE TABLE tags (
  repository INTEGER NOT NULL REFERENCES repositories (id),
  name       TEXT NOT NULL,
  manifest   INTEGER NOT NULL REFERENCES manifests (id),
  moved_at   INTEGER NOT NULL,
  PRIMARY KEY (repository, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_manifest ON tags (manifest);

-- Bytes that the blob store holds; `going` while the collector removes them.
CREATE TABLE blobs (
  digest      BLOB NOT NULL PRIMARY KEY,  -- always sha256
  size_bytes  INTEGER NOT NULL,
  going       INTEGER NOT NULL,  -- 1 or 0
  recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Other algorithms' digests of the same bytes.
CREATE TABLE blob_aliases (
  alias  BLOB NOT NULL PRIMARY KEY,
  digest BLOB NOT NULL REFERENCES blobs (digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_aliases_by_digest ON blob_aliases (digest);

-- Which repository has which blob. A dropped link stays as a row: what a repository had and lost
-- is not the same as what it never had.
CREATE TABLE repository_blobs (
  digest     BLOB NOT NULL,
  repository INTEGER NOT NULL REFERENCES repositories (id),
  linked_at  INTEGER NOT NULL,
  dropped    INTEGER NOT NULL,  -- 1 or 0
  PRIMARY KEY (digest, repository)
) STRICT, WITHOUT ROWID;

-- The collector's queue.
CREATE TABLE reviews (
  digest BLOB NOT NULL PRIMARY KEY,
  due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reviews_by_due ON reviews (due_at);

-- What happened, one row an event, never changed. The kinds are numbered in events/event.h.
CREATE TABLE journal (
  sequence   INTEGER PRIMARY KEY,
  kind       INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  actor      TEXT NOT NULL,
  repository TEXT NOT NULL,  -- by name, so that a row stays true whatever becomes of the rest
  digest     BLOB,
  tag        TEXT,
  previous   BLOB
) STRICT;
CREATE INDEX journal_by_tag ON journal (repository, tag) WHERE tag IS NOT NULL;

CREATE TABLE jobs (
  id          INTEGER PRIMARY KEY,
  kind        TEXT NOT NULL,
  state       TEXT NOT NULL,  -- queued, running, done, failed
  arguments   BLOB NOT NULL,  -- JSON
  progress    BLOB NOT NULL,  -- JSON, or empty
  created_at  INTEGER NOT NULL,
  claimed_at  INTEGER,
  finished_at INTEGER
) STRICT;
CREATE INDEX jobs_by_kind ON jobs (kind);
CREATE INDEX jobs_queued ON jobs (kind) WHERE state = 'queued';

-- Who may do what only one may do, until when.
CREATE TABLE leases (
  name       TEXT NOT NULL PRIMARY KEY,
  holder     TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
