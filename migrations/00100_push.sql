-- +goose Up
-- Browsers are a channel. A CHECK cannot be changed, so the table is made anew; the next channel needs no such thing.
-- What refers to its rows is put aside meanwhile: dropping a table deletes its rows first, and that would delete what
-- refers to them. A num is given once for ever.
CREATE TABLE kept_services AS SELECT * FROM subscriber_services;
CREATE TABLE kept_incidents AS SELECT * FROM subscriber_incidents;
DELETE FROM subscriber_services;
DELETE FROM subscriber_incidents;
CREATE TABLE subscribers_new (
  num          INTEGER PRIMARY KEY AUTOINCREMENT, -- what jobs refer to
  org_id       TEXT NOT NULL REFERENCES organizations (id),
  id           TEXT NOT NULL CHECK (length(id) = 36),
  channel      TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
  address      TEXT NOT NULL CHECK (length(address) BETWEEN 1 AND 2000),
  address_key  TEXT NOT NULL, -- the address in the one spelling by which it is recognised
  state        TEXT NOT NULL CHECK (state IN ('pending', 'active', 'bouncing')),
  whole        INTEGER NOT NULL CHECK (whole IN (0, 1)), -- the whole page, or subscriber_services
  token        TEXT NOT NULL UNIQUE, -- opens the manage link; whoever has it is the subscriber
  secret       TEXT NOT NULL, -- signs what a webhook gets; a browser's two keys, as p256dh.auth; '' for other channels
  base         TEXT NOT NULL, -- address of the page, as it was where the subscription was made
  source       TEXT NOT NULL CHECK (source IN ('visitor', 'admin')),
  failures     INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0), -- tries in a row that went wrong
  problem      TEXT NOT NULL DEFAULT '', -- what the last failure said
  created_at   INTEGER NOT NULL,
  asked_at     INTEGER NOT NULL, -- when the address was last asked to confirm, or reminded of its link
  confirmed_at INTEGER,
  language     TEXT NOT NULL DEFAULT '' CHECK (length(language) <= 35), -- that it is told in; '' is the page's own
  -- Where it is reached: the domain of a mail address, host and port of any other.
  host TEXT GENERATED ALWAYS AS (lower(CASE WHEN channel = 'email' THEN substr(address, instr(address, '@') + 1)
    ELSE substr(address, instr(address, '://') + 3,
      instr(replace(substr(address, instr(address, '://') + 3), '?', '/') || '/', '/') - 1) END)) VIRTUAL,
  UNIQUE (org_id, id),
  CHECK (state = 'pending' OR confirmed_at IS NOT NULL)
) STRICT;
INSERT INTO subscribers_new (num, org_id, id, channel, address, address_key, state, whole, token, secret,
  language, base, source, failures, problem, created_at, asked_at, confirmed_at)
SELECT num, org_id, id, channel, address, address_key, state, whole, token, secret,
  language, base, source, failures, problem, created_at, asked_at, confirmed_at FROM subscribers;
DELETE FROM sqlite_sequence WHERE name = 'subscribers_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'subscribers_new', seq FROM sqlite_sequence WHERE name = 'subscribers';
DROP TABLE subscribers;
ALTER TABLE subscribers_new RENAME TO subscribers;
CREATE UNIQUE INDEX subscribers_address ON subscribers (org_id, channel, address_key) WHERE channel <> 'webhook';
CREATE INDEX subscribers_webhook ON subscribers (org_id, address_key) WHERE channel = 'webhook';
CREATE INDEX subscribers_state ON subscribers (org_id, state, num);
CREATE INDEX subscribers_channel ON subscribers (org_id, channel, num);
CREATE INDEX subscribers_newest ON subscribers (org_id, num);
CREATE INDEX subscribers_pending ON subscribers (created_at) WHERE state = 'pending';
INSERT INTO subscriber_services (subscriber, org_id, service_id)
SELECT subscriber, org_id, service_id FROM kept_services;
INSERT INTO subscriber_incidents (subscriber, org_id, incident_id)
SELECT subscriber, org_id, incident_id FROM kept_incidents;
DROP TABLE kept_services;
DROP TABLE kept_incidents;

