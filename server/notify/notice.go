package notify

import (
	"time"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Kind names what is told; webhooks get it as their type.
type Kind string

const (
	IncidentOpened         Kind = "incident.opened"
	IncidentUpdated        Kind = "incident.updated"
	IncidentResolved       Kind = "incident.resolved"
	IncidentDeleted        Kind = "incident.deleted"
	MaintenancePlanned     Kind = "maintenance.planned"
	MaintenanceRescheduled Kind = "maintenance.rescheduled"
	MaintenanceReminder    Kind = "maintenance.reminder"
	MaintenanceStarted     Kind = "maintenance.started"
	MaintenanceUpdated     Kind = "maintenance.updated"
	MaintenanceCompleted   Kind = "maintenance.completed"
	MaintenanceCancelled   Kind = "maintenance.cancelled"
	MaintenanceDeleted     Kind = "maintenance.deleted"
	ServiceChanged         Kind = "service.changed"       // by hand, without an incident: webhooks only
	Confirm                Kind = "subscription.confirm"  // to one subscriber: is this you?
	Reminded               Kind = "subscription.reminder" // to one subscriber who asked again: you are one already
	// to one subscriber whose chosen services are all gone: what do you want to hear of?
	Stranded Kind = "subscription.empty"
)

// Notice is what is told: the event, and the page as it was after it.
type Notice struct {
	Kind      Kind
	At        status.Time
	Seq       int64 // of the event; 0 for what is no event
	Indicator status.Indicator
	Words     string // the indicator in words

	Incident          *status.Incident // without its timeline
	Update            *status.Update   // the entry that is new
	Maintenance       *status.Maintenance
	MaintenanceUpdate *status.MaintenanceUpdate
	Service           *status.Service
	From              status.ServiceStatus // what Service was before
	Minutes           int64                // before Maintenance starts, in a reminder
	// what a subscriber will hear of, when asked to confirm; none is the whole page
	Services []status.Ref
	Once     bool // it will hear of one incident alone, until that is over

	// What is known only when it is told.
	Now          string                      // the page in words as it is then
	Earlier      []*status.Update            // entries that it tells, too, newest first
	EarlierSteps []*status.MaintenanceUpdate // the same of a window
	Gone         bool                        // there were Services, and none of them is there any more
}

// Wire is the notice as its message keeps it.
func (n *Notice) Wire(f *wire.Fields) {
	f.Str("kind", (*string)(&n.Kind))
	f.Time("at", &n.At)
	f.Int("seq", &n.Seq)
	f.Str("indicator", (*string)(&n.Indicator))
	f.Str("words", &n.Words)
	wire.Opt(f, "incident", &n.Incident, (*status.Incident).WireHead)
	wire.Opt(f, "update", &n.Update, (*status.Update).Wire)
	wire.Opt(f, "maintenance", &n.Maintenance, (*status.Maintenance).WireHead)
	wire.Opt(f, "maintenance_update", &n.MaintenanceUpdate, (*status.MaintenanceUpdate).Wire)
	wire.Opt(f, "service", &n.Service, (*status.Service).Wire)
	f.Str("from", (*string)(&n.From))
	f.Int("minutes", &n.Minutes)
	wire.List(f, "services", &n.Services, (*status.Ref).Wire)
	f.Bool("once", &n.Once)
}

// remindMinutes is how long before a window subscribers hear of it again.
var remindMinutes = []int64{24 * 60, 60}

// Jobs is the use cases' hook: what follows from events goes into their batch. A command is told once, however many
// events it caused. tell is what the caller says about it; nil is yes, unless the incident or window began without a
// word: that is quiet to its end, until somebody says otherwise. hold is how much later it is told.
func (w *Worker) Jobs(b *store.Batch, org *store.Org, before page.State, what *page.Decision, tell *bool,
	hold time.Duration) {
	events := what.Events
	quiet, loud := tell != nil && !*tell, tell != nil && *tell
	n, to := about(before, what)
	for i := range events {
		e := &events[i]
		switch {
		case e.Type == page.ServiceDeleted:
			left := &Notice{Kind: Stranded, At: e.At}
			org.TellStranded(b, left.kept("empty/"+e.Service.ID, moment(w.opts.Now())), e.Service.ID)
		case e.Maintenance != nil:
			planReminders(b, org, before, e, quiet, loud)
		case e.Type == page.UpdateWithdrawn:
			org.RequireUntold(b, e.Incident.ID, e.Update.ID)
		case e.Type == page.IncidentOpened && quiet:
			org.QuietIncident(b, e.Incident.ID)
		case e.Incident != nil && loud:
			org.LoudIncident(b, e.Incident.ID)
		}
	}
	m := n.message(moment(w.opts.Now()))
	m.Hold = hold
	switch {
	case n == nil || quiet:
	case loud:
		org.Tell(b, m, to)
	default:
		org.TellUnlessQuiet(b, m, to)
	}
}

// message is the notice as it is kept: what it is about, and no words of it, since they may be others when it is told.
// now is the clock's, which the event's time is not when a clock was set back.
func (n *Notice) message(now status.Time) store.Message {
	if n == nil {
		return store.Message{}
	}
	return n.kept("event/"+wire.Itoa(n.Seq), now)
}

// kept is the notice under another topic than its event.
func (n *Notice) kept(topic string, now status.Time) store.Message {
	bare := *n
	if in := n.Incident; in != nil {
		bare.Incident = &status.Incident{ID: in.ID}
	}
	if u := n.Update; u != nil {
		bare.Update = &status.Update{ID: u.ID, Status: u.Status, CreatedAt: u.CreatedAt, Services: u.Services}
	}
	if m := n.Maintenance; m != nil {
		bare.Maintenance = &status.Maintenance{ID: m.ID}
	}
	if u := n.MaintenanceUpdate; u != nil {
		bare.MaintenanceUpdate = &status.MaintenanceUpdate{ID: u.ID, Status: u.Status, CreatedAt: u.CreatedAt}
	}
	if svc := n.Service; svc != nil {
		bare.Service = &status.Service{ID: svc.ID, Status: svc.Status}
	}
	m := store.Message{Topic: topic, Thread: n.thread(), Seq: n.Seq, Kind: string(n.Kind),
		Body: string(wire.Marshal(&bare)), At: now, Wait: store.Settle}
	if n.Maintenance != nil {
		m.Wait = store.SettleWindow
	}
	return m
}

// thread is the id of the incident, window or service that the notice is about; "" is the subscription itself.
func (n *Notice) thread() string {
	switch {
	case n.Incident != nil:
		return n.Incident.ID
	case n.Maintenance != nil:
		return n.Maintenance.ID
	case n.Service != nil:
		return n.Service.ID
	}
	return ""
}

// Question asks one subscriber to confirm, or reminds it that it has done so.
func Question(kind Kind, s *store.Subscriber, now status.Time) store.Message {
	n := &Notice{Kind: kind, At: now, Services: s.Services, Once: s.Once()}
	return n.kept(string(kind)+"/"+s.ID+"/"+now.String(), now)
}

// title is the name of what the notice is about, as it was typed.
func (n *Notice) title() string {
	switch {
	case n.Incident != nil:
		return n.Incident.Title
	case n.Maintenance != nil:
		return n.Maintenance.Title
	case n.Service != nil:
		return n.Service.Name
	}
	return ""
}

// about finds what the events of one command tell, and whom it concerns; nil when they tell nothing: an edit that
// changes no state, or only corrects text.
func about(before page.State, what *page.Decision) (*Notice, store.Audience) {
	after := what.After(before)
	var told *page.Event
	for i := range what.Events {
		e := &what.Events[i]
		if told == nil || rank(e) >= rank(told) {
			told = e
		}
	}
	if told == nil || rank(told) == 0 {
		return nil, store.Audience{}
	}
	n := &Notice{At: told.At, Seq: told.Seq}
	n.Indicator, n.Words = status.RollUp(after.Services)
	var to store.Audience
	switch {
	case told.Incident != nil:
		n.Kind = incidentKinds[told.Type]
		n.Incident, n.Update = told.Incident, told.Update
		for _, s := range told.Incident.Services {
			to.Services = append(to.Services, s.ID)
		}
	case told.Maintenance != nil:
		n.Kind = maintenanceKind(before, told)
		n.Maintenance, n.MaintenanceUpdate = told.Maintenance, told.MaintenanceUpdate
		to = windowAudience(told.Maintenance)
	case told.Service != nil:
		n.Kind, n.Service = serviceKind(before, told), told.Service
		if was, there := before.Service(told.Service.ID); there {
			n.From = was.Status
		}
		to = store.Audience{Services: []string{told.Service.ID}, Only: store.Webhook}
	}
	if n.Kind == "" {
		return nil, to
	}
	return n, to
}

func windowAudience(m *status.Maintenance) (to store.Audience) {
	for _, s := range m.Services {
		to.Services = append(to.Services, s.ID)
	}
	return to
}

// rank says which event of a command stands for it: the incident or window rather than the services that it moved.
func rank(e *page.Event) int {
	switch {
	case e.Incident != nil, e.Maintenance != nil:
		return 2
	case e.Service != nil:
		return 1
	}
	return 0
}

// incidentKinds leaves out the correction of a text.
var incidentKinds = map[page.EventType]Kind{
	page.IncidentOpened: IncidentOpened, page.IncidentUpdated: IncidentUpdated, page.IncidentResolved: IncidentResolved,
	page.IncidentDeleted: IncidentDeleted,
}

func maintenanceKind(before page.State, e *page.Event) Kind {
	m := e.Maintenance
	was, there := before.Maintenance(m.ID)
	switch e.Type {
	case page.MaintenancePlanned:
		if m.Over() {
			return MaintenanceCompleted // it was noted afterwards
		}
		return MaintenancePlanned
	case page.MaintenanceChanged:
		if there && (was.ScheduledFor != m.ScheduledFor || was.ScheduledUntil != m.ScheduledUntil) {
			return MaintenanceRescheduled
		}
	case page.MaintenanceDeleted:
		if !m.Over() {
			return MaintenanceDeleted
		}
	case page.MaintenanceMoved:
		switch {
		case m.Status == status.Completed:
			return MaintenanceCompleted
		case m.Status == status.Cancelled:
			return MaintenanceCancelled
		case m.Running() && there && was.Status == status.Scheduled:
			return MaintenanceStarted
		}
		return MaintenanceUpdated
	}
	return ""
}

// serviceKind tells a move by hand, and nothing of names and places.
func serviceKind(before page.State, e *page.Event) Kind {
	if was, there := before.Service(e.Service.ID); e.Type == page.ServiceChanged && there &&
		was.Status != e.Service.Status {
		return ServiceChanged
	}
	return ""
}

// planReminders keeps a window's reminders in step with its times: those that lie ahead of its planning, while it is
// scheduled. One that was planned without a word has none until somebody speaks of it.
func planReminders(b *store.Batch, org *store.Org, before page.State, e *page.Event, quiet, loud bool) {
	m := e.Maintenance
	was, there := before.Maintenance(m.ID)
	if loud && there {
		org.Loud(b, m.ID)
	}
	switch {
	case e.Type == page.MaintenancePlanned:
		if quiet {
			org.Quiet(b, m.ID)
			return
		}
	case there && was.Status == status.Scheduled && (m.Status != status.Scheduled || e.Type == page.MaintenanceDeleted):
		org.ForgetReminders(b, m.ID)
		return
	case there && m.Status == status.Scheduled && was.ScheduledFor != m.ScheduledFor:
		org.ForgetReminders(b, m.ID)
	case there && loud && m.Status == status.Scheduled && e.Type != page.MaintenanceDeleted:
	default:
		return
	}
	Remind(b, org, m, e.At)
}
