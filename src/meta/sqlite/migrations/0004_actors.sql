-- What else than repositories the journal may tell of: who did it has a kind (events/event.h), and
-- each kind of event its own detail, in JSON. `repository` is '' where an event is about none.

ALTER TABLE journal ADD COLUMN actor_kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journal ADD COLUMN detail TEXT NOT NULL DEFAULT '';
UPDATE journal SET actor_kind = 4 WHERE actor = 'collector';
