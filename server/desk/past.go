package desk

import (
	"context"
	"slices"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// past is what a command that corrects the past must know; nil for every other.
func past(ctx context.Context, org *store.Org, s *page.State, c page.Command, now status.Time) (*page.Past, error) {
	now = max(now, s.At)
	services, from := corrects(s, c)
	var known []string
	for _, id := range services {
		if svc, there := s.Service(id); there && !slices.Contains(known, id) {
			known, from = append(known, id), min(from, svc.BookedUntil())
		}
	}
	if len(known) == 0 || from > now {
		return nil, nil
	}
	return org.Past(ctx, known, status.Time(from.DayNumber())*day, now)
}

const day = status.Time(24 * 60 * 60 * 1000)

// corrects says of which services a command may change the record, and from when on.
func corrects(s *page.State, c page.Command) (services []string, from status.Time) {
	switch c := c.(type) {
	case *page.OpenIncident:
		if c.StartedAt == nil {
			return nil, 0
		}
		for _, m := range c.Services {
			services = append(services, m.ID)
		}
		if c.Service != nil {
			services = append(services, *c.Service)
		}
		return services, *c.StartedAt
	case *page.EditIncident:
		in, there := s.Incident(c.ID)
		if !there || c.Excluded == nil || (*c.Excluded == "") == (in.Excluded == "") {
			return nil, 0
		}
		return of(in), in.CreatedAt
	case *page.DeleteIncident:
		in, there := s.Incident(c.ID)
		if !there {
			return nil, 0
		}
		return of(in), in.CreatedAt
	}
	return nil, 0
}

func of(in *status.Incident) (services []string) {
	for _, a := range in.Services {
		services = append(services, a.ID)
	}
	return services
}
