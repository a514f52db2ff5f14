package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Channel is how a subscriber is reached.
type Channel string

const (
	Email   Channel = "email"
	Webhook Channel = "webhook"
	Slack   Channel = "slack"
	Discord Channel = "discord"
	Teams   Channel = "teams"
	Push    Channel = "push" // a browser
)

// Channels lists them all.
var Channels = []Channel{Email, Webhook, Slack, Discord, Teams, Push}

// States of a subscriber.
const (
	Pending  = "pending"  // has not said yes yet, and is told nothing
	Active   = "active"   // is told
	Bouncing = "bouncing" // cannot be reached, and is told nothing until somebody says that it can
)

// SubscriberStates lists them all.
var SubscriberStates = []string{Pending, Active, Bouncing}

// Subscriber is who is told what happens on a page. Nothing of it may ever be seen by a visitor.
type Subscriber struct {
	Num         int64
	ID          string
	Channel     Channel
	Address     string
	Key         string // Address in the one spelling by which it is recognised
	State       string
	Whole       bool         // the whole page; else the Services
	Services    []status.Ref // by their place on the page
	Incidents   int64        // open ones that it hears of until they are over, beside those
	Incident    string       // the one that a new subscriber wants to hear of
	Token       string       // of the manage link
	Secret      string       // of a webhook; of a browser its two keys
	Base        string       // address of the page, without a slash at the end
	Source      string       // visitor or admin
	Language    string       // that it is told in; "" is the page's own
	Failures    int64
	Problem     string
	CreatedAt   status.Time
	AskedAt     status.Time
	ConfirmedAt *status.Time
}

// Wire is the subscriber as its organisation's members see it: neither the link nor the secret that make somebody it.
func (s *Subscriber) Wire(f *wire.Fields) {
	f.Str("id", &s.ID)
	f.Str("channel", (*string)(&s.Channel))
	f.Derived("address", s.Shown())
	f.Str("state", &s.State)
	f.Bool("whole_page", &s.Whole)
	wire.List(f, "services", &s.Services, (*status.Ref).Wire)
	f.Int("incidents", &s.Incidents)
	f.Str("source", &s.Source)
	f.Str("language", &s.Language)
	f.Int("failures", &s.Failures)
	f.Str("problem", &s.Problem)
	f.Time("created_at", &s.CreatedAt)
	f.NullTime("confirmed_at", &s.ConfirmedAt)
}

// Once says that the subscription is about an incident alone, and ends with it.
func (s *Subscriber) Once() bool {
	return !s.Whole && len(s.Services) == 0 && (s.Incident != "" || s.Incidents > 0)
}

// Shown is the address as members see it. Whoever knows the address of a chat's webhook may write there, so its end
// stands for it.
func (s *Subscriber) Shown() string {
	if s.Channel == Email {
		return s.Address
	}
	u, err := url.Parse(s.Address)
	if err != nil {
		return "…"
	}
	if s.Channel == Webhook {
		return u.Scheme + "://" + u.Host + u.Path + strings.Repeat("?…", min(1, len(u.RawQuery)))
	}
	return u.Scheme + "://" + u.Host + "/…" + s.Address[max(len(s.Address)-4, 0):]
}

// Masked is the address as the audit log keeps it, which cannot forget.
func (s *Subscriber) Masked() string {
	if local, domain, found := strings.Cut(s.Address, "@"); s.Channel == Email && found {
		return local[:min(1, len(local))] + "…@" + domain
	}
	if u, err := url.Parse(s.Address); err == nil {
		return u.Scheme + "://" + u.Host + "/…"
	}
	return "…"
}

