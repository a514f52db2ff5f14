package usecase

import (
	"context"
	"errors"
	"slices"
	"strings"

	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	// maxDestinations bounds the destinations of an organisation.
	maxDestinations = 20
	// maxAddress is how many characters the address of one may have.
	maxAddress = 2_000
)

// TeamEvents are what a destination may hear of.
var TeamEvents = []string{"down", store.Up, "proposal", "reports"}

// DestinationText is what somebody writes of a destination; what is nil stays.
type DestinationText struct {
	ReadVersion
	ID, Name, Kind, Address *string
	Events                  *[]string
	Paused                  *bool
}

// Wire is the body of POST and PATCH destinations.
func (t *DestinationText) Wire(f *wire.Fields) {
	f.OptStr("id", &t.ID)
	f.OptInt("version", &t.Version)
	f.OptStr("name", &t.Name)
	f.OptStr("kind", &t.Kind)
	f.OptStr("address", &t.Address)
	var events []string
	if f.Strings("events", &events); f.Reading() && events != nil {
		t.Events = &events
	}
	f.OptBool("paused", &t.Paused)
}

// onto writes what was said over what is there. The address belongs to its kind: another kind needs another one.
func (d *UseCases) onto(ctx context.Context, org *store.Org, t *DestinationText, x *store.Destination) error {
	fresh := x.Address == "" || t.Kind != nil && *t.Kind != x.Kind
	set(&x.Name, t.Name)
	set(&x.Kind, t.Kind)
	set(&x.Events, t.Events)
	set(&x.Paused, t.Paused)
	var c status.Checks
	c.Name("name", x.Name, status.TitleMax, true)
	c.OneOf("kind", x.Kind, slices.Contains(notify.TeamKinds, x.Kind), notify.TeamKinds)
	c.That(len(x.Events) > 0 && len(x.Events) <= len(TeamEvents), "events", "events must be a list of %s.",
		status.Join(TeamEvents))
	for _, e := range x.Events[:min(len(x.Events), len(TeamEvents))] {
		c.OneOf("events", e, slices.Contains(TeamEvents, e), TeamEvents)
	}
	c.That(t.Address != nil || !fresh, "address", "Say where it is: an address for this kind.")
	c.That(t.Address == nil || len(*t.Address) <= maxAddress, "address", "address may have %s characters at most.",
		wire.Itoa(maxAddress))
	if no := c.Err(); no != nil {
		return no
	}
	slices.Sort(x.Events)
	x.Events = slices.Compact(x.Events)
	if t.Address == nil {
		return nil
	}
	host, no := notify.TeamAddress(x.Kind, *t.Address, d.loopbackHooks)
	if no != nil {
		return no
	}
	address := *t.Address
	if x.Kind == "email" {
		address = host
		if err := onlyMembers(ctx, org, host); err != nil {
			return err
		}
	}
	if !d.Sealer.Works() {
		return fault.OnField("address", "Addresses cannot be kept here: SECRETS_KEY is not set.")
	}
	x.Host, x.Address = host, d.Sealer.Seal("destination/"+x.ID, address)
	return nil
}

// onlyMembers refuses a mail to anybody who did not agree to get it.
func onlyMembers(ctx context.Context, org *store.Org, address string) error {
	if address == "admins" {
		return nil
	}
	team, _, err := org.Team(ctx, store.Span{Limit: 1000})
	if err != nil {
		return err
	}
	for i := range team {
		if team[i].Offer == nil && team[i].Email == address {
			return nil
		}
	}
	return fault.OnField("address", "address must be admins or the e-mail address of a member.")
}

// setDestination is a destination as the audit log keeps it: without what became of its messages.
type setDestination struct{ *store.Destination }

func (s setDestination) Wire(f *wire.Fields) { s.WireSettings(f) }

func auditedDestination(x *store.Destination) string { return string(encode(setDestination{x})) }

// CreateDestination keeps a new destination.
func (d *UseCases) CreateDestination(ctx context.Context, by Caller, orgID string,
	text DestinationText) (store.Destination, error) {
	return administer(ctx, d, by, orgID, func(b *store.Batch) (store.Destination, error) {
		org, now := d.db.Org(orgID), status.Time(d.now().UnixMilli())
		x := store.Destination{ID: newID(), Events: TeamEvents, CreatedAt: now, UpdatedAt: now, Version: 1}
		set(&x.ID, text.ID)
		var list status.Checks
		if list.Made("id", x.ID); list.Err() != nil {
			return x, list.Err()
		}
		if err := d.onto(ctx, org, &text, &x); err != nil {
			return x, err
		}
		org.Room(b, store.CountDestinations, maxDestinations,
			fault.New(fault.Conflict, "There are %s destinations already, which is the limit.",
				wire.Itoa(maxDestinations)))
		b.Taken("destinations.id",
			fault.New(fault.Conflict, "There is a destination with this id already.").With("id", "This id is taken."))
		org.AddDestination(b, &x)
		org.AddAudit(b, by.audit("create_destination", "destination", x.ID, "", auditedDestination(&x), d.now()))
		return x, nil
	})
}

