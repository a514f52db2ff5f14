package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Limits of what a team is told: of one source to one receiver, and of an organisation, within an hour. What was told
// to be down is told to be up beyond them.
const (
	TeamOfSource = 6
	TeamOfOrg    = 200
	teamWithin   = time.Hour
)

// Destination is where an organisation's team is told.
type Destination struct {
	ID        string
	Name      string
	Kind      string
	Host      string // of the address, or whom a mail goes to
	Address   string // sealed
	Events    []string
	Paused    bool
	SentAt    status.Time // when it took something last; 0 is never
	FailedAt  status.Time // since when it takes nothing; 0 is not known to fail
	Problem   string
	CreatedAt status.Time
	UpdatedAt status.Time
	Version   int64
}

// Wire is the `destination` of the REST API: without its address.
func (d *Destination) Wire(f *wire.Fields) {
	d.WireSettings(f)
	wireTime(f, "sent_at", d.SentAt)
	wireTime(f, "failed_at", d.FailedAt)
	f.Str("problem", &d.Problem)
	f.Time("created_at", &d.CreatedAt)
	f.Time("updated_at", &d.UpdatedAt)
	f.Int("version", &d.Version)
}

// WireSettings are what somebody chose, as the audit log keeps it.
func (d *Destination) WireSettings(f *wire.Fields) {
	f.Str("id", &d.ID)
	f.Str("name", &d.Name)
	f.Str("kind", &d.Kind)
	f.Str("host", &d.Host)
	f.Strings("events", &d.Events)
	f.Bool("paused", &d.Paused)
}

func wireTime(f *wire.Fields, key string, t status.Time) {
	if t == 0 {
		f.Raw(key, []byte("null"))
		return
	}
	f.Time(key, &t)
}

const destinationColumns = `SELECT id, name, kind, host, address, events, paused, coalesce(sent_at, 0),
 coalesce(failed_at, 0), problem, created_at, updated_at, version FROM destinations WHERE org_id = ?`

func scanDestination(rows *sql.Rows, d *Destination) error {
	var events []byte
	if err := rows.Scan(&d.ID, &d.Name, &d.Kind, &d.Host, &d.Address, &events, &d.Paused, &d.SentAt, &d.FailedAt,
		&d.Problem, &d.CreatedAt, &d.UpdatedAt, &d.Version); err != nil {
		return err
	}
	return json.Unmarshal(events, &d.Events)
}

// Destinations lists them by name and counts them all.
func (o *Org) Destinations(ctx context.Context, s Span) ([]Destination, int, error) {
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM destinations WHERE org_id = ?`, []any{o.id}, &n); err != nil {
		return nil, 0, fmt.Errorf("count destinations: %w", err)
	}
	found, err := list(ctx, o.db, destinationColumns+` ORDER BY name, id LIMIT ? OFFSET ?`,
		[]any{o.id, s.Limit, s.Offset}, scanDestination)
	if err != nil {
		return nil, 0, fmt.Errorf("list destinations: %w", err)
	}
	return found, n, nil
}

// Destination reads one; ErrNone.
func (o *Org) Destination(ctx context.Context, id string) (Destination, error) {
	return first(list(ctx, o.db, destinationColumns+` AND id = ?`, []any{o.id, id}, scanDestination))
}

// AddDestination puts a new one into a batch.
func (o *Org) AddDestination(b *Batch, d *Destination) {
	b.Add(`INSERT INTO destinations (org_id, id, name, kind, host, address, events, paused, created_at, updated_at,
 version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, o.id, d.ID, d.Name, d.Kind, d.Host, d.Address,
		jsonStrings(d.Events), number(d.Paused), int64(d.CreatedAt), int64(d.UpdatedAt), d.Version)
}

// EditDestination puts what one is now into a batch, which is undone when somebody else changed it meanwhile.
func (o *Org) EditDestination(b *Batch, d *Destination) {
	o.unchanged(b, CountDestinations, d.ID, d.Version-1)
	b.Add(`UPDATE destinations SET name = ?, kind = ?, host = ?, address = ?, events = ?, paused = ?, failed_at = NULL,
 problem = '', updated_at = ?, version = ? WHERE org_id = ? AND id = ?`, d.Name, d.Kind, d.Host, d.Address,
		jsonStrings(d.Events), number(d.Paused), int64(d.UpdatedAt), d.Version, o.id, d.ID)
}

