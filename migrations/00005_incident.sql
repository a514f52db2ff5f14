-- +goose Up
-- What an incident held changes with its updates; it may be written down later, explained, and its time forgiven.
ALTER TABLE incidents ADD COLUMN recorded_at INTEGER;
ALTER TABLE incidents ADD COLUMN postmortem TEXT NOT NULL DEFAULT '' CHECK (length(postmortem) <= 20000);
ALTER TABLE incidents ADD COLUMN postmortem_at INTEGER;
ALTER TABLE incidents ADD COLUMN excluded TEXT NOT NULL DEFAULT '' CHECK (length(excluded) <= 500);
ALTER TABLE incident_updates ADD COLUMN edited_at INTEGER;
ALTER TABLE incident_updates ADD COLUMN services TEXT NOT NULL DEFAULT '[]';

-- Up to when service_days holds the time that has passed; 0 is since.
ALTER TABLE services ADD COLUMN booked INTEGER NOT NULL DEFAULT 0;

ALTER TABLE organizations ADD COLUMN announcement TEXT NOT NULL DEFAULT '' CHECK (length(announcement) <= 20000);
ALTER TABLE organizations ADD COLUMN announcement_until INTEGER;
-- What counts as downtime, in hundredths of the time, as JSON by state; '' is the usual.
ALTER TABLE organizations ADD COLUMN uptime_weights TEXT NOT NULL DEFAULT '';

-- The record of one service, which a correction of the past reads.
CREATE INDEX events_of_service ON events (org_id, json_extract(body, '$.service.id'), seq)
  WHERE type IN ('service_created', 'service_changed', 'service_deleted');

-- +goose Down
DROP INDEX events_of_service;
ALTER TABLE organizations DROP COLUMN uptime_weights;
ALTER TABLE organizations DROP COLUMN announcement_until;
ALTER TABLE organizations DROP COLUMN announcement;
ALTER TABLE services DROP COLUMN booked;
ALTER TABLE incident_updates DROP COLUMN services;
ALTER TABLE incident_updates DROP COLUMN edited_at;
ALTER TABLE incidents DROP COLUMN excluded;
ALTER TABLE incidents DROP COLUMN postmortem_at;
ALTER TABLE incidents DROP COLUMN postmortem;
ALTER TABLE incidents DROP COLUMN recorded_at;
