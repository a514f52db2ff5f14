-- +goose Up
-- Organisations that were deleted: hidden at once, erased later. What is left of an erased one is its id here, so that its tokens and its
-- pages are refused in every region.
CREATE TABLE deleted_organizations (
  org_id     TEXT PRIMARY KEY,
  deleted_at INTEGER NOT NULL,
  erase_at   INTEGER NOT NULL,
  erasing    INTEGER NOT NULL DEFAULT 0 CHECK (erasing IN (0, 1)), -- from here on there is no way back
  erased_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX deleted_organizations_due ON deleted_organizations (erase_at) WHERE erased_at IS NULL;

-- The audit log is append-only while its organisation is.
DROP TRIGGER audit_log_keeps;
-- +goose StatementBegin
CREATE TRIGGER audit_log_keeps BEFORE DELETE ON audit_log
WHEN NOT EXISTS (SELECT 1 FROM deleted_organizations d WHERE d.org_id = OLD.org_id AND d.erasing = 1)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- Nothing is written for an organisation that is being erased.
-- +goose StatementBegin
CREATE TRIGGER events_of_the_living BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM deleted_organizations d WHERE d.org_id = NEW.org_id)
BEGIN SELECT RAISE(ABORT, 'the organization is deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER events_of_the_living;
DROP TRIGGER audit_log_keeps;
-- +goose StatementBegin
CREATE TRIGGER audit_log_keeps BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
DROP TABLE deleted_organizations;
