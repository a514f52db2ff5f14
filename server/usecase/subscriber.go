package usecase

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Subscribers are rows with an audit row: they are no events of the log, which every visitor may read.

const (
	maxSubscribers = 100_000 // of a page
	maxPending     = 10_000  // that have not said yes
	maxImported    = 10_000  // in one call
	maxHooks       = 5       // subscriptions of one webhook's address
	askAgain       = 10 * time.Minute
	remindAgain    = 24 * time.Hour
)

// NewSubscriber is who wants to be told. Field is the name of the input that the address came in; no Services is the
// whole page; Base is where the links that it gets begin.
type NewSubscriber struct {
	Channel  store.Channel
	Field    string
	Address  string
	Services []string
	Seen     *page.State // the page as a visitor sees it; nil is all of it, for members
	Incident string      // hear of this one alone, until it is over
	Base     string
	Language string // that of the page on which somebody subscribes; "" is the page's own
	Push     PushKeys
	Consent  bool // an admin says that this person has agreed
}

// PushKeys are what a browser's subscription has beside its address.
type PushKeys struct{ P256dh, Auth string }

// newSubscriber checks what came in.
func (d *UseCases) newSubscriber(ctx context.Context, orgID string, n NewSubscriber,
	source string) (store.Subscriber, error) {
	address, key, no := notify.CheckAddress(n.Field, n.Channel, n.Address, d.loopbackHooks)
	if no != nil {
		return store.Subscriber{}, no
	}
	seen, err := d.seen(ctx, orgID, n.Seen)
	if err != nil {
		return store.Subscriber{}, err
	}
	services, err := chosen(seen, n.Services)
	if err != nil {
		return store.Subscriber{}, err
	}
	if n.Incident != "" {
		if err := following(seen, &n); err != nil {
			return store.Subscriber{}, err
		}
	}
	now := status.Time(d.now().UnixMilli())
	s := store.Subscriber{ID: newID(), Channel: n.Channel, Address: address, Key: key, State: store.Pending,
		Whole: len(services) == 0 && n.Incident == "", Services: services,
		Incident: n.Incident, Token: auth.NewOpaque().Text, Base: n.Base, Language: n.Language, Source: source,
		CreatedAt: now, AskedAt: now}
	switch s.Channel {
	case store.Webhook:
		s.Secret = newSecret()
	case store.Push:
		if s.Secret, no = notify.PushKeys("push.keys", n.Push.P256dh, n.Push.Auth); no != nil {
			return s, no
		}
	}
	return s, nil
}

// following checks the incident that somebody wants to hear of.
func following(seen *page.State, n *NewSubscriber) error {
	if len(n.Services) > 0 {
		return fault.OnField("incident", "Choose services, or one incident.")
	}
	if in, there := seen.Incident(n.Incident); !there || !in.Active() {
		return fault.OnField("incident", "There is no such incident that is still open.")
	}
	return nil
}

// newSecret is a key of Standard Webhooks: 32 random bytes.
func newSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// seen is what a visitor sees of a page, or all of it where nothing is said.
func (d *UseCases) seen(ctx context.Context, orgID string, seen *page.State) (*page.State, error) {
	if seen != nil {
		return seen, nil
	}
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return nil, err
	}
	return &p.State, nil
}

// chosen finds services by their ids, each once, in the order of the page.
func chosen(seen *page.State, ids []string) ([]status.Ref, error) {
	if len(ids) > page.MaxServices {
		return nil, fault.OnField("services", "At most %s services can be chosen.", wire.Itoa(page.MaxServices))
	}
	for i, id := range ids {
		if _, there := seen.Service(id); !there {
			return nil, fault.OnField("services["+wire.Itoa(int64(i))+"]", "There is no such service.")
		}
	}
	var out []status.Ref
	for _, svc := range seen.Services {
		if slices.Contains(ids, svc.ID) {
			out = append(out, status.Ref{ID: svc.ID, Name: svc.Name})
		}
	}
	return out, nil
}

// AllowLoopbackHooks lets subscribers' addresses be on this machine: for tests.
func (d *UseCases) AllowLoopbackHooks() { d.loopbackHooks = true }

// Subscribe takes a visitor's wish to be told; nobody is told anything before the address has said yes. The answer's
// ID, Secret and Token are for a webhook only, and its Token for the browser that it is: for any other channel it may
// be somebody else's, and none of it may be shown.
func (d *UseCases) Subscribe(ctx context.Context, by Caller, orgID string, n NewSubscriber) (store.Subscriber, error) {
	s, err := d.newSubscriber(ctx, orgID, n, "visitor")
	if err != nil {
		return s, err
	}
	lock := d.lock(orgID)
	lock.Lock()
	defer lock.Unlock()
	org := d.db.Org(orgID)
	old, err := org.SubscriberByAddress(ctx, s.Channel, s.Key)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return s, err
	}
	if known := err == nil; known && notify.SameBrowser(&old, &s) {
		return old, d.pushAgain(ctx, by, org, old, s)
	} else if known && s.Channel != store.Webhook {
		return old, d.ask(ctx, org, old, s)
	} else if err := d.room(ctx, org); err != nil {
		return s, err
	}
	var b store.Batch
	if s.Channel == store.Webhook {
		if err := d.roomForHook(ctx, &b, org, s); err != nil {
			return s, err
		}
	}
	return s, d.addPending(ctx, by, org, &b, s)
}

