package relay

import (
	"context"
	"errors"
	"time"

	"statuspage/server/store"
)

// KeepPages is how many pages a relay keeps in memory, in place of maxPages.
func (r *Relay) KeepPages(n int) { r.most = n }

// LoadForgotten reads a page that was forgotten meanwhile, and that events came by for; again says that whoever waits
// reads it again.
func (r *Relay) LoadForgotten(ctx context.Context, orgID string, missed []store.Entry) (again bool) {
	e := &entry{loaded: make(chan struct{}), changed: make(chan struct{}), missed: missed}
	r.mu.Lock()
	r.pages[orgID] = e
	r.forget(orgID, e)
	r.mu.Unlock()
	r.load(ctx, orgID, e, r.Epoch())
	<-e.loaded
	return errors.Is(e.err, errReplaced)
}

// Poll is a poll that goes on until it is ended.
func (r *Relay) Poll() (end func()) {
	r.polling <- struct{}{}
	return func() { <-r.polling }
}

// InMemory says whether a page is there, without asking for it, and when it was last asked for.
func (r *Relay) InMemory(orgID string) (asked time.Time, is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.pages[orgID]
	if e == nil || e.page == nil {
		return time.Time{}, false
	}
	return e.asked(), true
}
