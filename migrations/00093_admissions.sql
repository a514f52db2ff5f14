-- +goose Up
-- Who may come in is remembered by each process until the value of 'admissions' is another one, which each poll of the log reads. Whatever
-- changes who a token or key is, or whether it still lets in, must raise it. A new session, account or organisation lets in nobody who was
-- looked up before, and does not.
INSERT INTO meta (key, value) VALUES ('admissions', hex(randomblob(16)));
-- +goose StatementBegin
CREATE TRIGGER members_added_raise AFTER INSERT ON members BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER members_changed_raise AFTER UPDATE ON members BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER members_removed_raise AFTER DELETE ON members BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_changed_raise AFTER UPDATE OF email, name, signed_out_at, issuer, subject ON users BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_deleted_raise AFTER DELETE ON users BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sessions_changed_raise AFTER UPDATE OF user_id, kind, factor ON sessions BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sessions_ended_raise AFTER INSERT ON ended_sessions BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER organizations_renamed_raise AFTER UPDATE OF slug, name ON organizations
WHEN NEW.slug <> OLD.slug OR NEW.name <> OLD.name BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER organizations_erased_raise AFTER DELETE ON organizations BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER organizations_deleted_raise AFTER INSERT ON deleted_organizations BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER organizations_restored_raise AFTER DELETE ON deleted_organizations BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER security_set_raise AFTER INSERT ON organization_security BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER security_changed_raise AFTER UPDATE OF second_factor ON organization_security BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER keys_added_raise AFTER INSERT ON api_keys BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER keys_changed_raise AFTER UPDATE OF id, name, prefix, hash, scopes, legacy, owner_id, expires_at, revoked_at ON api_keys BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER keys_deleted_raise AFTER DELETE ON api_keys BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER issuers_linked_raise AFTER INSERT ON external_organizations BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER issuers_moved_raise AFTER UPDATE ON external_organizations BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER issuers_unlinked_raise AFTER DELETE ON external_organizations BEGIN
  UPDATE meta SET value = hex(randomblob(16)) WHERE key = 'admissions';
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER issuers_unlinked_raise;
DROP TRIGGER issuers_moved_raise;
DROP TRIGGER issuers_linked_raise;
DROP TRIGGER keys_deleted_raise;
DROP TRIGGER keys_changed_raise;
DROP TRIGGER keys_added_raise;
DROP TRIGGER security_changed_raise;
DROP TRIGGER security_set_raise;
DROP TRIGGER organizations_restored_raise;
DROP TRIGGER organizations_deleted_raise;
DROP TRIGGER organizations_erased_raise;
DROP TRIGGER organizations_renamed_raise;
DROP TRIGGER sessions_ended_raise;
DROP TRIGGER sessions_changed_raise;
DROP TRIGGER users_deleted_raise;
DROP TRIGGER users_changed_raise;
DROP TRIGGER members_removed_raise;
DROP TRIGGER members_changed_raise;
DROP TRIGGER members_added_raise;
DELETE FROM meta WHERE key = 'admissions';
