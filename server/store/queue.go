package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// together and togetherBytes bound what goes to a remote database at once.
	together      = 32
	togetherBytes = 1 << 20
	// firstPause and lastPause are how long a write waits that found the database locked by another process.
	firstPause = 20 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// queue sends one write at a time to a remote database: about eight at once lock its writes up for ever (libsql-server
// 0.24.32 and .33: a waiter that gives up during a checkpoint leaves its place in the queue taken). Those that come
// meanwhile go together in the next request, in one transaction with a savepoint each, so that one that is refused
// undoes itself alone.
//
// To a file it is one transaction at a time in the same way: it has one writer, and a commit is mostly its sync.
type queue struct {
	committer
	admissions *admissions
	mu         sync.Mutex
	waiting    []*write
	sending    bool
}

// committer is where writes go, in one transaction.
type committer interface {
	// commit gives the outcome of each write.
	commit(ctx context.Context, writes []*write) []error
	// again says of an error of commit that nothing was done, and that the write may succeed a little later.
	again(err error) bool
}

type write struct {
	ctx   context.Context
	batch *Batch
	done  chan error
}

// do commits a batch, or says why not. When the context ends before the batch was sent, nothing was done.
func (q *queue) do(ctx context.Context, b *Batch) error {
	w := &write{ctx, b, make(chan error, 1)}
	q.mu.Lock()
	q.waiting = append(q.waiting, w)
	first := !q.sending
	q.sending = true
	q.mu.Unlock()
	if first {
		q.lead()
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
	}
	if q.withdraw(w) {
		return &Failure{Trouble: Locked, err: errors.New("writes before it took too long")}
	}
	select {
	case err := <-w.done:
		return err
	default:
		return &Failure{Trouble: Unreachable, Uncertain: true, err: ctx.Err()}
	}
}

