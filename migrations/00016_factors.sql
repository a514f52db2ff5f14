-- +goose Up
-- Second factors belong to an account of the built-in issuer, and to its person alone.
CREATE TABLE factors (
  user_id       TEXT NOT NULL REFERENCES users (id),
  id            TEXT PRIMARY KEY CHECK (length(id) = 36),
  kind          TEXT NOT NULL CHECK (kind IN ('totp', 'passkey')),
  name          TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  party         TEXT NOT NULL, -- of a passkey: the host name that it is for; '' of a totp
  credential_id TEXT,          -- of a passkey: base64url; NULL of a totp
  secret        TEXT NOT NULL, -- of a totp: sealed with SECRETS_KEY; of a passkey: its public record, JSON
  last_step     INTEGER NOT NULL DEFAULT 0, -- of a totp: the newest step of 30 s whose code was used; none before it is taken again
  created_at    INTEGER NOT NULL,
  last_used_at  INTEGER,
  CHECK ((kind = 'passkey') = (credential_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX factors_credential ON factors (credential_id) WHERE credential_id IS NOT NULL;
CREATE UNIQUE INDEX factors_one_totp ON factors (user_id) WHERE kind = 'totp';
CREATE INDEX factors_of_user ON factors (user_id, created_at, id);

-- Each works once: using it deletes it.
CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES users (id),
  hash    TEXT NOT NULL,
  PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- What waits for a second factor: a sign-in whose first was right, a factor that is being added, a confirmation. spent is a challenge of a
-- sign-in by passkey alone, which was answered.
CREATE TABLE challenges (
  hash       TEXT PRIMARY KEY, -- of the secret, which is kept nowhere
  purpose    TEXT NOT NULL CHECK (purpose IN ('sign_in', 'totp', 'passkey', 'confirm', 'spent')),
  user_id    TEXT NOT NULL REFERENCES users (id),
  version    INTEGER NOT NULL, -- the account's credential_version that it is good for
  session_id TEXT NOT NULL,    -- of the session that adds or confirms; '' of a sign-in
  data       TEXT NOT NULL,    -- what its answer is held against, JSON
  attempts   INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX challenges_age ON challenges (expires_at);
CREATE INDEX challenges_of_user ON challenges (user_id);

-- By which second factor a session was begun, '' by none, and when its person last gave a password or a factor.
ALTER TABLE sessions ADD COLUMN factor TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0;

-- What an organisation asks of its people. It is no part of the page, which the public log tells.
CREATE TABLE organization_security (
  org_id        TEXT PRIMARY KEY REFERENCES organizations (id),
  second_factor INTEGER NOT NULL CHECK (second_factor IN (0, 1)),
  updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whoever had an account before its mailbox was proved may be somebody else: what they set up ends with the proof.
-- +goose StatementBegin
CREATE TRIGGER users_proved_end_factors AFTER UPDATE OF proved_at ON users WHEN OLD.proved_at IS NULL AND NEW.proved_at IS NOT NULL BEGIN
  DELETE FROM factors WHERE user_id = NEW.id;
  DELETE FROM recovery_codes WHERE user_id = NEW.id;
  DELETE FROM challenges WHERE user_id = NEW.id;
  UPDATE sessions SET factor = '' WHERE user_id = NEW.id AND factor <> '';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_deleted_end_factors BEFORE DELETE ON users BEGIN
  DELETE FROM factors WHERE user_id = OLD.id;
  DELETE FROM recovery_codes WHERE user_id = OLD.id;
  DELETE FROM challenges WHERE user_id = OLD.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER organizations_deleted_end_security BEFORE DELETE ON organizations BEGIN
  DELETE FROM organization_security WHERE org_id = OLD.id;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER organizations_deleted_end_security;
DROP TRIGGER users_deleted_end_factors;
DROP TRIGGER users_proved_end_factors;
DROP TABLE organization_security;
ALTER TABLE sessions DROP COLUMN confirmed_at;
ALTER TABLE sessions DROP COLUMN factor;
DROP TABLE challenges;
DROP TABLE recovery_codes;
DROP TABLE factors;
