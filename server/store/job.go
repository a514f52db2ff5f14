package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Lane is a queue of its own, so that what is slow or many does not hold up the rest.
type Lane string

const (
	Prompt     Lane = "prompt" // mail that somebody is waiting for: a request to confirm
	Mail       Lane = "mail"
	Hook       Lane = "hook"        // any other channel
	SlowPrompt Lane = "slow-prompt" // the same, to receivers that were slow or failed last time
	SlowMail   Lane = "slow-mail"
	Slow       Lane = "slow"
)

// Lanes lists them all.
var Lanes = []Lane{Prompt, Mail, Hook, SlowPrompt, SlowMail, Slow}

// laneOf is a lane as two columns keep it.
var laneOf = map[Lane]struct {
	kind string
	slow int64
}{Prompt: {"prompt", 0}, Mail: {"mail", 0}, Hook: {"hook", 0}, SlowPrompt: {"prompt", 1}, SlowMail: {"mail", 1},
	Slow: {"hook", 1}}

// slower gives the lane in which a lane's slow receivers wait.
var slower = map[Lane]Lane{Prompt: SlowPrompt, Mail: SlowMail, Hook: Slow, SlowPrompt: SlowPrompt, SlowMail: SlowMail,
	Slow: Slow}

// Slower is the lane in which this one's slow receivers wait.
func (l Lane) Slower() Lane { return slower[l] }

// Apart says that it is a lane of slow receivers.
func (l Lane) Apart() bool { return laneOf[l].slow == 1 }

// States of a delivery.
const (
	Due  = "due"
	Sent = "sent"
	Dead = "dead"
)

// DeliveryStates lists them all.
var DeliveryStates = []string{Dead, Due, Sent}

// Join puts the statements of another batch behind those of this one.
func (b *Batch) Join(other *Batch) { b.statements = append(b.statements, other.statements...) }

// Delivery is a job as its organisation sees it.
type Delivery struct {
	ID        int64
	State     string
	Tries     int64
	Kind      string
	Title     string
	CreatedAt status.Time
	DueAt     status.Time
	DoneAt    *status.Time
	Problem   string
	To        Subscriber // its ID, Channel, Address and State
}

// Wire is a delivery as members see it.
func (d *Delivery) Wire(f *wire.Fields) {
	f.Int("id", &d.ID)
	f.Str("state", &d.State)
	f.Int("tries", &d.Tries)
	f.Str("type", &d.Kind)
	f.Str("title", &d.Title)
	wire.One(f, "subscriber", &d.To, func(s *Subscriber, f *wire.Fields) {
		f.Str("id", &s.ID)
		f.Str("channel", (*string)(&s.Channel))
		f.Derived("address", s.Shown())
		f.Str("state", &s.State)
	})
	f.Str("problem", &d.Problem)
	f.Time("created_at", &d.CreatedAt)
	f.Time("due_at", &d.DueAt)
	f.NullTime("done_at", &d.DoneAt)
}

// deliveryColumns calls a delivery what its incident, window or service is called now: words that were corrected are
// nowhere else.
const deliveryColumns = `SELECT j.id, j.state, j.tries, m.kind, coalesce(
 (SELECT title FROM incidents i WHERE i.org_id = m.org_id AND i.id = m.thread), (SELECT title FROM maintenances x WHERE
 x.org_id = m.org_id AND x.id = m.thread),
 (SELECT name FROM services v WHERE v.org_id = m.org_id AND v.id = m.thread), m.title), m.created_at, j.due_at,
 j.done_at, j.problem, s.id, s.channel, s.address, s.state`

const deliveryTables = ` FROM jobs j JOIN messages m ON m.id = j.message_id JOIN subscribers s ON s.num = j.subscriber
  WHERE j.org_id = ? AND `

func scanDelivery(rows *sql.Rows, d *Delivery) error {
	var done sql.NullInt64
	err := rows.Scan(&d.ID, &d.State, &d.Tries, &d.Kind, &d.Title, &d.CreatedAt, &d.DueAt, &done, &d.Problem, &d.To.ID,
		&d.To.Channel, &d.To.Address, &d.To.State)
	d.DoneAt = nullTime(done)
	return err
}

