package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Message is what subscribers are told. Topic says what it is about: under one topic nothing is told twice.
type Message struct {
	ID     int64
	OrgID  string
	Topic  string
	Thread string // the incident, window or service; "" is the subscription itself
	Seq    int64  // of the event
	Kind   string
	Title  string // of what has no thread: the others are called what they are called now
	Body   string // JSON, for whoever delivers it
	At     status.Time
	Wait   time.Duration // for others about the same thing, to be told with them
	Hold   time.Duration // longer, so that it can be withdrawn before anybody was told
}

// MaxHold is how long a message may be held.
const MaxHold = time.Minute

// RequireUntold undoes a batch once anybody was told of an incident or a window, or is being told at this moment. With
// an update only what told that one counts, and what came after it.
func (o *Org) RequireUntold(b *Batch, thread, update string) {
	b.Require(`NOT EXISTS (SELECT 1 FROM jobs j WHERE j.org_id = ? AND j.thread = ? AND j.thread <> ''
 AND (j.state <> 'due' OR j.lease <> '' OR j.tries > 0)
 AND (? = '' OR j.message_id >= (SELECT min(m.id) FROM messages m WHERE m.org_id = j.org_id AND m.thread = j.thread
  AND m.thread <> '' AND json_extract(m.body, '$.update.id') = ?)))`,
		o.id, thread, update, update)
}

// Audience is who hears of something: those of the whole page, and those who chose one of the Services.
type Audience struct {
	Services []string `json:"services"`
	Only     Channel  `json:"only"` // "" is any
	// Stranded is a service that is gone: those alone hear of it who chose it, and have none left.
	Stranded string `json:"stranded,omitempty"`
}

// chosenBy joins a subscriber s with the services that it chose.
const chosenBy = ` FROM subscriber_services x JOIN services v ON v.org_id = s.org_id AND v.id = x.service_id WHERE
  x.subscriber = s.num`

// stranded is true of a subscriber s whose chosen services are all gone; the newest of them to go was one that is
// given, so that it is true of one service only.
const stranded = `(s.whole = 0 AND NOT EXISTS (SELECT 1` + chosenBy +
	` AND v.deleted_at IS NULL) AND ? = (SELECT v.id` + chosenBy + ` ORDER BY v.deleted_at DESC, v.id DESC LIMIT 1))`

// TellStranded puts a message into a batch for those who are left with nothing to hear of once a service is gone.
func (o *Org) TellStranded(b *Batch, m Message, service string) {
	o.tellIf(b, m, Audience{Stranded: service}, `EXISTS (SELECT 1 FROM subscriber_services WHERE org_id = ? AND
  service_id = ?)`, o.id, service)
}

// Stranded says that a subscriber has chosen services, and that none of them is there.
func (o *Org) Stranded(ctx context.Context, num int64) (yes bool, err error) {
	err = o.db.row(ctx, `SELECT s.whole = 0 AND NOT EXISTS (SELECT 1`+chosenBy+` AND v.deleted_at IS NULL) FROM
  subscribers s WHERE s.org_id = ? AND s.num = ?`, []any{o.id, num}, &yes)
	return yes, err
}

// Settle is how long a message about an incident or a service waits for others about the same, and SettleWindow one
// about a window, whose steps have times of their own.
const (
	Settle       = 2 * time.Second
	SettleWindow = time.Second
)

// Tell puts a message into a batch for every subscriber whom it concerns, in one statement however many they are:
// Expand gives each of them a job after the commit.
func (o *Org) Tell(b *Batch, m Message, to Audience) { o.tellIf(b, m, to, "1 = 1") }

// tellIf is Tell while a condition holds at the moment of the commit.
func (o *Org) tellIf(b *Batch, m Message, to Audience, condition string, args ...any) {
	audience, _ := json.Marshal(to) // strings always have a JSON form
	due := int64(m.At) + (m.Wait + m.Hold).Milliseconds()
	b.Add(`INSERT INTO messages (org_id, topic, thread, seq, kind, title, body, created_at, due_at, audience, upto)
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT max(num) FROM subscribers WHERE org_id = ?)
WHERE EXISTS (SELECT 1 FROM subscribers WHERE org_id = ? AND state = 'active') AND `+condition+
		` ON CONFLICT DO NOTHING`,
		append([]any{o.id, m.Topic, m.Thread, m.Seq, m.Kind, m.Title, m.Body, int64(m.At), due, string(audience),
			o.id, o.id}, args...)...)
}

