-- +goose Up
-- What people of an organisation tell each other about an incident. It is no event: nobody else hears of it.
CREATE TABLE incident_notes (
  org_id      TEXT NOT NULL REFERENCES organizations (id),
  id          TEXT NOT NULL CHECK (length(id) = 36),
  incident_id TEXT NOT NULL,
  author_id   TEXT NOT NULL CHECK (length(author_id) <= 200), -- kind and id, as in user:…
  author_name TEXT NOT NULL CHECK (length(author_name) <= 1000),
  body        TEXT NOT NULL CHECK (length(body) BETWEEN 1 AND 20000),
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  version     INTEGER NOT NULL CHECK (version > 0),
  PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX incident_notes_of ON incident_notes (org_id, incident_id, created_at DESC, id DESC);

-- +goose Down
DROP TABLE incident_notes;
