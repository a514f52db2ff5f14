-- +goose Up
-- Who may see a page that is not public. An event names a row by its id: whoever reads the log may not know what is in it.
CREATE TABLE page_access (
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  id         TEXT NOT NULL CHECK (length(id) <= 36),
  kind       TEXT NOT NULL CHECK (length(kind) <= 32),
  password   TEXT NOT NULL CHECK (length(password) <= 200), -- PHC string, or ''
  domains    TEXT NOT NULL CHECK (length(domains) <= 30000), -- JSON
  emails     TEXT NOT NULL CHECK (length(emails) <= 150000), -- JSON
  networks   TEXT NOT NULL CHECK (length(networks) <= 6000), -- JSON
  secret     TEXT NOT NULL CHECK (length(secret) <= 64), -- what readers' cookies are sealed with: another one signs everybody out
  feed_key   TEXT NOT NULL CHECK (length(feed_key) <= 64),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;

-- Links that were mailed to readers; each works once. Of an address that may not see the page there is one, too, with no address in it.
CREATE TABLE access_links (
  hash       TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  email      TEXT NOT NULL CHECK (length(email) <= 1016),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_links_by_expiry ON access_links (expires_at);
CREATE INDEX access_links_by_org ON access_links (org_id);

-- +goose Down
DROP TABLE access_links;
DROP TABLE page_access;
