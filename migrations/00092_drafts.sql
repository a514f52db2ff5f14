-- +goose Up
-- Commands that are written and not brought yet. See server/store/draft.go.
CREATE TABLE drafts (
  org_id         TEXT NOT NULL REFERENCES organizations (id),
  id             TEXT NOT NULL CHECK (length(id) = 36),
  state          TEXT NOT NULL CHECK (state IN ('draft', 'review', 'approved', 'published')),
  command        TEXT NOT NULL CHECK (length(command) <= 100000), -- JSON, with its kind
  note           TEXT NOT NULL CHECK (length(note) <= 2000),
  author_id      TEXT NOT NULL CHECK (length(author_id) <= 200), -- kind and id of who wrote it last, as in user:…
  author_name    TEXT NOT NULL CHECK (length(author_name) <= 1000),
  written_at     INTEGER NOT NULL,
  people         TEXT NOT NULL CHECK (length(people) <= 2000), -- ids of the accounts behind the author
  approver_id    TEXT NOT NULL DEFAULT '' CHECK (length(approver_id) <= 200),
  approver_name  TEXT NOT NULL DEFAULT '' CHECK (length(approver_name) <= 1000),
  approved_at    INTEGER,
  words          TEXT NOT NULL DEFAULT '' CHECK (length(words) <= 2000), -- of who approved it
  due_at         INTEGER,
  scheduler      TEXT NOT NULL DEFAULT '' CHECK (length(scheduler) <= 200), -- who set due_at
  problem        TEXT NOT NULL DEFAULT '' CHECK (length(problem) <= 2000), -- why it was not published
  publisher_id   TEXT NOT NULL DEFAULT '' CHECK (length(publisher_id) <= 200),
  publisher_name TEXT NOT NULL DEFAULT '' CHECK (length(publisher_name) <= 1000),
  published_at   INTEGER,
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  version        INTEGER NOT NULL CHECK (version > 0),
  PRIMARY KEY (org_id, id)
) STRICT;
CREATE INDEX drafts_by_age ON drafts (org_id, created_at DESC, id DESC);
CREATE INDEX drafts_published ON drafts (org_id, published_at) WHERE published_at IS NOT NULL;
CREATE INDEX drafts_due ON drafts (due_at) WHERE due_at IS NOT NULL;

-- With it a draft is published only when a second person has approved it.
ALTER TABLE organization_security ADD COLUMN second_person INTEGER NOT NULL DEFAULT 0 CHECK (second_person IN (0, 1));

-- +goose Down
ALTER TABLE organization_security DROP COLUMN second_person;
DROP TABLE drafts;
