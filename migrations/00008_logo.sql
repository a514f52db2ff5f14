-- +goose Up
-- The picture itself is no part of the log: an event names it by its content.
CREATE TABLE logos (
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  name       TEXT NOT NULL CHECK (length(name) <= 64), -- hash, size and kind: 0f3a…-320x80.png
  body       TEXT NOT NULL CHECK (length(body) <= 180000), -- base64
  created_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, name)
) STRICT, WITHOUT ROWID;
ALTER TABLE organizations ADD COLUMN logo TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE organizations DROP COLUMN logo;
DROP TABLE logos;
