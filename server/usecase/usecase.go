// Package usecase is the only way to write: one method is one batch at the primary. Whoever comes is authorised, the
// change is decided by shared/, appended with its audit row, its jobs and its idempotency record, and announced after
// the commit.
package usecase

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/server/stylesheet"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// tries is how often a decision is made again because somebody else was faster.
const tries = 8

// Jobs puts what follows from events into their batch: mail and webhooks that will be sent once the batch is committed.
// tell is false when the caller wants nobody to be told, nil when the caller says nothing about it. What is told waits
// for hold longer than it would.
type Jobs func(b *store.Batch, org *store.Org, before page.State, what *page.Decision, tell *bool, hold time.Duration)

// UseCases is where changes are brought.
type UseCases struct {
	db       *store.DB
	relay    *relay.Relay
	jobs     Jobs
	now      func() time.Time
	seed     maphash.Seed
	locks    [256]turn // by organisation: races in the process are rare and cheap
	signals  [64]turn  // of monitors and alerts, by organisation
	planning turn      // of series: one at a time

	// dismissed is when an issuer ended a membership (issuer, subject, organisation): tokens that were given before may
	// still come.
	dismissed sync.Map
	passwords *auth.Passwords
	local     *auth.Local
	asks      *auth.Asks // nil with an external issuer
	// Sealer keeps authenticators' secrets; without a key there are none.
	Sealer auth.Sealer

	loopbackHooks bool // subscribers may be on this machine

	Hosts Hosts

	// Base is BASE_URL, for letters to the team.
	Base string

	// Post takes letters to be mailed. It does not wait.
	Post func(notify.Account)
	// TryMail sends a mail for a test and waits for what becomes of it.
	TryMail   Trier
	forgotten chan forgotten
	// Told hears that there may be something to tell subscribers, after the commit. It does not wait.
	Told func()
	// Ended hears that a session or a membership has ended, after the commit: its sockets end. It does not wait.
	Ended func()
}

// New makes the use cases. local is nil with an external issuer; jobs may be nil.
func New(db *store.DB, r *relay.Relay, local *auth.Local, passwords *auth.Passwords, jobs Jobs) *UseCases {
	if jobs == nil {
		jobs = func(*store.Batch, *store.Org, page.State, *page.Decision, *bool, time.Duration) {}
	}
	d := &UseCases{db: db, relay: r, jobs: jobs, now: time.Now, seed: maphash.MakeSeed(), passwords: passwords,
		local: local,
		Post:  func(notify.Account) {}, Told: func() {}, Ended: func() {},
		forgotten: make(chan forgotten, maxForgotten), planning: newTurn()}
	for i := range d.locks {
		d.locks[i] = newTurn()
	}
	for i := range d.signals {
		d.signals[i] = newTurn()
	}
	if local != nil {
		d.asks = auth.NewAsks(db)
	}
	return d
}

func (d *UseCases) ended() { d.Ended() }

// SetClock puts another clock in place of the machine's, before anything is written.
func (d *UseCases) SetClock(now func() time.Time) { d.now = now }

// Caller is who brings a change, and how it came.
type Caller struct {
	Who         auth.Principal
	System      bool // the program itself: the scheduler, the command line
	Quiet       bool // subscribers are not told
	Address     string
	Device      string // in words, of a browser that signs in
	Base        string // where the installation is asked for: passkeys are for its host name
	RequestID   string
	Key         string // Idempotency-Key, or ""
	Fingerprint string // of the request that came with Key

	Monitor string             // the name of the monitor in whose name the program acts
	Beside  func(*store.Batch) // puts more into the batch of a command that changes something

	Hold   time.Duration // subscribers are told so much later, and until then it can be withdrawn
	Untold bool          // it is done only while no subscriber was told of its object
}

func (c Caller) mayEdit(orgID string) error {
	if c.System {
		return nil
	}
	return c.Who.MayEdit(orgID)
}

// mayAdminister is mayEdit for what is not the page: people, keys, settings.
func (c Caller) mayAdminister(orgID string) error {
	if c.System {
		return nil
	}
	return c.Who.MayAdminister(orgID)
}

