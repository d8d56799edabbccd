-- People, organisations, machines, and what they may do. meta/accounts.h, members.h, grants.h and
-- secrets.h tell what the numbers mean.

-- AUTOINCREMENT: what is gone may still be named somewhere, so that no number comes back.
CREATE TABLE accounts (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  name           TEXT NOT NULL UNIQUE,
  kind           INTEGER NOT NULL,
  state          INTEGER NOT NULL DEFAULT 1,
  owner          INTEGER NOT NULL DEFAULT 0,
  role           INTEGER NOT NULL DEFAULT 0,
  new_visibility INTEGER NOT NULL,
  base_role      INTEGER NOT NULL,
  epoch          INTEGER NOT NULL DEFAULT 0,
  created_at     INTEGER NOT NULL,
  provider       INTEGER NOT NULL
) STRICT;
CREATE INDEX accounts_listed ON accounts (kind, name) WHERE state <> 3;
CREATE INDEX accounts_admins ON accounts (role) WHERE role = 2 AND state = 1 AND kind = 1;

CREATE TABLE members (
  organisation INTEGER NOT NULL REFERENCES accounts (id),
  account      INTEGER NOT NULL REFERENCES accounts (id),
  role         INTEGER NOT NULL,
  PRIMARY KEY (organisation, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_account ON members (account);

CREATE TABLE teams (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  organisation INTEGER NOT NULL REFERENCES accounts (id),
  name         TEXT NOT NULL,
  UNIQUE (organisation, name)
) STRICT;

CREATE TABLE team_members (
  team    INTEGER NOT NULL REFERENCES teams (id),
  account INTEGER NOT NULL REFERENCES accounts (id),
  PRIMARY KEY (team, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX team_members_by_account ON team_members (account);

CREATE TABLE grants (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  holder_kind INTEGER NOT NULL,
  holder      INTEGER NOT NULL,
  role        INTEGER NOT NULL,
  pattern     TEXT NOT NULL,
  repository  INTEGER NOT NULL,  -- 0: by the pattern
  expires_at  INTEGER,
  networks    TEXT NOT NULL,     -- separated by spaces
  made_by     TEXT NOT NULL,
  made_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_by_holder ON grants (holder_kind, holder);

CREATE TABLE secrets (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  account       INTEGER NOT NULL REFERENCES accounts (id),
  kind          INTEGER NOT NULL,
  name          TEXT NOT NULL,
  fingerprint   BLOB,            -- SHA-256 of what is found by it; NULL for passwords
  password_hash TEXT NOT NULL,
  bound         TEXT NOT NULL,   -- JSON, or empty
  epoch         INTEGER NOT NULL,  -- of refresh tokens: the account's, while which they count
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER
) STRICT;
CREATE UNIQUE INDEX secrets_by_fingerprint ON secrets (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE UNIQUE INDEX secrets_passwords ON secrets (account) WHERE kind = 1;
CREATE INDEX secrets_by_account ON secrets (account);
CREATE INDEX secrets_trimmed ON secrets (account, kind, expires_at);
CREATE INDEX secrets_ending ON secrets (expires_at) WHERE expires_at IS NOT NULL;

-- 0: made while there were no accounts, and nobody said since.
ALTER TABLE repositories ADD COLUMN visibility INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;  -- 1 or 0
CREATE INDEX repositories_unset ON repositories (visibility) WHERE visibility = 0;
