package usecase

import (
	"context"
	"errors"
	"net/http"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// What admins do about subscribers.

// Reply is what an admin is answered, now and to the same Idempotency-Key again. Body is JSON, or nothing.
type Reply struct {
	Status int64
	Body   string
}

// Wire is a reply as it is kept.
func (r *Reply) Wire(f *wire.Fields) {
	f.Int("status", &r.Status)
	f.Str("body", &r.Body)
}

func (d *UseCases) reply(ctx context.Context, by Caller, orgID string,
	work func(*store.Org, *store.Batch) (Reply, error)) (Reply, error) {
	return once(ctx, d, by, orgID, func(b *store.Batch) (Reply, error) { return work(d.db.Org(orgID), b) })
}

// AddSubscriber adds one in an admin's name. With consent an e-mail address is told from now on; otherwise it is asked
// first, and any other channel is tried first. A webhook's secret is in the answer, this once.
func (d *UseCases) AddSubscriber(ctx context.Context, by Caller, orgID string, n NewSubscriber) (Reply, error) {
	return d.reply(ctx, by, orgID, func(org *store.Org, b *store.Batch) (Reply, error) {
		if n.Channel == store.Push {
			return Reply{}, fault.OnField(n.Field, "A browser can only be subscribed in it, on the page.")
		}
		s, err := d.newSubscriber(ctx, orgID, n, "admin")
		if err != nil {
			return Reply{}, err
		}
		b.Taken("subscribers.address_key",
			fault.New(fault.Conflict, "This address is a subscriber already.").With(n.Field, "This address is a "+
				"subscriber already."))
		org.Room(b, store.CountSubscribers, maxSubscribers, errFull())
		if n.Consent && s.Channel == store.Email {
			s.State, s.ConfirmedAt = store.Active, &s.CreatedAt
		}
		org.AddSubscriber(b, s)
		if s.State == store.Pending {
			org.TellOne(b, notify.Question(notify.Confirm, &s, s.CreatedAt), s.ID)
		}
		org.AddAudit(b, by.audit("add_subscriber", "subscriber", s.ID, "", consented(&s, n.Consent), d.now()))
		return Reply{Status: http.StatusCreated, Body: string(wire.Marshal(withSecret{&s}))}, nil
	})
}

// withSecret is a subscriber as it is shown once.
type withSecret struct{ *store.Subscriber }

func (w withSecret) Wire(f *wire.Fields) {
	w.Subscriber.Wire(f)
	if w.Secret != "" {
		f.Str("secret", &w.Secret)
	}
}

func (d *UseCases) full(ctx context.Context, org *store.Org, more int) error {
	n, err := org.CountSubscribers(ctx, "")
	if err == nil && n+more > maxSubscribers {
		err = errFull()
	}
	return err
}

func errFull() *fault.Error {
	return fault.New(fault.Conflict, "A page may have %s subscribers at most.", wire.Itoa(maxSubscribers))
}

func consented(s *store.Subscriber, consent bool) string {
	return string(wire.Marshal(mapping(func(f *wire.Fields) {
		masked{s}.Wire(f)
		f.Bool("consent", &consent)
	})))
}

// mapping makes a wire.Object of a function.
type mapping func(*wire.Fields)

func (o mapping) Wire(f *wire.Fields) { o(f) }

// Import is many e-mail addresses at once, of people who have agreed.
type Import struct {
	Emails   []string
	Consent  bool
	Services []string
	Base     string
}

// ImportSubscribers adds many addresses without asking each. It needs the admin's word that they have agreed, which the
// audit log keeps. Who is there already or has unsubscribed before is left as they are.
func (d *UseCases) ImportSubscribers(ctx context.Context, by Caller, orgID string, in Import) (Reply, error) {
	return d.reply(ctx, by, orgID, func(org *store.Org, b *store.Batch) (Reply, error) {
		var c status.Checks
		c.That(in.Consent, "consent", "State that these people have agreed to get mail about this page: consent must "+
			"be true.")
		c.That(len(in.Emails) > 0, "emails", "emails must not be empty.")
		c.That(len(in.Emails) <= maxImported, "emails", "emails may have %s members at most; send the rest in "+
			"another request.", wire.Itoa(maxImported))
		if err := c.Err(); err != nil {
			return Reply{}, err
		}
		seen, err := d.seen(ctx, orgID, nil)
		if err != nil {
			return Reply{}, err
		}
		services, err := chosen(seen, in.Services)
		if err != nil {
			return Reply{}, err
		}
		if err := d.full(ctx, org, len(in.Emails)); err != nil {
			return Reply{}, err
		}
		list, refused := d.importable(in, services)
		known, err := org.KnownSubscribers(ctx, list)
		if err != nil {
			return Reply{}, err
		}
		result := imported{added: int64(len(list) - known), known: int64(known), refused: refused}
		org.ImportSubscribers(b, list)
		org.AddAudit(b, by.audit("import_subscribers", "subscriber", "", "", string(wire.Marshal(result.audit())),
			d.now()))
		return Reply{Status: http.StatusCreated, Body: string(wire.Marshal(result))}, nil
	})
}

func (d *UseCases) importable(in Import, services []status.Ref) (list []store.Subscriber, refused []fault.Field) {
	now := status.Time(d.now().UnixMilli())
	seen := make(map[string]bool, len(in.Emails))
	for i, text := range in.Emails {
		address, key, no := notify.CheckAddress("emails["+wire.Itoa(int64(i))+"]", store.Email, text, false)
		if no != nil {
			refused = append(refused, no.Fields...)
			continue
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		list = append(list, store.Subscriber{ID: newID(), Channel: store.Email, Address: address, Key: key,
			State: store.Active, Whole: len(services) == 0,
			Services: services, Token: auth.NewOpaque().Text, Base: in.Base, Source: "admin", CreatedAt: now,
			AskedAt: now, ConfirmedAt: &now})
	}
	return list, refused
}

// imported is what became of an import. known are those who were there, or have unsubscribed.
type imported struct {
	added, known int64
	refused      []fault.Field
}

func (r imported) Wire(f *wire.Fields) {
	f.Int("added", &r.added)
	f.Int("known", &r.known)
	wire.List(f, "refused", &r.refused, func(x *fault.Field, f *wire.Fields) {
		f.Str("field", &x.Name)
		f.Str("message", &x.Message)
	})
}

func (r imported) audit() wire.Object {
	return mapping(func(f *wire.Fields) {
		consent, refused := true, int64(len(r.refused))
		f.Int("added", &r.added)
		f.Int("known", &r.known)
		f.Int("refused", &refused)
		f.Bool("consent", &consent)
	})
}

// EditSubscriber changes what an admin may change: whether an address can be reached, as far as the admin knows (a
// bounce comes back to a person, not to this program), and what it hears of.
func (d *UseCases) EditSubscriber(ctx context.Context, by Caller, orgID, id string, state *string,
	services *[]string) (Reply, error) {
	return d.reply(ctx, by, orgID, func(org *store.Org, b *store.Batch) (Reply, error) {
		was, err := subscriber(ctx, org, id)
		if err != nil {
			return Reply{}, err
		}
		is := was
		if state != nil && *state != was.State {
			var c status.Checks
			c.OneOf("state", *state, *state == store.Active || *state == store.Bouncing,
				[]string{store.Active, store.Bouncing})
			c.That(was.State != store.Pending, "state", "This subscriber has not confirmed yet.")
			if err := c.Err(); err != nil {
				return Reply{}, err
			}
			if is.State = *state; is.State == store.Active {
				org.ReviveSubscriber(b, id)
			} else {
				org.BounceSubscriber(b, id, "marked by an admin")
			}
		}
		if services != nil {
			seen, err := d.seen(ctx, orgID, nil)
			if err != nil {
				return Reply{}, err
			}
			if err := choose(b, org, &is, seen, *services); err != nil {
				return Reply{}, err
			}
		}
		if b.Len() > 0 {
			org.AddAudit(b, by.audit("edit_subscriber", "subscriber", id, subscriberJSON(&was), subscriberJSON(&is),
				d.now()))
		}
		return Reply{Status: http.StatusOK, Body: string(wire.Marshal(&is))}, nil
	})
}

// RemoveSubscriber ends a subscription in an admin's name.
func (d *UseCases) RemoveSubscriber(ctx context.Context, by Caller, orgID, id string) (Reply, error) {
	return d.reply(ctx, by, orgID, func(org *store.Org, b *store.Batch) (Reply, error) {
		s, err := subscriber(ctx, org, id)
		if err != nil {
			return Reply{}, err
		}
		org.RemoveSubscriber(b, id)
		org.AddAudit(b, by.audit("remove_subscriber", "subscriber", id, subscriberJSON(&s), "", d.now()))
		return Reply{Status: http.StatusNoContent}, nil
	})
}

func subscriber(ctx context.Context, org *store.Org, id string) (store.Subscriber, error) {
	s, err := org.Subscriber(ctx, id)
	if errors.Is(err, store.ErrNone) {
		err = fault.New(fault.NotFound, "There is no such subscriber.")
	}
	return s, err
}

// RetryDelivery tries a dead delivery again; its subscriber is believed to be reachable from now on.
func (d *UseCases) RetryDelivery(ctx context.Context, by Caller, orgID string, id int64) (Reply, error) {
	return d.reply(ctx, by, orgID, func(org *store.Org, b *store.Batch) (Reply, error) {
		x, err := org.Delivery(ctx, id)
		if errors.Is(err, store.ErrNone) {
			err = fault.New(fault.NotFound, "There is no such delivery.")
		}
		if err != nil {
			return Reply{}, err
		}
		if x.State != store.Dead {
			return Reply{}, fault.New(fault.Conflict, "Only a dead delivery can be tried again.")
		}
		now := status.Time(d.now().UnixMilli())
		org.ReviveJob(b, &x, now)
		org.AddAudit(b, by.audit("retry_delivery", "delivery", wire.Itoa(id), "", "", d.now()))
		x.State, x.Tries, x.DueAt, x.DoneAt = store.Due, 0, now, nil
		return Reply{Status: http.StatusOK, Body: string(wire.Marshal(&x))}, nil
	})
}

// RetryDeliveries tries all dead deliveries again whose subscribers are active.
func (d *UseCases) RetryDeliveries(ctx context.Context, by Caller, orgID string) (Reply, error) {
	return d.reply(ctx, by, orgID, func(org *store.Org, b *store.Batch) (Reply, error) {
		n, err := org.DeadJobs(ctx)
		if err != nil {
			return Reply{}, err
		}
		org.ReviveJobs(b)
		result := mapping(func(f *wire.Fields) { f.Int("retried", &n) })
		org.AddAudit(b, by.audit("retry_deliveries", "delivery", "", "", string(wire.Marshal(result)), d.now()))
		return Reply{Status: http.StatusOK, Body: string(wire.Marshal(result))}, nil
	})
}