// may says whether a command may be brought: settings are not the page.
func (c Caller) may(orgID string, command page.Command) error {
	if page.Known(command).Who == page.Admins {
		return c.mayAdminister(orgID)
	}
	return c.mayEdit(orgID)
}

// commandID is what messages to everybody say of the command that caused them. A caller who wants to know its own again
// writes a UUID before a dot in its key; the key itself is nobody else's business.
func (c Caller) commandID() string {
	if id, rest, _ := strings.Cut(c.Key, "."); rest != "" && status.ValidID(id) {
		return id
	}
	return uuid.NewString()
}

// actor tells two callers' idempotency keys apart.
func (c Caller) actor() string {
	if c.System {
		return "system"
	}
	return string(c.Who.Kind) + ":" + c.Who.ID
}

// name is what the caller is called in records: a person by the address where there is no name.
func (c Caller) name() string {
	switch {
	case c.Monitor != "":
		return c.Monitor
	case c.System:
		return "Status Page"
	case c.Who.Name == "":
		return c.Who.Email
	}
	return c.Who.Name
}

func (c Caller) audit(action, objectKind, objectID, before, after string, at time.Time) store.Audit {
	a := store.Audit{At: status.Time(at.UnixMilli()), ActorKind: string(c.Who.Kind), ActorID: c.Who.ID,
		ActorName: c.name(),
		Address:   c.Address, RequestID: c.RequestID, Action: action, ObjectKind: objectKind, ObjectID: objectID,
		Before: before, After: after}
	if c.System {
		a.ActorKind, a.ActorID = "system", "system"
	}
	if c.Monitor != "" {
		a.ActorID = "monitor"
	}
	return a
}

// turn is a lock that is held while the database is asked. It is no sync.Mutex, since whoever waits for one of those
// waits, for testing/synctest, for something that time does not bring.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) Lock()   { t <- struct{}{} }
func (t turn) Unlock() { <-t }

func (d *UseCases) lock(orgID string) turn {
	return d.locks[maphash.String(d.seed, orgID)%uint64(len(d.locks))]
}

// Change decides a command on the newest state and commits what follows. The answer is what the caller is told, now and
// for the same key for 48 hours.
func (d *UseCases) Change(ctx context.Context, by Caller, orgID string, c page.Command) (store.Answer, error) {
	if err := unknown(c); err != nil {
		return store.Answer{}, err
	}
	if err := by.may(orgID, c); err != nil {
		return store.Answer{}, err
	}
	if edit, is := c.(*page.EditPage); is && edit.Hostname != nil {
		if no := d.Hosts.wanted(*edit.Hostname); no != nil {
			return store.Answer{}, no
		}
	}
	if edit, is := c.(*page.EditPage); is && edit.Style.CSS != nil {
		if _, no := stylesheet.Rewrite(*edit.Style.CSS); no != nil {
			return store.Answer{}, fault.OnField("custom_css", "Line %s, %s: "+no.Why, strconv.Itoa(no.Line), no.What)
		}
	}
	if edit, is := c.(*page.EditPage); is && edit.Access != nil {
		named, keep, err := d.withAccess(ctx, orgID, edit)
		if err != nil {
			return store.Answer{}, err
		}
		if c = named; keep != nil {
			by.Beside = keep
		}
	}
	if err := d.knownAudiences(ctx, orgID, c); err != nil {
		return store.Answer{}, err
	}
	return d.ChangeAt(ctx, by, orgID, c, d.now())
}

