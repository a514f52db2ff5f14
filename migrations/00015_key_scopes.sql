-- +goose Up
-- Whoever made a key answers for it, or whom it was handed over to: it ends with their membership. '' is nobody, which only old keys have.
ALTER TABLE api_keys ADD COLUMN owner_id TEXT NOT NULL DEFAULT '';
-- What its maker was called then: a person of the organisation, or another key.
ALTER TABLE api_keys ADD COLUMN created_by_name TEXT NOT NULL DEFAULT '';
-- A legacy key is older than the scope admin: what it may read and write is not only the page.
ALTER TABLE api_keys ADD COLUMN legacy INTEGER NOT NULL DEFAULT 0 CHECK (legacy IN (0, 1));

UPDATE api_keys SET legacy = 1,
  created_by_name = coalesce((SELECT iif(u.name = '', u.email, u.name) FROM members m JOIN users u ON u.id = m.user_id WHERE m.org_id = api_keys.org_id AND m.user_id = api_keys.created_by), ''),
  owner_id = coalesce((SELECT m.user_id FROM members m WHERE m.org_id = api_keys.org_id AND m.user_id = api_keys.created_by AND m.role = 'admin'), '');
CREATE INDEX api_keys_owner ON api_keys (org_id, owner_id) WHERE revoked_at IS NULL;

-- A key ends with the membership of its owner, however that ends: by an admin, by its person, by another issuer. It stays ended when they come back.
-- +goose StatementBegin
CREATE TRIGGER members_removed_end_keys AFTER DELETE ON members BEGIN
  UPDATE api_keys SET revoked_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
  WHERE org_id = OLD.org_id AND owner_id = OLD.user_id AND revoked_at IS NULL;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER members_demoted_end_keys AFTER UPDATE OF role ON members WHEN NEW.role <> 'admin' BEGIN
  UPDATE api_keys SET revoked_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
  WHERE org_id = NEW.org_id AND owner_id = NEW.user_id AND revoked_at IS NULL AND scopes <> 'read';
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER members_demoted_end_keys;
DROP TRIGGER members_removed_end_keys;
DROP INDEX api_keys_owner;
ALTER TABLE api_keys DROP COLUMN legacy;
ALTER TABLE api_keys DROP COLUMN created_by_name;
ALTER TABLE api_keys DROP COLUMN owner_id;
