-- +goose Up
-- A series that is changed plans anew: its version is part of its windows' ids, and what it had planned by the old rule is withdrawn.
ALTER TABLE maintenance_series ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE maintenance_series ADD COLUMN withdraw TEXT NOT NULL DEFAULT '[]'; -- JSON: ids of windows

-- +goose Down
ALTER TABLE maintenance_series DROP COLUMN withdraw;
ALTER TABLE maintenance_series DROP COLUMN version;
