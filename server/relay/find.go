package relay

import (
	"context"
	"errors"

	"statuspage/server/store"
	"statuspage/shared/page"
)

// ErrBehind says that this region has not got an event yet that the caller has seen.
var ErrBehind = errors.New("this region is behind")

// PageAt is the page once it includes event seq; ErrBehind when the context ends before.
func (r *Relay) PageAt(ctx context.Context, orgID string, seq int64) (*Page, error) {
	for {
		p, err := r.Page(ctx, orgID)
		if err != nil {
			return nil, err
		}
		if p.State.Seq >= seq {
			return p, nil
		}
		r.mu.Lock()
		e := r.pages[orgID]
		var changed chan struct{}
		if e != nil && e.page == p {
			changed = e.changed
		}
		r.mu.Unlock()
		if changed == nil {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return p, ErrBehind
		}
	}
}

// Has waits until event seq has arrived. It is false once this region has everything that was written before the call,
// and the event is not among it: nobody can have seen it in this log. When the context ends before, it is true: it may
// come yet.
func (r *Relay) Has(ctx context.Context, orgID string, seq int64) bool {
	asked, began := r.now().UnixMilli(), r.passed()
	for ctx.Err() == nil {
		waiting, cancel := context.WithTimeout(ctx, beatEvery/2)
		_, err := r.PageAt(waiting, orgID, seq)
		cancel()
		all := r.beat.Load()-beatEvery.Milliseconds() > asked
		if r.primary {
			all = r.polled.Load() > began
		}
		if !errors.Is(err, ErrBehind) || all {
			return err == nil
		}
	}
	return true
}

// BySlug finds an organisation's id by the slug in an address, in whatever case it is written there; store.ErrNone.
// Pages, documents, feeds and sockets all find theirs here.
func (r *Relay) BySlug(ctx context.Context, text string) (string, error) {
	slug, ok := page.Slug(text)
	if !ok {
		return "", store.ErrNone
	}
	return r.remembered(&r.slugs, slug, func() (string, error) { return r.db.OrgBySlug(ctx, slug) })
}

// ByHost is the page that is served under a host name; store.ErrNone.
func (r *Relay) ByHost(ctx context.Context, host string) (*Page, error) {
	for range 2 {
		id, err := r.remembered(&r.hosts, host, func() (string, error) { return r.db.OrgByHost(ctx, host) })
		if err != nil {
			return nil, err
		}
		p, err := r.Page(ctx, id)
		if err != nil || p.State.Org.OwnHost() == host {
			return p, err
		}
		// It was given up, perhaps to another, who is asked for next.
		r.mu.Lock()
		delete(r.hosts, host)
		r.mu.Unlock()
	}
	return nil, store.ErrNone
}

// remembered keeps what was found: a slug changes hands only after its organisation was deleted.
func (r *Relay) remembered(in *map[string]string, key string, find func() (string, error)) (string, error) {
	r.mu.Lock()
	id, there := (*in)[key]
	if _, gone := r.gone[id]; gone {
		delete(*in, key)
		there = false
	}
	r.mu.Unlock()
	if there {
		return id, nil
	}
	id, err := find()
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, gone := r.gone[id]; gone {
		return "", store.ErrNone
	}
	(*in)[key] = id
	return id, nil
}
