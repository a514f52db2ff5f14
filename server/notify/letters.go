package notify

import (
	"context"
	"fmt"
	"sync"
	"time"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// letters keeps the messages that are being sent, since each goes to many.
type letters struct {
	db   *store.DB
	mu   sync.Mutex
	kept map[int64]*kept
}

type kept struct {
	notice *Notice // as it was kept, without words
	org    page.Org
	made   status.Time // the message
	about  *store.Today
	words  string // the page's state in words
	seq    int64  // of the organisation's newest event when it was read
	at     time.Time
}

// unread is a message that the database did not give: no try was made.
type unread struct{ error }

func (u unread) Unwrap() error { return u.error }

// maxKept is how many are kept.
const maxKept = 64

// read gives a message with the words of today: of event seq, the organisation's newest.
func (l *letters) read(ctx context.Context, id, seq int64) (*kept, error) {
	l.mu.Lock()
	k, there := l.kept[id]
	l.mu.Unlock()
	if there && k.seq == seq {
		return k, nil
	}
	m, org, err := l.db.Message(ctx, id)
	if store.IsUnreadable(err) {
		return nil, final{err}
	}
	if err != nil {
		return nil, unread{err}
	}
	n := &Notice{}
	if err := wire.Unmarshal([]byte(m.Body), n); err != nil {
		return nil, final{fmt.Errorf("read message %d: %w", id, err)}
	}
	k = &kept{notice: n, org: org, made: m.At, seq: seq, at: time.Now()}
	update := ""
	switch {
	case n.Update != nil:
		update = n.Update.ID
	case n.MaintenanceUpdate != nil:
		update = n.MaintenanceUpdate.ID
	}
	if k.about, err = l.db.Org(m.OrgID).Today(ctx, m.Thread, update); store.IsUnreadable(err) {
		return nil, final{err}
	} else if err != nil {
		return nil, unread{err}
	}
	if org.Access.Divided {
		k.divide()
	}
	_, k.words = status.RollUp(k.about.Services)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept == nil || len(l.kept) >= maxKept {
		l.kept = map[int64]*kept{}
	}
	l.kept[id] = k
	return k, nil
}

// divide leaves of what a message is about what everybody sees: subscribers belong to no audience.
func (k *kept) divide() {
	seen := page.View(page.State{Services: k.about.Services}, nil)
	k.about.Services = seen.Services
	if in := k.about.Incident; in != nil {
		k.about.Incident = onlyOf(seen.SeenIncidents([]status.Incident{*in}))
	}
	if m := k.about.Maintenance; m != nil {
		k.about.Maintenance = onlyOf(seen.SeenMaintenances([]status.Maintenance{*m}))
	}
	if svc := k.about.Service; svc != nil && len(svc.Audiences) > 0 {
		k.about.Service = nil
	}
	// How the page was at the event includes what others see: how it is now is told in its place.
	k.notice.Indicator, k.notice.Words = status.RollUp(seen.Services)
}

func onlyOf[T any](list []T) *T {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}
