package usecase

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// newID is a UUIDv7: ids ascend with time.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// unknown refuses a command that the table of commands does not have, before anything is decided: it would be audited
// as something else.
func unknown(c page.Command) error {
	if page.Known(c) == nil {
		return fmt.Errorf("the table of commands does not know %T", c)
	}
	return nil
}

// tells is what caller and command say about it together.
func (c Caller) tells(command page.Command, events []page.Event) *bool {
	if c.Quiet {
		no := false
		return &no
	}
	return page.Tells(command, events)
}

// object is what a command was about, in one state.
type object struct {
	kind, id string
	version  int64
	value    wire.Object // nil when it is not there
}

func outcome(s *page.State, c page.Command) object {
	spec := page.Known(c)
	if spec == nil {
		return object{}
	}
	o := object{kind: string(spec.Noun), id: page.TargetOf(c)}
	if spec.Noun == page.OrgNoun {
		o.id = s.Org.ID
	}
	o.value, o.version = s.Object(spec.Noun, o.id)
	return o
}

// since is the event after which the object was as it is here; 0 where there is none.
func (o object) since(seq int64) int64 {
	if o.value == nil {
		return 0
	}
	return seq
}

func encode(x wire.Object) []byte { return wire.Marshal(x) }

// statuses are what a command that succeeded is answered with.
var statuses = map[page.Effect]int{
	page.Creates: http.StatusCreated, page.Adds: http.StatusCreated, page.Changes: http.StatusOK,
	page.Deletes: http.StatusNoContent,
}

// answer is the representation that the caller gets back: the object, or the update that it asked for with its
// incident.
func (o object) answer(c page.Command, fingerprint string, seq int64) store.Answer {
	a := store.Answer{Fingerprint: fingerprint, Status: statuses[page.Known(c).Effect], Seq: seq}
	if o.value == nil {
		return a
	}
	a.ETag, a.About = `"`+wire.Itoa(o.version)+`"`, store.Shown{Kind: o.kind, ID: o.id}
	if entry := page.PartsOf(c).Entry.Text; entry != nil {
		a.About.Entry = *entry
	}
	a.Body = show(o.value, a.About.Entry)
	return a
}

// show is an object as JSON, or one entry of its timeline with it. Of an entry that was withdrawn it is the object.
func show(x wire.Object, entry string) string {
	if in, ok := x.(*status.Incident); ok &&
		slices.ContainsFunc(in.Updates, func(u status.Update) bool { return u.ID == entry }) {
		return string(encode(added{in, entry}))
	}
	return string(encode(x))
}

// again makes an answer's body of the log, in today's words: what was withdrawn since is not told again.
func again(ctx context.Context, org *store.Org, a store.Answer) (string, error) {
	x, err := org.ObjectAt(ctx, a.About.Kind, a.About.ID, a.Seq)
	if err != nil || x == nil {
		return "", errors.Join(err, fmt.Errorf("%s %s is not in the log at %d", a.About.Kind, a.About.ID, a.Seq))
	}
	if x, err = org.Anew(ctx, page.Noun(a.About.Kind), x); err != nil {
		return "", err
	}
	return show(x, a.About.Entry), nil
}

// outcomeOf is the outcome of events that may have made an object which the state, full of newer ones, does not keep.
func outcomeOf(before, after *page.State, events []page.Event, c page.Command) object {
	o := outcome(after, c)
	if o.value != nil || len(events) == 0 || page.Known(c).Effect == page.Deletes {
		return o
	}
	alone := before.Alone(o.id)
	for i := range events {
		alone = page.Evolve(alone, &events[i])
	}
	return outcome(&alone, c)
}

// recent is how many bytes of texts make the newest part of a timeline.
const recent = 32 << 10

// added is a timeline entry with the incident that it made of it. Of a long timeline it has the newest entries, which
// have recent bytes together: the last update of an incident costs what the first one did.
type added struct {
	in *status.Incident
	id string
}

func (a added) Wire(f *wire.Fields) {
	for i := range a.in.Updates {
		if a.in.Updates[i].ID == a.id {
			a.in.Updates[i].Wire(f)
		}
	}
	short, bytes := *a.in, 0
	for i := len(short.Updates) - 1; i > 0; i-- {
		if bytes += len(short.Updates[i].Body); bytes >= recent {
			short.Updates = short.Updates[i:]
			break
		}
	}
	wire.One(f, "incident", &short, (*status.Incident).Wire)
}