// pushAgain is what a browser that is a subscriber already wants now: it needs no question, since nobody else knows its
// keys. An incident comes beside what it hears of.
func (d *UseCases) pushAgain(ctx context.Context, by Caller, org *store.Org, old, wish store.Subscriber) error {
	var b store.Batch
	org.SpeakTo(&b, old.ID, wish.Language)
	is := old
	if wish.Incident != "" {
		org.FollowIncident(&b, old.ID, wish.Incident)
	} else {
		is.Whole, is.Services = wish.Whole, wish.Services
		org.ChooseServices(&b, old.ID, wish.Whole, refs(wish.Services))
	}
	switch now := status.Time(d.now().UnixMilli()); {
	case old.State == store.Bouncing:
		org.ReviveSubscriber(&b, old.ID)
	case old.State == store.Pending && now-old.AskedAt >= status.Time(askAgain.Milliseconds()):
		org.AskSubscriber(&b, old.ID, now)
		org.TellOne(&b, notify.Question(notify.Confirm, &is, now), old.ID)
	}
	org.AddAudit(&b, d.visitor(by, "edit_subscription", &old, subscriberJSON(&old), subscriberJSON(&is)))
	return d.db.Do(ctx, &b)
}

// roomForHook lets each program that subscribes one address have a subscription and a secret of its own, as long as
// they are few. A question that was not answered for a while makes way; who asks sooner is told to wait, so that every
// secret that was given stays good.
func (d *UseCases) roomForHook(ctx context.Context, b *store.Batch, org *store.Org, s store.Subscriber) error {
	all, err := org.Hooks(ctx, s.Key)
	if err != nil || len(all) < maxHooks {
		return err
	}
	now, pending := d.now(), false
	for i := range all { // the oldest first
		if all[i].State != store.Pending {
			continue
		}
		if now.Sub(time.UnixMilli(int64(all[i].AskedAt))) >= askAgain {
			org.RemoveSubscriber(b, all[i].ID)
			return nil
		}
		pending = true
	}
	if !pending {
		return fault.New(fault.Conflict, "This address has %s subscriptions already, which is the limit.",
			wire.Itoa(maxHooks)).
			With("webhook_url", "This address has %s subscriptions already, which is the limit.", wire.Itoa(maxHooks))
	}
	e := fault.New(fault.RateLimited, "This address was subscribed %s times within minutes. Each secret that was "+
		"given is good; answer the questions that were sent there, or try again later.", wire.Itoa(maxHooks))
	e.RetryAfter = int(askAgain / time.Second)
	return e
}

// room refuses when strangers fill the list.
func (d *UseCases) room(ctx context.Context, org *store.Org) error {
	pending, err := org.CountSubscribers(ctx, store.Pending)
	if err != nil {
		return err
	}
	if pending >= maxPending {
		e := fault.New(fault.RateLimited, "Too many people are subscribing at this time. Please try again later.")
		e.RetryAfter = 3600
		return e
	}
	return nil
}

func (d *UseCases) addPending(ctx context.Context, by Caller, org *store.Org, b *store.Batch,
	s store.Subscriber) error {
	org.AddSubscriber(b, s)
	org.TellOne(b, notify.Question(notify.Confirm, &s, s.CreatedAt), s.ID)
	org.AddAudit(b, d.visitor(by, "subscribe", &s, "", subscriberJSON(&s)))
	err := d.db.Do(ctx, b)
	var c *store.Constraint
	if errors.As(err, &c) && c.Kind == "UNIQUE" && c.On("subscribers.address_key") {
		return nil // another request for the same address was faster
	}
	return err
}

// ask writes to an address that is known, but not more often than its owner can bear from whoever types it in.
func (d *UseCases) ask(ctx context.Context, org *store.Org, old, wish store.Subscriber) error {
	now := d.now()
	kind, often := notify.Confirm, askAgain
	if old.State == store.Active {
		kind, often = notify.Reminded, remindAgain
	}
	var b store.Batch
	if wish.Incident != "" && old.State == store.Active { // it has said yes to this page
		org.FollowIncident(&b, old.ID, wish.Incident)
	}
	if now.Sub(time.UnixMilli(int64(old.AskedAt))) < often {
		org.AskSubscriber(&b, old.ID, old.AskedAt) // it takes as long as any other answer
		return d.db.Do(ctx, &b)
	}
	org.AskSubscriber(&b, old.ID, status.Time(now.UnixMilli()))
	if old.State == store.Pending {
		org.ChooseServices(&b, old.ID, wish.Whole, refs(wish.Services))
		old.Services, old.Whole, old.Incident = wish.Services, wish.Whole, wish.Incident
		if wish.Incident != "" {
			org.FollowIncident(&b, old.ID, wish.Incident)
		}
	}
	org.TellOne(&b, notify.Question(kind, &old, status.Time(now.UnixMilli())), old.ID)
	return d.db.Do(ctx, &b)
}

