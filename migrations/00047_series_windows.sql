-- +goose Up
-- Which window a series planned for which of its times, and what it wrote there. What somebody changed by hand since is theirs.
CREATE TABLE series_windows (
  org_id     TEXT NOT NULL,
  series_id  TEXT NOT NULL,
  starts_at  INTEGER NOT NULL, -- when the rule says that it comes
  window_id  TEXT NOT NULL,
  version    INTEGER NOT NULL, -- of the series that it was brought up to
  made       INTEGER NOT NULL CHECK (made IN (0, 1)), -- 0: it is about to be planned
  planned    TEXT NOT NULL, -- JSON: title, description, services, from, until
  PRIMARY KEY (org_id, series_id, starts_at),
  FOREIGN KEY (org_id, series_id) REFERENCES maintenance_series (org_id, id)
) STRICT, WITHOUT ROWID;
-- 0: windows that it planned before are not listed yet.
ALTER TABLE maintenance_series ADD COLUMN listed INTEGER NOT NULL DEFAULT 0 CHECK (listed IN (0, 1));
-- 1: subscribers hear of the window by its first reminder, and until then of nothing.
ALTER TABLE quiet_maintenances ADD COLUMN until_reminded INTEGER NOT NULL DEFAULT 0 CHECK (until_reminded IN (0, 1));

-- +goose Down
ALTER TABLE quiet_maintenances DROP COLUMN until_reminded;
ALTER TABLE maintenance_series DROP COLUMN listed;
DROP TABLE series_windows;
