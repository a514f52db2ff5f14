package usecase

import (
	"context"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Security is what an organisation asks of its people.
type Security struct {
	SecondFactor bool
	SecondPerson bool // a draft is published only when somebody else has approved it
}

// Wire is how it stands in audit rows and answers.
func (s *Security) Wire(f *wire.Fields) {
	f.Bool("second_factor", &s.SecondFactor)
	f.Bool("second_person", &s.SecondPerson)
}

// Security reads it.
func (d *UseCases) Security(ctx context.Context, orgID string) (s Security, err error) {
	if s.SecondFactor, err = d.db.Org(orgID).AsksFactor(ctx); err == nil {
		s.SecondPerson, err = d.db.Org(orgID).AsksSecond(ctx)
	}
	return s, err
}

// SetSecurity changes it. Who turns it on has shown a second factor, so that somebody is left who may turn it off; no
// key does, which has none.
func (d *UseCases) SetSecurity(ctx context.Context, by Caller, orgID string, next Security) (Security, error) {
	if by.Who.Kind == auth.KindKey {
		return Security{}, fault.New(fault.Forbidden, "Only a person changes this, not an API key.")
	}
	if d.local == nil && next.SecondFactor {
		return Security{}, fault.New(fault.Conflict, "Second factors of this installation are its identity provider's.")
	}
	changed, err := administer(ctx, d, by, orgID, func(b *store.Batch) (Security, error) {
		was, err := d.Security(ctx, orgID)
		if err != nil || was == next {
			return was, err
		}
		org := d.db.Org(orgID)
		if next.SecondFactor && !was.SecondFactor && !by.System {
			org.NeedsFactor(b, by.Who.ID, by.Who.SessionID,
				fault.New(fault.Conflict, "Sign in with a second factor yourself first. Without one you would lock "+
					"yourself out."))
		}
		org.AskFactor(b, next.SecondFactor, d.now())
		org.AskSecond(b, next.SecondPerson, status.Time(d.now().UnixMilli()))
		org.AddAudit(b, by.audit("edit_security", "organization", orgID, string(wire.Marshal(&was)),
			string(wire.Marshal(&next)), d.now()))
		return next, nil
	})
	if err == nil {
		d.ended() // sockets of sessions that lack it
	}
	return changed, err
}
