-- +goose Up
-- What an object has and no column of its own: JSON, by the names that its members have in events. A new member needs no migration. One that
-- is searched for, or constrained, gets a generated column, AS (json_extract(more, '$.member')) VIRTUAL, and what it needs on that.
ALTER TABLE organizations ADD COLUMN more TEXT NOT NULL DEFAULT '{}';
ALTER TABLE services ADD COLUMN more TEXT NOT NULL DEFAULT '{}';
ALTER TABLE incidents ADD COLUMN more TEXT NOT NULL DEFAULT '{}';
ALTER TABLE incident_updates ADD COLUMN more TEXT NOT NULL DEFAULT '{}';
ALTER TABLE maintenances ADD COLUMN more TEXT NOT NULL DEFAULT '{}';
ALTER TABLE maintenance_updates ADD COLUMN more TEXT NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE maintenance_updates DROP COLUMN more;
ALTER TABLE maintenances DROP COLUMN more;
ALTER TABLE incident_updates DROP COLUMN more;
ALTER TABLE incidents DROP COLUMN more;
ALTER TABLE services DROP COLUMN more;
ALTER TABLE organizations DROP COLUMN more;
