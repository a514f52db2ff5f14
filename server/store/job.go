package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Lane is a queue of its own, so that what is slow or many does not hold up the rest.
type Lane string

const (
	Prompt Lane = "prompt" // somebody is waiting for it: a request to confirm
	Mail   Lane = "mail"
	Hook   Lane = "hook" // any other channel
	Slow   Lane = "slow" // any other channel, whose last try went wrong
)

// Lanes lists them all.
var Lanes = []Lane{Prompt, Mail, Hook, Slow}

// States of a delivery.
const (
	Due  = "due"
	Sent = "sent"
	Dead = "dead"
)

// DeliveryStates lists them all.
var DeliveryStates = []string{Dead, Due, Sent}

// Message is what subscribers are told. Topic says what it is about: under one topic nothing is told twice.
type Message struct {
	ID    int64
	OrgID string
	Topic string
	Kind  string
	Title string
	Body  string // JSON, for whoever delivers it
	At    status.Time
}

// Audience is who hears of something: those of the whole page, and those who chose one of the Services.
type Audience struct {
	Services []string
	Only     Channel // "" is any
}

// Tell puts a message for every active subscriber whom it concerns into a batch, in two statements however many they are. From the
// first to the last their turns are a millisecond apart, so that one page's thousands leave room for another's few.
func (o *Org) Tell(b *Batch, m Message, to Audience) { o.tellIf(b, m, to, "1 = 1") }

// tellIf is Tell while a condition holds at the moment of the commit.
func (o *Org) tellIf(b *Batch, m Message, to Audience, condition string, args ...any) {
	b.Add(`INSERT INTO messages (org_id, topic, kind, title, body, created_at)
SELECT ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM subscribers WHERE org_id = ? AND state = 'active') AND `+condition+` ON CONFLICT DO NOTHING`,
		append([]any{o.id, m.Topic, m.Kind, m.Title, m.Body, int64(m.At), o.id}, args...)...)
	b.Add(`INSERT INTO jobs (org_id, message_id, subscriber, state, lane, due_at)
SELECT m.org_id, m.id, s.num, 'due', CASE WHEN s.channel = 'email' THEN 'mail' WHEN s.failures > 0 THEN 'slow' ELSE 'hook' END,
 ? + row_number() OVER (ORDER BY s.num)
FROM subscribers s JOIN messages m ON m.org_id = s.org_id AND m.topic = ?
WHERE s.org_id = ? AND s.state = 'active' AND (? = '' OR s.channel = ?) AND `+hearsOf+`
ON CONFLICT DO NOTHING`,
		int64(m.At), m.Topic, o.id, string(to.Only), string(to.Only), jsonStrings(to.Services))
}

