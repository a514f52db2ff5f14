-- +goose Up
-- The day with which a service's record begins; '' is its creation.
ALTER TABLE services ADD COLUMN start_date TEXT NOT NULL DEFAULT '' CHECK (start_date = '' OR length(start_date) = 10);

-- The page keeps what was closed last, however long ago it began.
CREATE INDEX incidents_closed ON incidents (org_id, resolved_at DESC, id DESC) WHERE deleted_at IS NULL AND status = 'resolved';
CREATE INDEX maintenances_closed ON maintenances (org_id, completed_at DESC, id DESC) WHERE deleted_at IS NULL AND completed_at IS NOT NULL;

-- Lists begin with what is open; of what is planned, the soonest comes first.
CREATE INDEX incidents_listed ON incidents (org_id, (status = 'resolved'), created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX maintenances_listed ON maintenances (org_id,
  (CASE WHEN completed_at IS NOT NULL THEN 2 WHEN status = 'scheduled' THEN 1 ELSE 0 END),
  (CASE WHEN status = 'scheduled' THEN scheduled_for ELSE -scheduled_for END), id) WHERE deleted_at IS NULL;

-- +goose Down
DROP INDEX maintenances_listed;
DROP INDEX incidents_listed;
DROP INDEX maintenances_closed;
DROP INDEX incidents_closed;
ALTER TABLE services DROP COLUMN start_date;