// EditDestination changes a destination.
func (d *UseCases) EditDestination(ctx context.Context, by Caller, orgID, id string,
	text DestinationText) (store.Destination, error) {
	return administer(ctx, d, by, orgID, func(b *store.Batch) (store.Destination, error) {
		org := d.db.Org(orgID)
		x, err := d.destination(ctx, orgID, id, text.Version)
		if err != nil {
			return x, err
		}
		before, sealed := auditedDestination(&x), x.Address
		if err := d.onto(ctx, org, &text, &x); err != nil {
			return x, err
		}
		if auditedDestination(&x) == before && sealed == x.Address {
			return x, nil
		}
		x.Version++
		x.UpdatedAt, x.FailedAt, x.Problem = status.Time(d.now().UnixMilli()), 0, ""
		org.EditDestination(b, &x)
		org.AddAudit(b, by.audit("edit_destination", "destination", id, before, auditedDestination(&x), d.now()))
		return x, nil
	})
}

// DeleteDestination takes a destination away, with what it was to be told.
func (d *UseCases) DeleteDestination(ctx context.Context, by Caller, orgID, id string, version *int64) error {
	_, err := administer(ctx, d, by, orgID, func(b *store.Batch) (store.Destination, error) {
		x, err := d.destination(ctx, orgID, id, version)
		if err != nil {
			return x, err
		}
		org := d.db.Org(orgID)
		org.DeleteDestination(b, &x)
		org.AddAudit(b, by.audit("delete_destination", "destination", id, auditedDestination(&x), "", d.now()))
		return x, nil
	})
	return err
}

// TestDestination puts a test message into the queue. What becomes of it the destination says: sent_at or problem.
func (d *UseCases) TestDestination(ctx context.Context, by Caller, orgID, id string) (store.Destination, error) {
	x, err := administer(ctx, d, by, orgID, func(b *store.Batch) (store.Destination, error) {
		x, err := d.destination(ctx, orgID, id, nil)
		if err != nil {
			return x, err
		}
		d.tellTeam(d.db.Org(orgID), b, &notify.TeamNote{Event: "test", Title: "A test message of your status page",
			Text:   "It works: this is where your team will hear that a monitor fires or that a proposal waits.",
			Source: "test/" + id}, "test/"+newID())
		return x, nil
	})
	if err == nil {
		d.Told()
	}
	return x, err
}

// destination is the one that the caller means, if it is as the caller read it.
func (d *UseCases) destination(ctx context.Context, orgID, id string, version *int64) (store.Destination, error) {
	x, err := d.db.Org(orgID).Destination(ctx, id)
	if errors.Is(err, store.ErrNone) {
		return x, fault.New(fault.NotFound, "There is no such destination.")
	}
	if err == nil && version != nil && *version != x.Version {
		no := fault.New(fault.Conflict, "This destination was changed meanwhile: you read version %s, it is now at %s.",
			wire.Itoa(*version), wire.Itoa(x.Version))
		no.Current = []byte(auditedDestination(&x))
		return x, no
	}
	return x, err
}

// teamSource names what a team is told of, for receivers, too: they know by it that two messages are about the same.
func teamSource(s *status.Source) string { return s.Kind + "/" + s.Fingerprint }

// tellTeam puts into a batch that the team is told something, once under a topic: destinations that want its event, or
// one of others.
func (d *UseCases) tellTeam(org *store.Org, b *store.Batch, n *notify.TeamNote, topic string, others ...string) {
	org.TellTeam(b, d.teamMessage(n, topic, others...))
}

func (d *UseCases) teamMessage(n *notify.TeamNote, topic string, others ...string) store.TeamMessage {
	n.At = status.Time(d.now().UnixMilli())
	if n.Since == 0 {
		n.Since = n.At
	}
	if n.URL == "" {
		n.URL = d.Base + "/dashboard/monitors"
	}
	m := store.TeamMessage{Topic: topic, Source: n.Source, Kind: n.Event, Events: append(others, n.Event),
		Body: string(wire.Marshal(n)), At: n.At, Admins: n.Event == "proposal" || n.Event == "reports"}
	if n.Event == "test" {
		_, m.Only, _ = strings.Cut(n.Source, "/")
	}
	return m
}

// tellProposal puts into a batch that the team hears of a proposal: those, too, who only want to know what is down.
func (d *UseCases) tellProposal(org *store.Org, b *store.Batch, state *page.State, p *store.Proposal) {
	n := &notify.TeamNote{Event: "proposal", Title: p.Title, Text: p.Body, Source: teamSource(&p.Source)}
	if svc, there := state.Service(p.Service); there {
		n.Service = svc.Name
	}
	others := []string{}
	if p.Source.Kind == "monitor" && p.Kind == "open" {
		others = append(others, "down")
	}
	d.tellTeam(org, b, n, "proposal/"+p.ID, others...)
}

// Fires puts into a batch that the team hears that a monitor is down, or is up again. n.Source is the monitor's id.
// Told is for after the commit.
func (d *UseCases) Fires(b *store.Batch, orgID string, n *notify.TeamNote) {
	n.Source = "monitor/" + n.Source
	d.tellTeam(d.db.Org(orgID), b, n, n.Event+"/"+n.Source+"/"+wire.Itoa(int64(n.Since)))
}
