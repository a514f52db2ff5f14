-- +goose Up
-- What visitors report: "I have this problem, too". Counts by service and ten minutes.
CREATE TABLE report_counts (
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  service_id TEXT NOT NULL,
  at         INTEGER NOT NULL, -- when its ten minutes begin
  count      INTEGER NOT NULL CHECK (count > 0),
  PRIMARY KEY (org_id, service_id, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_counts_by_time ON report_counts (at);

-- Who has reported what today, so that each counts once: a hash of the address under a secret that is thrown away with
-- the day, and the address itself nowhere.
CREATE TABLE report_marks (
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  service_id TEXT NOT NULL,
  day        INTEGER NOT NULL,
  hash       TEXT NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (org_id, service_id, day, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_marks_by_day ON report_marks (day);

-- When the team was told last that a service is reported more than usual.
CREATE TABLE report_alarms (
  org_id     TEXT NOT NULL REFERENCES organizations (id),
  service_id TEXT NOT NULL,
  told_at    INTEGER NOT NULL,
  count      INTEGER NOT NULL,
  PRIMARY KEY (org_id, service_id)
) STRICT, WITHOUT ROWID;

-- The index of words once more, without the texts themselves and without an index of beginnings: a message took more
-- than twice its size. What is indexed is a view, which FTS4 reads when a row goes: triggers come before the change.
DROP TRIGGER incident_words_gone;
DROP TRIGGER incidents_opened;
DROP TRIGGER incidents_corrected;
DROP TRIGGER incidents_deleted;
DROP TRIGGER incident_updates_told;
DROP TRIGGER incident_updates_corrected;
DROP TABLE incident_text;
-- Messages that were withdrawn are not found any more.
DELETE FROM incident_words WHERE part <> '' AND NOT EXISTS (SELECT 1 FROM incident_updates u
  WHERE u.org_id = incident_words.org_id AND u.incident_id = incident_words.incident_id AND u.id = incident_words.part);
CREATE VIEW incident_texts AS
SELECT w.docid AS rowid, 'o' || replace(w.org_id, '-', '') AS org,
  CASE w.part WHEN '' THEN (SELECT i.title || char(10) || i.description || char(10) || i.postmortem FROM incidents i
      WHERE i.org_id = w.org_id AND i.id = w.incident_id)
    ELSE (SELECT u.body FROM incident_updates u
      WHERE u.org_id = w.org_id AND u.incident_id = w.incident_id AND u.id = w.part) END AS words
FROM incident_words w;
CREATE VIRTUAL TABLE incident_text USING fts4 (content="incident_texts", org, words,
  tokenize=unicode61 "remove_diacritics=2");
INSERT INTO incident_text (incident_text) VALUES ('automerge=8');
INSERT INTO incident_text (docid, org, words) SELECT rowid, org, words FROM incident_texts;
-- +goose StatementBegin
CREATE TRIGGER incident_words_gone BEFORE DELETE ON incident_words BEGIN
  DELETE FROM incident_text WHERE docid = old.docid;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incidents_opened AFTER INSERT ON incidents WHEN new.deleted_at IS NULL BEGIN
  INSERT INTO incident_words (org_id, incident_id, part) VALUES (new.org_id, new.id, '');
  INSERT INTO incident_text (docid, org, words) SELECT rowid, org, words FROM incident_texts
  WHERE rowid = (SELECT docid FROM incident_words
    WHERE org_id = new.org_id AND incident_id = new.id AND part = '');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incidents_to_correct BEFORE UPDATE OF title, description, postmortem ON incidents
WHEN old.title <> new.title OR old.description <> new.description OR old.postmortem <> new.postmortem BEGIN
  DELETE FROM incident_text WHERE docid = (SELECT docid FROM incident_words
    WHERE org_id = old.org_id AND incident_id = old.id AND part = '');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incidents_corrected AFTER UPDATE OF title, description, postmortem ON incidents
WHEN old.title <> new.title OR old.description <> new.description OR old.postmortem <> new.postmortem BEGIN
  INSERT INTO incident_text (docid, org, words) SELECT rowid, org, words FROM incident_texts
  WHERE rowid = (SELECT docid FROM incident_words
    WHERE org_id = new.org_id AND incident_id = new.id AND part = '');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incidents_deleted AFTER UPDATE OF deleted_at ON incidents WHEN new.deleted_at IS NOT NULL BEGIN
  DELETE FROM incident_words WHERE org_id = new.org_id AND incident_id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incident_updates_told AFTER INSERT ON incident_updates BEGIN
  INSERT INTO incident_words (org_id, incident_id, part) VALUES (new.org_id, new.incident_id, new.id);
  INSERT INTO incident_text (docid, org, words) SELECT rowid, org, words FROM incident_texts
  WHERE rowid = (SELECT docid FROM incident_words
    WHERE org_id = new.org_id AND incident_id = new.incident_id AND part = new.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incident_updates_to_correct BEFORE UPDATE OF body ON incident_updates WHEN old.body <> new.body BEGIN
  DELETE FROM incident_text WHERE docid = (SELECT docid FROM incident_words
    WHERE org_id = old.org_id AND incident_id = old.incident_id AND part = old.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incident_updates_corrected AFTER UPDATE OF body ON incident_updates WHEN old.body <> new.body BEGIN
  INSERT INTO incident_text (docid, org, words) SELECT rowid, org, words FROM incident_texts
  WHERE rowid = (SELECT docid FROM incident_words
    WHERE org_id = new.org_id AND incident_id = new.incident_id AND part = new.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incident_updates_withdrawn BEFORE DELETE ON incident_updates BEGIN
  DELETE FROM incident_words WHERE org_id = old.org_id AND incident_id = old.incident_id AND part = old.id;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER incident_updates_withdrawn;
DROP TRIGGER incident_updates_corrected;
DROP TRIGGER incident_updates_to_correct;
DROP TRIGGER incident_updates_told;
DROP TRIGGER incidents_deleted;
DROP TRIGGER incidents_corrected;
DROP TRIGGER incidents_to_correct;
DROP TRIGGER incidents_opened;
DROP TRIGGER incident_words_gone;
DROP TABLE incident_text;
CREATE VIRTUAL TABLE incident_text USING fts4 (org, words, prefix="2,4", tokenize=unicode61 "remove_diacritics=2");
INSERT INTO incident_text (docid, org, words) SELECT rowid, org, words FROM incident_texts;
DROP VIEW incident_texts;
-- +goose StatementBegin
CREATE TRIGGER incident_words_gone AFTER DELETE ON incident_words BEGIN
  DELETE FROM incident_text WHERE docid = old.docid;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incidents_opened AFTER INSERT ON incidents WHEN new.deleted_at IS NULL BEGIN
  INSERT INTO incident_words (org_id, incident_id, part) VALUES (new.org_id, new.id, '');
  INSERT INTO incident_text (docid, org, words)
  SELECT docid, 'o' || replace(org_id, '-', ''), new.title || char(10) || new.description || char(10) || new.postmortem
  FROM incident_words WHERE org_id = new.org_id AND incident_id = new.id AND part = '';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incidents_corrected AFTER UPDATE OF title, description, postmortem ON incidents
WHEN new.deleted_at IS NULL
 AND (old.title <> new.title OR old.description <> new.description OR old.postmortem <> new.postmortem) BEGIN
  UPDATE incident_text SET words = new.title || char(10) || new.description || char(10) || new.postmortem
  WHERE docid = (SELECT docid FROM incident_words WHERE org_id = new.org_id AND incident_id = new.id AND part = '');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incidents_deleted AFTER UPDATE OF deleted_at ON incidents WHEN new.deleted_at IS NOT NULL BEGIN
  DELETE FROM incident_words WHERE org_id = new.org_id AND incident_id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incident_updates_told AFTER INSERT ON incident_updates BEGIN
  INSERT INTO incident_words (org_id, incident_id, part) VALUES (new.org_id, new.incident_id, new.id);
  INSERT INTO incident_text (docid, org, words)
  SELECT docid, 'o' || replace(org_id, '-', ''), new.body
  FROM incident_words WHERE org_id = new.org_id AND incident_id = new.incident_id AND part = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incident_updates_corrected AFTER UPDATE OF body ON incident_updates WHEN old.body <> new.body BEGIN
  UPDATE incident_text SET words = new.body
  WHERE docid = (SELECT docid FROM incident_words
    WHERE org_id = new.org_id AND incident_id = new.incident_id AND part = new.id);
END;
-- +goose StatementEnd

DROP TABLE report_alarms;
DROP TABLE report_marks;
DROP TABLE report_counts;
