-- +goose Up
-- The token that was exchanged last. Its answer may have been lost: it is good until a successor of it is used.
ALTER TABLE sessions ADD COLUMN advanced_by TEXT NOT NULL DEFAULT '' CHECK (length(advanced_by) IN (0, 64));

-- +goose Down
ALTER TABLE sessions DROP COLUMN advanced_by;
