-- +goose Up
-- UNTIL in UTC is UTC now; it was read by the clock of the place. What the dashboard wrote meant the whole last day there, and says so now.
UPDATE maintenance_series SET rrule = replace(rrule, 'T235959Z', '') WHERE rrule LIKE '%;UNTIL=________T235959Z';

-- +goose Down
UPDATE maintenance_series SET rrule = rrule || 'T235959Z' WHERE rrule LIKE '%;UNTIL=________' AND rrule NOT LIKE '%;UNTIL=%;%';
