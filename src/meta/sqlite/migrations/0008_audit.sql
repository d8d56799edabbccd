-- The journal as an audit trail: whose request an entry is of, and seals over what was written.
ALTER TABLE journal ADD COLUMN client TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN request TEXT NOT NULL DEFAULT '';

CREATE TABLE seals (
  last    INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  content BLOB NOT NULL,
  chain   BLOB NOT NULL
) STRICT;
