-- What is known to be damaged at rest: bytes that are not what their digest says, or are gone from
-- under their row. NULL: not known to be. Both indexes are empty while nothing is damaged, so the
-- question costs one look.

ALTER TABLE blobs ADD COLUMN damaged_at INTEGER;
CREATE INDEX blobs_damaged ON blobs (digest) WHERE damaged_at IS NOT NULL;

ALTER TABLE manifests ADD COLUMN damaged_at INTEGER;
CREATE INDEX manifests_damaged ON manifests (damaged_at, id) WHERE damaged_at IS NOT NULL;
