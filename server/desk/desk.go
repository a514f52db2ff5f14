// Package desk is the only way to write: one method is one batch at the primary. Whoever comes is authorised, the change is decided
// by shared/, appended with its audit row, its jobs and its idempotency record, and announced after the commit.
package desk

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// tries is how often a decision is made again because somebody else was faster.
const tries = 8

// Jobs puts what follows from events into their batch: mail and webhooks that will be sent once the batch is committed. tell is false
// when the caller wants nobody to be told.
type Jobs func(b *store.Batch, org *store.Org, before page.State, events []page.Event, tell bool)

// Desk is where changes are brought.
type Desk struct {
	db    *store.DB
	relay *relay.Relay
	jobs  Jobs
	now   func() time.Time
	seed  maphash.Seed
	locks [256]sync.Mutex // by organisation: races in the process are rare and cheap

	// dismissed is when an issuer ended a membership (issuer, subject, organisation): tokens that were given before may still come.
	dismissed sync.Map
	passwords *auth.Passwords
	local     *auth.Local

	loopbackHooks bool // subscribers may be on this machine

	// Post takes letters to be mailed. It does not wait.
	Post      func(notify.Account)
	forgotten chan forgotten
}

// New makes a desk. local is nil with an external issuer; jobs may be nil.
func New(db *store.DB, r *relay.Relay, local *auth.Local, passwords *auth.Passwords, jobs Jobs) *Desk {
	if jobs == nil {
		jobs = func(*store.Batch, *store.Org, page.State, []page.Event, bool) {}
	}
	return &Desk{db: db, relay: r, jobs: jobs, now: time.Now, seed: maphash.MakeSeed(), passwords: passwords, local: local,
		Post: func(notify.Account) {}, forgotten: make(chan forgotten, mostForgotten)}
}

// SetClock puts another clock in place of the machine's, before anything is written.
func (d *Desk) SetClock(now func() time.Time) { d.now = now }

// Caller is who brings a change, and how it came.
type Caller struct {
	Who         auth.Principal
	System      bool // the program itself: the scheduler, the command line
	Quiet       bool // subscribers are not told
	Address     string
	RequestID   string
	Key         string // Idempotency-Key, or ""
	Fingerprint string // of the request that came with Key
}

func (c Caller) mayEdit(orgID string) error {
	if c.System {
		return nil
	}
	return c.Who.MayEdit(orgID)
}

// actor tells two callers' idempotency keys apart.
func (c Caller) actor() string {
	if c.System {
		return "system"
	}
	return string(c.Who.Kind) + ":" + c.Who.ID
}

func (c Caller) audit(action, objectKind, objectID, before, after string, at time.Time) store.Audit {
	a := store.Audit{At: status.Time(at.UnixMilli()), ActorKind: string(c.Who.Kind), ActorID: c.Who.ID, ActorName: c.Who.Name,
		Address: c.Address, RequestID: c.RequestID, Action: action, ObjectKind: objectKind, ObjectID: objectID, Before: before, After: after}
	if a.ActorName == "" {
		a.ActorName = c.Who.Email
	}
	if c.System {
		a.ActorKind, a.ActorID, a.ActorName = "system", "system", "Status Page"
	}
	return a
}

func (d *Desk) lock(orgID string) *sync.Mutex {
	return &d.locks[maphash.String(d.seed, orgID)%uint64(len(d.locks))]
}

// Change decides a command on the newest state and commits what follows. The answer is what the caller is told, now and for
// the same key for 48 hours.
func (d *Desk) Change(ctx context.Context, by Caller, orgID string, c page.Command) (store.Answer, error) {
	if err := by.mayEdit(orgID); err != nil {
		return store.Answer{}, err
	}
	return d.ChangeAt(ctx, by, orgID, c, d.now())
}

// ChangeAt is Change at another time than now, for demonstration data and records of the past; it does not ask who comes.
func (d *Desk) ChangeAt(ctx context.Context, by Caller, orgID string, c page.Command, at time.Time) (store.Answer, error) {
	fill(c)
	command := by.Key
	if !status.ValidID(command) {
		command = uuid.NewString()
	}
	lock := d.lock(orgID)
	lock.Lock()
	defer lock.Unlock()
	for range tries {
		if answer, found, err := d.answered(ctx, by, orgID); found || err != nil {
			return answer, err
		}
		answer, err := d.try(ctx, by, orgID, c, at, command)
		switch {
		case errors.Is(err, store.ErrStale):
			if err := d.relay.Sync(ctx); err != nil {
				return store.Answer{}, err
			}
			continue
		case errors.Is(err, store.ErrKeyUsed):
			continue
		case err != nil && lost(err):
			return d.settle(ctx, by, orgID, command, answer, err)
		}
		return answer, err
	}
	return store.Answer{}, fault.New(fault.Conflict, "Others are changing this page at the same time. Please try again.")
}

// answered finds what the caller's key was answered before.
func (d *Desk) answered(ctx context.Context, by Caller, orgID string) (store.Answer, bool, error) {
	if by.Key == "" {
		return store.Answer{}, false, nil
	}
	answer, err := d.db.Org(orgID).Answer(ctx, by.actor(), by.keyName(), d.now())
	if errors.Is(err, store.ErrNone) {
		return answer, false, nil
	}
	if err == nil && answer.Fingerprint != by.Fingerprint {
		return answer, false, fault.OnField("Idempotency-Key", "This Idempotency-Key was used for another request.")
	}
	return answer, err == nil, err
}

