package socket

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"statuspage/server/relay"
	"statuspage/shared/wire"
)

const (
	// MaxQueued is how many bytes all sockets of the process may have on their way together, what several share counted
	// once. Beyond it the slowest are cut off, and whoever needs something that is not there yet waits.
	MaxQueued  = 64 << 20
	maxIdle    = 16 << 20    // bytes of backlogs that nobody is sent now
	idleFor    = time.Minute // then they are let go
	partEvents = 32          // of a backlog that are read and shared together
	readers    = 2           // parts and snapshots that are made at a time
	whole      = -1          // in place of a part's beginning: the snapshot
)

// backlogs are what clients missed, in parts that all who missed them are sent from the same bytes: events in today's
// words, and the whole page. Each is made once, and bounded are those that are made at a time, those that are on their
// way, and those that wait for others to come.
type backlogs struct {
	pages  Pages
	queued atomic.Int64
	slow   func() // cuts off the client that has been slow for the longest
	turns  chan struct{}

	mu    sync.Mutex
	parts map[partKey]*part
}

type partKey struct {
	org   string
	after int64 // the seq behind which it begins
}

// part is some events that follow each other, or a snapshot.
type part struct {
	held
	epoch  string
	words  int64 // of the page whose words it has
	upTo   int64 // the last seq in it
	frames []frame
	used   time.Time // under the backlogs' lock
}

func newBacklogs(pages Pages, slow func()) *backlogs {
	return &backlogs{pages: pages, slow: slow, turns: make(chan struct{}, readers), parts: map[partKey]*part{}}
}

// after is the part that goes on behind a seq which the page is past. The caller lets go of it with drop.
func (b *backlogs) after(ctx context.Context, org string, p *relay.Page, seq int64) (*part, error) {
	from := seq / partEvents * partEvents
	upTo := min(from+partEvents, p.State.Seq)
	return b.get(ctx, partKey{org, from}, p, upTo,
		func() (*part, error) { return b.read(ctx, org, from, upTo, p.State.Seq) })
}

// snapshot is the whole page; it may be newer than the one that is asked for.
func (b *backlogs) snapshot(ctx context.Context, org string, p *relay.Page) (*part, error) {
	return b.get(ctx, partKey{org, whole}, p, p.State.Seq, func() (*part, error) {
		body := wire.Marshal(snapshot{&p.State, p.Epoch})
		x := &part{upTo: p.State.Seq, held: held{size: int64(len(body))}}
		x.frames = []frame{{seq: x.upTo, bytes: body, of: &x.held}}
		return x, nil
	})
}

func (b *backlogs) read(ctx context.Context, org string, after, upTo, seen int64) (*part, error) {
	events, err := b.pages.Replay(ctx, org, after, upTo, seen)
	if err != nil {
		return nil, err
	}
	x := &part{frames: make([]frame, len(events)), upTo: after}
	for i := range events {
		if events[i].Seq != x.upTo+1 {
			return nil, fmt.Errorf("event %d of a backlog is missing", x.upTo+1)
		}
		x.upTo = events[i].Seq
		x.frames[i] = frame{seq: x.upTo, bytes: events[i].Frame(), of: &x.held}
		x.size += int64(len(x.frames[i].bytes))
	}
	if x.upTo < upTo {
		return nil, fmt.Errorf("event %d of a backlog is missing", x.upTo+1)
	}
	return x, nil
}

// get finds a part that reaches a seq, or makes it.
func (b *backlogs) get(ctx context.Context, key partKey, p *relay.Page, upTo int64,
	build func() (*part, error)) (*part, error) {
	for {
		if x := b.find(key, p, upTo); x != nil {
			return x, nil
		}
		select {
		case b.turns <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		x, err := b.build(key, p, upTo, build)
		<-b.turns
		if x != nil || err != nil {
			return x, err
		}
		b.slow()
		select { // for room; somebody else may find some meanwhile
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// build makes a part while there is room for it; nil when there is none.
func (b *backlogs) build(key partKey, p *relay.Page, upTo int64, build func() (*part, error)) (*part, error) {
	if x := b.find(key, p, upTo); x != nil {
		return x, nil // somebody else has made it
	}
	if b.queued.Load() >= MaxQueued {
		return nil, nil
	}
	x, err := build()
	if err != nil {
		return nil, err
	}
	x.epoch, x.words = p.Epoch, p.Words
	b.mu.Lock()
	defer b.mu.Unlock()
	x.used = time.Now()
	b.parts[key] = x
	x.take(&b.queued)
	b.tidy(x.used)
	return x, nil
}

func (b *backlogs) find(key partKey, p *relay.Page, upTo int64) *part {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.parts[key]
	if x == nil || x.epoch != p.Epoch || x.words < p.Words || x.upTo < upTo {
		return nil
	}
	if x.users.Load() == 0 && b.queued.Load() >= MaxQueued {
		return nil
	}
	x.used = time.Now()
	x.take(&b.queued)
	return x
}

// rest lets go of what nobody was sent of late.
func (b *backlogs) rest(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidy(now)
}

// tidy keeps what is idle within its bounds; the oldest go first.
func (b *backlogs) tidy(now time.Time) {
	for {
		var oldest partKey
		var last *part
		idle := int64(0)
		for key, x := range b.parts {
			if x.users.Load() > 0 {
				continue
			}
			idle += x.size
			if last == nil || x.used.Before(last.used) {
				oldest, last = key, x
			}
		}
		if last == nil || idle <= maxIdle && now.Sub(last.used) < idleFor {
			return
		}
		delete(b.parts, oldest)
	}
}