-- +goose Down
DELETE FROM jobs WHERE state <> 'sent' AND subscriber IN (SELECT num FROM subscribers WHERE channel = 'push');
DELETE FROM subscriber_services WHERE subscriber IN (SELECT num FROM subscribers WHERE channel = 'push');
DELETE FROM subscriber_incidents WHERE subscriber IN (SELECT num FROM subscribers WHERE channel = 'push');
DELETE FROM subscribers WHERE channel = 'push';
CREATE TABLE kept_services AS SELECT * FROM subscriber_services;
CREATE TABLE kept_incidents AS SELECT * FROM subscriber_incidents;
DELETE FROM subscriber_services;
DELETE FROM subscriber_incidents;
CREATE TABLE subscribers_new (
  num          INTEGER PRIMARY KEY AUTOINCREMENT, -- what jobs refer to
  org_id       TEXT NOT NULL REFERENCES organizations (id),
  id           TEXT NOT NULL CHECK (length(id) = 36),
  channel      TEXT NOT NULL CHECK (channel IN ('email', 'webhook', 'slack', 'discord', 'teams')),
  address      TEXT NOT NULL CHECK (length(address) BETWEEN 1 AND 2000),
  address_key  TEXT NOT NULL, -- the address in the one spelling by which it is recognised
  state        TEXT NOT NULL CHECK (state IN ('pending', 'active', 'bouncing')),
  whole        INTEGER NOT NULL CHECK (whole IN (0, 1)), -- the whole page, or subscriber_services
  token        TEXT NOT NULL UNIQUE, -- opens the manage link; whoever has it is the subscriber
  secret       TEXT NOT NULL, -- signs what a webhook gets; a browser's two keys, as p256dh.auth; '' for other channels
  base         TEXT NOT NULL, -- address of the page, as it was where the subscription was made
  source       TEXT NOT NULL CHECK (source IN ('visitor', 'admin')),
  failures     INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0), -- tries in a row that went wrong
  problem      TEXT NOT NULL DEFAULT '', -- what the last failure said
  created_at   INTEGER NOT NULL,
  asked_at     INTEGER NOT NULL, -- when the address was last asked to confirm, or reminded of its link
  confirmed_at INTEGER,
  language     TEXT NOT NULL DEFAULT '' CHECK (length(language) <= 35), -- that it is told in; '' is the page's own
  -- Where it is reached: the domain of a mail address, host and port of any other.
  host TEXT GENERATED ALWAYS AS (lower(CASE WHEN channel = 'email' THEN substr(address, instr(address, '@') + 1)
    ELSE substr(address, instr(address, '://') + 3,
      instr(replace(substr(address, instr(address, '://') + 3), '?', '/') || '/', '/') - 1) END)) VIRTUAL,
  UNIQUE (org_id, id),
  CHECK (state = 'pending' OR confirmed_at IS NOT NULL)
) STRICT;
INSERT INTO subscribers_new (num, org_id, id, channel, address, address_key, state, whole, token, secret,
  language, base, source, failures, problem, created_at, asked_at, confirmed_at)
SELECT num, org_id, id, channel, address, address_key, state, whole, token, secret,
  language, base, source, failures, problem, created_at, asked_at, confirmed_at FROM subscribers;
DELETE FROM sqlite_sequence WHERE name = 'subscribers_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'subscribers_new', seq FROM sqlite_sequence WHERE name = 'subscribers';
DROP TABLE subscribers;
ALTER TABLE subscribers_new RENAME TO subscribers;
CREATE UNIQUE INDEX subscribers_address ON subscribers (org_id, channel, address_key) WHERE channel <> 'webhook';
CREATE INDEX subscribers_webhook ON subscribers (org_id, address_key) WHERE channel = 'webhook';
CREATE INDEX subscribers_state ON subscribers (org_id, state, num);
CREATE INDEX subscribers_channel ON subscribers (org_id, channel, num);
CREATE INDEX subscribers_newest ON subscribers (org_id, num);
CREATE INDEX subscribers_pending ON subscribers (created_at) WHERE state = 'pending';
INSERT INTO subscriber_services (subscriber, org_id, service_id)
SELECT subscriber, org_id, service_id FROM kept_services;
INSERT INTO subscriber_incidents (subscriber, org_id, incident_id)
SELECT subscriber, org_id, incident_id FROM kept_incidents;
DROP TABLE kept_services;
DROP TABLE kept_incidents;
