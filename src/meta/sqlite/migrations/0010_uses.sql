-- When a secret was used last, and from where: written about once a minute, see people/uses.h.

ALTER TABLE secrets ADD COLUMN used_at INTEGER;
ALTER TABLE secrets ADD COLUMN used_from TEXT NOT NULL DEFAULT '';