// HoldMessages puts into a batch that what is told of a new incident waits for so long.
func (o *Org) HoldMessages(b *Batch, thread string, wait time.Duration) {
	b.Add(`UPDATE messages SET due_at = created_at + ? WHERE org_id = ? AND thread = ? AND upto IS NOT NULL`,
		wait.Milliseconds(), o.id, thread)
}

// HeldMessages says that something is to be told of an incident, and that none of it is due at a moment.
func (o *Org) HeldMessages(ctx context.Context, thread string, at status.Time) (held bool, err error) {
	err = o.db.row(ctx, `SELECT coalesce(min(due_at) > ?, 0) FROM messages WHERE org_id = ? AND thread = ?`,
		[]any{int64(at), o.id, thread}, &held)
	return held, err
}

// Untell takes back, in a batch, what is to be told of an incident and was not yet.
func (o *Org) Untell(b *Batch, thread string) {
	b.Add(`UPDATE messages SET cursor = coalesce(upto, cursor), upto = NULL WHERE org_id = ? AND thread = ?`, o.id,
		thread)
	b.Add(`DELETE FROM jobs WHERE org_id = ? AND thread = ? AND state = 'due' AND lease = '' AND tries = 0`, o.id,
		thread)
}

// Head reads what an organisation is called and looks like.
func (o *Org) Head(ctx context.Context) (org page.Org, err error) {
	var body []byte
	if err = o.db.row(ctx, `SELECT `+orgJSON+` FROM organizations o WHERE o.id = ?1`, []any{o.id}, &body); err == nil {
		err = decoded(body, &org)
	}
	return org, err
}

