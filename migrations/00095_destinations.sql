-- +goose Up
-- Where the team is told that a monitor fires or that a proposal waits. See server/store/destination.go.
CREATE TABLE destinations (
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  id         TEXT NOT NULL CHECK (length(id) = 36),
  name       TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  kind       TEXT NOT NULL,
  host       TEXT NOT NULL CHECK (length(host) <= 255), -- of the address: the rest of it is a secret
  address    TEXT NOT NULL CHECK (length(address) <= 8000), -- sealed
  events     TEXT NOT NULL CHECK (length(events) <= 200), -- JSON
  paused     INTEGER NOT NULL CHECK (paused IN (0, 1)),
  sent_at    INTEGER, -- when it took something last
  failed_at  INTEGER, -- since when it takes nothing
  problem    TEXT NOT NULL DEFAULT '' CHECK (length(problem) <= 500),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version    INTEGER NOT NULL CHECK (version > 0),
  PRIMARY KEY (org_id, id)
) STRICT;

-- What is told to one of them, or, where it is '', by mail to one admin.
CREATE TABLE team_messages (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  org_id      TEXT NOT NULL REFERENCES organizations (id),
  destination TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  topic       TEXT NOT NULL, -- told once
  source      TEXT NOT NULL, -- what it is about: the monitor, or the alert's fingerprint
  kind        TEXT NOT NULL,
  body        TEXT NOT NULL, -- JSON
  state       TEXT NOT NULL CHECK (state IN ('due', 'sent', 'dead')),
  tries       INTEGER NOT NULL DEFAULT 0,
  due_at      INTEGER NOT NULL, -- while somebody is at it, until when it is theirs
  lease       TEXT NOT NULL DEFAULT '',
  created_at  INTEGER NOT NULL,
  UNIQUE (org_id, topic, destination, user_id)
) STRICT;
CREATE INDEX team_messages_due ON team_messages (due_at) WHERE state = 'due';
CREATE INDEX team_messages_lease ON team_messages (lease) WHERE lease <> '';
CREATE INDEX team_messages_source ON team_messages (org_id, source, destination, user_id, id);
CREATE INDEX team_messages_age ON team_messages (org_id, created_at);
CREATE INDEX team_messages_old ON team_messages (created_at);

-- +goose Down
DROP TABLE team_messages;
DROP TABLE destinations;
