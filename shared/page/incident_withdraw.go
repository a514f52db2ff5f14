package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// MaxUndo is how long after it was published an update can be withdrawn, in milliseconds. Those who asked for it to be
// held have ten seconds; the rest is for a slow network.
const MaxUndo = 30_000

// WithdrawUpdate takes an incident's newest update back, just after it was published: the incident is where it was
// before, and the words are nowhere any more. The first entry is the incident itself, which is deleted instead.
type WithdrawUpdate struct {
	ID       string // of the incident
	UpdateID string
	Version  *int64
}

func (*WithdrawUpdate) Kind() string { return "withdraw_update" }

func (c *WithdrawUpdate) parts() Parts {
	return Parts{of: c, ID: Place{"incident", &c.ID}, Version: &c.Version, Entry: Place{"id", &c.UpdateID}}
}

// Wire is {incident, id, version}; DELETE incidents/{id}/updates/{update_id} has no body.
func (c *WithdrawUpdate) Wire(f *wire.Fields) {
	f.Str("incident", &c.ID)
	f.Str("id", &c.UpdateID)
	f.OptInt("version", &c.Version)
}

func (c *WithdrawUpdate) decide(d *draft) *fault.Error {
	in, there := d.state.Incident(c.ID)
	if !there {
		return notFound("incident")
	}
	if err := stale("incident", c.Version, in.Version, in); err != nil {
		return err
	}
	n := len(in.Updates)
	k := 0
	for k < n && in.Updates[k].ID != c.UpdateID {
		k++
	}
	switch {
	case k == n:
		return notFound("update")
	case k == 0:
		return fault.New(fault.Conflict, "The first message is the incident itself: delete the incident.")
	case k < n-1:
		return fault.New(fault.Conflict, "Something was published after it: only the newest message can be withdrawn.")
	case d.at-in.Updates[k].CreatedAt > MaxUndo:
		return fault.New(fault.Conflict, "It is too late to withdraw this message: correct it, or publish another one.")
	case !in.Active() && d.active() >= MaxActive:
		return tooMany("active incidents", MaxActive)
	}
	d.withdraw(*in, in.Updates[k])
	return nil
}

// withdraw brings an incident to where it was before its newest update, and the services with it.
func (d *draft) withdraw(next status.Incident, u status.Update) {
	before := next.Updates[:len(next.Updates)-1]
	next.Services = append([]status.Affected(nil), next.Services...)
	if u.Status != status.Resolved { // a resolution leaves the incident's own list as it is
		for _, a := range u.Services {
			if k := at(next.Services, a.ID); k >= 0 {
				next.Services[k].To = a.From
			}
		}
	}
	next.Status, next.ResolvedAt, next.Impact = before[len(before)-1].Status, nil, impactSince(before)
	u.Body, u.Translations = "", nil
	d.emitIncident(UpdateWithdrawn, next, &u)
	for _, a := range u.Services {
		if svc, there := d.state.Service(a.ID); there && svc.Status != status.UnderMaintenance {
			d.moveService(a.ID, d.state.settled(a.ID, ""))
		}
	}
}

// impactSince is the worst that an incident did to its services in the entries of its timeline.
func impactSince(updates []status.Update) (worst status.Impact) {
	var held []status.Affected
	for i := range updates {
		for _, a := range updates[i].Services {
			if k := at(held, a.ID); k >= 0 {
				held[k].To = a.To
			} else {
				held = append(held, a)
			}
		}
		worst = worst.Worse(status.ImpactOf(held))
	}
	return worst
}
