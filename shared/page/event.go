package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// EventType names what happened.
type EventType string

// EventSpec is what is said of a type of event once.
type EventSpec struct {
	Type     EventType
	Frame    string // the message type that clients know (CONTRACT 4)
	Happened string // the end of a sentence
}

// Events is everything that can happen, as the nouns say it.
var Events = func() (all []EventSpec) {
	for _, n := range nouns {
		all = append(all, n.events...)
	}
	return all
}()

// EventTypes lists all that can happen.
func EventTypes() []EventType {
	types := make([]EventType, len(Events))
	for i := range Events {
		types[i] = Events[i].Type
	}
	return types
}

// Wire is the event as the log keeps it.
func (e *Event) Wire(f *wire.Fields) {
	f.Int("seq", &e.Seq)
	f.Str("type", (*string)(&e.Type))
	f.Time("at", &e.At)
	f.Str("command", &e.Command)
	for _, n := range nouns {
		n.log(e, f)
	}
	wire.OptList(f, "days", &e.Days, (*status.ServiceDay).Wire)
}

// FrameType is the message type under which clients hear of the event; "" of a type that this version does not know.
func (e *Event) FrameType() string {
	for i := range Events {
		if Events[i].Type == e.Type {
			return Events[i].Frame
		}
	}
	return ""
}

// Frame is the WebSocket message of an event: {type, seq, data} and, for those that fold it, {event, at, command};
// withdrawn where its words are gone. What is deleted goes without words.
func (e *Event) Frame() []byte {
	if e.deletes() {
		stripped := e.stripped()
		stripped.Withdrawn = true
		e = &stripped
	}
	return wire.Marshal(frame{e})
}

// FromFrame reads the event back from its frame: the browser folds what it hears. Frames that are about nothing on the
// page (hello, a newer server's) are refused, so that none of them passes for the next event.
func FromFrame(in []byte) (*Event, *fault.Error) {
	e := &Event{}
	if err := wire.Unmarshal(in, frame{e}); err != nil {
		return nil, err
	}
	if e.subject() == "" {
		return nil, fault.New(fault.Invalid, "This message is no event of a page.")
	}
	return e, nil
}

// Whole says that the event is about something. Of a type that this version does not know, it may be about nothing that
// it knows.
func (e *Event) Whole() bool { return e.FrameType() == "" && e.Type != "" || e.subject() != "" }

// subject is the id of what the event is about, "" when it is about nothing.
func (e *Event) subject() string {
	_, id := e.noun()
	return id
}

type frame struct{ *Event }

func (e frame) Wire(f *wire.Fields) {
	if f.Reading() {
		f.Str("event", (*string)(&e.Type))
		e.makeRoom()
	}
	f.Derived("type", e.FrameType())
	f.Int("seq", &e.Seq)
	if n, _ := e.noun(); n != nil {
		n.frame(e.Event, f)
	}
	if !f.Reading() {
		f.Str("event", (*string)(&e.Type))
	}
	f.Time("at", &e.At)
	f.Str("command", &e.Command)
	wire.OptList(f, "days", &e.Days, (*status.ServiceDay).Wire)
	if f.Reading() || e.Withdrawn {
		f.Bool("withdrawn", &e.Withdrawn)
	}
}

// makeRoom gives the object that a frame of this type carries.
func (e *Event) makeRoom() {
	for _, n := range nouns {
		for i := range n.events {
			if n.events[i].Type == e.Type {
				n.room(e)
				return
			}
		}
	}
}
