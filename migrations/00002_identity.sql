-- +goose Up
CREATE TABLE users (
  id            TEXT PRIMARY KEY CHECK (length(id) = 36),
  email         TEXT NOT NULL CHECK (length(email) <= 254),
  name          TEXT NOT NULL CHECK (length(name) <= 200),
  password      TEXT NOT NULL, -- argon2id (PHC string); '' has none
  issuer        TEXT NOT NULL, -- 'statuspage' is the local one
  subject       TEXT NOT NULL, -- the issuer's own id
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  UNIQUE (issuer, subject)
) STRICT;
CREATE UNIQUE INDEX users_local_email ON users (lower(email)) WHERE issuer = 'statuspage';

CREATE TABLE members (
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  user_id    TEXT NOT NULL REFERENCES users (id),
  role       TEXT NOT NULL CHECK (role IN ('admin', 'member')),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_of_user ON members (user_id, org_id);

-- What an external issuer calls an organisation.
CREATE TABLE external_organizations (
  issuer      TEXT NOT NULL,
  external_id TEXT NOT NULL,
  org_id      TEXT NOT NULL REFERENCES organizations (id),
  PRIMARY KEY (issuer, external_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_keys (
  kid        TEXT PRIMARY KEY,
  secret     TEXT NOT NULL, -- Ed25519 seed, base64
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE jwks_cache (
  issuer TEXT PRIMARY KEY,
  body   TEXT NOT NULL,
  at     INTEGER NOT NULL
) STRICT;

-- A session is one login on one device; its refresh tokens form a line of generations, of which the last is good.
CREATE TABLE sessions (
  id          TEXT PRIMARY KEY,
  user_id     TEXT NOT NULL REFERENCES users (id),
  org_id      TEXT NOT NULL,
  generation  INTEGER NOT NULL CHECK (generation >= 0),
  advanced_at INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  revoked_at  INTEGER
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_age ON sessions (expires_at);

CREATE TABLE session_tokens (
  hash       TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_tokens_of ON session_tokens (session_id);

CREATE TABLE api_keys (
  org_id       TEXT NOT NULL REFERENCES organizations (id),
  id           TEXT NOT NULL CHECK (length(id) = 36),
  name         TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  prefix       TEXT NOT NULL UNIQUE,
  hash         TEXT NOT NULL,
  scopes       TEXT NOT NULL,
  created_by   TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,
  last_used_at INTEGER,
  revoked_at   INTEGER,
  PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX api_keys_newest ON api_keys (org_id, created_at DESC, id DESC) WHERE revoked_at IS NULL;

-- Links that work once: setup, invitation, password reset.
CREATE TABLE links (
  hash       TEXT PRIMARY KEY,
  purpose    TEXT NOT NULL CHECK (purpose IN ('setup', 'invitation', 'reset')),
  org_id     TEXT NOT NULL,
  user_id    TEXT NOT NULL,
  email      TEXT NOT NULL,
  role       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER
) STRICT;
CREATE INDEX links_age ON links (expires_at);

-- +goose Down
DROP TABLE links;
DROP TABLE api_keys;
DROP TABLE session_tokens;
DROP TABLE sessions;
DROP TABLE jwks_cache;
DROP TABLE signing_keys;
DROP TABLE external_organizations;
DROP TABLE members;
DROP TABLE users;
