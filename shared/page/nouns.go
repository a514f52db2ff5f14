package page

import (
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// A new noun has a line in each of the declarations down to Words of this file, and everything else in files of its
// own.

// Noun is a kind of object that a page holds.
type Noun string

const (
	ServiceNoun     Noun = "service"
	IncidentNoun    Noun = "incident"
	MaintenanceNoun Noun = "maintenance"
	OrgNoun         Noun = "organization"
)

// nouns are all kinds of objects that a page holds, in the order in which its documents tell them.
var nouns = []*noun{&services, &incidents, &maintenances, &orgs}

// tellings are what the server alone asks of them, likewise. They stand apart so that the browser need not load them.
var tellings = []*telling{&servicesTold, &incidentsTold, &maintenancesTold, &orgsTold}

// State is a page after event Seq. It is a value: nothing that was handed out is changed later.
type State struct {
	Org          Org
	Seq          int64       // of the last event in it; starts at 1 with the page itself and has no gap
	At           status.Time // of that event
	Services     []status.Service
	Incidents    []status.Incident    // newest first: all active ones and the KeepClosed newest others
	Maintenances []status.Maintenance // newest first, likewise
	// that all of this takes at most in a database's answer, without the services' records; see MaxBytes
	Bytes int64

	// Past is what a command that corrects the past must know; it is no part of the page. Without it the past stays as
	// it is.
	Past *Past
}

// Event is one entry of an organisation's log. It carries the object as it was afterwards, without its timeline, and
// the one timeline entry that is new or corrected. Visitors may know all of it.
type Event struct {
	Seq     int64
	Type    EventType
	At      status.Time
	Command string // id of the command that caused it, "" when nobody waits for it

	Org               *Org
	Service           *status.Service
	Incident          *status.Incident
	Update            *status.Update
	Maintenance       *status.Maintenance
	MaintenanceUpdate *status.MaintenanceUpdate
	Days              []status.ServiceDay // tallies that are other ones now, because the past was corrected; up to At

	// Withdrawn says that words which the event had are gone from the page: it is told with today's. The log does not
	// keep it.
	Withdrawn bool
}

// Words are the texts of a page's objects as they are today. What is not among them is gone, and has none.
type Words struct {
	Org          Org
	Services     map[string]status.Service
	Incidents    map[string]status.Incident
	Maintenances map[string]status.Maintenance
}

// noun is what this package asks of a kind of object. What may be nil says so.
type noun struct {
	name     Noun
	commands []Spec
	events   []EventSpec
	deleted  EventType // of its events, the one that takes an object from the page; "" is none

	// Of the state.
	blank func() wire.Object
	find  func(s *State, id string) (x wire.Object, version int64) // nil where it is not there
	wire  func(*State, *wire.Fields)                               // the list as the dashboard keeps it
	// the list as the dashboard shows it, with where each object may go next
	view func(*State, *wire.Fields)
	// bytes of all objects in a database's answer; see MaxBytes
	size func(*State) int64

	// Of an event that carries such an object.
	about  func(*Event) (id string, is bool) // the object's id, and whether there is one
	log    func(*Event, *wire.Fields)        // what the log keeps of it
	frame  func(*Event, *wire.Fields)        // the data of its message
	room   func(*Event)                      // makes the object for a message to be read into
	evolve func(s *State, e *Event) (grown int64)
	// what a move to another status may add to a full page; may be nil
	moved func(before *State, e *Event) (bytes int64)
}

// telling is what the server alone asks of a kind of object. What may be nil says so.
type telling struct {
	name  Noun
	sort  func(*State)                              // puts the list in the page's order
	over  func(*Event) bool                         // whether the object is over after it; may be nil
	with  func(s State, older wire.Object) State    // adds one that the state left out; nil where it leaves none out
	only  func(s *State, before *State, id string)  // leaves the list of before without all objects but one; may be nil
	words func(*State, *Words)                      // notes those of all objects; may be nil
	copy  func(*Event)                              // gives the event an object of its own, to be changed
	strip func(rewriter, *Event)                    // takes all words out of the object
	today func(r rewriter, e, was *Event, w *Words) // gives the copy e of an event today's words
	gone  func(r rewriter, before *State, e *Event) // notes words that the event replaced
}

// Nouns are the names of all kinds of objects, in the order in which a page tells them.
func Nouns() []Noun {
	names := make([]Noun, len(nouns))
	for i := range nouns {
		names[i] = nouns[i].name
	}
	return names
}

// of is what there is to know of a kind; nil where there is no such kind.
func (n Noun) of() *noun {
	for _, x := range nouns {
		if x.name == n {
			return x
		}
	}
	return nil
}

// told is the telling of a kind; nil where there is no such kind.
func (n Noun) told() *telling {
	for _, x := range tellings {
		if x.name == n {
			return x
		}
	}
	return nil
}

// told is the telling of the kind of the object that an event carries; nil when it carries none.
func (e *Event) told() *telling {
	n, _ := e.Of()
	return n.told()
}

// Blank is an empty object of a kind; nil where there is no such kind.
func (n Noun) Blank() wire.Object {
	if x := n.of(); x != nil {
		return x.blank()
	}
	return nil
}

// Object finds an object of any kind, with its version; nil when it is not there. The page may be asked for without its
// id.
func (s *State) Object(n Noun, id string) (x wire.Object, version int64) {
	if kind := n.of(); kind != nil {
		return kind.find(s, id)
	}
	return nil, 0
}

// LeavesOut says whether the state leaves out objects of a kind that were long over.
func (n Noun) LeavesOut() bool {
	x := n.told()
	return x != nil && x.with != nil
}

// With adds an older object that the state left out, so that it can be decided about. It takes the place of the one
// that was closed first, so that it is still there after its own event.
func (s State) With(n Noun, older wire.Object) State {
	if n.LeavesOut() {
		return n.told().with(s, older)
	}
	return s
}

// Alone is the state with no other objects that it may leave out than those of one id.
func (s State) Alone(id string) State {
	out := s
	for _, n := range tellings {
		if n.only != nil {
			n.only(&out, &s, id)
		}
	}
	return out
}

// WireView writes the lists of the page with where each object may go next, as the dashboard shows them.
func (s *State) WireView(f *wire.Fields) {
	for _, n := range nouns {
		if n.view != nil {
			n.view(s, f)
		}
	}
}

// Of is the kind of the object that an event carries, and the object's id; "" when it carries none.
func (e *Event) Of() (n Noun, id string) {
	if x, id := e.noun(); x != nil {
		return x.name, id
	}
	return "", ""
}

// noun is what there is to know of the kind of the object that an event carries; nil when it carries none.
func (e *Event) noun() (n *noun, id string) {
	for _, n := range nouns {
		if id, is := n.about(e); is {
			return n, id
		}
	}
	return nil, ""
}

// next writes where an object may go.
func next[T ~string](f *wire.Fields, key string, list []T) {
	words := status.Names(list)
	f.Strings(key, &words)
}
