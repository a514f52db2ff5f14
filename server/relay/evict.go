package relay

import (
	"slices"
	"time"
)

const (
	maxPages = 5_000       // in memory, beside those that somebody listens to
	idle     = time.Minute // without a reader before a page is evicted
	crowd    = 2           // times as many pages: then those are evicted, too, that were read within the minute
)

// Audience is a Listener that says who listens: a page that somebody listens to is never evicted. A Listener that does
// not say is told Lost of each page that is evicted.
type Audience interface {
	// Listens says whether somebody hears of an organisation's events. Whoever wants to hear of them is counted here
	// before the page is asked for: then either the page stays, or the one that is asked for is read after the
	// eviction.
	Listens(orgID string) bool
}

// forget takes a page out of memory, loaded or not; the caller holds the lock. Those who wait for a change of it look
// again. It is called with a page that nobody listens to, or is followed by Lost, Gone or Reset.
func (r *Relay) forget(orgID string, e *entry) {
	close(e.changed)
	delete(r.pages, orgID)
	if e.page == nil {
		return
	}
	e.page.left.Store(true)
	if e.page.Held != nil {
		r.gauge.Held.Add(-1)
	}
}

// evict lets go of pages that nobody listens to, those that were read the longest ago first, while there are too many
// of them.
func (r *Relay) evict(now time.Time) {
	evicted := r.evictIdle(now)
	if r.audience != nil {
		return
	}
	for _, id := range evicted {
		r.listener.Lost(id)
	}
}

func (r *Relay) evictIdle(now time.Time) (evicted []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gauge.Pages.Store(int64(len(r.pages)))
	if len(r.pages) <= r.most {
		return nil
	}
	free := r.free()
	left := len(free)
	if left <= r.most {
		return nil
	}
	for _, id := range free {
		e := r.pages[id]
		if left <= r.most*9/10 || left <= r.most*crowd && now.Sub(e.asked()) <= idle {
			break
		}
		r.forget(id, e)
		evicted = append(evicted, id)
		left--
	}
	r.gauge.Pages.Store(int64(len(r.pages)))
	return evicted
}

// free lists the pages that nobody listens to, those that were read the longest ago first.
func (r *Relay) free() (ids []string) {
	for id, e := range r.pages {
		if e.page != nil && (r.audience == nil || !r.audience.Listens(id)) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return r.pages[a].asked().Compare(r.pages[b].asked()) })
	return ids
}
