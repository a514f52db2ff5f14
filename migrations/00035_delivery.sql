-- +goose Up
-- Subscribers are expanded after the commit of what is told, a chunk at a time: a message says whom it is for and how far that has come.
ALTER TABLE messages ADD COLUMN thread TEXT NOT NULL DEFAULT ''; -- the incident, window or service; '' is the subscription itself
ALTER TABLE messages ADD COLUMN seq INTEGER NOT NULL DEFAULT 0; -- of the event
ALTER TABLE messages ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0; -- of its jobs
ALTER TABLE messages ADD COLUMN audience TEXT NOT NULL DEFAULT ''; -- JSON: {services, only}
ALTER TABLE messages ADD COLUMN cursor INTEGER NOT NULL DEFAULT 0; -- the newest subscriber that has its job
ALTER TABLE messages ADD COLUMN upto INTEGER; -- the newest subscriber at the commit; NULL: all have their jobs
UPDATE messages SET thread = coalesce(json_extract(body, '$.incident.id'), json_extract(body, '$.maintenance.id'), json_extract(body, '$.service.id'), ''),
  seq = coalesce(json_extract(body, '$.seq'), 0) WHERE json_valid(body);
CREATE INDEX messages_open ON messages (org_id, id) WHERE upto IS NOT NULL;
CREATE INDEX messages_thread ON messages (thread, id) WHERE thread <> '';

-- Where a subscriber is reached: the domain of a mail address, host and port of any other.
ALTER TABLE subscribers ADD COLUMN host TEXT GENERATED ALWAYS AS (lower(CASE WHEN channel = 'email' THEN substr(address, instr(address, '@') + 1)
  ELSE substr(address, instr(address, '://') + 3, instr(replace(substr(address, instr(address, '://') + 3), '?', '/') || '/', '/') - 1) END)) VIRTUAL;

ALTER TABLE jobs ADD COLUMN thread TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN since INTEGER NOT NULL DEFAULT 0; -- the oldest message that this one also tells
ALTER TABLE jobs ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN slow INTEGER NOT NULL DEFAULT 0; -- 1: it waits apart, its receiver was slow or failed
ALTER TABLE jobs ADD COLUMN doubt INTEGER NOT NULL DEFAULT 0; -- 1: a try ended without an answer, it may have arrived
UPDATE jobs SET thread = (SELECT thread FROM messages m WHERE m.id = message_id), since = message_id;
UPDATE jobs SET host = coalesce((SELECT host FROM subscribers s WHERE s.num = subscriber), '') WHERE state = 'due';
UPDATE jobs SET lane = 'hook', slow = 1 WHERE lane = 'slow';
UPDATE jobs SET lane = 'hook' WHERE lane = 'prompt' AND subscriber IN (SELECT num FROM subscribers WHERE channel <> 'email');
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (lane, slow, due_at) WHERE state = 'due';
CREATE INDEX jobs_turn ON jobs (lane, slow, org_id, due_at) WHERE state = 'due';
CREATE INDEX jobs_slow ON jobs (lane, org_id, host, due_at) WHERE state = 'due' AND slow = 1;
CREATE INDEX jobs_host ON jobs (host, lane, slow) WHERE state = 'due';
CREATE INDEX jobs_thread ON jobs (thread, subscriber, message_id) WHERE thread <> '';
CREATE INDEX jobs_subscriber ON jobs (subscriber) WHERE state <> 'sent';

-- Who sends. A lease begins with its holder's id: that of a process which is gone is freed at once.
CREATE TABLE workers (
  id      TEXT PRIMARY KEY,
  process TEXT NOT NULL, -- machine, boot, pid and start
  beat    INTEGER NOT NULL -- goes up while it holds leases
) STRICT;

-- Incidents that were opened without a word: nothing more of them is told until somebody says so.
CREATE TABLE quiet_incidents (
  org_id      TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  PRIMARY KEY (org_id, incident_id),
  FOREIGN KEY (org_id, incident_id) REFERENCES incidents (org_id, id)
) STRICT, WITHOUT ROWID;

-- Dead deliveries that an admin wants to be tried again, up to a job's id.
CREATE TABLE revivals (
  org_id TEXT PRIMARY KEY REFERENCES organizations (id),
  cursor INTEGER NOT NULL,
  upto   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE revivals;
DROP TABLE quiet_incidents;
DROP TABLE workers;
DROP INDEX jobs_subscriber;
DROP INDEX jobs_thread;
DROP INDEX jobs_host;
DROP INDEX jobs_slow;
DROP INDEX jobs_turn;
DROP INDEX jobs_due;
UPDATE jobs SET lane = 'slow' WHERE lane = 'hook' AND slow = 1;
CREATE INDEX jobs_due ON jobs (lane, due_at) WHERE state = 'due';
ALTER TABLE jobs DROP COLUMN doubt;
ALTER TABLE jobs DROP COLUMN slow;
ALTER TABLE jobs DROP COLUMN host;
ALTER TABLE jobs DROP COLUMN since;
ALTER TABLE jobs DROP COLUMN thread;
ALTER TABLE subscribers DROP COLUMN host;
DROP INDEX messages_thread;
DROP INDEX messages_open;
ALTER TABLE messages DROP COLUMN upto;
ALTER TABLE messages DROP COLUMN cursor;
ALTER TABLE messages DROP COLUMN audience;
ALTER TABLE messages DROP COLUMN due_at;
ALTER TABLE messages DROP COLUMN seq;
ALTER TABLE messages DROP COLUMN thread;
