-- What repositories say of themselves, and how it is found.

ALTER TABLE repositories ADD COLUMN description TEXT NOT NULL DEFAULT '';  -- one line

CREATE TABLE readmes (
  repository INTEGER PRIMARY KEY REFERENCES repositories (id),
  markdown   TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;

-- For who sees what everybody does, however much else there is.
CREATE INDEX repositories_seen ON repositories (visibility, name) WHERE expires_at IS NULL;
