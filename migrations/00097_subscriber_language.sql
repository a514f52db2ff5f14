-- +goose Up
-- The language that a subscriber is told in: that of the page on which they subscribed, or the one that they chose
-- since; '' is the page's own.
ALTER TABLE subscribers ADD COLUMN language TEXT NOT NULL DEFAULT '' CHECK (length(language) <= 35);

-- +goose Down
ALTER TABLE subscribers DROP COLUMN language;
