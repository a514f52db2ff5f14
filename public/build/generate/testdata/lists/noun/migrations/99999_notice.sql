-- +goose Up
-- Notices of a page; what has no column is in `more`.
CREATE TABLE notices (
  org_id TEXT NOT NULL REFERENCES organizations (id),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  more TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY (org_id, id)
);
DROP INDEX events_object;
ALTER TABLE events DROP COLUMN object;
ALTER TABLE events ADD COLUMN object TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN coalesce(
  'service:' || json_extract(body, '$.service.id'), 'incident:' || json_extract(body, '$.incident.id'),
  'maintenance:' || json_extract(body, '$.maintenance.id'), 'notice:' || json_extract(body, '$.notice.id'),
  'organization:' || json_extract(body, '$.org.id'), '') ELSE '' END) VIRTUAL;
CREATE INDEX events_object ON events (org_id, object, seq);

-- +goose Down
DROP INDEX events_object;
ALTER TABLE events DROP COLUMN object;
ALTER TABLE events ADD COLUMN object TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN coalesce(
  'service:' || json_extract(body, '$.service.id'), 'incident:' || json_extract(body, '$.incident.id'),
  'maintenance:' || json_extract(body, '$.maintenance.id'), 'organization:' || json_extract(body, '$.org.id'), '') ELSE '' END) VIRTUAL;
CREATE INDEX events_object ON events (org_id, object, seq);
DROP TABLE notices;