func (q *queue) withdraw(w *write) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.waiting {
		if q.waiting[i] == w {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// lead sends what waits, to a file without another goroutine: nobody else waits then but those who come meanwhile. A
// request to a remote database may outlast the caller.
func (q *queue) lead() {
	if _, is := q.committer.(*local); !is {
		go q.drain()
		return
	}
	q.round(q.next())
	q.mu.Lock()
	more := len(q.waiting) > 0
	q.sending = more
	q.mu.Unlock()
	if more {
		go q.drain()
	}
}

// drain sends until nobody waits.
func (q *queue) drain() {
	for {
		next := q.next()
		if len(next) == 0 {
			return
		}
		q.round(next)
	}
}

// next takes those who go together: in the order in which they came.
func (q *queue) next() []*write {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, bytes := 0, 0
	for n < len(q.waiting) && n < together {
		if bytes += q.waiting[n].batch.bytes(); n > 0 && bytes > togetherBytes {
			break
		}
		n++
	}
	next := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	if n == 0 {
		q.waiting, q.sending = nil, false
	}
	return next
}

// round sends writes, again while another process has the database locked.
func (q *queue) round(writes []*write) {
	for pause := firstPause; len(writes) > 0; pause = min(2*pause, lastPause) {
		locked := q.try(writes)
		if len(locked) == 0 {
			return
		}
		time.Sleep(pause)
		writes = locked[:0]
		for _, w := range locked {
			if w.ctx.Err() != nil {
				w.done <- &Failure{Trouble: Locked, err: w.ctx.Err()}
				continue
			}
			writes = append(writes, w)
		}
	}
}

// try sends writes once and tells each its outcome, but for those who found the database locked, or whose transaction
// another one ended: of them nothing was done.
func (q *queue) try(writes []*write) (locked []*write) {
	ctx, cancel := context.WithTimeout(context.Background(), Deadline)
	defer cancel()
	for i, err := range q.commit(ctx, writes) {
		if err != nil && q.again(err) {
			locked = append(locked, writes[i])
			continue
		}
		if writes[i].batch.admits() { // whatever came of it, and before the writer hears of that
			q.admissions.changed()
		}
		writes[i].done <- err
	}
	return locked
}

func (p *pipeline) again(err error) bool { return errors.Is(err, errEnded) || troubleOf(err) == Locked }

// place is where a write stands in the request.
type place struct{ from, to, done int }

// commit sends writes in one transaction, and gives the outcome of each.
func (p *pipeline) commit(ctx context.Context, writes []*write) []error {
	outcomes := make([]error, len(writes))
	all := func(err error) []error {
		for i := range outcomes {
			outcomes[i] = err
		}
		return outcomes
	}
	steps, places, err := transaction(writes)
	if err != nil {
		return all(err)
	}
	parts := []pipelineRequest{{Type: "batch", Batch: &pipelineBatch{steps}}, {Type: "close"}}
	after := behind(writes)
	if after != nil {
		stmt, err := asking(logQuery, logArgs(*after, followed))
		if err != nil {
			return all(fmt.Errorf("write a batch: %w", err))
		}
		parts = slices.Insert(parts, 1, pipelineRequest{Type: "execute", Stmt: stmt})
	}
	begun := time.Now()
	answer, err := p.ask(ctx, parts...)
	if err != nil {
		return all(err)
	}
	var out pipelineSteps
	if err := answer.outcome(0, &out); err != nil {
		return all(err)
	}
	if len(out.Results) != len(steps) || len(out.Errors) != len(steps) {
		return all(errors.New("no response received: another number of steps"))
	}
	end := len(steps) - 2 // COMMIT, then ROLLBACK
	for i, at := range places {
		switch {
		case !ran(out.Results[0]):
			outcomes[i] = saidOf(&out, 0, 0)
		case !ran(out.Results[at.done]):
			outcomes[i] = saidOf(&out, at.from, at.to)
		case !ran(out.Results[end]):
			outcomes[i] = saidOf(&out, end, end)
		}
	}
	if after != nil {
		answer.log(*after, begun, writes)
	}
	return outcomes
}

// behind is the event behind which the log is read with some writes; nil when none of them asks for it.
func behind(writes []*write) *Anchor {
	for _, w := range writes {
		if w.batch.after != nil {
			return w.batch.after
		}
	}
	return nil
}

// log gives every write that asks for it what was read behind the writes. A write without it asks again.
func (a *pipelineAnswer) log(after Anchor, begun time.Time, writes []*write) {
	var found pipelineRows
	if a.outcome(1, &found) != nil {
		return
	}
	for _, w := range writes {
		if w.batch.after != nil {
			w.batch.rows = &logRows{answered{pipelineRows: found}, after, begun, writes}
		}
	}
}

// errEnded is told of a write that was undone, or never begun, since another one ended the transaction of both.
var errEnded = errors.New("another write ended the transaction")

// ran says that a step was done: what was skipped or failed is null.
func ran(result json.RawMessage) bool { return len(result) > 0 && string(result) != "null" }

// saidOf is the first error among some steps.
func saidOf(out *pipelineSteps, from, to int) error {
	for _, e := range out.Errors[from : to+1] {
		if e != nil {
			return refusal(e)
		}
	}
	return errEnded
}

// transaction puts writes into one: with a savepoint each, where there are several.
func transaction(writes []*write) (steps []pipelineStep, places []place, err error) {
	add := func(cond *pipelineCond, sql string, args ...any) int {
		stmt := pipelineStmt{SQL: sql}
		for _, a := range args {
			v, no := valueOf(a)
			err = errors.Join(err, no)
			stmt.Args = append(stmt.Args, v)
		}
		steps = append(steps, pipelineStep{cond, stmt})
		return len(steps) - 1
	}
	open := ok(add(nil, "BEGIN IMMEDIATE")) // the transaction still is: some errors, such as a full disk, end it whole
	for _, w := range writes {
		last, at := 0, place{from: len(steps)}
		if len(writes) > 1 {
			last = add(open, "SAVEPOINT w")
		}
		saved := last
		for _, s := range w.batch.statements {
			last = add(ok(last), s.text, s.args...)
		}
		at.to, at.done = last, last
		if len(writes) > 1 {
			at.done = add(ok(last), "RELEASE w")
			undone := add(&pipelineCond{Type: "and", Conds: []pipelineCond{*ok(saved), *notOK(at.done)}},
				"ROLLBACK TO w")
			released := add(ok(undone), "RELEASE w")
			at.to = at.done
			open = &pipelineCond{Type: "or", Conds: []pipelineCond{*ok(at.done), *ok(released)}}
		}
		places = append(places, at)
	}
	if len(writes) == 1 {
		open = ok(places[0].done)
	}
	commit := add(open, "COMMIT")
	add(notOK(commit), "ROLLBACK")
	if err != nil {
		err = fmt.Errorf("write a batch: %w", err)
	}
	return steps, places, err
}