// ChangeAt is Change at another time than now, for demonstration data and records of the past; it does not ask who
// comes.
func (d *UseCases) ChangeAt(ctx context.Context, by Caller, orgID string, c page.Command,
	at time.Time) (store.Answer, error) {
	if err := unknown(c); err != nil {
		return store.Answer{}, err
	}
	page.FillIDs(c, newID)
	command := by.commandID()
	lock := d.lock(orgID)
	lock.Lock()
	defer lock.Unlock()
	for n := range tries {
		if n > 0 {
			if answer, found, err := d.answered(ctx, by, orgID); found || err != nil {
				return answer, d.withCurrent(ctx, orgID, c, err)
			}
		}
		answer, err := d.try(ctx, by, orgID, c, at, command)
		// whether it was done before is what the schema says of a key, unless nothing got as far
		if n == 0 && asksBefore(err) {
			if answer, found, err := d.answered(ctx, by, orgID); found || err != nil {
				return answer, d.withCurrent(ctx, orgID, c, err)
			}
		}
		if err != nil {
			if failed := d.keepRefusal(ctx, by, orgID, hideCurrent(err)); failed != nil {
				err = failed
			}
		}
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
	return store.Answer{}, fault.New(fault.Conflict,
		"Others are changing this page at the same time. Please try again.")
}

// asksBefore says that a try ended in a way that a key may know better: not by a success, and not so that it is made
// again or looked up anyway.
func asksBefore(err error) bool {
	return err != nil && !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrKeyUsed) && !lost(err)
}

// answered finds what the caller's key was answered before.
func (d *UseCases) answered(ctx context.Context, by Caller, orgID string) (store.Answer, bool, error) {
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
	if err == nil && answer.Status >= http.StatusBadRequest {
		return answer, false, refusedBefore(answer)
	}
	if err == nil && answer.About.Kind != "" {
		answer.Body, err = again(ctx, d.db.Org(orgID), answer)
	}
	return answer, err == nil, err
}

func (d *UseCases) try(ctx context.Context, by Caller, orgID string, c page.Command, at time.Time,
	command string) (store.Answer, error) {
	org := d.db.Org(orgID)
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return store.Answer{}, refused{err}
	}
	if p.Held != nil {
		return store.Answer{}, refused{p.Held}
	}
	state, older, err := d.withOlder(ctx, org, p.State, c)
	if err == nil {
		state.Past, err = past(ctx, org, &state, c, status.Time(at.UnixMilli()))
	}
	if err != nil {
		return store.Answer{}, refused{err}
	}
	decided, no := page.DecideWhole(state, c, status.Time(at.UnixMilli()), command)
	events := decided.Events
	if !by.System {
		if made := page.CheckMade(c); made != nil && (no == nil || no.Code != fault.Invalid) {
			no = made
		} else {
			no = fault.Together(made, no)
		}
	}
	if no != nil {
		return store.Answer{}, no
	}
	after := decided.After(state)
	was, is := outcome(&state, c), outcomeOf(&state, &after, events, c)
	answer := is.answer(c, by.Fingerprint, after.Seq)
	if len(events) == 0 && by.Key == "" {
		return answer, nil
	}
	var batch *store.Batch
	told, epoch := false, p.Epoch
	if older {
		epoch = "" // what follows from the page without it, the relay finds itself
	}
	err = org.Commit(ctx, state, decided, epoch, func(b *store.Batch) {
		batch = b
		b.Follow(d.relay.Anchor())
		if len(events) > 0 {
			entry := by.audit(c.Kind(), is.kind, is.id, "", "", d.now())
			entry.Refers, entry.BeforeSeq, entry.AfterSeq = true, was.since(state.Seq), is.since(after.Seq)
			org.AddAudit(b, entry)
			before := b.Len()
			d.jobs(b, org, state, &decided, by.tells(c, events), by.Hold)
			told = b.Len() > before
			if by.Untold {
				org.RequireUntold(b, is.id, "")
			}
			if by.Beside != nil {
				by.Beside(b)
			}
		}
		if by.Key != "" {
			org.AddAnswer(b, by.actor(), by.keyName(), answer, d.now())
		}
	})
	if err != nil && by.Beside != nil && !by.Untold && store.Overtaken(err) {
		return answer, refused{err} // what stands beside it was not as it was required to be
	}
	if err != nil {
		return answer, appendRefusal(err)
	}
	if part, is := batch.Followed(); !is || !d.relay.Follow(context.WithoutCancel(ctx), &part) {
		if !d.announce(ctx) && len(events) > 0 {
			d.relay.Doubt(orgID, command)
		}
	}
	if told {
		d.Told()
	}
	return answer, nil
}

