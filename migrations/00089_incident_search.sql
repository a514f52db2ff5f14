-- +goose Up
-- What is searched for in incidents. FTS4 is compiled into go-sqlite3 as it comes and into libSQL's server; FTS5 would
-- ask for a build tag wherever this is built. A document is an incident's own texts (part is '') or one message of it,
-- so that what a message costs does not depend on how long its incident is. Each has its organisation as a word.
CREATE TABLE incident_words (
  docid       INTEGER PRIMARY KEY,
  org_id      TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  part        TEXT NOT NULL CHECK (length(part) <= 36), -- the id of a message
  UNIQUE (org_id, incident_id, part)
) STRICT;

CREATE VIRTUAL TABLE incident_text USING fts4 (org, words, prefix="2,4", tokenize=unicode61 "remove_diacritics=2");
INSERT INTO incident_text (incident_text) VALUES ('automerge=8');

INSERT INTO incident_words (org_id, incident_id, part) SELECT org_id, id, '' FROM incidents WHERE deleted_at IS NULL;
INSERT INTO incident_words (org_id, incident_id, part)
SELECT u.org_id, u.incident_id, u.id FROM incident_updates u
JOIN incidents i ON i.org_id = u.org_id AND i.id = u.incident_id WHERE i.deleted_at IS NULL;
INSERT INTO incident_text (docid, org, words)
SELECT w.docid, 'o' || replace(w.org_id, '-', ''), i.title || char(10) || i.description || char(10) || i.postmortem
FROM incident_words w JOIN incidents i ON i.org_id = w.org_id AND i.id = w.incident_id WHERE w.part = '';
INSERT INTO incident_text (docid, org, words)
SELECT w.docid, 'o' || replace(w.org_id, '-', ''), u.body
FROM incident_words w
JOIN incident_updates u ON u.org_id = w.org_id AND u.incident_id = w.incident_id AND u.id = w.part;

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

-- +goose Down
DROP TRIGGER incident_updates_corrected;
DROP TRIGGER incident_updates_told;
DROP TRIGGER incidents_deleted;
DROP TRIGGER incidents_corrected;
DROP TRIGGER incidents_opened;
DROP TRIGGER incident_words_gone;
DROP TABLE incident_text;
DROP TABLE incident_words;
