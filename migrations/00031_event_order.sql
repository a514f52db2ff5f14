-- +goose Up
-- The log of an organisation has no gap, whatever its writer believes: an event needs its predecessor. After a power cut at the database's
-- host the log may end before what a writer saw of it.
-- +goose StatementBegin
CREATE TRIGGER events_follow BEFORE INSERT ON events
WHEN NEW.seq > 1 AND NOT EXISTS (SELECT 1 FROM events WHERE org_id = NEW.org_id AND seq = NEW.seq - 1)
BEGIN SELECT RAISE(ABORT, 'an event without its predecessor'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER events_follow;
