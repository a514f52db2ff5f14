package usecase

import (
	"context"
	"slices"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// past is what a command that corrects the past must know; nil for every other.
func past(ctx context.Context, org *store.Org, s *page.State, c page.Command, now status.Time) (*page.Past, error) {
	now = page.Held(now, s.At)
	services, from := page.Corrects(s, c, now)
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
