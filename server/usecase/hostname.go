package usecase

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"statuspage/server/hostname"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

const (
	// HostEvery is how long a proof is believed before it is looked at again.
	HostEvery = 12 * time.Hour
	// HostPatience is for how long a proof may be missing before the name is given up.
	HostPatience = 72 * time.Hour
	// hostsAtOnce is how many names are looked at in one round.
	hostsAtOnce = 20
)

// Hosts is what is known of host names here.
type Hosts struct {
	On     bool         // organisations may have names of their own: BASE_URL says what ours is
	Base   string       // the host of BASE_URL
	Own    hostname.Own // names that none of them may have
	Prover *hostname.Prover
}

// wanted refuses a name that nobody can have here.
func (h Hosts) wanted(name string) *fault.Error {
	switch {
	case name == "":
		return nil
	case !h.On:
		return fault.New(fault.Conflict, "Host names of one's own need BASE_URL to be set by whoever runs this "+
			"installation.").
			With("hostname", "This installation has no host names of one's own.")
	case h.Own.Has(name):
		return fault.OnField("hostname", "%s belongs to this installation.", name)
	}
	return nil
}

// ProveHost looks for the proof of the organisation's host name, and serves the page under it when it is there. show
// makes what the caller is told then, and again under the same key.
func (d *UseCases) ProveHost(ctx context.Context, by Caller, orgID string,
	show func(*page.Org) ([]byte, error)) (Reply, error) {
	var none Reply
	if err := by.mayAdminister(orgID); err != nil {
		return none, err
	}
	if answer, found, err := d.answered(ctx, by, orgID); err != nil {
		return none, err
	} else if found {
		return none, by.open(answer, &none)
	}
	bare := by
	bare.Key = ""
	if err := d.proveHost(ctx, bare, orgID); err != nil {
		if failed := d.keepRefusal(ctx, by, orgID, err); failed != nil && !errors.Is(failed, store.ErrKeyUsed) {
			return none, failed
		}
		return none, err
	}
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return none, err
	}
	body, err := show(&p.State.Org)
	if err != nil {
		return none, err
	}
	return administer(ctx, d, by, orgID,
		func(*store.Batch) (Reply, error) { return Reply{Status: http.StatusOK, Body: string(body)}, nil })
}

func (d *UseCases) proveHost(ctx context.Context, by Caller, orgID string) error {
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return err
	}
	name := p.State.Org.Hostname
	if name == "" {
		return fault.New(fault.Conflict, "There is no host name to prove.").
			With("hostname", "There is no host name to prove.")
	}
	if no := d.Hosts.wanted(name); no != nil {
		return no
	}
	found := d.Hosts.Prover.Look(ctx, name, hostname.Text(orgID, name))
	if err := d.noteHost(ctx, store.HostCheck{OrgID: orgID, Hostname: name,
		CheckedAt: status.Time(d.now().UnixMilli())}, found); err != nil {
		return err
	}
	switch found {
	case hostname.Missing:
		return fault.New(fault.Conflict, "The proof was found neither in the TXT record %s nor in the file on %s.",
			hostname.Record(name), name).
			With("hostname", "The proof was found neither in the TXT record %s nor in the file on %s.",
				hostname.Record(name), name)
	case hostname.Unknown:
		busy := fault.New(fault.Unavailable, "The name could not be looked up just now. Please try again.")
		busy.RetryAfter = 30
		return busy
	}
	if err := d.succeed(ctx, orgID, name); err != nil {
		return err
	}
	_, err = d.Change(ctx, by, orgID, &page.ProveHost{Hostname: name, Proved: true})
	return err
}

// succeed makes way for who has proved a name that is another's: one without a proof, or whose proof is gone.
func (d *UseCases) succeed(ctx context.Context, orgID, name string) error {
	other, err := d.db.OrgByHost(ctx, name)
	if errors.Is(err, store.ErrNone) || err == nil && other == orgID {
		return nil
	}
	if err != nil {
		return err
	}
	if d.Hosts.Prover.Look(ctx, name, hostname.Text(other, name)) != hostname.Missing {
		return fault.New(fault.Conflict, "Another page has proved this name, too. Take its record or file away first.").
			With("hostname", "Another page has proved this name, too.")
	}
	return d.loseHost(ctx, other, name)
}

func (d *UseCases) loseHost(ctx context.Context, orgID, name string) error {
	by := Caller{System: true, Address: "host names"}
	_, err := d.Change(ctx, by, orgID, &page.ProveHost{Hostname: name})
	var no *fault.Error
	if errors.As(err, &no) && no.Code == fault.Conflict {
		return nil // it was given up meanwhile
	}
	return err
}

// noteHost writes down what a look at a name found.
func (d *UseCases) noteHost(ctx context.Context, h store.HostCheck, found hostname.Verdict) error {
	switch {
	case found == hostname.Proved:
		h.MissingSince = 0
	case found == hostname.Missing && h.MissingSince == 0:
		h.MissingSince = h.CheckedAt
	}
	var b store.Batch
	d.db.Org(h.OrgID).AddHostCheck(&b, h)
	return d.db.Do(ctx, &b)
}

// CheckHosts looks again at names that are served. A name whose proof has been missing for long is given up, and one of
// before proofs were asked for when its time is over; one that is proved meanwhile stays.
func (d *UseCases) CheckHosts(ctx context.Context, at time.Time) {
	if !d.Hosts.On {
		return
	}
	due, err := d.db.DueHosts(ctx, at.Add(-HostEvery), at, hostsAtOnce)
	if err != nil && ctx.Err() == nil {
		slog.Warn("host names cannot be checked", "error", err)
		return
	}
	for _, h := range due {
		h.CheckedAt = status.Time(at.UnixMilli())
		if err := d.checkHost(ctx, h); err != nil {
			slog.Warn("a host name could not be checked", "organization", h.OrgID, "hostname", h.Hostname, "error", err)
		}
	}
}

func (d *UseCases) checkHost(ctx context.Context, h store.HostCheck) error {
	now := h.CheckedAt
	found := hostname.Missing
	if !d.Hosts.Own.Has(h.Hostname) {
		found = d.Hosts.Prover.Look(ctx, h.Hostname, hostname.Text(h.OrgID, h.Hostname))
	}
	if err := d.noteHost(ctx, h, found); err != nil {
		return err
	}
	switch {
	case found == hostname.Proved && h.Until != 0:
		_, err := d.Change(ctx, Caller{System: true, Address: "host names"}, h.OrgID,
			&page.ProveHost{Hostname: h.Hostname, Proved: true})
		return err
	case h.Until != 0 && h.Until <= now, h.Until == 0 && found == hostname.Missing && h.MissingSince != 0 &&
		now-h.MissingSince >= status.Time(HostPatience.Milliseconds()),
		d.Hosts.Own.Has(h.Hostname):
		slog.Warn("a host name is not proved any more", "organization", h.OrgID, "hostname", h.Hostname)
		return d.loseHost(ctx, h.OrgID, h.Hostname)
	}
	return nil
}
