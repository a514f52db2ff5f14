package usecase

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	// maxAlerts bounds the alerts that are remembered of an organisation.
	maxAlerts = 10_000
	// MaxFingerprint is how many characters a fingerprint may have.
	MaxFingerprint = 64
	// holdMargin is how near its end a hold-off counts as over: nothing is taken back that may be on its way.
	holdMargin = 5 * time.Second
)

// Signal is what a monitor or somebody else's alert says: something fires, or is over.
type Signal struct {
	Source  status.Source
	Firing  bool
	Service string // id; "" is not known
	To      status.ServiceStatus
	Title   string
	Body    string // Markdown: of the incident, of its update, or of its end
	Action  status.MonitorAction
	Once    bool // while it fires, nothing more is said of it
	// HoldOff is for how long subscribers are not told that it fires; what is over by then they never hear of.
	HoldOff time.Duration
}

// Outcome is what became of a signal.
type Outcome struct {
	Fingerprint string
	// Result is opened, updated, resolved, proposed, covered (the service is held as it is by something else),
	// maintenance, kept (a person touched the incident), unchanged, ignored or refused.
	Result   string
	Incident string
	Proposal string
	Why      string // of refused
}

// Wire is a member of the answer to ingest.
func (o *Outcome) Wire(f *wire.Fields) {
	f.Str("fingerprint", &o.Fingerprint)
	f.Str("result", &o.Result)
	for _, x := range []struct{ key, text string }{{"incident", o.Incident}, {"proposal", o.Proposal}, {"message",
		o.Why}} {
		if x.text != "" {
			f.Derived(x.key, x.text)
		}
	}
}

// digest stands for what an update would say: a title is told once.
func (s *Signal) digest() string {
	sum := sha256.Sum256([]byte(s.Body + "\x00" + string(s.To)))
	return hex.EncodeToString(sum[:])
}

// Signal does what a signal asks for, once: said again it changes nothing. People win: an incident that a person
// touched is not closed.
func (d *UseCases) Signal(ctx context.Context, by Caller, orgID string, s Signal) (Outcome, error) {
	if err := by.mayEdit(orgID); err != nil {
		return Outcome{}, err
	}
	by.Key, by.Fingerprint = "", "" // the signal's own fingerprint is its key
	turn := d.signals[len(d.signals)-1]
	if n := len(orgID); n > 0 {
		turn = d.signals[int(orgID[n-1])%len(d.signals)]
	}
	turn.Lock()
	defer turn.Unlock()
	org := d.db.Org(orgID)
	out := Outcome{Fingerprint: s.Source.Fingerprint, Result: "unchanged"}
	a, err := org.Alert(ctx, s.Source.Kind, s.Source.Fingerprint)
	known := !errors.Is(err, store.ErrNone)
	if err != nil && known {
		return out, err
	}
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return out, err
	}
	x := &signal{d: d, by: by, org: org, orgID: orgID, state: &p.State, Signal: s, alert: a, out: &out}
	switch {
	case s.Firing && a.Firing && (a.Incident != "" || a.Proposal != ""):
		err = x.again(ctx)
	case s.Firing && s.Action == status.ShowOnly:
		out.Result = "ignored"
	case s.Firing:
		if !known {
			if n, err := org.CountAlerts(ctx); err != nil {
				return out, err
			} else if n >= maxAlerts {
				return out, fault.New(fault.Conflict, "There are %s alerts already, which is the limit.",
					wire.Itoa(maxAlerts))
			}
		}
		err = x.open(ctx)
	case a.Firing:
		err = x.end(ctx)
	}
	return out, err
}

// signal is one that is being worked on.
type signal struct {
	Signal
	d     *UseCases
	by    Caller
	org   *store.Org
	orgID string
	state *page.State
	alert store.Alert
	out   *Outcome
	// beside puts more into the batch of a change.
	beside func(*store.Batch)
}

func (x *signal) now() status.Time { return status.Time(x.d.now().UnixMilli()) }

// open opens an incident or proposes to.
func (x *signal) open(ctx context.Context) error {
	x.alert = store.Alert{Kind: x.Source.Kind, Fingerprint: x.Source.Fingerprint, Firing: true, Version: 1,
		Text: x.digest()}
	svc, there := x.state.Service(x.Service)
	switch {
	case there && svc.Status == status.UnderMaintenance:
		x.out.Result = "maintenance"
		return nil
	case !there || x.Action == status.Propose:
		return x.propose(ctx, "open", "")
	case !svc.Status.CanMove(x.To, status.ByIncident):
		x.out.Result = "covered"
		return nil
	}
	id := newID()
	x.alert.Incident = id
	by := x.by
	by.Beside = func(b *store.Batch) {
		x.org.KeepAlert(b, &x.alert, x.now())
		if x.HoldOff > 0 {
			x.org.HoldMessages(b, id, x.HoldOff)
		}
	}
	source := x.Source
	_, err := x.d.ChangeAt(ctx, by, x.orgID, &page.OpenIncident{ID: id, Title: x.Title, Description: x.Body,
		Services: []page.Move{{ID: x.Service, To: x.To}}, Source: &source}, x.d.now())
	if err == nil {
		x.out.Result, x.out.Incident = "opened", id
	}
	return err
}