// Deliveries lists those in a state, or all, newest first, and counts them.
func (o *Org) Deliveries(ctx context.Context, state string, s Span) ([]Delivery, int, error) {
	where, args := `j.state IN ('due', 'sent', 'dead')`, []any{o.id}
	if state != "" {
		where, args = `j.state = ?`, append(args, state)
	}
	n := 0
	if err := o.db.row(ctx, `SELECT count(*)`+deliveryTables+where, args, &n); err != nil {
		return nil, 0, fmt.Errorf("count deliveries: %w", err)
	}
	found, err := list(ctx, o.db, deliveryColumns+deliveryTables+where+` ORDER BY j.id DESC LIMIT ? OFFSET ?`,
		append(args, s.Limit, s.Offset), scanDelivery)
	if err != nil {
		return nil, 0, fmt.Errorf("list deliveries: %w", err)
	}
	return found, n, nil
}

// Delivery reads one; ErrNone.
func (o *Org) Delivery(ctx context.Context, id int64) (Delivery, error) {
	found, err := list(ctx, o.db, deliveryColumns+deliveryTables+`j.id = ?`, []any{o.id, id}, scanDelivery)
	if err == nil && len(found) == 0 {
		err = ErrNone
	}
	if err != nil {
		return Delivery{}, err
	}
	return found[0], nil
}

// ReviveJob puts into a batch that a dead delivery is tried again, to a subscriber that is believed to be reachable
// now.
func (o *Org) ReviveJob(b *Batch, d *Delivery, now status.Time) {
	b.Add(`UPDATE jobs SET state = 'due', tries = 0, due_at = ?, done_at = NULL WHERE org_id = ? AND id = ? AND state =
  'dead'`, int64(now), o.id, d.ID)
	o.ReviveSubscriber(b, d.To.ID)
}

// DeadJobs counts what ReviveJobs will try again.
func (o *Org) DeadJobs(ctx context.Context) (n int64, err error) {
	err = o.db.row(ctx, `SELECT count(*)`+deliveryTables+`j.state = 'dead' AND s.state = 'active'`, []any{o.id}, &n)
	return n, err
}

// ReviveJobs puts into a batch that all dead deliveries to active subscribers are tried again: Revive does it, a chunk
// at a time.
func (o *Org) ReviveJobs(b *Batch) {
	b.Add(`INSERT INTO revivals (org_id, cursor, upto) SELECT ?, 0, max(id) FROM jobs WHERE org_id = ? AND state =
  'dead' HAVING max(id) > 0
ON CONFLICT (org_id) DO UPDATE SET cursor = 0, upto = excluded.upto`, o.id, o.id)
}

// Revive lets the next dead deliveries be tried again of the organisations whose admins want it, so many of each at
// most. done says that there are no more.
func (db *DB) Revive(ctx context.Context, n int, now status.Time) (done bool, err error) {
	type revival struct {
		org          string
		cursor, upto int64
	}
	found, err := list(ctx, db, `SELECT org_id, cursor, upto FROM revivals WHERE org_id > '' ORDER BY org_id LIMIT 100`,
		nil, func(rows *sql.Rows, r *revival) error {
			return rows.Scan(&r.org, &r.cursor, &r.upto)
		})
	if err != nil {
		return false, fmt.Errorf("look for what shall be tried again: %w", err)
	}
	for _, r := range found {
		var last int64
		if err := db.row(ctx, `SELECT coalesce(max(id), ?) FROM (SELECT id FROM jobs WHERE org_id = ? AND state = 'dead'
  AND id > ? AND id <= ? ORDER BY id LIMIT ?)`,
			[]any{r.upto, r.org, r.cursor, r.upto, n}, &last); err != nil {
			return false, fmt.Errorf("look for dead deliveries: %w", err)
		}
		var b Batch
		b.Add(`UPDATE jobs SET state = 'due', tries = 0, due_at = ?, done_at = NULL WHERE org_id = ? AND state = 'dead'
  AND id > ? AND id <= ?
AND subscriber IN (SELECT num FROM subscribers WHERE org_id = ? AND state = 'active')`, int64(now), r.org, r.cursor,
			last, r.org)
		b.Add(`UPDATE revivals SET cursor = ? WHERE org_id = ? AND upto = ?`, last, r.org, r.upto)
		b.Add(`DELETE FROM revivals WHERE org_id = ? AND cursor >= upto`, r.org)
		if err := db.Do(ctx, &b); err != nil {
			return false, fmt.Errorf("try dead deliveries again: %w", err)
		}
	}
	return len(found) == 0, nil
}

