package serve

import (
	"cmp"
	"slices"

	"statuspage/shared/status"
)

// Incidents are in the order in which they are told everywhere: those that are active first, then the newest. Limits
// cut the far end.
func Incidents(list []status.Incident) []status.Incident {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b status.Incident) int {
		return cmp.Or(first(a.Active(), b.Active()), cmp.Compare(b.CreatedAt, a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return out
}

// Maintenances likewise: those that go on first, then the soonest of those that are planned, then the newest that are
// over.
func Maintenances(list []status.Maintenance) []status.Maintenance {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b status.Maintenance) int {
		if by := cmp.Or(first(a.Running(), b.Running()), first(!a.Over(), !b.Over())); by != 0 {
			return by
		}
		if a.Status == status.Scheduled {
			return cmp.Or(cmp.Compare(a.ScheduledFor, b.ScheduledFor), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(cmp.Compare(b.ScheduledFor, a.ScheduledFor), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