// DeleteDestination puts into a batch that one is gone, as it was read, with what it was to be told.
func (o *Org) DeleteDestination(b *Batch, d *Destination) {
	o.unchanged(b, CountDestinations, d.ID, d.Version)
	b.Add(`DELETE FROM team_messages WHERE org_id = ? AND destination = ?`, o.id, d.ID)
	b.Add(`DELETE FROM destinations WHERE org_id = ? AND id = ?`, o.id, d.ID)
}

// TeamMessage is what a team is told. Under one topic nothing is told twice to the same receiver; a newer one about the
// same source takes the place of one that was not sent yet.
type TeamMessage struct {
	Topic, Source, Kind string
	Events              []string // a destination that wants one of them is told
	Body                string   // JSON, for whoever delivers it
	At                  status.Time
	Admins              bool   // by mail, too
	Only                string // destination; "" is all
	User                string // one admin, by mail, too; "" is none
}

// Up is the kind of a message that takes an earlier one back. It goes to whom that went.
const Up = "up"

// within holds both limits, for a receiver r of (destination, user).
const within = ` AND (SELECT count(*) FROM team_messages t WHERE t.org_id = ?1 AND t.source = ?3 AND t.destination = r.d
 AND t.user_id = r.u AND t.kind <> 'up' AND t.created_at > ?7) < ?8
 AND (SELECT count(*) FROM team_messages t WHERE t.org_id = ?1 AND t.kind <> 'up' AND t.created_at > ?7) < ?9`

// wasTold is true of a receiver that was told last that something is down.
const wasTold = ` AND coalesce((SELECT t.kind FROM team_messages t WHERE t.org_id = ?1 AND t.source = ?3 AND
 t.destination = r.d AND t.user_id = r.u ORDER BY t.id DESC LIMIT 1), 'up') <> 'up'`

// TellTeam puts a message into a batch for each receiver that wants it.
func (o *Org) TellTeam(b *Batch, m TeamMessage) {
	whom := `SELECT id AS d, '' AS u FROM destinations WHERE org_id = ?1 AND paused = 0 AND (?11 = '' OR id = ?11) AND
 EXISTS (SELECT 1 FROM json_each(events) e JOIN json_each(?10) w ON w.value = e.value)`
	if m.Only != "" {
		whom = `SELECT id AS d, '' AS u FROM destinations WHERE org_id = ?1 AND id = ?11`
	}
	if m.Admins {
		whom += ` UNION ALL SELECT '', user_id FROM members WHERE org_id = ?1 AND role = 'admin'`
	}
	args := []any{o.id, m.Topic, m.Source, m.Kind, m.Body, int64(m.At), int64(m.At) - teamWithin.Milliseconds(),
		TeamOfSource, TeamOfOrg, jsonStrings(m.Events), m.Only}
	if m.User != "" {
		whom += ` UNION SELECT '', user_id FROM members WHERE org_id = ?1 AND user_id = ?12 AND role = 'admin'`
		args = append(args, m.User)
	}
	condition := within
	if m.Kind == Up {
		condition = wasTold
	}
	b.Add(`INSERT INTO team_messages (org_id, topic, source, kind, body, state, due_at, created_at, destination,
  user_id)
SELECT ?1, ?2, ?3, ?4, ?5, 'due', ?6, ?6, r.d, r.u FROM (`+whom+`) r WHERE 1 = 1`+condition+`
 ON CONFLICT DO NOTHING`, args...)
	b.Add(`DELETE FROM team_messages WHERE org_id = ?1 AND source = ?2 AND state = 'due' AND lease = '' AND id <
 (SELECT max(n.id) FROM team_messages n WHERE n.org_id = ?1 AND n.source = ?2 AND
 n.destination = team_messages.destination AND n.user_id = team_messages.user_id)`, o.id, m.Source)
}

// TeamJob is a message on its way to one receiver.
type TeamJob struct {
	ID      int64
	OrgID   string
	Kind    string
	Body    string
	Tries   int64
	Lease   string
	At      status.Time
	To      *Destination // nil is a mail to Email
	Email   string
	Topic   string
	Address string // of the receiver, in the clear: whoever delivers it opens it
}