func (d *Desk) try(ctx context.Context, by Caller, orgID string, c page.Command, at time.Time, command string) (store.Answer, error) {
	org := d.db.Org(orgID)
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return store.Answer{}, refused{err}
	}
	state, err := d.withOlder(ctx, org, p.State, c)
	if err == nil {
		state.Past, err = past(ctx, org, &state, c, status.Time(at.UnixMilli()))
	}
	if err != nil {
		return store.Answer{}, refused{err}
	}
	events, no := page.DecideAs(state, c, status.Time(at.UnixMilli()), command)
	if no != nil {
		return store.Answer{}, no
	}
	after := state
	for i := range events {
		after = page.Evolve(after, &events[i])
	}
	was, is := outcome(&state, c), outcomeOf(&state, &after, events, c)
	answer := is.answer(c, by.Fingerprint, after.Seq)
	if len(events) == 0 && by.Key == "" {
		return answer, nil
	}
	err = org.Append(ctx, state, events, func(b *store.Batch) {
		if len(events) > 0 {
			org.AddAudit(b, by.audit(c.Kind(), is.kind, is.id, was.json(), is.json(), d.now()))
			d.jobs(b, org, state, events, wantsNotice(c) && !by.Quiet)
		}
		if by.Key != "" {
			org.AddAnswer(b, by.actor(), by.keyName(), answer, d.now())
		}
	})
	if err == nil {
		d.announce(ctx)
		return answer, nil
	}
	return answer, appendRefusal(err)
}

// announce wakes the relay and lets it read the commit, so that the next decision starts from it. Rooms hear on the way.
func (d *Desk) announce(ctx context.Context) {
	if err := d.relay.Sync(context.WithoutCancel(ctx)); err != nil {
		slog.Warn("a commit could not be read back; the next poll will", "error", err)
		d.relay.Wake()
	}
}

// refused marks an operator's error that came before anything was sent to be committed.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// appendRefusal turns the schema's refusals into sentences.
func appendRefusal(err error) error {
	var c *store.Constraint
	if !errors.As(err, &c) {
		return err
	}
	switch {
	case c.On("organizations.hostname"):
		return fault.New(fault.Conflict, "This host name belongs to another page.").With("hostname", "This host name belongs to another page.")
	case c.On("organizations.slug"):
		return fault.New(fault.Conflict, "This slug is taken.").With("slug", "This slug is taken.")
	case c.Kind == "UNIQUE" && c.On(".id"):
		return fault.New(fault.Conflict, "This id was used before.").With("id", "This id was used before.")
	}
	return refused{err}
}

// lost says that nobody knows whether the batch was committed.
func lost(err error) bool {
	var no *fault.Error
	var before refused
	return !errors.As(err, &no) && !errors.As(err, &before) && store.Uncertain(err)
}

// settle finds out whether a batch whose answer was lost was committed. It was decided once, and it is never run twice.
func (d *Desk) settle(ctx context.Context, by Caller, orgID, command string, answer store.Answer, lost error) (store.Answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*store.Deadline)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := d.happened(ctx, by, orgID, command)
		if err == nil {
			d.announce(ctx)
			return answer, nil
		}
		if errors.Is(err, store.ErrNone) {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
			continue
		}
		break
	}
	slog.Error("a write failed", "error", lost, "command", command)
	e := fault.New(fault.Unavailable, "The database did not answer. Please try again with the same Idempotency-Key.")
	e.RetryAfter = 2
	return store.Answer{}, e
}

// happened is nil when a batch was committed, ErrNone when it was not. The record of the caller's key is part of the batch; the
// id of a command without one is nobody else's.
func (d *Desk) happened(ctx context.Context, by Caller, orgID, command string) error {
	org := d.db.Org(orgID)
	if by.Key != "" {
		_, err := org.Answer(ctx, by.actor(), by.keyName(), d.now())
		return err
	}
	_, err := org.CommandSeq(ctx, command)
	return err
}

// withOlder adds to the state what it left out because it was long over.
func (d *Desk) withOlder(ctx context.Context, org *store.Org, s page.State, c page.Command) (page.State, error) {
	kind, id := target(c)
	switch kind {
	case "incident":
		if _, there := s.Incident(id); !there && status.ValidID(id) {
			in, err := org.Incident(ctx, id)
			if errors.Is(err, store.ErrNone) {
				return s, nil
			}
			return s.WithIncident(in), err
		}
	case "maintenance":
		if _, there := s.Maintenance(id); !there && status.ValidID(id) {
			m, err := org.Maintenance(ctx, id)
			if errors.Is(err, store.ErrNone) {
				return s, nil
			}
			return s.WithMaintenance(m), err
		}
	}
	return s, nil
}

// CreateOrg makes an organisation with its empty page.
func (d *Desk) CreateOrg(ctx context.Context, by Caller, slug, name string, at time.Time, extra func(*store.Batch, *store.Org)) (id string, err error) {
	v7, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	id = v7.String()
	event, no := page.Create(id, slug, name, status.Time(at.UnixMilli()))
	if no != nil {
		return "", no
	}
	org := d.db.Org(id)
	err = org.Append(ctx, page.State{}, []page.Event{event}, func(b *store.Batch) {
		org.AddAudit(b, by.audit("create_organization", "organization", id, "", string(encode(event.Org)), d.now()))
		if extra != nil {
			extra(b, org)
		}
	})
	if err != nil {
		return "", appendRefusal(err)
	}
	d.relay.Wake()
	return id, nil
}

// statusOf is what a command that succeeded is answered with.
func statusOf(c page.Command) int {
	switch c.(type) {
	case *page.CreateService, *page.OpenIncident, *page.UpdateIncident, *page.PlanMaintenance:
		return http.StatusCreated
	case *page.DeleteService, *page.DeleteIncident, *page.DeleteMaintenance:
		return http.StatusNoContent
	}
	return http.StatusOK
}
