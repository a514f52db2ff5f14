-- +goose Up
-- Words for incidents that are known to come again. {{name}} in title and body is a blank to fill in.
CREATE TABLE templates (
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  id         TEXT NOT NULL CHECK (length(id) = 36),
  name       TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  title      TEXT NOT NULL CHECK (length(title) <= 200),
  body       TEXT NOT NULL CHECK (length(body) <= 20000),
  status     TEXT NOT NULL CHECK (status IN ('', 'investigating', 'identified', 'monitoring', 'resolved')),
  services   TEXT NOT NULL, -- JSON: [{id, to_state}]
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version    INTEGER NOT NULL CHECK (version > 0),
  deleted_at INTEGER,
  PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX templates_by_name ON templates (org_id, name, id) WHERE deleted_at IS NULL;

-- +goose Down
DROP TABLE templates;