// AddSubscriber puts a new one into a batch. Services that the organisation does not have are left out.
func (o *Org) AddSubscriber(b *Batch, s Subscriber) {
	b.Add(`INSERT INTO subscribers (org_id, id, channel, address, address_key, state, whole, token, secret, language,
  base,
 source, created_at, asked_at, confirmed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.id, s.ID, string(s.Channel), s.Address, s.Key, s.State, bit(s.Whole), s.Token,
		s.Secret, s.Language, s.Base, s.Source,
		int64(s.CreatedAt), int64(s.AskedAt), when(s.ConfirmedAt))
	if !s.Whole {
		o.addServices(b, []string{s.ID}, refIDs(s.Services))
	}
	if s.Incident != "" {
		o.FollowIncident(b, s.ID, s.Incident)
	}
}

// FollowIncident lets a subscriber hear of one incident until it is over. One that is over or deleted is left out.
func (o *Org) FollowIncident(b *Batch, id, incident string) {
	b.Add(`INSERT INTO subscriber_incidents (subscriber, org_id, incident_id)
SELECT s.num, i.org_id, i.id FROM subscribers s JOIN incidents i ON i.org_id = s.org_id
WHERE s.org_id = ? AND s.id = ? AND i.id = ? AND i.deleted_at IS NULL
 AND i.status <> 'resolved' ON CONFLICT DO NOTHING`, o.id, id, incident)
}

// ForgetFollowers ends what subscribers hear of incidents that are over, once nothing of it waits to be told, and the
// subscriptions that were about nothing else; some at a time. It is done when there are no more.
func (db *DB) ForgetFollowers(ctx context.Context, limit int) (done bool, err error) {
	type pair struct {
		num      int64
		incident string
	}
	over, err := list(ctx, db, `SELECT x.subscriber, x.incident_id FROM subscriber_incidents x
JOIN incidents i ON i.org_id = x.org_id AND i.id = x.incident_id
WHERE (i.status = 'resolved' OR i.deleted_at IS NOT NULL)
 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.thread = x.incident_id AND m.org_id = x.org_id AND m.upto IS NOT NULL)
 AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.subscriber = x.subscriber AND j.state = 'due') LIMIT ?`, []any{limit},
		func(rows *sql.Rows, p *pair) error { return rows.Scan(&p.num, &p.incident) })
	if err != nil || len(over) == 0 {
		return true, err
	}
	var b Batch
	for _, p := range over {
		b.Add(`DELETE FROM subscriber_incidents WHERE subscriber = ? AND incident_id = ?`, p.num, p.incident)
		b.Add(`DELETE FROM jobs WHERE state <> 'sent'
 AND subscriber IN (SELECT num FROM subscribers WHERE num = ? AND `+hearsNothing+`)`, p.num)
		b.Add(`DELETE FROM subscribers WHERE num = ? AND `+hearsNothing, p.num)
	}
	return len(over) < limit, db.Do(ctx, &b)
}

// hearsNothing is true of a subscriber who hears of nothing, and has chosen nothing.
const hearsNothing = `whole = 0 AND NOT EXISTS (SELECT 1 FROM subscriber_services v WHERE v.subscriber = num)
 AND NOT EXISTS (SELECT 1 FROM subscriber_incidents y WHERE y.subscriber = num)`

func refIDs(refs []status.Ref) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = r.ID
	}
	return out
}

// addServices lets each of some subscribers hear of each of some services, in one statement.
func (o *Org) addServices(b *Batch, subscribers, services []string) {
	b.Add(`INSERT INTO subscriber_services (subscriber, org_id, service_id)
SELECT s.num, v.org_id, v.id FROM subscribers s JOIN services v ON v.org_id = s.org_id
WHERE s.org_id = ? AND s.id IN (SELECT value FROM json_each(?)) AND v.id IN (SELECT value FROM json_each(?)) AND
 v.deleted_at IS NULL
