-- How often manifests, and repositories as wholes, were pulled: written about once a minute, see
-- registry/pull_counts.h.

CREATE TABLE manifest_pulls (
  manifest INTEGER PRIMARY KEY REFERENCES manifests (id),
  times    INTEGER NOT NULL,
  last_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE repository_pulls (
  repository INTEGER PRIMARY KEY REFERENCES repositories (id),
  times      INTEGER NOT NULL,
  last_at    INTEGER NOT NULL
) STRICT;
