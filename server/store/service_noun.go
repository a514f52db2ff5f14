package store

import (
	"slices"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func init() {
	nouns[page.ServiceNoun] = &noun{
		tables: []orgTable{{"service_days", "org_id, service_id, day"}, {"services", "rowid"}},
		project: func(b *Batch, org string, e *page.Event, before page.State) {
			projectService(b, org, e, before)
			projectDays(b, org, e)
		},
		state: func(bool) []string {
			return []string{`SELECT ` + serviceJSON + ` AS x FROM services s WHERE s.org_id = ?1 AND s.deleted_at IS
  NULL`}
		},
		words: `SELECT ` + whole(`json_object('id', id, 'name', name, 'description', description, 'group', group_name)`,
			"") + ` AS x
 FROM services WHERE org_id = ?1 AND deleted_at IS NULL AND id IN (SELECT value FROM json_each(?2))`,
		add: func(s *page.State, body []byte) error {
			return added(&s.Services, body, func(x *status.Service) wire.Object { return history{x} })
		},
		word: func(w *page.Words, body []byte) error {
			return addWord(w.Services, body, func(x *status.Service) string { return x.ID })
		},
		head: func(e *page.Event, _ bool) wire.Object { return e.Service },
		clip: func(x wire.Object) wire.Object {
			c := *x.(*status.Service)
			c.Description = clip(c.Description)
			return &c
		},
		events: func(x wire.Object) []page.Event { return []page.Event{{Service: x.(*status.Service)}} },
		again: func(events []page.Event, was wire.Object, w *page.Words) wire.Object {
			s := events[0].Service
			if _, there := w.Services[s.ID]; there {
				s.Name = was.(*status.Service).Name
			}
			return s
		},
	}
}

type history struct{ *status.Service }

func (h history) Wire(f *wire.Fields) { h.WireHistory(f) }

var keptService = keep(&status.Service{}, slices.Concat(
	columns("s.", "id name description status position"), []column{{"group", "s.group_name"}},
	columns("s.", "created_at updated_at version"), []column{{"status_since", "s.since"}, {"booked_until", "s.booked"}},
	columns("s.", "start_date")), serviceDays)

const serviceDays = `'days', json((SELECT json_group_array(json_object('day', day, 'degraded', degraded, 'partial',
  partial,
   'major', major, 'maintenance', maintenance))
  FROM (SELECT * FROM service_days d WHERE d.org_id = s.org_id AND d.service_id = s.id AND d.day >= ?2
    AND d.degraded + d.partial + d.major + d.maintenance > 0 ORDER BY d.day)))`

// serviceJSON is the expression of a whole service; ?1 and ?2 are as in stateQuery.
var serviceJSON = whole(keptService.json(), "s.")

func projectService(b *Batch, org string, e *page.Event, before page.State) {
	s := e.Service
	switch e.Type {
	case page.ServiceCreated:
		b.Add(`INSERT INTO services (org_id, id, name, description, status, position, group_name, since, booked,
  created_at, updated_at, version, start_date,
 more) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			org, s.ID, s.Name, s.Description, string(s.Status), s.Position, s.Group, int64(s.Since), int64(e.At),
			int64(s.CreatedAt), int64(s.UpdatedAt), s.Version, s.StartDate,
			keptService.more(s))
		return
	case page.ServiceDeleted:
		b.Add(`UPDATE services SET deleted_at = ?, updated_at = ?, version = ? WHERE org_id = ? AND id = ?`,
			int64(e.At), int64(s.UpdatedAt), s.Version, org, s.ID)
		return
	}
	b.Add(`UPDATE services SET name = ?, description = ?, status = ?, position = ?, group_name = ?, since = ?,
  updated_at = ?, version = ?, start_date = ?,
 more = ? WHERE org_id = ? AND id = ?`,
		s.Name, s.Description, string(s.Status), s.Position, s.Group, int64(s.Since), int64(s.UpdatedAt), s.Version,
		s.StartDate,
		keptService.more(s), org, s.ID)
	was, there := before.Service(s.ID)
	if !there || was.Status == s.Status {
		return
	}
	// The state lets go of days that are long past; the table does not.
	moved, from := *was, was.BookedUntil().DayNumber()
	moved.Move(s.Status, e.At)
	for _, d := range moved.Days {
		if d.Day >= from {
			projectDay(b, org, s.ID, d)
		}
	}
	b.Add(`UPDATE services SET booked = ? WHERE org_id = ? AND id = ?`, int64(e.At), org, s.ID)
}