// propose asks people.
func (x *signal) propose(ctx context.Context, kind, incident string) error {
	p := store.Proposal{ID: newID(), Kind: kind, State: "open", Source: x.Source, Service: x.Service, To: x.To,
		Title: x.Title, Body: x.Body,
		Incident: incident, CreatedAt: x.now(), UpdatedAt: x.now()}
	if _, there := x.state.Service(x.Service); !there {
		p.Service = ""
	}
	x.alert.Proposal = p.ID
	var b store.Batch
	x.org.AddProposal(&b, &p)
	x.org.KeepAlert(&b, &x.alert, x.now())
	x.org.AddAudit(&b, x.by.audit("propose", "proposal", p.ID, "", string(encode(&p)), x.d.now()))
	x.d.tellProposal(x.org, &b, x.state, &p)
	if err := x.d.db.Do(ctx, &b); err != nil {
		return err
	}
	x.out.Result, x.out.Proposal, x.out.Incident = "proposed", p.ID, incident
	x.d.Told()
	return nil
}

// again hears of what fires already.
func (x *signal) again(ctx context.Context) error {
	x.out.Incident, x.out.Proposal = x.alert.Incident, x.alert.Proposal
	if x.Once || x.alert.Incident == "" || x.alert.Text == x.digest() {
		return nil
	}
	in, there := x.state.Incident(x.alert.Incident)
	if !there || !in.Active() || in.Version != x.alert.Version {
		return nil // a person has it
	}
	c := &page.UpdateIncident{ID: in.ID, UpdateID: newID(), Version: &x.alert.Version,
		Body: cmp.Or(x.Body, x.Title)}
	if a, on := in.On(x.Service); on && a.To != x.To && a.To.CanMove(x.To, status.ByIncident) {
		c.Services = []page.Move{{ID: x.Service, To: x.To}}
	}
	return x.change(ctx, c, "updated", func(a *store.Alert) { a.Text = x.digest() })
}

// end hears that it is over.
func (x *signal) end(ctx context.Context) error {
	x.out.Incident, x.out.Proposal = x.alert.Incident, x.alert.Proposal
	over := func(a *store.Alert) { a.Firing = false }
	in, there := x.state.Incident(x.alert.Incident)
	if there && in.Active() && in.Version == x.alert.Version {
		held, err := x.org.HeldMessages(ctx, in.ID, x.now()+status.Time(holdMargin.Milliseconds()))
		if err != nil {
			return err
		}
		if held {
			x.by.Quiet = true
			x.beside = func(b *store.Batch) { x.org.Untell(b, in.ID) }
		}
		return x.change(ctx, &page.UpdateIncident{ID: in.ID, UpdateID: newID(), Version: &x.alert.Version,
			Status: string(status.Resolved),
			Body:   x.Body}, "resolved", over)
	}
	x.alert.Firing = false
	if there && in.Active() {
		return x.propose(ctx, "resolve", in.ID)
	}
	var b store.Batch
	x.org.KeepAlert(&b, &x.alert, x.now())
	if p, err := x.org.Proposal(ctx, x.alert.Proposal); err == nil && p.State == "open" {
		x.org.EndProposal(&b, p.ID, "over", p.Incident, x.now())
		x.d.tellTeam(x.org, &b, &notify.TeamNote{Event: store.Up, Title: x.Title, Text: "The proposal is withdrawn.",
			Source: teamSource(&p.Source)}, "over/"+p.ID)
	} else if err != nil && !errors.Is(err, store.ErrNone) {
		return err
	}
	x.out.Result = "resolved"
	err := x.d.db.Do(ctx, &b)
	if err == nil {
		x.d.Told()
	}
	return err
}

// change carries an update out, with what it makes of the alert. A refusal since somebody else was faster leaves the
// incident to them.
func (x *signal) change(ctx context.Context, c *page.UpdateIncident, result string, then func(*store.Alert)) error {
	by := x.by
	by.Beside = func(b *store.Batch) {
		a := x.alert
		a.Version = *c.Version + 1
		then(&a)
		x.org.KeepAlert(b, &a, x.now())
		if x.beside != nil {
			x.beside(b)
		}
	}
	_, err := x.d.ChangeAt(ctx, by, x.orgID, c, x.d.now())
	var no *fault.Error
	if errors.As(err, &no) && no.Code == fault.Conflict {
		x.out.Result = "kept"
		return nil
	}
	if err == nil {
		x.out.Result = result
	}
	return err
}

