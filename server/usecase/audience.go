package usecase

import (
	"context"
	"slices"
	"strings"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// nextAudiences are the audiences of a page from now on. One that is named by its id keeps what is left out of it.
func (d *UseCases) nextAudiences(ctx context.Context, was []store.PageAudience,
	want []page.EditAudience) ([]store.PageAudience, error) {
	var c status.Checks
	c.That(len(want) <= status.MaxAudiences, "access.audiences", "A page may have %s audiences at most.",
		wire.Itoa(status.MaxAudiences))
	if err := c.Err(); err != nil {
		return nil, err
	}
	out := make([]store.PageAudience, 0, len(want))
	for i := range want {
		w, field := &want[i], "access.audiences["+wire.Itoa(int64(i))+"]"
		a := store.PageAudience{Access: store.Access{ID: newID()}}
		if w.ID != "" {
			at := slices.IndexFunc(was, func(x store.PageAudience) bool { return x.ID == w.ID })
			if at < 0 {
				return nil, fault.OnField(field+".id", "There is no such audience.")
			}
			a = was[at]
		}
		a.Name = strings.TrimSpace(w.Name)
		c.Line(field+".name", a.Name, status.TitleMax, true)
		c.OneOf(field+".kind", w.Access.Kind, slices.Contains(page.AccessKinds[1:], w.Access.Kind),
			page.AccessKinds[1:])
		for j := range out {
			twice := out[j].ID == a.ID
			c.That(!twice, field+".id", "This audience is there twice.")
			c.That(twice || !strings.EqualFold(out[j].Name, a.Name), field+".name", "Another audience has this name.")
		}
		if err := c.Err(); err != nil {
			return nil, err
		}
		next, err := d.nextDetails(ctx, &a.Access, &w.Access, field)
		if err != nil {
			return nil, err
		}
		a.Access = *next
		out = append(out, a)
	}
	c.That(len(store.AudiencesJSON(out)) <= MaxAudiencesBytes, "access.audiences", "The audiences are longer together "+
		"than %s bytes.", wire.Itoa(MaxAudiencesBytes))
	if err := c.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// stillNamed refuses that an audience ends for which a service still is: nobody but members would see that one.
func stillNamed(s *page.State, was, next []store.PageAudience) error {
	for _, a := range was {
		if slices.ContainsFunc(next, func(x store.PageAudience) bool { return x.ID == a.ID }) {
			continue
		}
		for i := range s.Services {
			if slices.Contains(s.Services[i].Audiences, a.ID) {
				return fault.OnField("access.audiences", "The service %s is for the audience %s. Choose others for "+
					"it first.", s.Services[i].Name, a.Name)
			}
		}
	}
	return nil
}

// knownAudiences refuses a service for audiences that the page does not have. The rules do not know them: who reads the
// log may not.
func (d *UseCases) knownAudiences(ctx context.Context, orgID string, c page.Command) error {
	var ids []string
	switch x := c.(type) {
	case *page.CreateService:
		ids = x.Audiences
	case *page.EditService:
		if x.Audiences != nil {
			ids = *x.Audiences
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return d.haveAudiences(ctx, orgID, ids)
}

func (d *UseCases) haveAudiences(ctx context.Context, orgID string, ids []string) error {
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return err
	}
	if !p.State.Org.Access.Divided {
		return fault.OnField("audiences", "This page has no audiences.")
	}
	a, err := d.accessNow(ctx, &p.State.Org)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if !slices.ContainsFunc(a.Audiences, func(x store.PageAudience) bool { return x.ID == id }) {
			return fault.OnField("audiences["+wire.Itoa(int64(i))+"]", "There is no such audience.")
		}
	}
	return nil
}
