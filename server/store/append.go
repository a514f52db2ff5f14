package store

import (
	"context"
	"errors"

	"statuspage/shared/page"
)

var (
	// ErrStale says that somebody else's event took the seq: decide again on the newer state.
	ErrStale = errors.New("the page has moved on")
	// ErrKeyUsed says that another request with the same idempotency key was faster.
	ErrKeyUsed = errors.New("the idempotency key is in use")
)

// Append commits events that were decided on a state, with everything else that belongs to the same moment (audit row,
// jobs, idempotency record), or nothing of it. UNIQUE (org_id, seq) refuses whoever decided on an older state.
func (o *Org) Append(ctx context.Context, before page.State, events []page.Event, extra func(*Batch)) error {
	return o.Commit(ctx, before, page.Decided(before, events), "", extra)
}

// Commit is Append for a decision that has the states after its events. They go with the events to who follows the
// batch, if the state before is the whole page of an epoch; "" is none.
func (o *Org) Commit(ctx context.Context, before page.State, d page.Decision, epoch string, extra func(*Batch)) error {
	var b Batch
	o.AddDecision(&b, before, &d, epoch)
	if extra != nil {
		extra(&b)
	}
	err := o.db.Do(ctx, &b)
	var c *Constraint
	if errors.As(err, &c) {
		switch {
		case c.On("events.seq"):
			return ErrStale
		case c.On("idempotency.key"):
			return ErrKeyUsed
		}
	}
	return err
}

// AddEvents puts the events and their projections into a batch.
func (o *Org) AddEvents(b *Batch, before page.State, events []page.Event) {
	d := page.Decided(before, events)
	o.AddDecision(b, before, &d, "")
}

// AddDecision is AddEvents for a decision; see Commit.
func (o *Org) AddDecision(b *Batch, before page.State, d *page.Decision, epoch string) {
	for i := range d.Events {
		e := &d.Events[i]
		if e.Type == page.PageCreated { // the log refers to its organisation
			project(b, o.id, e, before)
		}
		b.addEvent(o.id, e)
		if epoch != "" {
			b.statements[len(b.statements)-1].after = carry(epoch, &d.States[i])
		}
		if e.Type != page.PageCreated {
			project(b, o.id, e, before)
		}
		before = d.States[i]
	}
}
