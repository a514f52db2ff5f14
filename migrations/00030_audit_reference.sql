-- +goose Up
-- A row of the audit log held its object whole, before and after; an incident's grew with each update. Now it refers to the log: the
-- object as it was at event before_seq, and as it was at after_seq (0: it was not there). Rows whose objects are not in the log
-- (members, keys, templates) keep their texts, and both columns are NULL. Rows of older versions are moved by the program.
ALTER TABLE audit_log ADD COLUMN before_seq INTEGER;
ALTER TABLE audit_log ADD COLUMN after_seq INTEGER;
DROP TRIGGER audit_log_stays;
-- +goose StatementBegin
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log
WHEN NOT (old.before_seq IS NULL AND old.after_seq IS NULL AND new.before_seq IS NOT NULL AND new.after_seq IS NOT NULL
  AND new.before = '' AND new.after = '' AND new.before_seq + new.after_seq > 0
  AND (new.id, new.org_id, new.at, new.actor_kind, new.actor_id, new.actor_name, new.address, new.request_id, new.action, new.object_kind, new.object_id)
    = (old.id, old.org_id, old.at, old.actor_kind, old.actor_id, old.actor_name, old.address, old.request_id, old.action, old.object_kind, old.object_id))
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd

-- What an event is about, as kind:id (an incident may have a service's id). It follows from the body, so that an older version, which runs on this schema during a deploy, fills it, too.
ALTER TABLE events ADD COLUMN object TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN coalesce(
  'service:' || json_extract(body, '$.service.id'), 'incident:' || json_extract(body, '$.incident.id'),
  'maintenance:' || json_extract(body, '$.maintenance.id'), 'organization:' || json_extract(body, '$.org.id'), '') ELSE '' END) VIRTUAL;
CREATE INDEX events_object ON events (org_id, object, seq);

-- A long answer of an idempotency key is made again from the log: of this object, as it was at the answer's seq.
ALTER TABLE idempotency ADD COLUMN object_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE idempotency ADD COLUMN object_id TEXT NOT NULL DEFAULT '';
ALTER TABLE idempotency ADD COLUMN entry_id TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE idempotency DROP COLUMN entry_id;
ALTER TABLE idempotency DROP COLUMN object_id;
ALTER TABLE idempotency DROP COLUMN object_kind;
DROP INDEX events_object;
ALTER TABLE events DROP COLUMN object;
DROP TRIGGER audit_log_stays;
ALTER TABLE audit_log DROP COLUMN after_seq;
ALTER TABLE audit_log DROP COLUMN before_seq;
-- +goose StatementBegin
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
