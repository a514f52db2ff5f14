-- +goose Up
-- An account of the built-in issuer is its person's alone. proved_at says that the person's own mailbox, or the operator, has proved the
-- address. An account whose address nobody has proved is held by the organisation whose link it was made with, and reserves no address.
ALTER TABLE users ADD COLUMN proved_at INTEGER;
ALTER TABLE users ADD COLUMN held_by TEXT CHECK (held_by IS NULL OR proved_at IS NULL);
-- One more at every change of what signs in (password, address, second factor, proof): what was issued for an older version is void.
ALTER TABLE users ADD COLUMN credential_version INTEGER NOT NULL DEFAULT 1;
-- The organisation that a plain sign-in opens: the last one that its person chose; '' is the first one joined.
ALTER TABLE users ADD COLUMN last_org TEXT NOT NULL DEFAULT '';
-- Tokens without a session (of versions that made none) are good when they were issued after this moment.
ALTER TABLE users ADD COLUMN signed_out_at INTEGER NOT NULL DEFAULT 0;

-- An account that is older was proved by nobody, since any organisation could make one of any address, with a password of its choice. It signs in
-- and stays a member as before. It is offered nothing at its address until its mailbox, or the operator, has proved it.

DROP INDEX users_local_email;
CREATE UNIQUE INDEX users_proved_email ON users (lower(email)) WHERE issuer = 'statuspage' AND proved_at IS NOT NULL;
CREATE INDEX users_unproved_email ON users (lower(email), created_at) WHERE issuer = 'statuspage' AND proved_at IS NULL;
CREATE UNIQUE INDEX users_held ON users (held_by, lower(email)) WHERE held_by IS NOT NULL;

-- Links that work once. Those of before this version die here: they were not bound to anything that dies with a password.
DROP TABLE links;
CREATE TABLE links (
  hash       TEXT PRIMARY KEY, -- of the secret, which is kept nowhere
  purpose    TEXT NOT NULL CHECK (purpose IN ('setup', 'reset', 'address', 'undo')),
  user_id    TEXT REFERENCES users (id), -- NULL for setup
  version    INTEGER NOT NULL, -- the account's credential_version that it is good for; undo outlives later ones
  email      TEXT NOT NULL, -- address: the new one; undo: the one before
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  CHECK ((purpose = 'setup') = (user_id IS NULL))
) STRICT;
CREATE INDEX links_age ON links (expires_at);
CREATE INDEX links_of_user ON links (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX links_one_reset ON links (user_id) WHERE purpose = 'reset';
CREATE UNIQUE INDEX links_one_address ON links (user_id) WHERE purpose = 'address';

-- A membership that is offered. It begins when its person accepts, and says nothing about whether there is an account.
CREATE TABLE offers (
  org_id      TEXT NOT NULL REFERENCES organizations (id),
  id          TEXT NOT NULL CHECK (length(id) = 36),
  email       TEXT NOT NULL CHECK (length(email) BETWEEN 1 AND 254),
  name        TEXT NOT NULL CHECK (length(name) <= 200), -- as the organisation wrote it
  role        TEXT NOT NULL CHECK (role IN ('admin', 'member')),
  actor_kind  TEXT NOT NULL CHECK (actor_kind IN ('user', 'key', 'system')), -- who offers it
  actor_id    TEXT NOT NULL,
  actor_name  TEXT NOT NULL,
  hash        TEXT NOT NULL UNIQUE, -- of its link's secret
  shown       INTEGER NOT NULL CHECK (shown IN (0, 1)), -- 1: the link was given to whoever offers, so it proves no mailbox
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  PRIMARY KEY (org_id, id)
) STRICT;
CREATE UNIQUE INDEX offers_email ON offers (org_id, lower(email));
CREATE INDEX offers_to ON offers (lower(email));
CREATE INDEX offers_newest ON offers (org_id, created_at, id);
CREATE INDEX offers_id ON offers (id);

-- A session is one sign-in on one device, or one token of the command line.
ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'browser' CHECK (kind IN ('browser', 'token'));
ALTER TABLE sessions ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
-- What the sign-in was proved by: password, mailbox, link (of an offer that was handed over), setup, operator.
ALTER TABLE sessions ADD COLUMN proof TEXT NOT NULL DEFAULT 'password';
UPDATE sessions SET created_at = advanced_at;

-- Sessions that have ended, for as long as a token of theirs may still be about. Every region looks here.
CREATE TABLE ended_sessions (
  session_id TEXT PRIMARY KEY,
  until      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_sessions_age ON ended_sessions (until);
-- However a session ends, it is written down: no code can forget it.
-- +goose StatementBegin
CREATE TRIGGER sessions_revoked AFTER UPDATE OF revoked_at ON sessions WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL BEGIN
  INSERT INTO ended_sessions (session_id, until) VALUES (NEW.id,
    CASE NEW.kind WHEN 'token' THEN NEW.expires_at + 60000 ELSE CAST(strftime('%s', 'now') AS INTEGER) * 1000 + 3600000 END) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions WHEN OLD.revoked_at IS NULL AND OLD.expires_at > CAST(strftime('%s', 'now') AS INTEGER) * 1000 BEGIN
  INSERT INTO ended_sessions (session_id, until) VALUES (OLD.id,
    CASE OLD.kind WHEN 'token' THEN OLD.expires_at + 60000 ELSE CAST(strftime('%s', 'now') AS INTEGER) * 1000 + 3600000 END) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- A row that is no 1 undoes its batch: what was decided on must still be so when it is written.
CREATE TABLE requirements (
  held INTEGER NOT NULL CONSTRAINT requirement CHECK (held = 1)
) STRICT;

-- +goose Down
DROP TABLE requirements;
DROP TRIGGER sessions_deleted;
DROP TRIGGER sessions_revoked;
DROP TABLE ended_sessions;
DELETE FROM session_tokens WHERE session_id IN (SELECT id FROM sessions WHERE kind = 'token');
DELETE FROM sessions WHERE kind = 'token';
ALTER TABLE sessions DROP COLUMN proof;
ALTER TABLE sessions DROP COLUMN address;
ALTER TABLE sessions DROP COLUMN device;
ALTER TABLE sessions DROP COLUMN created_at;
ALTER TABLE sessions DROP COLUMN kind;
DROP TABLE offers;
DROP TABLE links;
-- The older version knows one account an address: those that are held go, whole.
DELETE FROM members WHERE user_id IN (SELECT id FROM users WHERE held_by IS NOT NULL);
DELETE FROM session_tokens WHERE session_id IN (SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.held_by IS NOT NULL);
DELETE FROM sessions WHERE user_id IN (SELECT id FROM users WHERE held_by IS NOT NULL);
DELETE FROM users WHERE held_by IS NOT NULL;
DROP INDEX users_held;
DROP INDEX users_unproved_email;
DROP INDEX users_proved_email;
CREATE UNIQUE INDEX users_local_email ON users (lower(email)) WHERE issuer = 'statuspage';
ALTER TABLE users DROP COLUMN signed_out_at;
ALTER TABLE users DROP COLUMN last_org;
ALTER TABLE users DROP COLUMN credential_version;
ALTER TABLE users DROP COLUMN held_by;
ALTER TABLE users DROP COLUMN proved_at;
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
