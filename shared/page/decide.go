package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Decide answers a command: with the events that it causes (none when it changes nothing), or with a fault and nothing
// else. at does not run backwards within a page for a clock that is set back a little: it is held at the last event. An
// event that lies more than HeldBack ahead was written by a clock that was wrong; holding on to it would make
// everything since last no time at all.
func Decide(s State, c Command, at status.Time) ([]Event, *fault.Error) {
	return DecideAs(s, c, at, "")
}

// DecideAs is Decide for a command with an id, which its events carry.
func DecideAs(s State, c Command, at status.Time, id string) ([]Event, *fault.Error) {
	d := &draft{state: s, at: Held(at, s.At), id: id}
	if err := c.decide(d); err != nil {
		return nil, err
	}
	if err := d.fits(&s, c); err != nil {
		return nil, err
	}
	return d.events, nil
}

// Held is the time of an event that is decided at one moment, after the last one at another.
func Held(at, last status.Time) status.Time {
	if at < last && last-at <= HeldBack {
		return last
	}
	return at
}

// draft is a decision in the making.
type draft struct {
	state  State
	at     status.Time
	id     string
	events []Event
}

func (d *draft) emit(e Event) {
	e.Seq, e.At, e.Command = d.state.Seq+1, d.at, d.id
	d.events = append(d.events, e)
	d.state = Evolve(d.state, &e)
}

// moveService books a service's new state, if it is one.
func (d *draft) moveService(id string, to status.ServiceStatus) {
	svc, there := d.state.Service(id)
	if !there || svc.Status == to {
		return
	}
	next := *svc
	next.Move(to, d.at)
	d.emitService(ServiceChanged, next)
}

func (d *draft) emitService(kind EventType, next status.Service) { d.emitServiceDays(kind, next, nil) }

// emitServiceDays is emitService with what becomes of the past.
func (d *draft) emitServiceDays(kind EventType, next status.Service, days []status.ServiceDay) {
	next.Days, next.Booked = nil, 0
	next.Version++
	next.UpdatedAt = d.at
	d.emit(Event{Type: kind, Service: &next, Days: days})
}

// stale is the conflict of a caller who read an older version.
func stale(what string, read *int64, now int64, current wire.Object) *fault.Error {
	if read == nil || *read == now {
		return nil
	}
	err := fault.New(fault.Conflict, "This %s was changed meanwhile: you read version %s, it is now at %s.", what, wire.Itoa(*read), wire.Itoa(now))
	err.Current = wire.Marshal(current)
	return err
}

// forbidden names the moves that the table allows instead.
func forbidden(field, what, from, to string, allowed []string) *fault.Error {
	text := fault.Text("%s cannot go from %s to %s", what, from, to)
	if len(allowed) == 0 {
		text += "; no other state is allowed now."
	} else {
		text += "; allowed: " + status.Join(allowed) + "."
	}
	err := fault.New(fault.Conflict, "%s", text)
	err.Allowed = allowed
	return err.With(field, "%s", text)
}

func tooMany(what string, limit int) *fault.Error {
	return fault.New(fault.Conflict, "There are %s %s already, which is the limit.", wire.Itoa(int64(limit)), what)
}

func taken(what, field string) *fault.Error {
	return fault.New(fault.Conflict, "There is %s with this id already.", what).With(field, "This id is taken.")
}

func edit[T any](field *T, change *T) bool {
	if change != nil {
		*field = *change
	}
	return change != nil
}
