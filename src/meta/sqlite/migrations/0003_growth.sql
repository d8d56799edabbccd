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