// TellOne puts a message for one subscriber, whatever its state, into a batch.
func (o *Org) TellOne(b *Batch, m Message, subscriberID string) {
	b.Add(`INSERT INTO messages (org_id, topic, kind, title, body, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		o.id, m.Topic, m.Kind, m.Title, m.Body, int64(m.At))
	b.Add(`INSERT INTO jobs (org_id, message_id, subscriber, state, lane, due_at)
SELECT m.org_id, m.id, s.num, 'due', 'prompt', ? FROM messages m JOIN subscribers s ON s.org_id = m.org_id AND s.id = ? WHERE m.org_id = ? AND m.topic = ?`,
		int64(m.At), subscriberID, o.id, m.Topic)
}

// Job is one message for one subscriber, leased to whoever claimed it.
type Job struct {
	ID        int64
	OrgID     string
	MessageID int64
	Lane      Lane
	Tries     int64 // that were made already
	Lease     string
	Until     status.Time // when the lease ends
	To        *Subscriber // nil when it is gone
}

// DueLanes says in which lanes there is something to do.
func (db *DB) DueLanes(ctx context.Context, now status.Time) (map[Lane]bool, error) {
	due := map[Lane]bool{}
	query, args := "SELECT ''", []any{}
	for _, l := range Lanes {
		query += " UNION ALL SELECT '" + string(l) + "' WHERE EXISTS (SELECT 1 FROM jobs WHERE state = 'due' AND lane = '" + string(l) + "' AND due_at <= ?)"
		args = append(args, int64(now))
	}
	err := db.rows(ctx, query, args, func(rows *sql.Rows) error {
		var l Lane
		if err := rows.Scan(&l); err != nil {
			return err
		}
		due[l] = l != ""
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for jobs: %w", err)
	}
	return due, nil
}

// Claim leases the jobs of a lane that have been due for longest. Nobody else gets them before the lease ends.
func (db *DB) Claim(ctx context.Context, lane Lane, n int, lease string, now, until status.Time) ([]Job, error) {
	var b Batch
	b.Add(`UPDATE jobs SET lease = ?, due_at = ? WHERE id IN (SELECT id FROM jobs WHERE state = 'due' AND lane = ? AND due_at <= ? ORDER BY due_at LIMIT ?)`,
		lease, int64(until), string(lane), int64(now), n)
	if err := db.Do(ctx, &b); err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
	}
	jobs, err := list(ctx, db, `SELECT j.id, j.org_id, j.message_id, j.lane, j.tries, j.lease, j.due_at, s.num, s.id, s.channel, s.address, s.state, s.token, s.secret, s.base, s.failures
FROM jobs j LEFT JOIN subscribers s ON s.num = j.subscriber WHERE j.lease = ? AND j.lease <> '' ORDER BY j.id`, []any{lease}, scanJob)
	if err != nil {
		return nil, fmt.Errorf("read what was claimed: %w", err)
	}
	return jobs, nil
}

func scanJob(rows *sql.Rows, j *Job) error {
	var num, failures sql.NullInt64
	var id, channel, address, state, token, secret, base sql.NullString
	if err := rows.Scan(&j.ID, &j.OrgID, &j.MessageID, &j.Lane, &j.Tries, &j.Lease, &j.Until,
		&num, &id, &channel, &address, &state, &token, &secret, &base, &failures); err != nil {
		return err
	}
	if num.Valid {
		j.To = &Subscriber{Num: num.Int64, ID: id.String, Channel: Channel(channel.String), Address: address.String, State: state.String,
			Token: token.String, Secret: secret.String, Base: base.String, Failures: failures.Int64}
	}
	return nil
}

// Message reads a message, and the organisation as it looks now.
func (db *DB) Message(ctx context.Context, id int64) (Message, page.Org, error) {
	var m Message
	var org page.Org
	var body []byte
	err := db.row(ctx, `SELECT m.id, m.org_id, m.topic, m.kind, m.title, m.body, m.created_at, (SELECT `+orgJSON+` FROM organizations o WHERE o.id = m.org_id)
FROM messages m WHERE m.id = ?`, []any{id}, &m.ID, &m.OrgID, &m.Topic, &m.Kind, &m.Title, &m.Body, &m.At, &body)
	if err != nil {
		return m, org, fmt.Errorf("read message %d: %w", id, err)
	}
	return m, org, decoded(body, &org)
}

// SentJob puts a success into a batch. Like the others it changes nothing once the lease is somebody else's.
func SentJob(b *Batch, j *Job, at status.Time) {
	b.Add(`UPDATE jobs SET state = 'sent', tries = tries + 1, done_at = ?, lease = '', problem = '' WHERE id = ? AND lease = ?`, int64(at), j.ID, j.Lease)
	if j.To != nil && j.To.Failures > 0 {
		b.Add(`UPDATE subscribers SET failures = 0, problem = '' WHERE num = ?`, j.To.Num)
	}
}

// RetryJob puts a failure into a batch that will be tried again.
func RetryJob(b *Batch, j *Job, due status.Time, lane Lane, problem string) {
	b.Add(`UPDATE jobs SET tries = tries + 1, due_at = ?, lease = '', lane = ?, problem = ? WHERE id = ? AND lease = ?`, int64(due), string(lane), problem, j.ID, j.Lease)
	failed(b, j, problem)
}

// DeadJob puts a failure into a batch that nobody tries again by itself.
func DeadJob(b *Batch, j *Job, at status.Time, problem string) {
	b.Add(`UPDATE jobs SET state = 'dead', tries = tries + 1, done_at = ?, lease = '', problem = ? WHERE id = ? AND lease = ?`, int64(at), problem, j.ID, j.Lease)
	failed(b, j, problem)
}

func failed(b *Batch, j *Job, problem string) {
	if j.To != nil {
		b.Add(`UPDATE subscribers SET failures = failures + 1, problem = ? WHERE num = ?`, problem, j.To.Num)
	}
}

// DropJob puts the end of a job into a batch that concerns nobody any more.
func DropJob(b *Batch, j *Job) {
	b.Add(`DELETE FROM jobs WHERE id = ? AND lease = ?`, j.ID, j.Lease)
}

// ReleaseJob gives a job back untried.
func ReleaseJob(b *Batch, j *Job, due status.Time) {
	b.Add(`UPDATE jobs SET due_at = ?, lease = '' WHERE id = ? AND lease = ?`, int64(due), j.ID, j.Lease)
}

// Join puts the statements of another batch behind those of this one.
func (b *Batch) Join(other *Batch) {
	b.sql.WriteString(other.sql.String())
	b.args = append(b.args, other.args...)
	b.n += other.n
}

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

const deliveryColumns = `SELECT j.id, j.state, j.tries, m.kind, m.title, m.created_at, j.due_at, j.done_at, j.problem, s.id, s.channel, s.address, s.state`

const deliveryTables = ` FROM jobs j JOIN messages m ON m.id = j.message_id JOIN subscribers s ON s.num = j.subscriber WHERE j.org_id = ? AND `

func scanDelivery(rows *sql.Rows, d *Delivery) error {
	var done sql.NullInt64
	err := rows.Scan(&d.ID, &d.State, &d.Tries, &d.Kind, &d.Title, &d.CreatedAt, &d.DueAt, &done, &d.Problem, &d.To.ID, &d.To.Channel, &d.To.Address, &d.To.State)
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
	found, err := list(ctx, o.db, deliveryColumns+deliveryTables+where+` ORDER BY j.id DESC LIMIT ? OFFSET ?`, append(args, s.Limit, s.Offset), scanDelivery)
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

// ReviveJob puts into a batch that a dead delivery is tried again, to a subscriber that is believed to be reachable now.
func (o *Org) ReviveJob(b *Batch, d *Delivery, now status.Time) {
	b.Add(`UPDATE jobs SET state = 'due', tries = 0, due_at = ?, done_at = NULL WHERE org_id = ? AND id = ? AND state = 'dead'`, int64(now), o.id, d.ID)
	o.ReviveSubscriber(b, d.To.ID)
}

// DeadJobs counts what ReviveJobs will try again.
func (o *Org) DeadJobs(ctx context.Context) (n int64, err error) {
	err = o.db.row(ctx, `SELECT count(*)`+deliveryTables+`j.state = 'dead' AND s.state = 'active'`, []any{o.id}, &n)
	return n, err
}

// ReviveJobs puts into a batch that all dead deliveries to active subscribers are tried again.
func (o *Org) ReviveJobs(b *Batch, now status.Time) {
	b.Add(`UPDATE jobs SET state = 'due', tries = 0, due_at = ?, done_at = NULL WHERE org_id = ? AND state = 'dead'
AND subscriber IN (SELECT num FROM subscribers WHERE org_id = ? AND state = 'active')`, int64(now), o.id, o.id)
}

// BuryJobs gives up what is due: in a copy that is restored nobody knows any more what of it was sent since. Admins may revive it.
func (db *DB) BuryJobs(ctx context.Context) error {
	var b Batch
	b.Add(`UPDATE jobs SET state = 'dead', done_at = due_at, lease = '', problem = 'The database was restored: it may have been sent.' WHERE state = 'due'`)
	return db.Do(ctx, &b)
}

// forgotten bounds how many jobs one batch of ForgetJobs deletes.
const forgotten = 1000

// ForgetJobs deletes what was sent before one time, and whatever came of messages older than another; done says that there is no more.
func (db *DB) ForgetJobs(ctx context.Context, sent, all status.Time) (done bool, err error) {
	var oldSent, old int64
	err = db.row(ctx, `SELECT coalesce((SELECT max(id) FROM messages WHERE created_at < ?), 0), coalesce((SELECT max(id) FROM messages WHERE created_at < ?), 0)`,
		[]any{int64(sent), int64(all)}, &oldSent, &old)
	if err != nil {
		return false, fmt.Errorf("look for old messages: %w", err)
	}
	var n int
	if err := db.row(ctx, `SELECT (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE message_id <= ?1 AND state = 'sent' LIMIT ?3))
 + (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE message_id <= ?2 AND state <> 'due' LIMIT ?3))`, []any{oldSent, old, forgotten}, &n); err != nil {
		return false, fmt.Errorf("count old jobs: %w", err)
	}
	var b Batch
	b.Add(`DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE message_id <= ? AND state = 'sent' LIMIT ?)`, oldSent, forgotten)
	b.Add(`DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE message_id <= ? AND state <> 'due' LIMIT ?)`, old, forgotten)
	b.Add(`DELETE FROM messages WHERE id IN (SELECT id FROM messages m WHERE m.id <= ? AND NOT EXISTS (SELECT 1 FROM jobs WHERE message_id = m.id) LIMIT ?)`, old, forgotten)
	if err := db.Do(ctx, &b); err != nil {
		return false, fmt.Errorf("forget old jobs: %w", err)
	}
	return n < forgotten, nil
}
