-- +goose Up
-- Maintenance that comes again: a rule (RFC 5545) over a clock on a wall somewhere. What it plans are windows like any other.
CREATE TABLE maintenance_series (
  org_id       TEXT NOT NULL REFERENCES organizations (id),
  id           TEXT NOT NULL CHECK (length(id) = 36),
  title        TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  description  TEXT NOT NULL CHECK (length(description) <= 20000),
  services     TEXT NOT NULL, -- JSON: ids
  rrule        TEXT NOT NULL CHECK (length(rrule) BETWEEN 1 AND 500),
  time_zone    TEXT NOT NULL,
  starts_at    TEXT NOT NULL, -- the first one, as that clock shows it: 2026-01-31T22:00
  minutes      INTEGER NOT NULL CHECK (minutes BETWEEN 1 AND 43200),
  notify       INTEGER NOT NULL CHECK (notify IN (0, 1)),
  planned_for  INTEGER NOT NULL, -- the newest window that was planned
  created_at   INTEGER NOT NULL,
  deleted_at   INTEGER,
  PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX series_newest ON maintenance_series (org_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX series_to_plan ON maintenance_series (planned_for) WHERE deleted_at IS NULL;

-- +goose Down
DROP TABLE maintenance_series;
