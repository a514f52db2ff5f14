-- +goose Up
-- Times are integer milliseconds since 1970, UTC. Every key of an organisation's data begins with the organisation, so that an
-- id which another tenant chose can neither collide nor be guessed at.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE heartbeat (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE organizations (
  id          TEXT PRIMARY KEY CHECK (length(id) = 36),
  slug        TEXT NOT NULL UNIQUE CHECK (length(slug) BETWEEN 1 AND 63),
  name        TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  description TEXT NOT NULL,
  url         TEXT NOT NULL,
  hostname    TEXT UNIQUE,
  time_zone   TEXT NOT NULL,
  accent      TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  version     INTEGER NOT NULL CHECK (version > 0)
) STRICT;

-- The log. id is assigned in commit order, because SQLite has one writer: a reader of id > last misses nothing.
CREATE TABLE events (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  org_id  TEXT NOT NULL REFERENCES organizations (id),
  seq     INTEGER NOT NULL CHECK (seq > 0),
  type    TEXT NOT NULL,
  at      INTEGER NOT NULL,
  command TEXT NOT NULL,
  body    TEXT NOT NULL,
  UNIQUE (org_id, seq)
) STRICT;
CREATE INDEX events_command ON events (org_id, command) WHERE command <> '';

CREATE TABLE services (
  org_id      TEXT NOT NULL REFERENCES organizations (id),
  id          TEXT NOT NULL CHECK (length(id) = 36),
  name        TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  description TEXT NOT NULL CHECK (length(description) <= 20000),
  status      TEXT NOT NULL CHECK (status IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')),
  position    INTEGER NOT NULL CHECK (position BETWEEN 0 AND 1000000),
  group_name  TEXT NOT NULL CHECK (length(group_name) <= 200),
  since       INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  version     INTEGER NOT NULL CHECK (version > 0),
  deleted_at  INTEGER,
  PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX services_live ON services (org_id, position, created_at, id) WHERE deleted_at IS NULL;

-- How long a service was not well on a finished stretch of a UTC day, in milliseconds.
CREATE TABLE service_days (
  org_id      TEXT NOT NULL,
  service_id  TEXT NOT NULL,
  day         INTEGER NOT NULL,
  degraded    INTEGER NOT NULL CHECK (degraded >= 0),
  partial     INTEGER NOT NULL CHECK (partial >= 0),
  major       INTEGER NOT NULL CHECK (major >= 0),
  maintenance INTEGER NOT NULL CHECK (maintenance >= 0),
  PRIMARY KEY (org_id, service_id, day),
  FOREIGN KEY (org_id, service_id) REFERENCES services (org_id, id),
  CHECK (degraded + partial + major + maintenance <= 86400000)
) STRICT, WITHOUT ROWID;

CREATE TABLE incidents (
  org_id      TEXT NOT NULL REFERENCES organizations (id),
  id          TEXT NOT NULL CHECK (length(id) = 36),
  title       TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  description TEXT NOT NULL CHECK (length(description) <= 20000),
  status      TEXT NOT NULL CHECK (status IN ('investigating', 'identified', 'monitoring', 'resolved')),
  impact      TEXT NOT NULL CHECK (impact IN ('none', 'minor', 'major', 'critical')),
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  resolved_at INTEGER,
  version     INTEGER NOT NULL CHECK (version > 0),
  deleted_at  INTEGER,
  PRIMARY KEY (org_id, id),
  CHECK ((status = 'resolved') = (resolved_at IS NOT NULL))
) STRICT;
CREATE INDEX incidents_newest ON incidents (org_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX incidents_status ON incidents (org_id, status, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX incidents_active ON incidents (org_id, created_at DESC, id DESC) WHERE deleted_at IS NULL AND status <> 'resolved';

CREATE TABLE incident_services (
  org_id      TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  ordinal     INTEGER NOT NULL CHECK (ordinal >= 0),
  service_id  TEXT NOT NULL,
  name        TEXT NOT NULL,
  from_state  TEXT NOT NULL CHECK (from_state IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')),
  to_state    TEXT NOT NULL CHECK (to_state IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')),
  PRIMARY KEY (org_id, incident_id, ordinal),
  UNIQUE (org_id, service_id, incident_id),
  FOREIGN KEY (org_id, incident_id) REFERENCES incidents (org_id, id),
  FOREIGN KEY (org_id, service_id) REFERENCES services (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident_updates (
  org_id      TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  seq         INTEGER NOT NULL, -- of the event that added it
  id          TEXT NOT NULL CHECK (length(id) = 36),
  status      TEXT NOT NULL CHECK (status IN ('investigating', 'identified', 'monitoring', 'resolved')),
  body        TEXT NOT NULL CHECK (length(body) <= 20000),
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (org_id, incident_id, seq),
  UNIQUE (org_id, incident_id, id),
  FOREIGN KEY (org_id, incident_id) REFERENCES incidents (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE maintenances (
  org_id          TEXT NOT NULL REFERENCES organizations (id),
  id              TEXT NOT NULL CHECK (length(id) = 36),
  title           TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  description     TEXT NOT NULL CHECK (length(description) <= 20000),
  status          TEXT NOT NULL CHECK (status IN ('scheduled', 'in_progress', 'verifying', 'completed', 'cancelled')),
  scheduled_for   INTEGER NOT NULL,
  scheduled_until INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  started_at      INTEGER,
  completed_at    INTEGER,
  version         INTEGER NOT NULL CHECK (version > 0),
  deleted_at      INTEGER,
  PRIMARY KEY (org_id, id),
  CHECK (scheduled_until > scheduled_for),
  CHECK ((status IN ('completed', 'cancelled')) = (completed_at IS NOT NULL))
) STRICT;
CREATE INDEX maintenances_newest ON maintenances (org_id, scheduled_for DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX maintenances_status ON maintenances (org_id, status, scheduled_for DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX maintenances_open ON maintenances (org_id, scheduled_for DESC, id DESC) WHERE deleted_at IS NULL AND completed_at IS NULL;
-- What the scheduler looks for, over all organisations.
CREATE INDEX maintenances_start ON maintenances (scheduled_for) WHERE deleted_at IS NULL AND status = 'scheduled';
CREATE INDEX maintenances_end ON maintenances (scheduled_until) WHERE deleted_at IS NULL AND status IN ('in_progress', 'verifying');

CREATE TABLE maintenance_services (
  org_id         TEXT NOT NULL,
  maintenance_id TEXT NOT NULL,
  ordinal        INTEGER NOT NULL CHECK (ordinal >= 0),
  service_id     TEXT NOT NULL,
  name           TEXT NOT NULL,
  PRIMARY KEY (org_id, maintenance_id, ordinal),
  UNIQUE (org_id, service_id, maintenance_id),
  FOREIGN KEY (org_id, maintenance_id) REFERENCES maintenances (org_id, id),
  FOREIGN KEY (org_id, service_id) REFERENCES services (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE maintenance_updates (
  org_id         TEXT NOT NULL,
  maintenance_id TEXT NOT NULL,
  seq            INTEGER NOT NULL,
  id             TEXT NOT NULL CHECK (length(id) = 36),
  status         TEXT NOT NULL CHECK (status IN ('scheduled', 'in_progress', 'verifying', 'completed', 'cancelled')),
  body           TEXT NOT NULL CHECK (length(body) <= 20000),
  created_at     INTEGER NOT NULL,
  PRIMARY KEY (org_id, maintenance_id, seq),
  UNIQUE (org_id, maintenance_id, id),
  FOREIGN KEY (org_id, maintenance_id) REFERENCES maintenances (org_id, id)
) STRICT, WITHOUT ROWID;

-- Who did what. Written in the batch of the thing itself, and never again.
CREATE TABLE audit_log (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  org_id      TEXT NOT NULL REFERENCES organizations (id),
  at          INTEGER NOT NULL,
  actor_kind  TEXT NOT NULL CHECK (actor_kind IN ('user', 'key', 'system')),
  actor_id    TEXT NOT NULL,
  actor_name  TEXT NOT NULL,
  address     TEXT NOT NULL,
  request_id  TEXT NOT NULL,
  action      TEXT NOT NULL,
  object_kind TEXT NOT NULL,
  object_id   TEXT NOT NULL,
  before      TEXT NOT NULL,
  after       TEXT NOT NULL
) STRICT;
CREATE INDEX audit_newest ON audit_log (org_id, id DESC);
CREATE INDEX audit_actor ON audit_log (org_id, actor_id, id DESC);
CREATE INDEX audit_object ON audit_log (org_id, object_id, id DESC);
CREATE INDEX audit_since ON audit_log (org_id, at);
-- +goose StatementBegin
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_log_keeps BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd

-- What a key was answered. The key is the caller's own: two callers may choose the same one.
CREATE TABLE idempotency (
  org_id      TEXT NOT NULL,
  actor       TEXT NOT NULL,
  key         TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  fingerprint TEXT NOT NULL,
  status      INTEGER NOT NULL,
  etag        TEXT NOT NULL,
  seq         INTEGER NOT NULL,
  body        TEXT NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (org_id, actor, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (at);

-- +goose Down
DROP TABLE idempotency;
DROP TABLE audit_log;
DROP TABLE maintenance_updates;
DROP TABLE maintenance_services;
DROP TABLE maintenances;
DROP TABLE incident_updates;
DROP TABLE incident_services;
DROP TABLE incidents;
DROP TABLE service_days;
DROP TABLE services;
DROP TABLE events;
DROP TABLE organizations;
DROP TABLE heartbeat;
DROP TABLE meta;