// BuryJobs gives up what is due: in a copy that is restored nobody knows any more what of it was sent since. Admins may
// revive it.
func (db *DB) BuryJobs(ctx context.Context) error {
	var b Batch
	b.Add(`UPDATE jobs SET state = 'dead', done_at = due_at, lease = '', problem =
  'The database was restored: it may have been sent.' WHERE state = 'due'`)
	b.Add(`UPDATE team_messages SET state = 'dead', lease = '' WHERE state = 'due'`)
	return db.Do(ctx, &b)
}

// forgotten bounds how many jobs one batch of ForgetJobs deletes.
const forgotten = 500

// maxOld is how many messages it looks at.
const maxOld = 20

// ForgetJobs deletes what was sent before one time, and whatever came of messages older than another; done says that
// there is no more. Who was told of an incident or a window is known until it is over, however long that takes.
func (db *DB) ForgetJobs(ctx context.Context, sent, all status.Time) (done bool, err error) {
	var ids []int64
	done = true
	const open = ` AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.org_id = m.org_id AND i.id = m.thread AND i.status
  <> 'resolved' AND i.deleted_at IS NULL)
 AND NOT EXISTS (SELECT 1 FROM maintenances w WHERE w.org_id = m.org_id AND w.id = m.thread AND w.completed_at IS NULL
 AND w.deleted_at IS NULL)`
	for _, look := range []struct {
		before status.Time
		having string
	}{{sent, ` AND EXISTS (SELECT 1 FROM jobs WHERE message_id = m.id AND state = 'sent')`},
		{all, ` AND (EXISTS (SELECT 1 FROM jobs WHERE message_id = m.id AND state <> 'due') OR NOT EXISTS (SELECT 1 FROM
  jobs WHERE message_id = m.id))`}} {
		found, err := list(ctx, db, `SELECT m.id FROM messages m WHERE m.created_at < ? AND m.upto IS NULL`+open+
			look.having+` ORDER BY m.created_at LIMIT ?`,
			[]any{int64(look.before), maxOld}, func(rows *sql.Rows, id *int64) error { return rows.Scan(id) })
		if err != nil {
			return false, fmt.Errorf("look for old messages: %w", err)
		}
		ids, done = append(ids, found...), done && len(found) < maxOld
	}
	const old = `SELECT j.id FROM jobs j JOIN messages m ON m.id = j.message_id
 WHERE j.message_id = ? AND (j.state = 'sent' AND m.created_at < ? OR j.state <> 'due' AND m.created_at < ?) LIMIT ?`
	for _, id := range ids {
		n, args := 0, []any{id, int64(sent), int64(all), forgotten}
		if err := db.row(ctx, `SELECT count(*) FROM (`+old+`)`, args, &n); err != nil {
			return false, fmt.Errorf("count old jobs: %w", err)
		}
		done = done && n < forgotten
		var b Batch
		b.Add(`DELETE FROM jobs WHERE id IN (`+old+`)`, args...)
		b.Add(`DELETE FROM messages WHERE id = ? AND created_at < ? AND NOT EXISTS (SELECT 1 FROM jobs WHERE message_id
  = messages.id)`, id, int64(all))
		if err := db.Do(ctx, &b); err != nil {
			return false, fmt.Errorf("forget old jobs: %w", err)
		}
	}
	return done, nil
}

// maxCounted is where WaitingMail stops.
const maxCounted = 10_000

// WaitingMail counts the organisation's mails that wait, up to maxCounted.
func (o *Org) WaitingMail(ctx context.Context) (n int64, err error) {
	err = o.db.row(ctx, `SELECT count(*) FROM (SELECT 1`+deliveryTables+`j.state = 'due' AND s.channel = 'email' LIMIT
  ?)`, []any{o.id, maxCounted}, &n)
	return n, err
}
