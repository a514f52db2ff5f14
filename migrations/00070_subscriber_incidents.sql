-- +goose Up
-- Who wants to hear of one incident alone, until it is over.
CREATE TABLE subscriber_incidents (
  subscriber  INTEGER NOT NULL REFERENCES subscribers (num) ON DELETE CASCADE,
  org_id      TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  PRIMARY KEY (subscriber, incident_id),
  FOREIGN KEY (org_id, incident_id) REFERENCES incidents (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriber_incidents_of ON subscriber_incidents (org_id, incident_id);

-- +goose Down
DROP TABLE subscriber_incidents;
