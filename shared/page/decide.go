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
	d, err := decide(s, c, at, id, false)
	return d.Events, err
}

// Decision is what a command causes: its events, and the page after each of them. Nobody who has it needs Evolve.
type Decision struct {
	Events []Event
	States []State
}

// After is the page after all events; before where there are none.
func (d *Decision) After(before State) State {
	if n := len(d.States); n > 0 {
		return d.States[n-1]
	}
	return before
}

// Decided is the decision that events were which go on from a state.
func Decided(before State, events []Event) Decision {
	d := Decision{Events: events}
	for i := range events {
		before = Evolve(before, &events[i])
		d.States = append(d.States, before)
	}
	return d
}

// DecideWhole is DecideAs with the states that the decision went through.
func DecideWhole(s State, c Command, at status.Time, id string) (Decision, *fault.Error) {
	return decide(s, c, at, id, true)
}

func decide(s State, c Command, at status.Time, id string, states bool) (Decision, *fault.Error) {
	d := &draft{state: s, at: Held(at, s.At), id: id, states: states}
	if err := c.decide(d); err != nil {
		return Decision{}, err
	}
	if err := d.fits(&s, c); err != nil {
		return Decision{}, err
	}
	return d.Decision, nil
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
	states bool // are wanted
	Decision
}

func (d *draft) emit(e Event) {
	e.Seq, e.At, e.Command = d.state.Seq+1, d.at, d.id
	d.state = Evolve(d.state, &e)
	d.Events = append(d.Events, e)
	if d.states {
		d.States = append(d.States, d.state)
	}
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
	err := fault.New(fault.Conflict, "This %s was changed meanwhile: you read version %s, it is now at %s.", what,
		wire.Itoa(*read), wire.Itoa(now))
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
