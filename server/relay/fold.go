package relay

import (
	"log/slog"
	"strconv"
	"time"

	"statuspage/server/store"
	"statuspage/shared/page"
)

// take folds an event into its page, if the page is here. Nobody listens to a page that is not (evict).
func (r *Relay) take(x *store.Entry) {
	r.mu.Lock()
	e := r.pages[x.OrgID]
	if e == nil {
		r.mu.Unlock()
		x.Take("") // nobody needs it
		return
	}
	if e.page == nil {
		e.missed = append(e.missed, *x)
		r.mu.Unlock()
		return
	}
	if e.page.Held != nil {
		r.mu.Unlock()
		return // until what is before it can be read
	}
	before := e.page
	news, gap := e.fold(x, r.now())
	after := e.page
	if e.page.Held != nil {
		r.db.Note(e.page.Held)
		r.gauge.Held.Add(1)
	}
	if gap {
		r.forget(x.OrgID, e)
	}
	r.mu.Unlock()
	switch {
	case gap:
		// The log has none, so this page was read from a copy that had gone back: everybody comes back and is brought
		// up to date.
		slog.Error("an event is missing; the page is read again", "organization", x.OrgID, "got", x.Event.Seq)
		r.listener.Lost(x.OrgID)
	case news:
		r.listener.Event(x.OrgID, &x.Event, before, after)
	}
}

// fold takes the next event in. news is false for an event that the page has already; gap says that one before it is
// missing, and nothing was done. An event that cannot be read holds the page as it is. The caller holds the relay's
// lock.
func (e *entry) fold(x *store.Entry, now time.Time) (news, gap bool) {
	s := &e.page.State
	next, bad := NewPage(*s, e.page.Epoch), x.Bad
	next.Words = e.page.Words
	if bad == nil {
		if x.Event.Seq != s.Seq+1 {
			return false, x.Event.Seq > s.Seq
		}
		var withdraws bool
		if next.State, withdraws, bad = evolved(*s, e.page.Epoch, x); withdraws {
			next.Words = x.Event.Seq
		}
	}
	next.Held, next.HeldSince = bad, now
	e.page.left.Store(true)
	e.page = next
	close(e.changed)
	e.changed = make(chan struct{})
	return bad == nil, false
}

// asked is when somebody was last given something of the page.
func (e *entry) asked() time.Time {
	if given := time.Unix(0, e.page.asked.Load()); given.After(e.used) {
		return given
	}
	return e.used
}

// evolved is the state after an event, and whether words went with it; an event that breaks the rules' code is one that
// cannot be read. What was decided in this process brings its state.
func evolved(s page.State, epoch string, x *store.Entry) (next page.State, withdraws bool, bad *store.Unreadable) {
	defer func() {
		if broken := recover(); broken != nil {
			next, withdraws, bad = s, false, store.Broken(x.OrgID, "event", strconv.FormatInt(x.ID, 10), broken)
		}
	}()
	if after := x.Take(epoch); after != nil {
		return *after, page.Withdraws(&s, &x.Event), nil
	}
	return page.Evolve(s, &x.Event), page.Withdraws(&s, &x.Event), nil
}
