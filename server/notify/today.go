package notify

import (
	"errors"
	"slices"

	"statuspage/server/store"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// errOver says that there is nothing to tell any more.
var errOver = errors.New("there is nothing to tell any more")

// errNewer says that something newer about the same thing is about to be told.
var errNewer = errors.New("something newer is about to be told")

// today is what a message tells one subscriber as things are now: the words of today, and nothing of what was withdrawn
// unless this subscriber was told of it.
func (k *kept) today(j *store.Job, s store.Standing, now status.Time) (*Notice, error) {
	n := *k.notice
	n.Now = k.words
	switch {
	case k.about.Incident != nil:
		return &n, n.incidentToday(k.about, j, s)
	case k.about.Maintenance != nil:
		return &n, n.maintenanceToday(k.about, j, s, now)
	case k.about.Service != nil && !k.about.Deleted:
		svc := *k.about.Service
		svc.Status = n.Service.Status // what it tells; where the service is now is told by what came after
		n.Service = &svc
		return &n, nil
	case n.thread() != "":
		return &n, errOver
	}
	chosen := len(n.Services)
	n.Services = n.chosenToday(k.about)
	n.Gone = chosen > 0 && len(n.Services) == 0
	return &n, nil
}

// chosenToday are the names that chosen services have now.
func (n *Notice) chosenToday(about *store.Today) (out []status.Ref) {
	for _, ref := range n.Services {
		for i := range about.Services {
			if about.Services[i].ID == ref.ID {
				out = append(out, status.Ref{ID: ref.ID, Name: about.Services[i].Name})
			}
		}
	}
	return out
}

func (n *Notice) incidentToday(about *store.Today, j *store.Job, s store.Standing) error {
	if about.Deleted != (n.Kind == IncidentDeleted) {
		return errOver
	}
	in := *about.Incident
	first := ""
	if len(in.Updates) > 0 {
		first = in.Updates[0].ID
	}
	opens := n.Kind == IncidentOpened
	for i := range in.Updates {
		u := &in.Updates[i]
		switch m := about.Messages[u.ID]; {
		case n.Update != nil && u.ID == n.Update.ID:
			n.Update = u
		case m >= j.Since && m < j.MessageID:
			n.Earlier = append([]*status.Update{u}, n.Earlier...)
			opens = opens || u.ID == first && u.CreatedAt == in.CreatedAt
		}
	}
	if n.Update != nil && !slices.ContainsFunc(in.Updates, func(u status.Update) bool { return u.ID == n.Update.ID }) {
		if len(n.Earlier) == 0 {
			return errOver // it was withdrawn
		}
		n.Update, n.Earlier, n.Kind = n.Earlier[0], n.Earlier[1:], IncidentUpdated // what it would have told, too
		n.At = n.Update.CreatedAt
	}
	in.Updates, n.Incident = nil, &in
	switch {
	case n.Kind == IncidentDeleted && !s.Told, n.Kind == IncidentResolved && !s.Told && s.Failed:
		return errOver // who was never told of it is not told of its end
	case n.Kind != IncidentDeleted && !in.Active() && n.Kind != IncidentResolved:
		n.Kind, n.At = IncidentResolved, *in.ResolvedAt // it was resolved without a word
	case n.Kind == IncidentUpdated && opens:
		n.Kind = IncidentOpened
	}
	return nil
}

func (n *Notice) maintenanceToday(about *store.Today, j *store.Job, s store.Standing, now status.Time) error {
	if about.Deleted != (n.Kind == MaintenanceDeleted) {
		return errOver
	}
	m := *about.Maintenance
	for i := range m.Updates {
		u := &m.Updates[i]
		switch x := about.Messages[u.ID]; {
		case n.MaintenanceUpdate != nil && u.ID == n.MaintenanceUpdate.ID:
			n.MaintenanceUpdate = u
		case x >= j.Since && x < j.MessageID:
			n.EarlierSteps = append([]*status.MaintenanceUpdate{u}, n.EarlierSteps...)
		}
	}
	m.Updates, n.Maintenance = nil, &m
	ends := n.Kind == MaintenanceDeleted || n.Kind == MaintenanceCancelled
	switch {
	case ends && !s.Told, n.Kind == MaintenanceCompleted && !s.Told && s.Failed:
		return errOver // who was never told of it is not told of its end
	case ends || n.Kind == MaintenanceCompleted:
	case m.Over():
		return errOver // it ended without a word
	case n.Kind == MaintenanceReminder:
		left := int64((m.ScheduledFor - now) / wire.Minute)
		if m.Running() || left <= 0 {
			return errOver
		}
		if left < n.Minutes-5 {
			n.Minutes = max(left, 1) // it comes late
		}
	case m.Running() && (n.Kind == MaintenancePlanned || n.Kind == MaintenanceRescheduled):
		n.Kind = MaintenanceStarted
		if m.StartedAt != nil {
			n.At = *m.StartedAt
		}
	case n.Kind == MaintenanceRescheduled && !s.Told && j.Since < j.MessageID:
		n.Kind = MaintenancePlanned // nobody told this subscriber of the first time
	}
	return nil
}
