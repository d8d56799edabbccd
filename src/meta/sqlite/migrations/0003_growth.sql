-- What only grew gets an end.

-- Upload sessions that ended. The key begins with a time, so that pushes append to the table; the
-- session's signed location tells both halves of it.
CREATE TABLE ended_uploads (
  started_at INTEGER NOT NULL,
  id         TEXT NOT NULL,
  ended_at   INTEGER NOT NULL,
  digest     BLOB,  -- of the blob it became; NULL: its bytes were dropped
  PRIMARY KEY (started_at, id)
) STRICT, WITHOUT ROWID;

-- A repository that holds no manifest goes at `expires_at`, unless something is linked in it then;
-- NULL while it holds one. One that is `gone` is there for those rows alone that still speak of it.
ALTER TABLE repositories ADD COLUMN live_manifests INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN expires_at INTEGER;
ALTER TABLE repositories ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;  -- 1 or 0

UPDATE repositories SET live_manifests = counted.manifests
  FROM (SELECT repository, count(*) AS manifests FROM manifests WHERE deleted_at IS NULL
         GROUP BY repository) AS counted
 WHERE repositories.id = counted.repository;
UPDATE repositories SET expires_at = (unixepoch() + 86400) * 1000000 WHERE live_manifests = 0;

CREATE INDEX repositories_holding ON repositories (name) WHERE expires_at IS NULL;
CREATE INDEX repositories_expiring ON repositories (expires_at) WHERE expires_at IS NOT NULL;

CREATE TRIGGER manifest_comes AFTER INSERT ON manifests WHEN new.deleted_at IS NULL BEGIN
  UPDATE repositories SET live_manifests = live_manifests + 1 WHERE id = new.repository;
  UPDATE repositories SET expires_at = NULL, gone = 0
   WHERE id = new.repository AND expires_at IS NOT NULL;
END;
CREATE TRIGGER manifest_returns AFTER UPDATE OF deleted_at ON manifests
WHEN old.deleted_at IS NOT NULL AND new.deleted_at IS NULL BEGIN
  UPDATE repositories SET live_manifests = live_manifests + 1 WHERE id = new.repository;
  UPDATE repositories SET expires_at = NULL, gone = 0
   WHERE id = new.repository AND expires_at IS NOT NULL;
END;
CREATE TRIGGER manifest_is_hidden AFTER UPDATE OF deleted_at ON manifests
WHEN old.deleted_at IS NULL AND new.deleted_at IS NOT NULL BEGIN
  UPDATE repositories SET live_manifests = live_manifests - 1 WHERE id = new.repository;
  UPDATE repositories SET expires_at = new.deleted_at + 86400000000
   WHERE id = new.repository AND live_manifests = 0;
END;
CREATE TRIGGER manifest_goes AFTER DELETE ON manifests WHEN old.deleted_at IS NULL BEGIN
  UPDATE repositories SET live_manifests = live_manifests - 1 WHERE id = old.repository;
  UPDATE repositories SET expires_at = old.pushed_at + 86400000000
   WHERE id = old.repository AND live_manifests = 0;
END;

-- When the bytes of a dropped link went; NULL while the store holds them.
ALTER TABLE repository_blobs ADD COLUMN gone_at INTEGER;
UPDATE repository_blobs SET gone_at = unixepoch() * 1000000
 WHERE dropped = 1
   AND NOT EXISTS (SELECT 1 FROM blobs WHERE blobs.digest = repository_blobs.digest);
CREATE INDEX repository_blobs_gone ON repository_blobs (gone_at) WHERE gone_at IS NOT NULL;
CREATE INDEX repository_blobs_by_repository ON repository_blobs (repository, dropped);

-- Who reads the journal, and up to where: what comes after it stays.
CREATE TABLE journal_readers (
  name     TEXT NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