// announce lets the relay read the commit, so that the next decision starts from it; rooms hear on the way. It answers
// whether that was done; else the next poll does it.
func (d *UseCases) announce(ctx context.Context) bool {
	err := d.relay.Sync(context.WithoutCancel(ctx))
	if err != nil {
		slog.Warn("a commit could not be read back; the next poll will", "error", err)
		d.relay.Wake()
	}
	return err == nil
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
	case store.Overtaken(err):
		return fault.New(fault.Conflict, "Subscribers have been told of it: it cannot be withdrawn any more.")
	case c.On("organizations.hostname"):
		return fault.New(fault.Conflict, "This host name belongs to another page.").
			With("hostname", "This host name belongs to another page.")
	case c.On("organizations.slug"):
		return fault.New(fault.Conflict, "This slug is taken.").With("slug", "This slug is taken.")
	case c.On("incidents.id"):
		return fault.New(fault.Conflict, "There is an incident with this id already.").With("id", "This id is taken.")
	case c.On("maintenances.id"):
		return fault.New(fault.Conflict, "There is a maintenance with this id already.").With("id", "This id is taken.")
	case c.Kind == "UNIQUE" && c.On(".id"):
		return fault.New(fault.Conflict, "This id was used before.").With("id", "This id was used before.")
	}
	return refused{err}
}

// lost says that nobody knows whether the batch was committed.
func lost(err error) bool {
	var before refused
	if errors.As(err, &before) {
		return false
	}
	var failure *store.Failure
	var no *fault.Error
	return (errors.As(err, &failure) || !errors.As(err, &no)) && store.Uncertain(err)
}

// settle finds out whether a batch whose answer was lost was committed. It was decided once, and it is never run twice.
func (d *UseCases) settle(ctx context.Context, by Caller, orgID, command string, answer store.Answer,
	lost error) (store.Answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*store.Deadline)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := d.happened(ctx, by, orgID, command)
		if err == nil {
			d.announce(ctx)
			d.Told()
			if before, found, err := d.answered(ctx, by, orgID); found || err != nil {
				return before, err // the key may be another request's, or this one's of an earlier time
			}
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
	return store.Answer{}, unanswered()
}

func unanswered() *fault.Error {
	e := fault.New(fault.Unavailable, "The database did not answer. Please try again with the same Idempotency-Key.")
	e.RetryAfter = 2
	return e
}

// happened is nil when a batch was committed, ErrNone when it was not. The record of the caller's key is part of the
// batch; the id of a command without one is nobody else's.
func (d *UseCases) happened(ctx context.Context, by Caller, orgID, command string) error {
	org := d.db.Org(orgID)
	if by.Key != "" {
		_, err := org.Answer(ctx, by.actor(), by.keyName(), d.now())
		return err
	}
	_, err := org.CommandSeq(ctx, command)
	return err
}

// withOlder adds to the state what it left out because it was long over, and says whether it did. An id that is to be
// new is not looked for: the schema refuses one that is there.
func (d *UseCases) withOlder(ctx context.Context, org *store.Org, s page.State,
	c page.Command) (page.State, bool, error) {
	spec, id := page.Known(c), page.TargetOf(c)
	if spec.Effect == page.Creates || !spec.Noun.LeavesOut() || !status.ValidID(id) {
		return s, false, nil
	}
	if x, _ := s.Object(spec.Noun, id); x != nil {
		return s, false, nil
	}
	older, err := org.Object(ctx, spec.Noun, id)
	if errors.Is(err, store.ErrNone) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	return s.With(spec.Noun, older), true, nil
}

// CreateOrg makes an organisation with its empty page.
func (d *UseCases) CreateOrg(ctx context.Context, by Caller, slug, name string, at time.Time,
	extra func(*store.Batch, *store.Org)) (id string, err error) {
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