ON CONFLICT DO NOTHING`, o.id, jsonStrings(subscribers), jsonStrings(services))
}

// bit is how a yes or no is kept.
func bit(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func jsonStrings(list []string) string {
	out, _ := json.Marshal(list) // strings always have a JSON form
	return string(out)
}

// ChooseServices puts what a subscriber hears of into a batch: the whole page, or some services.
func (o *Org) ChooseServices(b *Batch, id string, whole bool, services []string) {
	b.Add(`UPDATE subscribers SET whole = ? WHERE org_id = ? AND id = ?`, bit(whole), o.id, id)
	b.Add(
		`DELETE FROM subscriber_services WHERE subscriber = (SELECT num FROM subscribers WHERE org_id = ? AND id = ?)`,
		o.id, id)
	if !whole {
		o.addServices(b, []string{id}, services)
	}
}

// SpeakTo puts the language that a subscriber is told in into a batch.
func (o *Org) SpeakTo(b *Batch, id, language string) {
	b.Add(`UPDATE subscribers SET language = ? WHERE org_id = ? AND id = ?`, language, o.id, id)
}

// AskSubscriber notes in a batch when the address was last written to about its subscription.
func (o *Org) AskSubscriber(b *Batch, id string, at status.Time) {
	b.Add(`UPDATE subscribers SET asked_at = ? WHERE org_id = ? AND id = ?`, int64(at), o.id, id)
}

// maxAlike is how many webhooks may share one address.
const maxAlike = 5

// ConfirmSubscriber puts a yes into a batch. Whoever says it has not said no any more. A webhook whose address has
// enough already stays as it was.
func (o *Org) ConfirmSubscriber(b *Batch, s *Subscriber, at status.Time) {
	b.Add(`UPDATE subscribers SET state = 'active', confirmed_at = ?, failures = 0, problem = '' WHERE org_id = ? AND id
  = ? AND (channel <> 'webhook'
 OR (SELECT count(*) FROM subscribers o WHERE o.org_id = ? AND o.channel = 'webhook' AND o.address_key =
 subscribers.address_key AND o.state = 'active') < ?)`,
		int64(at), o.id, s.ID, o.id, maxAlike)
	b.Add(`DELETE FROM unsubscribed WHERE org_id = ? AND hash = ?`, o.id, s.hash())
}

// BounceSubscriber puts into a batch that an address cannot be reached.
func (o *Org) BounceSubscriber(b *Batch, id, problem string) {
	b.Add(`UPDATE subscribers SET state = 'bouncing', problem = ?
 WHERE org_id = ? AND id = ? AND state = 'active'`, problem, o.id, id)
}

// ReviveSubscriber puts into a batch that an address can be reached again.
func (o *Org) ReviveSubscriber(b *Batch, id string) {
	b.Add(`UPDATE subscribers SET state = 'active', failures = 0, problem = ''
 WHERE org_id = ? AND id = ? AND state = 'bouncing'`, o.id, id)
}

// RemoveSubscriber puts the end of a subscription into a batch; nothing that says who it was is kept.
func (o *Org) RemoveSubscriber(b *Batch, id string) {
	b.Add(`DELETE FROM jobs WHERE state <> 'sent'
 AND subscriber = (SELECT num FROM subscribers WHERE org_id = ? AND id = ?)`, o.id, id)
	b.Add(
		`DELETE FROM subscriber_services WHERE subscriber = (SELECT num FROM subscribers WHERE org_id = ? AND id = ?)`,
		o.id, id)
	b.Add(`DELETE FROM subscriber_incidents
WHERE subscriber = (SELECT num FROM subscribers WHERE org_id = ? AND id = ?)`, o.id, id)
	b.Add(`DELETE FROM subscribers WHERE org_id = ? AND id = ?`, o.id, id)
}

// RefuseSubscriber remembers in a batch that somebody said no, so that no import brings them back.
func (o *Org) RefuseSubscriber(b *Batch, s *Subscriber, at status.Time) {
	b.Add(`INSERT INTO unsubscribed (org_id, hash, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, o.id, s.hash(),
		int64(at))
}

func (s *Subscriber) hash() string {
	return hexed(sha256.Sum256([]byte(string(s.Channel) + " " + s.Key)))
}

// ImportSubscribers puts many into a batch, in as many statements as one needs. Who is there already, or has said no,
// is left out.
func (o *Org) ImportSubscribers(b *Batch, all []Subscriber) {
	if len(all) == 0 {
		return
	}
	type row struct{ ID, Address, Key, Token, Hash string }
	rows, ids := make([]row, len(all)), make([]string, len(all))
	for i := range all {
		s := &all[i]
		rows[i], ids[i] = row{s.ID, s.Address, s.Key, s.Token, s.hash()}, s.ID
	}
	list, _ := json.Marshal(rows) // strings always have a JSON form
	first := &all[0]
	b.Add(`INSERT INTO subscribers (org_id, id, channel, address, address_key, state, whole, token, secret, base,
  source, created_at, asked_at, confirmed_at)
SELECT ?, json_extract(value, '$.ID'), ?, json_extract(value, '$.Address'), json_extract(value, '$.Key'), ?, ?,
 json_extract(value, '$.Token'), '', ?, ?, ?, ?, ?
FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM unsubscribed u WHERE u.org_id = ? AND u.hash = json_extract(value,
 '$.Hash'))
ON CONFLICT DO NOTHING`,
		o.id, string(first.Channel), first.State, bit(first.Whole), first.Base, first.Source, int64(first.CreatedAt),
		int64(first.AskedAt), when(first.ConfirmedAt),
		string(list), o.id)
	if !first.Whole {
		o.addServices(b, ids, refIDs(first.Services))
	}
}

