package statuspagev2

import "statuspage/shared/status"

// entry is an incident or a window, told as Statuspage tells both.
type entry struct {
	id, name, status, impact  string
	created, updated, started status.Time
	monitoring, resolved      *status.Time
	updates                   []update // newest first
	components                []component
}

type update struct {
	id, status, body string
	created, updated status.Time
	affected         []status.Affected
}

func (w *writer) fromIncident(in *status.Incident) *entry {
	e := &entry{
		id: in.ID, name: in.Title, status: string(in.Status), impact: string(in.Impact),
		created: in.CreatedAt, updated: in.UpdatedAt, started: in.CreatedAt, resolved: in.ResolvedAt,
	}
	for i := range in.Updates {
		u := &in.Updates[i]
		if u.Status == status.Monitoring && e.monitoring == nil {
			e.monitoring = &u.CreatedAt
		}
	}
	from := w.room.Newest(len(in.Updates),
		func(i int) int { return len(in.Updates[i].Body) + affectedBytes*len(in.Services) })
	timeline := told(in, from)
	if in.PostmortemAt != nil {
		e.status = postmortem
		timeline = append(timeline, update{explained(in), postmortem, in.Postmortem, *in.PostmortemAt, in.UpdatedAt,
			same(timeline)})
	}
	e.updates = newestFirst(timeline)
	for _, a := range in.Services {
		e.components = append(e.components, w.now(a.ID)...)
	}
	return e
}

// affectedBytes is about what a service takes that an update names.
const affectedBytes = 150

// told is the timeline with what each update did to the services, oldest first and without those before `from`. What an
// update does not say is as it was before.
func told(in *status.Incident, from int) []update {
	held, at := make([]status.Affected, len(in.Services)), map[string]int{}
	for k, a := range in.Services {
		held[k], at[a.ID] = status.Affected{ID: a.ID, Name: a.Name, From: a.From, To: a.From}, k
	}
	out := make([]update, 0, len(in.Updates)-from)
	for i := range in.Updates {
		u := &in.Updates[i]
		for k := range held {
			h := &held[k]
			h.From = h.To
			if i == 0 {
				h.To = in.Services[k].To // of the time before updates said it
			} else if u.Status == status.Resolved {
				h.To = status.Operational
			}
		}
		for _, said := range u.Services {
			if k, there := at[said.ID]; there {
				held[k].To = said.To
			}
		}
		if i < from {
			continue
		}
		one := update{u.ID, string(u.Status), u.Body, u.CreatedAt, u.CreatedAt, append([]status.Affected(nil), held...)}
		if u.EditedAt != nil {
			one.updated = *u.EditedAt
		}
		out = append(out, one)
	}
	return out
}

// same is that nothing happened to the services after the last entry.
func same(timeline []update) []status.Affected {
	if len(timeline) == 0 {
		return nil
	}
	out := append([]status.Affected(nil), timeline[len(timeline)-1].affected...)
	for i := range out {
		out[i].From = out[i].To
	}
	return out
}

// postmortem is what Statuspage calls an incident that was explained, and the entry that explains it.
const postmortem = "postmortem"

func explained(in *status.Incident) string { return in.ID + "/postmortem" }

func (w *writer) fromMaintenance(m *status.Maintenance) *entry {
	e := &entry{
		id: m.ID, name: m.Title, status: word(m.Status), impact: "maintenance",
		created: m.CreatedAt, updated: m.UpdatedAt, started: m.CreatedAt, resolved: m.CompletedAt,
	}
	if m.StartedAt != nil {
		e.started = *m.StartedAt
	}
	timeline := []update{{planned(m), string(status.Scheduled), m.Description, m.CreatedAt, m.CreatedAt, nil}}
	from := w.room.Newest(len(m.Updates),
		func(i int) int { return len(m.Updates[i].Body) + affectedBytes*len(m.Services) })
	for i := from; i < len(m.Updates); i++ {
		u := &m.Updates[i]
		timeline = append(timeline, update{u.ID, word(u.Status), u.Body, u.CreatedAt, u.CreatedAt, nil})
	}
	if m.Noted() { // its whole story was written down at once
		e.created, timeline[0].created, timeline[0].updated = m.ScheduledFor, m.ScheduledFor, m.ScheduledFor
		timeline = append(timeline, update{began(m), string(status.InProgress), "", m.ScheduledFor, m.ScheduledFor,
			nil},
			update{ended(m), string(status.Completed), "", *m.CompletedAt, *m.CompletedAt, nil})
	}
	before := status.Operational
	for i := range timeline {
		if i == 1 && from > 0 && working(m.Updates[from-1].Status) {
			before = status.UnderMaintenance
		}
		after := status.Operational
		if working(status.MaintenanceStatus(timeline[i].status)) {
			after = status.UnderMaintenance
		}
		for _, s := range m.Services {
			timeline[i].affected = append(timeline[i].affected, status.Affected{ID: s.ID, Name: s.Name, From: before,
				To: after})
		}
		before = after
	}
	e.updates = newestFirst(timeline)
	for _, s := range m.Services {
		e.components = append(e.components, w.now(s.ID)...)
	}
	return e
}

func working(s status.MaintenanceStatus) bool { return s == status.InProgress || s == status.Verifying }

// planned is the id of the entry with which every Statuspage timeline of a window begins; ours begin with the window's
// own words.
func planned(m *status.Maintenance) string { return m.ID + "/scheduled" }

// began and ended are the ids of the entries of a window that was noted afterwards.
func began(m *status.Maintenance) string { return m.ID + "/started" }
func ended(m *status.Maintenance) string { return m.ID + "/completed" }

// word is a window's status in Statuspage's words, which know no cancellation: whoever cancels there completes it.
func word(s status.MaintenanceStatus) string {
	if s == status.Cancelled {
		return string(status.Completed)
	}
	return string(s)
}

// now is a service as it is now; one that is gone is left out.
func (w *writer) now(id string) []component {
	if i, there := w.at[id]; there {
		return w.all[i : i+1]
	}
	return nil
}

func newestFirst(list []update) []update {
	for i, k := 0, len(list)-1; i < k; i, k = i+1, k-1 {
		list[i], list[k] = list[k], list[i]
	}
	return list
}