// ProposalText is what somebody changes of a proposal while accepting it.
type ProposalText struct {
	Title, Body, Service, To *string
	Notify                   *bool
}

// Wire is the body of accept.
func (t *ProposalText) Wire(f *wire.Fields) {
	f.OptStr("title", &t.Title)
	f.OptStr("body", &t.Body)
	f.OptStr("service", &t.Service)
	f.OptStr("to_state", &t.To)
	f.OptBool("notify", &t.Notify)
}

// AcceptProposal does what a proposal says, as the caller.
func (d *UseCases) AcceptProposal(ctx context.Context, by Caller, orgID, id string,
	text ProposalText) (store.Proposal, error) {
	if err := by.mayEdit(orgID); err != nil {
		return store.Proposal{}, err
	}
	org := d.db.Org(orgID)
	p, err := d.proposal(ctx, orgID, id)
	if err != nil {
		return p, err
	}
	if p.State != "open" {
		if _, known, err := d.answered(ctx, by, orgID); known || err != nil {
			return p, err
		}
		return p, settled(&p)
	}
	var c page.Command
	set(&p.Title, text.Title)
	set(&p.Body, text.Body)
	set(&p.Service, text.Service)
	set((*string)(&p.To), text.To)
	if p.Kind == "resolve" {
		c = &page.UpdateIncident{ID: p.Incident, UpdateID: newID(), Status: string(status.Resolved), Body: p.Body,
			Notify: text.Notify}
	} else {
		if p.Service == "" {
			return p, fault.OnField("service", "Say which service is affected.")
		}
		p.Incident = newID()
		source := p.Source
		c = &page.OpenIncident{ID: p.Incident, Title: p.Title, Description: p.Body, Notify: text.Notify,
			Services: []page.Move{{ID: p.Service, To: p.To}}, Source: &source}
	}
	before := p
	by.Beside = func(b *store.Batch) {
		p.State, p.UpdatedAt = "accepted", status.Time(d.now().UnixMilli())
		org.EndProposal(b, id, p.State, p.Incident, p.UpdatedAt)
		if p.Kind == "open" {
			org.AlertAccepted(b, &p)
		}
	}
	answer, err := d.Change(ctx, by, orgID, c)
	switch {
	case store.Overtaken(err):
		return before, d.settledSince(ctx, orgID, id, err)
	case err != nil:
		return before, err
	case p.State != "accepted" || answer.About.ID != p.Incident: // the key had done it before
		return d.proposal(ctx, orgID, id)
	}
	return p, nil
}

// DismissProposal says no to a proposal.
func (d *UseCases) DismissProposal(ctx context.Context, by Caller, orgID, id string) (store.Proposal, error) {
	p, err := once(ctx, d, by, orgID, func(b *store.Batch) (store.Proposal, error) {
		p, err := d.proposal(ctx, orgID, id)
		if err != nil {
			return p, err
		}
		if p.State != "open" {
			return p, settled(&p)
		}
		before, org := string(encode(&p)), d.db.Org(orgID)
		p.State, p.UpdatedAt = "dismissed", status.Time(d.now().UnixMilli())
		org.EndProposal(b, id, p.State, p.Incident, p.UpdatedAt)
		org.AddAudit(b, by.audit("dismiss_proposal", "proposal", id, before, string(encode(&p)), d.now()))
		return p, nil
	})
	if store.Overtaken(err) {
		return p, d.settledSince(ctx, orgID, id, err)
	}
	return p, err
}

// settledSince says what became of a proposal that somebody else was faster with.
func (d *UseCases) settledSince(ctx context.Context, orgID, id string, overtaken error) error {
	p, err := d.proposal(ctx, orgID, id)
	if err == nil && p.State == "open" {
		return overtaken
	}
	return cmp.Or(err, error(settled(&p)))
}

func settled(p *store.Proposal) *fault.Error {
	return fault.New(fault.Conflict, "This proposal is %s already.", p.State)
}

func (d *UseCases) proposal(ctx context.Context, orgID, id string) (store.Proposal, error) {
	p, err := d.db.Org(orgID).Proposal(ctx, id)
	if errors.Is(err, store.ErrNone) {
		return p, fault.New(fault.NotFound, "There is no such proposal.")
	}
	return p, err
}

// UnderMaintenance says that a service is under maintenance now.
func (d *UseCases) UnderMaintenance(ctx context.Context, orgID, id string) bool {
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return false
	}
	svc, there := p.State.Service(id)
	return there && svc.Status == status.UnderMaintenance
}

// ServiceName is what a service is called; ErrNone of store.
func (d *UseCases) ServiceName(ctx context.Context, orgID, id string) (string, error) {
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return "", err
	}
	svc, there := p.State.Service(id)
	if !there {
		return "", store.ErrNone
	}
	return svc.Name, nil
}
