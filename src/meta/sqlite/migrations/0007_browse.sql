-- For lists of what was pushed last.
CREATE INDEX tags_by_time ON tags (repository, moved_at);
