-- +goose Up
-- Audiences of a page: some readers, who alone see the services that are for them. JSON; who belongs to each, with what
-- its readers' cookies are sealed with.
ALTER TABLE page_access ADD COLUMN audiences TEXT NOT NULL DEFAULT '[]' CHECK (length(audiences) <= 500000);

-- +goose Down
ALTER TABLE page_access DROP COLUMN audiences;