// KnownSubscribers counts those of a list whom ImportSubscribers will leave out.
func (o *Org) KnownSubscribers(ctx context.Context, all []Subscriber) (n int, err error) {
	type row struct{ Key, Hash string }
	rows := make([]row, len(all))
	for i := range all {
		rows[i] = row{all[i].Key, all[i].hash()}
	}
	list, _ := json.Marshal(rows) // strings always have a JSON form
	err = o.db.row(ctx, `SELECT count(*) FROM json_each(?) WHERE EXISTS (SELECT 1 FROM unsubscribed u WHERE u.org_id = ?
  AND u.hash = json_extract(value, '$.Hash'))
 OR EXISTS (SELECT 1 FROM subscribers s WHERE s.org_id = ? AND s.channel = 'email' AND s.channel <> 'webhook' AND
 s.address_key = json_extract(value, '$.Key'))`,
		[]any{string(list), o.id, o.id}, &n)
	return n, err
}

// CountSubscribers counts those in a state; "" counts all.
func (o *Org) CountSubscribers(ctx context.Context, state string) (n int, err error) {
	where, args := SubscriberFilter{State: state}.conditions(o.id)
	err = o.db.row(ctx, `SELECT count(*) FROM subscribers s WHERE `+where, args, &n)
	return n, err
}

// hearsOf is true of a subscriber s who hears of one of the services in a JSON list.
const hearsOf = `(s.whole = 1 OR EXISTS
 (SELECT 1 FROM subscriber_services x WHERE x.subscriber = s.num AND x.service_id IN (SELECT value FROM json_each(?))))`

// SubscriberFilter narrows a list; zero values mean all.
type SubscriberFilter struct {
	Channel  string
	State    string
	Services []string // hears of one of these, by choice or with the whole page: the audience of what happens to them
	Search   string   // in the first searchedBytes of the address, in lower case
}

// searchedBytes is how much of an address a search looks at: an e-mail address as a whole, of a webhook the host and
// what stands behind it. SQLite's instr takes time in the product of both lengths.
const searchedBytes = 300

func (f SubscriberFilter) conditions(org string) (string, []any) {
	where, args := "s.org_id = ?", []any{org}
	if f.Channel != "" {
		where, args = where+" AND s.channel = ?", append(args, f.Channel)
	}
	if f.State != "" {
		where, args = where+" AND s.state = ?", append(args, f.State)
	}
	if len(f.Services) > 0 {
		where, args = where+" AND "+hearsOf, append(args, jsonStrings(f.Services))
	}
	if f.Search != "" {
		where, args = where+" AND instr(substr(s.address_key, 1, ?), ?) > 0",
			append(args, searchedBytes, strings.ToLower(f.Search))
	}
	return where, args
}

const subscriberColumns = `SELECT s.num, s.id, s.channel, s.address, s.address_key, s.state, s.whole, s.token, s.secret,
 s.language, s.base, s.source, s.failures, s.problem, s.created_at, s.asked_at, s.confirmed_at,
 (SELECT count(*) FROM subscriber_incidents y WHERE y.subscriber = s.num),
 (SELECT json_group_array(json_object('id', id, 'name', name)) FROM (SELECT v.id, v.name FROM subscriber_services x
  JOIN services v ON v.org_id = x.org_id AND v.id = x.service_id WHERE x.subscriber = s.num AND v.deleted_at IS NULL
  ORDER BY v.position, v.created_at, v.id))
FROM subscribers s WHERE `

func scanSubscriber(rows *sql.Rows, s *Subscriber) error {
	var confirmed sql.NullInt64
	var services []byte
	if err := rows.Scan(&s.Num, &s.ID, &s.Channel, &s.Address, &s.Key, &s.State, &s.Whole, &s.Token, &s.Secret,
		&s.Language,
		&s.Base, &s.Source, &s.Failures, &s.Problem, &s.CreatedAt, &s.AskedAt, &confirmed, &s.Incidents,
		&services); err != nil {
		return err
	}
	s.ConfirmedAt = nullTime(confirmed)
	return decoded([]byte(`{"services":`+string(services)+`}`), (*chosen)(s))
}