// ClaimTeam leases what is due, n messages at most and few of one organisation, until a moment; none of those
// organisations that are busy.
func (db *DB) ClaimTeam(ctx context.Context, lease string, n, ofOne int, busy []string, now,
	until status.Time) ([]TeamJob, error) {
	due := 0
	if err := db.row(ctx, `SELECT count(*) FROM (SELECT 1 FROM team_messages WHERE state = 'due' AND due_at <= ? LIMIT
  1)`,
		[]any{int64(now)}, &due); err != nil || due == 0 {
		return nil, err
	}
	var b Batch
	b.Add(`UPDATE team_messages SET lease = ?, due_at = ? WHERE id IN (SELECT id FROM (SELECT id, due_at,
 row_number() OVER (PARTITION BY org_id ORDER BY due_at, id) AS nth FROM team_messages WHERE state = 'due' AND
 due_at <= ? AND `+living("team_messages")+` AND org_id NOT IN (SELECT value FROM json_each(?))) WHERE nth <= ?
 ORDER BY due_at, id LIMIT ?)`, lease, int64(until), int64(now), jsonStrings(append([]string{}, busy...)), ofOne, n)
	if err := db.Do(ctx, &b); err != nil {
		return nil, fmt.Errorf("claim what the team is told: %w", err)
	}
	return list(ctx, db, `SELECT t.id, t.org_id, t.kind, t.body, t.tries, t.lease, t.created_at, t.topic,
 coalesce(d.id, ''), coalesce(d.kind, ''), coalesce(d.address, ''), coalesce(d.paused, 0), coalesce(u.email, '')
FROM team_messages t LEFT JOIN destinations d ON d.org_id = t.org_id AND d.id = t.destination
LEFT JOIN members m ON m.org_id = t.org_id AND m.user_id = t.user_id AND m.role = 'admin'
LEFT JOIN users u ON u.id = m.user_id WHERE t.lease = ?`, []any{lease}, func(rows *sql.Rows, j *TeamJob) error {
		var d Destination
		if err := rows.Scan(&j.ID, &j.OrgID, &j.Kind, &j.Body, &j.Tries, &j.Lease, &j.At, &j.Topic, &d.ID, &d.Kind,
			&d.Address, &d.Paused, &j.Email); err != nil {
			return err
		}
		if d.ID != "" {
			j.To = &d
		}
		return nil
	})
}

// SentTeam puts into a batch that a message arrived.
func SentTeam(b *Batch, j *TeamJob, now status.Time) {
	b.Add(`UPDATE team_messages SET state = 'sent', lease = '' WHERE id = ? AND lease = ?`, j.ID, j.Lease)
	if j.To != nil {
		b.Add(`UPDATE destinations SET sent_at = ?, failed_at = NULL, problem = '' WHERE org_id = ? AND id = ?`,
			int64(now),
			j.OrgID, j.To.ID)
	}
}

// FailedTeam puts into a batch that a message did not arrive; it is tried again at a moment, or not any more at 0.
func FailedTeam(b *Batch, j *TeamJob, problem string, now, again status.Time) {
	state := "due"
	if again == 0 {
		state, again = "dead", now
	}
	b.Add(`UPDATE team_messages SET state = ?, lease = '', tries = tries + 1, due_at = ? WHERE id = ? AND lease = ?`,
		state, int64(again), j.ID, j.Lease)
	if j.To != nil {
		b.Add(`UPDATE destinations SET failed_at = coalesce(failed_at, ?), problem = ? WHERE org_id = ? AND id = ?`,
			int64(now), problem, j.OrgID, j.To.ID)
	}
}

// DropTeam puts into a batch that there is nobody to tell any more.
func DropTeam(b *Batch, j *TeamJob) {
	b.Add(`DELETE FROM team_messages WHERE id = ? AND lease = ?`, j.ID, j.Lease)
}

// ForgetTeam deletes what was told before a moment, and says whether that was all.
func (db *DB) ForgetTeam(ctx context.Context, before status.Time, n int) (done bool, err error) {
	count := 0
	if err := db.row(ctx, `SELECT count(*) FROM (SELECT 1 FROM team_messages WHERE created_at < ? LIMIT ?)`,
		[]any{int64(before), n}, &count); err != nil || count == 0 {
		return true, err
	}
	var b Batch
	b.Add(`DELETE FROM team_messages WHERE id IN (SELECT id FROM team_messages WHERE created_at < ? LIMIT ?)`,
		int64(before), n)
	return count < n, db.Do(ctx, &b)
}
