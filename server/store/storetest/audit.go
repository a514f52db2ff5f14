package storetest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/wire"
)

// seen is an object of a page, as it was after an event.
type seen struct {
	kind, id, text string
	seq            int64
}

// objects are all of a page.
func objects(s *page.State) []seen {
	out := []seen{{"organization", s.Org.ID, string(wire.Marshal(&s.Org)), s.Seq}}
	for i := range s.Services {
		out = append(out, seen{"service", s.Services[i].ID, string(wire.Marshal(&s.Services[i])), s.Seq})
	}
	for i := range s.Incidents {
		out = append(out, seen{"incident", s.Incidents[i].ID, string(wire.Marshal(&s.Incidents[i])), s.Seq})
	}
	for i := range s.Maintenances {
		out = append(out, seen{"maintenance", s.Maintenances[i].ID, string(wire.Marshal(&s.Maintenances[i])), s.Seq})
	}
	return out
}

// step is what an object was before an event and is after it.
type step struct{ before, after seen }

// auditShows writes of each step how objects were before it and are after it: once by reference, once as versions up to
// 27 November did.
func auditShows(t *testing.T, db *store.DB) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > stories {
			return
		}
		author := &pagetest.Author{Space: uint32(n)}
		at := pagetest.Start
		org, s := begin(t, db, fmt.Sprintf("audit-%d", n), at)
		var steps []step
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			at = author.Later(rt, at)
			events, no := page.Decide(s, author.Command(rt, s, at), at)
			if no != nil || len(events) == 0 {
				continue
			}
			next := s
			for i := range events {
				next = page.Evolve(next, &events[i])
			}
			found := between(&s, &next)
			if err := org.Append(ctx, s, events, func(b *store.Batch) { audited(b, org, found) }); err != nil {
				continue // another page has the host name
			}
			steps, s = append(steps, found...), next
			for _, x := range found {
				if got, err := org.ObjectAt(ctx, x.after.kind, x.after.id, s.Seq); x.after.text != "" &&
					(err != nil || got == nil || string(wire.Marshal(got)) != x.after.text) {
					rt.Fatalf("%s at %d is %v, %v, not %s", x.after.kind, s.Seq, got, err, x.after.text)
				}
			}
		}
		if err := db.Migrate(ctx); err != nil {
			rt.Fatal(err)
		}
		shown(rt, org, steps)
	})
}

// between are the objects that are other ones now.
func between(s, next *page.State) (out []step) {
	was := map[string]seen{}
	for _, x := range objects(s) {
		was[x.kind+x.id] = x
	}
	for _, x := range objects(next) {
		if was[x.kind+x.id].text != x.text {
			out = append(out, step{was[x.kind+x.id], x})
		}
		delete(was, x.kind+x.id)
	}
	for _, x := range was {
		out = append(out, step{before: x})
	}
	return out
}

func audited(b *store.Batch, org *store.Org, steps []step) {
	for _, x := range steps {
		a := store.Audit{ActorKind: "system", Action: "test", ObjectKind: x.before.kind + x.after.kind,
			ObjectID: x.after.id, Before: x.before.text, After: x.after.text}
		if x.before.kind != "" {
			a.ObjectKind, a.ObjectID = x.before.kind, x.before.id
		}
		org.AddAudit(b, a)
		a.Refers, a.BeforeSeq, a.AfterSeq = true, x.before.seq, x.after.seq
		org.AddAudit(b, a)
	}
}

func shown(rt *rapid.T, org *store.Org, steps []step) {
	const size = 20
	for offset := 0; offset < 2*len(steps); offset += size {
		found, err := org.AuditRows(ctx, store.AuditFilter{}, store.Span{Limit: size, Offset: offset})
		if err != nil {
			rt.Fatal(err)
		}
		for i, a := range found {
			want := steps[len(steps)-1-(offset+i)/2]
			if !a.Refers || a.Abridged || a.Before != want.before.text || a.After != want.after.text {
				rt.Fatalf("%s: refers %v, abridged %v\n%s\n%s\nnot\n%s\n%s", a.ObjectKind, a.Refers, a.Abridged,
					a.Before, a.After, want.before.text, want.after.text)
			}
		}
	}
}
