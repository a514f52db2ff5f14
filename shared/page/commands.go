package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

// Effect is what a command that succeeds does, and with which status REST answers it.
type Effect uint8

const (
	Creates Effect = iota // an object: 201
	Adds                  // an entry of an object's timeline: 201
	Changes               // an object: 200
	Deletes               // an object: 204
)

// Right is who may bring a command.
type Right uint8

const (
	Writers Right = iota // who may write the page
	Admins               // who may administer: settings are not the page
)

// Hearing is whether subscribers hear of what a command did.
type Hearing uint8

const (
	AsEvents Hearing = iota // as its events say; the command says nothing about it
	// as its `notify` says; of what is over when it is written down nobody hears unless it says so
	AsAsked
	Never
)

// Spec is all that is said of a command once, for every layer.
type Spec struct {
	Kind   string
	Noun   Noun
	Method string // "" is a command that only the server itself gives
	Path   string // below /api/v1; :id is the object's, :update the entry's
	Effect Effect
	Who    Right
	Hears  Hearing
	Does   string // before the object's name: "Open incident"
	Did    string // likewise, in the audit log
	New    func() Command
}

//go:generate go run statuspage/public/build/generate -root ../..

// Commands is every command, as the nouns say them. REST routes, their success, who may call them, audit rows, notices
// and the dashboard's tables follow from it.
var Commands = func() (all []Spec) {
	for _, n := range nouns {
		all = append(all, n.commands...)
	}
	return all
}()

// named is the row of a kind, or nil.
func named(kind string) *Spec {
	for i := range Commands {
		if Commands[i].Kind == kind {
			return &Commands[i]
		}
	}
	return nil
}

// Kinds lists the names of all commands.
func Kinds() []string {
	names := make([]string, len(Commands))
	for i := range Commands {
		names[i] = Commands[i].Kind
	}
	return names
}

// Known is a command's row; nil for nil, and for a type that only wraps one of this package's.
func Known(c Command) *Spec {
	if c == nil || c.parts().of != c {
		return nil
	}
	return named(c.Kind())
}

// PartsOf are a command's places. They point into the command.
func PartsOf(c Command) Parts { return c.parts() }

// TargetOf is the id of the object that a command is about; "" is the organisation.
func TargetOf(c Command) string {
	if id := c.parts().ID.Text; id != nil {
		return *id
	}
	return ""
}

// FillIDs gives new ids to what the caller left without.
func FillIDs(c Command, newID func() string) {
	for _, made := range c.parts().Made {
		if *made.Text == "" {
			*made.Text = newID()
		}
	}
}

// CheckMade refuses ids that a command brings for what it makes, unless they are of the kind that this program makes.
func CheckMade(c Command) *fault.Error {
	var list status.Checks
	for _, made := range c.parts().Made {
		if *made.Text != "" {
			list.Made(made.Field, *made.Text)
		}
	}
	return list.Err()
}

// Tells is whether subscribers hear of what a command did: nil leaves it to its events.
func Tells(c Command, events []Event) *bool {
	no := false
	spec := Known(c)
	switch {
	case spec == nil || spec.Hears == Never:
		return &no
	case spec.Hears == AsEvents:
		return nil
	}
	said := c.parts().Notify
	if said == nil && spec.Effect == Creates && ended(events) {
		return &no // nobody wants to hear now of what is over
	}
	return said
}

// ended says that what some events are about is over after them.
func ended(events []Event) bool {
	is := false
	for i := range events {
		if n := events[i].told(); n != nil && n.over != nil {
			is = n.over(&events[i])
		}
	}
	return is
}

// Corrects says of which services a command may change the record, and from when on; none for a command that leaves the
// past as it is.
func Corrects(s *State, c Command, now status.Time) (services []string, from status.Time) {
	if past, is := c.(interface {
		corrects(*State, status.Time) ([]string, status.Time)
	}); is {
		return past.corrects(s, now)
	}
	return nil, 0
}