func refs(list []status.Ref) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].ID
	}
	return out
}

// Subscription is whose manage link it is.
func (d *UseCases) Subscription(ctx context.Context, orgID, token string) (store.Subscriber, error) {
	s, err := store.Subscriber{}, error(store.ErrNone)
	if _, ok := auth.HashOpaque(token); ok {
		s, err = d.db.Org(orgID).SubscriberByToken(ctx, token)
	}
	if errors.Is(err, store.ErrNone) {
		err = fault.New(fault.NotFound, "This link is not good any more. The subscription was ended, or it was not "+
			"confirmed in time.")
	}
	return s, err
}

// manage changes a subscription in the name of whoever holds its link.
func (d *UseCases) manage(ctx context.Context, by Caller, orgID, token, action string,
	change func(*store.Batch, *store.Org, *store.Subscriber) error) (store.Subscriber, error) {
	lock := d.lock(orgID)
	lock.Lock()
	defer lock.Unlock()
	was, err := d.Subscription(ctx, orgID, token)
	if err != nil {
		return was, err
	}
	org, is := d.db.Org(orgID), was
	var b store.Batch
	if err := change(&b, org, &is); err != nil || b.Len() == 0 {
		return was, err
	}
	after := subscriberJSON(&is)
	if action == "unsubscribe" {
		after = ""
	}
	org.AddAudit(&b, d.visitor(by, action, &was, subscriberJSON(&was), after))
	return is, d.db.Do(ctx, &b)
}

// ConfirmSubscription is the yes of the address itself.
func (d *UseCases) ConfirmSubscription(ctx context.Context, by Caller, orgID, token string) (store.Subscriber, error) {
	return d.manage(ctx, by, orgID, token, "confirm_subscription",
		func(b *store.Batch, org *store.Org, s *store.Subscriber) error {
			if s.State == store.Active {
				return nil
			}
			at := status.Time(d.now().UnixMilli())
			s.State, s.ConfirmedAt = store.Active, &at
			org.ConfirmSubscriber(b, s, at)
			return nil
		})
}

// EditSubscription chooses what is told, and in which language; no services are the whole page, and a language that the
// program does not have leaves it as it is. seen is the page as they see it.
func (d *UseCases) EditSubscription(
	ctx context.Context, by Caller, seen *page.State, token string, services []string, language string,
) (store.Subscriber, error) {
	return d.manage(ctx, by, seen.Org.ID, token, "edit_subscription",
		func(b *store.Batch, org *store.Org, s *store.Subscriber) error {
			if slices.Contains(page.Languages, language) && language != s.Language {
				s.Language = language
				org.SpeakTo(b, s.ID, language)
			}
			return choose(b, org, s, seen, services)
		})
}

func choose(b *store.Batch, org *store.Org, s *store.Subscriber, seen *page.State, services []string) error {
	found, err := chosen(seen, services)
	if err != nil {
		return err
	}
	whole := len(found) == 0
	if whole == s.Whole && slices.Equal(found, s.Services) {
		return nil
	}
	s.Whole, s.Services = whole, found
	org.ChooseServices(b, s.ID, whole, refs(found))
	return nil
}

// Unsubscribe ends a subscription. One that has ended already is no error.
func (d *UseCases) Unsubscribe(ctx context.Context, by Caller, orgID, token string) error {
	_, err := d.manage(ctx, by, orgID, token, "unsubscribe",
		func(b *store.Batch, org *store.Org, s *store.Subscriber) error {
			org.RefuseSubscriber(b, s, status.Time(d.now().UnixMilli())) // also of a question that was answered with no
			org.RemoveSubscriber(b, s.ID)
			return nil
		})
	var gone *fault.Error
	if errors.As(err, &gone) && gone.Code == fault.NotFound {
		return nil
	}
	return err
}

// visitor is the audit row of somebody who has no login.
func (d *UseCases) visitor(by Caller, action string, s *store.Subscriber, before, after string) store.Audit {
	a := by.audit(action, "subscriber", s.ID, before, after, d.now())
	a.ActorKind, a.ActorID, a.ActorName = "system", "visitor", "Visitor"
	return a
}

// subscriberJSON is for the audit log.
func subscriberJSON(s *store.Subscriber) string { return string(wire.Marshal(masked{s})) }

type masked struct{ *store.Subscriber }

func (m masked) Wire(f *wire.Fields) {
	f.Str("id", &m.ID)
	f.Str("channel", (*string)(&m.Channel))
	f.Derived("address", m.Masked())
	f.Str("state", &m.State)
	f.Bool("whole_page", &m.Whole)
	wire.List(f, "services", &m.Services, (*status.Ref).Wire)
}
