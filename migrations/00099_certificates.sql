-- +goose Up
-- What TLS=acme keeps: account, keys, certificates and open challenges, each value sealed. See server/certificate.
CREATE TABLE certificate_files (
  key         TEXT PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 1000),
  sealed      TEXT NOT NULL CHECK (length(sealed) <= 1000000),
  bytes       INTEGER NOT NULL, -- of the value before it was sealed
  modified_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is about to obtain which certificate, and until when nobody else is.
CREATE TABLE certificate_locks (
  name   TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 1000),
  holder TEXT NOT NULL,
  until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE certificate_locks;
DROP TABLE certificate_files;
