-- Jobs that another run goes on with.

-- `due_at` by the clock of who writes the store; 0: at once, and first.
ALTER TABLE jobs ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN cancel_wished INTEGER NOT NULL DEFAULT 0;  -- 1 or 0
ALTER TABLE jobs DROP COLUMN claimed_at;

DROP INDEX jobs_queued;
CREATE INDEX jobs_unfinished ON jobs (kind, due_at) WHERE finished_at IS NULL;

-- Held by servers that shared one name, and are gone.
DELETE FROM leases;
