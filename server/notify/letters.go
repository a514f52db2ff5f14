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
	notice *Notice
	org    page.Org
	made   status.Time // the message
	at     time.Time
}

// unread is a message that the database did not give: no try was made.
type unread struct{ error }

func (u unread) Unwrap() error { return u.error }

const (
	mostKept = 64
	keepFor  = 10 * time.Second // then the organisation's look is read again
)

func (l *letters) read(ctx context.Context, id int64) (*kept, error) {
	l.mu.Lock()
	k, there := l.kept[id]
	l.mu.Unlock()
	if there && time.Since(k.at) < keepFor {
		return k, nil
	}
	m, org, err := l.db.Message(ctx, id)
	if err != nil {
		return nil, unread{err}
	}
	n := &Notice{}
	if err := wire.Unmarshal([]byte(m.Body), n); err != nil {
		return nil, final{fmt.Errorf("read message %d: %w", id, err)}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept == nil || len(l.kept) >= mostKept {
		l.kept = map[int64]*kept{}
	}
	k = &kept{n, org, m.At, time.Now()}
	l.kept[id] = k
	return k, nil
}
