package store

import (
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// project turns an event into the rows that follow from it: the only place where these tables are written.
func project(b *Batch, org string, e *page.Event, before page.State) {
	if n := nounOf(e); n != nil {
		n.project(b, org, e, before)
	}
}

// projectDays writes what a correction says of the past.
func projectDays(b *Batch, org string, e *page.Event) {
	seen := map[string]bool{}
	for _, d := range e.Days {
		projectDay(b, org, d.ServiceID, d.Tally)
		if !seen[d.ServiceID] {
			b.Add(`UPDATE services SET booked = ? WHERE org_id = ? AND id = ?`, int64(e.At), org, d.ServiceID)
			seen[d.ServiceID] = true
		}
	}
}

func projectDay(b *Batch, org, service string, d status.Tally) {
	b.Add(`INSERT INTO service_days (org_id, service_id, day, degraded, partial, major, maintenance) VALUES (?, ?, ?, ?,
  ?, ?, ?)
ON CONFLICT (org_id, service_id, day) DO UPDATE SET degraded = excluded.degraded, partial = excluded.partial, major =
 excluded.major, maintenance = excluded.maintenance`,
		org, service, d.Day, d.Degraded, d.Partial, d.Major, d.Maintenance)
}
