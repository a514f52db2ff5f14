package notify

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"statuspage/server/store"
)

// recorder commits outcomes, as many as have gathered while the last commit was under way.
type recorder struct {
	db   *store.DB
	in   chan outcome
	stop chan struct{}
	once sync.Once
}

type outcome struct {
	batch *store.Batch
	done  chan struct{}
}

const maxOutcomes = 100 // a commit

func newRecorder(db *store.DB) *recorder {
	return &recorder{db: db, in: make(chan outcome), stop: make(chan struct{})}
}

// record returns when the outcome is committed, or cannot be: then the lease runs out and the job is done again.
func (r *recorder) record(batch *store.Batch) {
	o := outcome{batch, make(chan struct{})}
	select {
	case r.in <- o:
		<-o.done
	case <-r.stop:
	}
}

func (r *recorder) close() { r.once.Do(func() { close(r.stop) }) }

func (r *recorder) run() {
	for {
		select {
		case o := <-r.in:
			r.commit(r.gather(o))
		case <-r.stop:
			return
		}
	}
}

func (r *recorder) gather(first outcome) []outcome {
	list := []outcome{first}
	for len(list) < maxOutcomes {
		select {
		case o := <-r.in:
			list = append(list, o)
		default:
			return list
		}
	}
	return list
}

// retries of a commit that fails: the alternative is to send everything in it twice.
var retries = []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, time.Second, 3 * time.Second}

func (r *recorder) commit(list []outcome) {
	var b store.Batch
	for _, o := range list {
		b.Join(o.batch)
	}
	err := r.try(&b)
	var refused *store.Constraint
	if errors.As(err, &refused) && len(list) > 1 { // one of them must not cost the others
		for _, o := range list {
			r.commit([]outcome{o})
		}
		return
	}
	if err != nil {
		slog.Error("outcomes could not be noted; their messages will be sent again", "count", len(list), "error", err)
	}
	for _, o := range list {
		close(o.done)
	}
}

func (r *recorder) try(b *store.Batch) error {
	err := r.db.Do(context.Background(), b)
	for _, wait := range retries {
		var refused *store.Constraint
		if err == nil || errors.As(err, &refused) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-r.stop:
		}
		err = r.db.Do(context.Background(), b)
	}
	return err
}