// TellOne puts a message for one subscriber, whatever its state, into a batch. One that is posted waits apart from what
// active subscribers are told: nobody knows yet whether its receiver answers.
func (o *Org) TellOne(b *Batch, m Message, subscriberID string) {
	b.Add(`INSERT INTO messages (org_id, topic, kind, title, body, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		o.id, m.Topic, m.Kind, m.Title, m.Body, int64(m.At))
	b.Add(`INSERT INTO jobs (org_id, message_id, subscriber, state, lane, host, slow, since, due_at)
SELECT m.org_id, m.id, s.num, 'due', CASE WHEN s.channel = 'email' THEN 'prompt' ELSE 'hook' END, s.host, s.channel <>
 'email' OR s.failures > 0, m.id, ?
FROM messages m JOIN subscribers s ON s.org_id = m.org_id AND s.id = ? WHERE m.org_id = ? AND m.topic = ?`,
		int64(m.At), subscriberID, o.id, m.Topic)
}

// Expansion is a message whose subscribers do not all have a job yet.
type Expansion struct {
	ID       int64
	OrgID    string
	Thread   string
	audience Audience
	cursor   int64
	upto     int64
}

// Expansions lists the oldest such message of each organisation, of those that come after one.
func (db *DB) Expansions(ctx context.Context, after string, limit int) ([]Expansion, error) {
	found, err := everybodys(ctx, db, "message", `SELECT m.id, m.org_id, m.thread, m.audience, m.cursor, m.upto FROM
  messages m WHERE m.upto IS NOT NULL AND m.org_id > ?
 AND m.id = (SELECT x.id FROM messages x WHERE x.org_id = m.org_id AND x.upto IS NOT NULL ORDER BY x.id LIMIT 1) ORDER
 BY m.org_id LIMIT ?`,
		[]any{after, limit}, func(rows *sql.Rows, x *Expansion) error {
			var audience []byte
			if err := rows.Scan(&x.ID, &x.OrgID, &x.Thread, &audience, &x.cursor, &x.upto); err != nil {
				return err
			}
			if err := json.Unmarshal(audience, &x.audience); err != nil {
				return &Unreadable{OrgID: x.OrgID, Kind: "message", ID: wire.Itoa(x.ID), why: err.Error()}
			}
			return nil
		}, nil)
	if err != nil {
		return nil, fmt.Errorf("look for messages: %w", err)
	}
	return found, nil
}

// follows is true, too, of a subscriber s who hears of the incident that a message m is about, until it is over.
const follows = ` OR EXISTS
 (SELECT 1 FROM subscriber_incidents y WHERE y.subscriber = s.num AND y.incident_id = m.thread)`

// Expand gives a message's next subscribers their jobs, n at most, in one batch with its cursor: whoever is interrupted
// goes on where that was committed. A job that waits with an older message about the same thing gives way, and the new
// one tells what it would have told, as soon as that, unless the new one is held. slow are hosts whose jobs wait apart.
// now is when it happens.
func (db *DB) Expand(ctx context.Context, x *Expansion, n int, slow []string, now status.Time) error {
	var last int64
	err := db.row(ctx, `SELECT coalesce(max(num), ?) FROM (SELECT num FROM subscribers WHERE org_id = ? AND num > ? AND
  num <= ? ORDER BY num LIMIT ?)`,
		[]any{x.upto, x.OrgID, x.cursor, x.upto, n}, &last)
	if err != nil {
		return fmt.Errorf("read the next subscribers: %w", err)
	}
	hears, whom := `(`+hearsOf+follows+`)`, jsonStrings(x.audience.Services)
	if x.audience.Stranded != "" {
		hears, whom = stranded, x.audience.Stranded
	}
	var b Batch
	older := `FROM jobs o WHERE o.thread = m.thread AND o.thread <> '' AND o.subscriber = s.num AND o.state = 'due' AND
  o.lease = '' AND o.message_id < m.id`
	b.Add(`INSERT INTO jobs (org_id, message_id, subscriber, state, lane, host, slow, thread, since, due_at)
SELECT m.org_id, m.id, s.num, 'due', CASE WHEN s.channel = 'email' THEN 'mail' ELSE 'hook' END, s.host,
 s.failures > 0 OR s.host IN (SELECT value FROM json_each(?)), m.thread,
 coalesce((SELECT min(o.since) `+older+`), m.id),
 CASE WHEN m.due_at - m.created_at > ? THEN m.due_at
  ELSE min(m.due_at, coalesce((SELECT min(o.due_at) `+older+` AND o.tries = 0), m.due_at)) END
FROM messages m JOIN subscribers s ON s.org_id = m.org_id
WHERE m.id = ? AND m.cursor = ? AND s.num > ? AND s.num <= ? AND s.state = 'active' AND (? = '' OR s.channel = ?) AND `+
		hears+`
ON CONFLICT DO NOTHING`,
		jsonStrings(append([]string{}, slow...)), Settle.Milliseconds(), x.ID, x.cursor, x.cursor, last,
		string(x.audience.Only), string(x.audience.Only), whom)
	if x.Thread != "" {
		superseded := `thread = ? AND subscriber > ? AND subscriber <= ? AND state = 'due' AND lease = '' AND message_id
  < ?
 AND EXISTS (SELECT 1 FROM jobs n WHERE n.message_id = ? AND n.subscriber = jobs.subscriber)`
		args := []any{x.Thread, x.cursor, last, x.ID, x.ID}
		b.Add(`UPDATE jobs SET state = 'sent', done_at = ?, problem = ? WHERE doubt = 1 AND `+superseded,
			append([]any{int64(now), mayHave}, args...)...)
		b.Add(`DELETE FROM jobs WHERE doubt = 0 AND `+superseded, args...)
	}
	b.Add(`UPDATE messages SET cursor = ?, upto = CASE WHEN upto > ? THEN upto END WHERE id = ? AND cursor = ?`, last,
		last, x.ID, x.cursor)
	if err := db.Do(ctx, &b); err != nil {
		return fmt.Errorf("give subscribers their jobs: %w", err)
	}
	return nil
}

// mayHave is noted of a message that was under way when its process ended, and that a newer one replaced.
const mayHave = "It may have arrived: its try ended without an answer."

// Message reads a message, and the organisation as it looks now.
func (db *DB) Message(ctx context.Context, id int64) (Message, page.Org, error) {
	var m Message
	var org page.Org
	var body []byte
	err := db.row(ctx, `SELECT m.id, m.org_id, m.topic, m.thread, m.seq, m.kind, m.title, m.body, m.created_at, (SELECT
  `+orgJSON+` FROM organizations o WHERE o.id = m.org_id)
FROM messages m WHERE m.id = ?`, []any{id}, &m.ID, &m.OrgID, &m.Topic, &m.Thread, &m.Seq, &m.Kind, &m.Title, &m.Body,
		&m.At, &body)
	if err == nil {
		err = decoded(body, &org)
	}
	if err != nil {
		return m, org, fmt.Errorf("read message %d: %w", id, db.Org(m.OrgID).mine("message", wire.Itoa(id), err))
	}
	return m, org, nil
}
