-- +goose Up
-- What watches targets, what it saw, and what follows. See server/store/monitor.go.
CREATE TABLE monitors (
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  id         TEXT NOT NULL CHECK (length(id) = 36),
  name       TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  kind       TEXT NOT NULL,
  target     TEXT NOT NULL CHECK (length(target) <= 2000),
  service_id TEXT NOT NULL, -- '' is none
  token      TEXT,          -- of a heartbeat
  settings   TEXT NOT NULL, -- JSON: what nobody searches for
  headers    TEXT NOT NULL, -- JSON, sealed; '' is none
  shown      INTEGER NOT NULL CHECK (shown IN (0, 1)),
  paused     INTEGER NOT NULL CHECK (paused IN (0, 1)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version    INTEGER NOT NULL CHECK (version > 0),
  deleted_at INTEGER,
  PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX monitors_by_name ON monitors (org_id, name, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX monitors_token ON monitors (token) WHERE token IS NOT NULL;

-- What is known of each: the window that is decided on, as JSON.
CREATE TABLE monitor_states (
  org_id     TEXT NOT NULL,
  monitor_id TEXT NOT NULL,
  state      TEXT NOT NULL,
  kept       TEXT NOT NULL,
  PRIMARY KEY (org_id, monitor_id)
) STRICT, WITHOUT ROWID;

-- Single looks, for two days.
CREATE TABLE monitor_results (
  org_id     TEXT NOT NULL,
  monitor_id TEXT NOT NULL,
  at         INTEGER NOT NULL,
  region     TEXT NOT NULL,
  ok         INTEGER NOT NULL CHECK (ok IN (0, 1)),
  ms         INTEGER NOT NULL,
  error      TEXT NOT NULL,
  body       TEXT NOT NULL, -- the beginning of a failure's
  PRIMARY KEY (org_id, monitor_id, at, region)
) STRICT, WITHOUT ROWID;
CREATE INDEX monitor_results_by_time ON monitor_results (at);

-- What they come to in five minutes and in a day; span is in seconds.
CREATE TABLE monitor_metrics (
  org_id     TEXT NOT NULL,
  monitor_id TEXT NOT NULL,
  span       INTEGER NOT NULL CHECK (span IN (300, 86400)),
  at         INTEGER NOT NULL,
  region     TEXT NOT NULL,
  count      INTEGER NOT NULL,
  failed     INTEGER NOT NULL,
  min_ms     INTEGER NOT NULL,
  p50_ms     INTEGER NOT NULL,
  p95_ms     INTEGER NOT NULL,
  max_ms     INTEGER NOT NULL,
  PRIMARY KEY (org_id, monitor_id, span, at, region)
) STRICT, WITHOUT ROWID;
CREATE INDEX monitor_metrics_by_time ON monitor_metrics (span, at);

-- What fires or has fired, by the fingerprint that its source gives it.
CREATE TABLE alerts (
  org_id           TEXT NOT NULL REFERENCES organizations (id),
  kind             TEXT NOT NULL,
  fingerprint      TEXT NOT NULL,
  firing           INTEGER NOT NULL CHECK (firing IN (0, 1)),
  incident_id      TEXT NOT NULL,
  incident_version INTEGER NOT NULL, -- which is as the source left it
  proposal_id      TEXT NOT NULL,
  text             TEXT NOT NULL,    -- what was said of it last
  updated_at       INTEGER NOT NULL,
  PRIMARY KEY (org_id, kind, fingerprint)
) STRICT, WITHOUT ROWID;

-- What a monitor or an alert would do, for people to say yes or no to.
CREATE TABLE proposals (
  org_id      TEXT NOT NULL REFERENCES organizations (id),
  id          TEXT NOT NULL CHECK (length(id) = 36),
  kind        TEXT NOT NULL CHECK (kind IN ('open', 'resolve')),
  state       TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'dismissed', 'over')),
  source      TEXT NOT NULL, -- JSON: {kind, id, fingerprint}
  service_id  TEXT NOT NULL,
  to_state    TEXT NOT NULL,
  title       TEXT NOT NULL CHECK (length(title) <= 200),
  body        TEXT NOT NULL CHECK (length(body) <= 20000),
  incident_id TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX proposals_newest ON proposals (org_id, created_at DESC, id DESC);

-- +goose Down
DROP TABLE proposals;
DROP TABLE alerts;
DROP TABLE monitor_metrics;
DROP TABLE monitor_results;
DROP TABLE monitor_states;
DROP TABLE monitors;
