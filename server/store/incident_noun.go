package store

import (
	"context"
	"slices"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func init() {
	nouns[page.IncidentNoun] = &noun{
		tables: []orgTable{{"incident_services", "org_id, incident_id, ordinal"}, {"incident_words", "docid"},
			{"incident_updates", "org_id, incident_id, seq"}, {"incidents", "rowid"}},
		project: func(b *Batch, org string, e *page.Event, _ page.State) {
			projectIncident(b, org, e)
			projectDays(b, org, e)
		},
		state: func(timelines bool) []string {
			all := `SELECT ` + objectJSON(keptIncident, "i.", timelines) +
				` AS x FROM incidents i WHERE i.org_id = ?1 AND i.deleted_at IS NULL`
			return []string{all + ` AND i.status <> 'resolved'`,
				all + ` AND i.status = 'resolved' ORDER BY i.resolved_at DESC, i.id DESC LIMIT ?3`}
		},
		words: `SELECT ` + whole(`json_object('id', i.id, 'title', i.title, 'description', i.description, 'postmortem',
  i.postmortem, 'excluded_reason', i.excluded,
  'updates', json((SELECT json_group_array(`+
			entry("json_object('id', u.id, 'body', u.body)", "u.")+`) FROM incident_updates u
    WHERE u.org_id = i.org_id AND u.incident_id = i.id AND u.id IN (SELECT value FROM json_each(?3)))))`, "i.") + ` AS x
 FROM incidents i WHERE i.org_id = ?1 AND i.deleted_at IS NULL AND i.id IN (SELECT value FROM json_each(?2))`,
		find: `SELECT ` + incidentJSON + ` FROM incidents i WHERE i.org_id = ? AND i.id = ? AND i.deleted_at IS NULL`,
		add: func(s *page.State, body []byte) error {
			return added(&s.Incidents, body, func(x *status.Incident) wire.Object { return x })
		},
		word: func(w *page.Words, body []byte) error {
			return addWord(w.Incidents, body, func(x *status.Incident) string { return x.ID })
		},
		timelines: incidentTimelines,
		about: func(e *page.Event) (objects, entries []string) {
			for _, s := range e.Incident.Services {
				objects = append(objects, s.ID)
			}
			if e.Update != nil {
				entries = append(entries, e.Update.ID)
			}
			return objects, entries
		},
		head: func(e *page.Event, entry bool) wire.Object {
			x := *e.Incident
			if entry && e.Update != nil {
				x.Updates = []status.Update{*e.Update}
			}
			return &x
		},
		clip:   clipIncident,
		events: eventsOfIncident,
		again: func(events []page.Event, _ wire.Object, _ *page.Words) wire.Object {
			x := events[0].Incident
			for i := range events {
				if u := events[i].Update; u != nil {
					x.Updates = append(x.Updates, *u)
				}
			}
			return x
		},
	}
}

func incidentTimelines(ctx context.Context, o *Org, s *page.State) (err error) {
	for i := range s.Incidents {
		in := &s.Incidents[i]
		if in.Updates, err = entries[status.Update](ctx, o, `SELECT u.seq, `+entry(keptUpdate.json(), "u.")+`
 FROM incident_updates u WHERE u.org_id = ? AND u.incident_id = ? AND u.seq > ? ORDER BY u.seq LIMIT ?`,
			in.ID); err != nil {
			return err
		}
	}
	return nil
}

func clipIncident(x wire.Object) wire.Object {
	c := *x.(*status.Incident)
	c.Description, c.Postmortem = clip(c.Description), clip(c.Postmortem)
	c.Services, c.Translations = c.Services[:min(len(c.Services), auditList)], clipTold(c.Translations)
	c.Updates = append([]status.Update{}, c.Updates...)
	for i := range c.Updates {
		u := &c.Updates[i]
		u.Body, u.Services = clip(u.Body), u.Services[:min(len(u.Services), auditList)]
		u.Translations = clipTold(u.Translations)
	}
	return &c
}

func eventsOfIncident(x wire.Object) []page.Event {
	in := x.(*status.Incident)
	head := *in
	head.Updates = nil
	events := []page.Event{{Incident: &head}}
	for i := range in.Updates {
		events = append(events, page.Event{Incident: &head, Update: &in.Updates[i]})
	}
	return events
}

// embeddedServices is a column that holds JSON, inside of a JSON object; see embeddedWeights.
const embeddedServices = `CASE WHEN json_valid(services) THEN json(services) ELSE 'no JSON' END`

var keptUpdate = keep(&status.Update{},
	append(columns("", "id status body created_at edited_at"), column{"services", embeddedServices}), "")

var keptIncident = keep(&status.Incident{}, slices.Concat(
	columns("i.", `id title description status impact created_at updated_at resolved_at version recorded_at postmortem
  postmortem_at`),
	[]column{{"excluded_reason", "i.excluded"}}), incidentParts, "service", "services", "updates")

var incidentParts = `'services', json((SELECT json_group_array(json_object('id', service_id, 'name', name, 'from_state',
  from_state, 'to_state', to_state))
  FROM (SELECT * FROM incident_services a WHERE a.org_id = i.org_id AND a.incident_id = i.id ORDER BY a.ordinal))),
 'updates', json((SELECT json_group_array(` + entry(keptUpdate.json(), "") + `)
  FROM (SELECT * FROM incident_updates u WHERE u.org_id = i.org_id AND u.incident_id = i.id ORDER BY u.seq)))`

// incidentJSON is the expression of a whole incident.
var incidentJSON = whole(keptIncident.json(), "i.")

func projectIncident(b *Batch, org string, e *page.Event) {
	i := e.Incident
	switch e.Type {
	case page.IncidentOpened:
		b.Add(`INSERT INTO incidents (org_id, id, title, description, status, impact, created_at, updated_at,
  resolved_at, version, recorded_at,
 more) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			org, i.ID, i.Title, i.Description, string(i.Status), string(i.Impact), int64(i.CreatedAt),
			int64(i.UpdatedAt), when(i.ResolvedAt), i.Version, when(i.RecordedAt),
			keptIncident.more(i))
		for n, a := range i.Services {
			b.Add(`INSERT INTO incident_services (org_id, incident_id, ordinal, service_id, name, from_state, to_state)
  VALUES (?, ?, ?, ?, ?, ?, ?)`,
				org, i.ID, n, a.ID, a.Name, string(a.From), string(a.To))
		}
	case page.IncidentDeleted:
		b.Add(`UPDATE incidents SET deleted_at = ?, updated_at = ?, version = ? WHERE org_id = ? AND id = ?`,
			int64(e.At), int64(i.UpdatedAt), i.Version, org, i.ID)
	default:
		b.Add(`UPDATE incidents SET title = ?, description = ?, status = ?, impact = ?, updated_at = ?, resolved_at = ?,
  version = ?,
 postmortem = ?, postmortem_at = ?, excluded = ?, more = ? WHERE org_id = ? AND id = ?`,
			i.Title, i.Description, string(i.Status), string(i.Impact), int64(i.UpdatedAt), when(i.ResolvedAt),
			i.Version,
			i.Postmortem, when(i.PostmortemAt), i.Excluded, keptIncident.more(i), org, i.ID)
	}
	u := e.Update
	if u == nil {
		return
	}
	if e.Type == page.UpdateWithdrawn {
		b.Add(`DELETE FROM incident_updates WHERE org_id = ? AND incident_id = ? AND id = ?`, org, i.ID, u.ID)
		holds(b, org, i.ID, i.Services)
		return
	}
	b.Add(`INSERT INTO incident_updates (org_id, incident_id, seq, id, status, body, created_at, edited_at, services,
  more) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id, incident_id, id) DO UPDATE
 SET body = excluded.body, created_at = excluded.created_at, edited_at = excluded.edited_at, more = excluded.more`,
		org, i.ID, e.Seq, u.ID, string(u.Status), u.Body, int64(u.CreatedAt), when(u.EditedAt),
		affectedJSON(u.Services), keptUpdate.more(u))
	if e.Type != page.IncidentUpdated {
		return
	}
	holds(b, org, i.ID, u.Services)
}

// holds writes what an incident does to services of its own from here on.
func holds(b *Batch, org, incident string, services []status.Affected) {
	for _, a := range services {
		b.Add(`UPDATE incident_services SET to_state = ? WHERE org_id = ? AND incident_id = ? AND service_id = ?`,
			string(a.To), org, incident, a.ID)
	}
}

// affectedJSON is a list as its column keeps it.
func affectedJSON(list []status.Affected) string {
	text := wire.Marshal(listed{"l", list})
	return string(text[len(`{"l":`) : len(text)-1])
}

type listed struct {
	key  string
	list []status.Affected
}

func (l listed) Wire(f *wire.Fields) {
	wire.List(f, l.key, &l.list, (*status.Affected).Wire)
}
