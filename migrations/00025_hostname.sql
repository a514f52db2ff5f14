-- +goose Up
-- hostname is what is served, of one organisation alone; hostname_wanted is what somebody wishes, which keeps nobody else from it.
ALTER TABLE organizations ADD COLUMN hostname_wanted TEXT NOT NULL DEFAULT '' CHECK (length(hostname_wanted) <= 253);
ALTER TABLE organizations ADD COLUMN hostname_proved_at INTEGER;
ALTER TABLE organizations ADD COLUMN hostname_until INTEGER;
-- Names of before go on for thirty days, within which they must be proved.
UPDATE organizations SET hostname_wanted = hostname, hostname_until = CAST(strftime('%s', 'now') AS INTEGER) * 1000 + 2592000000 WHERE hostname IS NOT NULL;
-- When the proof was looked at, and since when it has been missing.
CREATE TABLE hostname_checks (
  org_id        TEXT PRIMARY KEY REFERENCES organizations (id),
  hostname      TEXT NOT NULL,
  checked_at    INTEGER NOT NULL,
  missing_since INTEGER
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE hostname_checks;
UPDATE organizations SET hostname = NULL WHERE hostname_proved_at IS NULL AND hostname_until IS NULL;
ALTER TABLE organizations DROP COLUMN hostname_until;
ALTER TABLE organizations DROP COLUMN hostname_proved_at;
ALTER TABLE organizations DROP COLUMN hostname_wanted;