type chosen Subscriber

func (c *chosen) Wire(f *wire.Fields) { wire.List(f, "services", &c.Services, (*status.Ref).Wire) }

// Subscribers lists them, newest first, and counts all that match.
func (o *Org) Subscribers(ctx context.Context, f SubscriberFilter, s Span) ([]Subscriber, int, error) {
	where, args := f.conditions(o.id)
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM subscribers s WHERE `+where, args, &n); err != nil {
		return nil, 0, fmt.Errorf("count subscribers: %w", err)
	}
	found, err := list(ctx, o.db, subscriberColumns+where+` ORDER BY s.num DESC LIMIT ? OFFSET ?`,
		append(args, s.Limit, s.Offset), scanSubscriber)
	if err != nil {
		return nil, 0, fmt.Errorf("list subscribers: %w", err)
	}
	return found, n, nil
}

func (o *Org) subscriber(ctx context.Context, where string, args ...any) (Subscriber, error) {
	found, err := list(ctx, o.db, subscriberColumns+`s.org_id = ? AND `+where+` LIMIT 1`, append([]any{o.id}, args...),
		scanSubscriber)
	if err == nil && len(found) == 0 {
		err = ErrNone
	}
	if err != nil {
		if !errors.Is(err, ErrNone) {
			err = fmt.Errorf("read a subscriber: %w", err)
		}
		return Subscriber{}, err
	}
	return found[0], nil
}

// Subscriber reads one by its id; ErrNone.
func (o *Org) Subscriber(ctx context.Context, id string) (Subscriber, error) {
	return o.subscriber(ctx, `s.id = ?`, id)
}

// SubscriberByToken reads who holds a manage link; ErrNone.
func (o *Org) SubscriberByToken(ctx context.Context, token string) (Subscriber, error) {
	return o.subscriber(ctx, `s.token = ?`, token)
}

// SubscriberByAddress reads who is reached at an address; ErrNone. Of webhooks, which may share one, it is the one that
// is pending.
func (o *Org) SubscriberByAddress(ctx context.Context, channel Channel, key string) (Subscriber, error) {
	if channel == Webhook {
		return o.subscriber(ctx, `s.channel = 'webhook' AND s.address_key = ? AND s.state = 'pending'`, key)
	}
	return o.subscriber(ctx, `s.channel = ? AND s.channel <> 'webhook' AND s.address_key = ?`, string(channel), key)
}

// Hooks are the subscriptions of one webhook's address, the oldest first.
func (o *Org) Hooks(ctx context.Context, key string) ([]Subscriber, error) {
	found, err := list(ctx, o.db, subscriberColumns+`s.org_id = ? AND s.channel = 'webhook' AND s.address_key = ? ORDER
  BY s.num LIMIT 20`, []any{o.id, key}, scanSubscriber)
	if err != nil {
		return nil, fmt.Errorf("read the subscriptions of a webhook: %w", err)
	}
	return found, nil
}

// ForgetPending deletes those who did not say yes in time, a few hundred in a batch.
func (db *DB) ForgetPending(ctx context.Context, before status.Time) error {
	for {
		nums, err := list(ctx, db, `SELECT num FROM subscribers WHERE state = 'pending' AND created_at < ? LIMIT ?`,
			[]any{int64(before), forgotten},
			func(rows *sql.Rows, num *int64) error { return rows.Scan(num) })
		if err != nil || len(nums) == 0 {
			return err
		}
		which, _ := json.Marshal(nums) // numbers always have a JSON form
		var b Batch
		b.Add(`DELETE FROM subscriber_services WHERE subscriber IN (SELECT value FROM json_each(?))`, string(which))
		b.Add(`DELETE FROM subscriber_incidents WHERE subscriber IN (SELECT value FROM json_each(?))`, string(which))
		b.Add(`DELETE FROM subscribers WHERE state = 'pending' AND num IN (SELECT value FROM json_each(?))`,
			string(which))
		if err := db.Do(ctx, &b); err != nil {
			return err
		}
		if len(nums) < forgotten {
			return nil
		}
	}
}
