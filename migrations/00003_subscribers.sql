-- +goose Up
-- Who is told. What belongs to nobody but a person is deleted with the row: there is no soft deletion here.
CREATE TABLE subscribers (
  num          INTEGER PRIMARY KEY AUTOINCREMENT, -- what jobs refer to: ten thousand of them are written at once
  org_id       TEXT NOT NULL REFERENCES organizations (id),
  id           TEXT NOT NULL CHECK (length(id) = 36),
  channel      TEXT NOT NULL CHECK (channel IN ('email', 'webhook', 'slack', 'discord', 'teams')),
  address      TEXT NOT NULL CHECK (length(address) BETWEEN 1 AND 2000),
  address_key  TEXT NOT NULL, -- the address in the one spelling by which it is recognised
  state        TEXT NOT NULL CHECK (state IN ('pending', 'active', 'bouncing')),
  whole        INTEGER NOT NULL CHECK (whole IN (0, 1)), -- the whole page, or the services chosen in subscriber_services
  token        TEXT NOT NULL UNIQUE, -- opens the manage link; whoever has it is the subscriber
  secret       TEXT NOT NULL, -- signs what a webhook gets; '' for other channels
  base         TEXT NOT NULL, -- address of the page, as it was where the subscription was made
  source       TEXT NOT NULL CHECK (source IN ('visitor', 'admin')),
  failures     INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0), -- tries in a row that went wrong
  problem      TEXT NOT NULL DEFAULT '', -- what the last failure said
  created_at   INTEGER NOT NULL,
  asked_at     INTEGER NOT NULL, -- when the address was last asked to confirm, or reminded of its link
  confirmed_at INTEGER,
  UNIQUE (org_id, id),
  CHECK (state = 'pending' OR confirmed_at IS NOT NULL)
) STRICT;
-- A webhook is its address and its secret: two programs may stand behind one address.
CREATE UNIQUE INDEX subscribers_address ON subscribers (org_id, channel, address_key) WHERE channel <> 'webhook';
CREATE INDEX subscribers_webhook ON subscribers (org_id, address_key) WHERE channel = 'webhook';
CREATE INDEX subscribers_state ON subscribers (org_id, state, num);
CREATE INDEX subscribers_channel ON subscribers (org_id, channel, num);
CREATE INDEX subscribers_newest ON subscribers (org_id, num);
CREATE INDEX subscribers_pending ON subscribers (created_at) WHERE state = 'pending';

CREATE TABLE subscriber_services (
  subscriber INTEGER NOT NULL REFERENCES subscribers (num) ON DELETE CASCADE,
  org_id     TEXT NOT NULL,
  service_id TEXT NOT NULL,
  PRIMARY KEY (subscriber, service_id),
  FOREIGN KEY (org_id, service_id) REFERENCES services (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriber_services_of ON subscriber_services (org_id, service_id, subscriber);

-- Who said no, as a hash: an import may not bring them back, only they themselves.
CREATE TABLE unsubscribed (
  org_id TEXT NOT NULL REFERENCES organizations (id),
  hash   TEXT NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (org_id, hash)
) STRICT, WITHOUT ROWID;

-- What is told, once for all who are told it.
CREATE TABLE messages (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  topic      TEXT NOT NULL, -- what it is about: nothing is told twice under one topic
  kind       TEXT NOT NULL,
  title      TEXT NOT NULL,
  body       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (org_id, topic)
) STRICT;
CREATE INDEX messages_age ON messages (created_at);

-- Who is still to be told it, who was, and whom it could not reach. A row is written in the batch of what it tells of.
CREATE TABLE jobs (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  org_id     TEXT NOT NULL,
  message_id INTEGER NOT NULL REFERENCES messages (id),
  subscriber INTEGER NOT NULL, -- may be gone: then nobody is told
  state      TEXT NOT NULL CHECK (state IN ('due', 'sent', 'dead')),
  lane       TEXT NOT NULL CHECK (lane IN ('prompt', 'mail', 'hook', 'slow')),
  tries      INTEGER NOT NULL DEFAULT 0,
  due_at     INTEGER NOT NULL, -- when to try; while somebody is at it, until when it is theirs
  lease      TEXT NOT NULL DEFAULT '',
  done_at    INTEGER,
  problem    TEXT NOT NULL DEFAULT '',
  UNIQUE (message_id, subscriber), -- each is told once
  CHECK ((state = 'due') = (done_at IS NULL))
) STRICT;
CREATE INDEX jobs_due ON jobs (lane, due_at) WHERE state = 'due';
CREATE INDEX jobs_lease ON jobs (lease) WHERE lease <> '';
CREATE INDEX jobs_list ON jobs (org_id, state, id);

-- Windows that were planned without a word: what they do by themselves is not told either.
CREATE TABLE quiet_maintenances (
  org_id         TEXT NOT NULL,
  maintenance_id TEXT NOT NULL,
  PRIMARY KEY (org_id, maintenance_id),
  FOREIGN KEY (org_id, maintenance_id) REFERENCES maintenances (org_id, id)
) STRICT, WITHOUT ROWID;

-- Reminders that are still to be sent, so many minutes before a window.
CREATE TABLE reminders (
  org_id         TEXT NOT NULL,
  maintenance_id TEXT NOT NULL,
  minutes        INTEGER NOT NULL CHECK (minutes > 0),
  due_at         INTEGER NOT NULL,
  PRIMARY KEY (org_id, maintenance_id, minutes),
  FOREIGN KEY (org_id, maintenance_id) REFERENCES maintenances (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reminders_due ON reminders (due_at);

-- +goose Down
DROP TABLE reminders;
DROP TABLE quiet_maintenances;
DROP TABLE jobs;
DROP TABLE messages;
DROP TABLE unsubscribed;
DROP TABLE subscriber_services;
DROP TABLE subscribers;
