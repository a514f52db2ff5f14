package relay

import (
	"context"
	"errors"
	"time"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// errReplaced says that a page was forgotten while it was read: it is read again.
var errReplaced = errors.New("the page was forgotten while it was read")

// Page is the organisation's page; store.ErrNone when there is no such organisation. The first caller loads it, others
// wait.
func (r *Relay) Page(ctx context.Context, orgID string) (*Page, error) {
	if err := r.Start(ctx); err != nil {
		return nil, err
	}
	for {
		p, err := r.page(ctx, orgID)
		if !errors.Is(err, errReplaced) {
			return p, err
		}
	}
}

func (r *Relay) page(ctx context.Context, orgID string) (*Page, error) {
	r.mu.Lock()
	if _, gone := r.gone[orgID]; gone {
		r.mu.Unlock()
		return nil, store.ErrNone
	}
	e, there := r.pages[orgID]
	if !there {
		e = &entry{loaded: make(chan struct{}), changed: make(chan struct{})}
		r.pages[orgID] = e
		go r.load(context.WithoutCancel(ctx), orgID, e, r.epoch)
	}
	e.used = r.now()
	if e.page != nil {
		defer r.mu.Unlock()
		return e.page, nil
	}
	r.mu.Unlock()
	select {
	case <-e.loaded:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return e.page, e.err
}

func (r *Relay) load(ctx context.Context, orgID string, e *entry, epoch string) {
	s, err := r.read(ctx, orgID)
	var held *store.Unreadable
	if errors.As(err, &held) && s.Org.ID != "" {
		err = nil // what can be read of it is served
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(e.loaded)
	missed := e.missed
	e.missed = nil
	if r.pages[orgID] != e { // what was read may be of a log that was replaced meanwhile
		e.err = errReplaced
		return
	}
	if err != nil {
		e.err = err
		r.forget(orgID, e)
		return
	}
	e.page = NewPage(s, epoch)
	e.page.Words = s.Seq
	e.page.Held, e.page.HeldSince = held, r.now()
	r.catchUp(orgID, e, missed)
}

// catchUp folds in and tells what came by while a page was read. It is told under the lock, so that a later event
// cannot overtake these: take() folds under it before it tells.
func (r *Relay) catchUp(orgID string, e *entry, missed []store.Entry) {
	for i := 0; i < len(missed) && e.page.Held == nil; i++ {
		before := e.page
		news, gap := e.fold(&missed[i], r.now())
		if gap { // it was read from a copy that had gone back
			e.page, e.err = nil, errReplaced
			r.forget(orgID, e)
			return
		}
		if news {
			r.listener.Event(orgID, &missed[i].Event, before, e.page)
		}
	}
	if e.page.Held != nil {
		r.db.Note(e.page.Held)
		r.gauge.Held.Add(1)
	}
}

// read waits for a copy of the database that is not older than what was polled of it before: a replica that begins anew
// is, for a while.
func (r *Relay) read(ctx context.Context, orgID string) (page.State, error) {
	ctx, cancel := context.WithTimeout(ctx, store.Deadline)
	defer cancel()
	for {
		last := r.last.Load()
		s, head, err := r.db.Org(orgID).StateAt(ctx, status.Time(r.now().UnixMilli()))
		partly := store.IsUnreadable(err) && s.Org.ID != ""
		if (err == nil || partly) && head >= last || errors.Is(err, store.ErrNone) && r.whole(ctx, last) {
			return s, err
		}
		if err != nil && !errors.Is(err, store.ErrNone) && !partly {
			return s, err
		}
		select {
		case <-ctx.Done():
			return s, ErrBehind
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// whole says that the copy is not older than what was polled.
func (r *Relay) whole(ctx context.Context, last int64) bool {
	head, err := r.db.LastEventID(ctx)
	return err == nil && head >= last
}
