package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/shared/status"
)

const (
	lookEvery = 500 * time.Millisecond // for jobs, when nobody wakes the worker
	tidyEvery = 10 * time.Minute
	grace     = 3 * time.Second // that messages under way are given at the end

	keepSent    = 7 * 24 * time.Hour
	keepAll     = 30 * 24 * time.Hour
	keepPending = 3 * 24 * time.Hour // for somebody to confirm

	// tooManyFailures in a row, which is three messages that nothing came of, pause a webhook.
	tooManyFailures = 24
)

// Worker sends what is due. There may be several, in several processes: a lease says whose a job is.
type Worker struct {
	db   *store.DB
	opts Options
	mail mailer
	post *poster

	lanes    map[store.Lane]*lane
	wake     chan struct{}
	recorder *recorder
	letters  letters
	accounts chan Account
	count    Count
}

// lane is what is claimed of a queue and waits for one of its senders.
type lane struct {
	jobs   chan store.Job
	hungry atomic.Bool // the last claim filled it: there may be more
}

// Count is what the worker has done since the start.
type Count struct{ Sent, Failed, Dead atomic.Int64 }

func newWorker(db *store.DB, o Options, mail mailer) *Worker {
	w := &Worker{db: db, opts: o, mail: mail, post: newPoster(o.AllowLoopback, o.Now), lanes: map[store.Lane]*lane{}, wake: make(chan struct{}, 1),
		accounts: make(chan Account, mostAccounts)}
	for name, n := range senders {
		w.lanes[name] = &lane{jobs: make(chan store.Job, 4*n)}
	}
	w.recorder = newRecorder(db)
	w.letters.db = db
	return w
}

// Count is for metrics.
func (w *Worker) Count() *Count { return &w.count }

// Wake makes the worker look for jobs now.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run sends until the context ends; then what is under way is finished, for a few seconds, and what was claimed is given back.
func (w *Worker) Run(ctx context.Context) {
	go w.recorder.run()
	var all sync.WaitGroup
	all.Go(func() { w.sendAccounts(ctx) })
	for name, n := range senders {
		for range n {
			all.Go(func() { w.sendLane(ctx, w.lanes[name]) })
		}
	}
	w.dispatch(ctx)
	for _, l := range w.lanes {
		close(l.jobs)
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(grace):
		slog.Warn("messages were still under way at the end; they may be sent again")
	}
	w.recorder.close()
}

// dispatch claims what is due and hands it to the lanes, as far as they have room.
func (w *Worker) dispatch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failing := false
	tidied := w.opts.Now().Add(time.Minute - tidyEvery)
	for {
		err := w.claim(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			slog.Error("jobs cannot be read; messages wait", "error", err)
		}
		failing = err != nil
		if now := w.opts.Now(); err == nil && now.Sub(tidied) >= tidyEvery {
			tidied = now
			w.tidy(ctx, now)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.wake:
		}
	}
}

// claim fills the lanes once, those that are half empty.
func (w *Worker) claim(ctx context.Context) error {
	now, ctx := w.opts.Now(), store.Unasked(ctx)
	due, err := w.db.DueLanes(ctx, moment(now))
	if err != nil {
		return err
	}
	for _, name := range store.Lanes {
		l := w.lanes[name]
		room := cap(l.jobs) - len(l.jobs)
		if !due[name] {
			continue
		}
		if l.hungry.Store(true); room < cap(l.jobs)/2 {
			continue
		}
		claimed, err := w.db.Claim(ctx, name, room, uuid.NewString(), moment(now), moment(now.Add(w.opts.Lease)))
		if err != nil {
			return err
		}
		l.hungry.Store(len(claimed) == room)
		for _, j := range claimed {
			l.jobs <- j // there is room: nobody else fills the lane
		}
	}
	return nil
}

// sendLane sends one job after another. A job's outcome is committed before the next one begins, so that a crash leaves at most one in
// doubt.
func (w *Worker) sendLane(ctx context.Context, l *lane) {
	mail := w.mail.sender()
	defer mail.close()
	// What has begun is finished, also when the process is told to end.
	sending := context.WithoutCancel(ctx)
	for {
		j, open := next(l.jobs, mail)
		if !open {
			return
		}
		var b store.Batch
		if ctx.Err() != nil {
			store.ReleaseJob(&b, &j, moment(w.opts.Now()))
			w.recorder.record(&b)
			continue
		}
		if len(l.jobs) <= cap(l.jobs)/2 && l.hungry.CompareAndSwap(true, false) {
			w.Wake()
		}
		if moment(w.opts.Now().Add(w.deadline(&j))) > j.Until {
			continue // it waited so long that its lease may end; whoever claims it next sends it
		}
		w.settle(&b, &j, w.send(sending, mail, &j))
		w.recorder.record(&b)
	}
}

// next waits for a job; a connection that is not needed meanwhile is not kept.
func next(jobs <-chan store.Job, mail sender) (store.Job, bool) {
	select {
	case j, open := <-jobs:
		return j, open
	default:
	}
	idle := time.NewTimer(idleConnection)
	defer idle.Stop()
	select {
	case j, open := <-jobs:
		return j, open
	case <-idle.C:
		mail.close()
		j, open := <-jobs
		return j, open
	}
}

func (w *Worker) deadline(j *store.Job) time.Duration {
	limit := hookDeadline
	if j.To != nil && j.To.Channel == store.Email {
		limit = mailDeadline
	}
	return min(limit, w.opts.Lease/2) // a short lease is for tests
}

var (
	errNobody   = errors.New("there is nobody to tell any more")
	errInactive = errors.New("the subscriber cannot be reached")
)

// send makes one try. A message that breaks what writes or sends it is a dead letter, not the end of the process.
func (w *Worker) send(ctx context.Context, mail sender, j *store.Job) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			slog.Error("a message broke its sender", "message", j.MessageID, "panic", broken, "stack", string(debug.Stack()))
			err = final{fmt.Errorf("this message cannot be sent: %v", broken)}
		}
	}()
	if j.To == nil {
		return errNobody
	}
	k, err := w.letters.read(ctx, j.MessageID)
	if err != nil {
		return err
	}
	personal := k.notice.Kind == Confirm || k.notice.Kind == Reminded
	if j.To.State != store.Active && !personal {
		return final{errInactive}
	}
	ctx, cancel := context.WithTimeout(ctx, w.deadline(j))
	defer cancel()
	l := write(k.notice, k.org, j.To, w.opts.BaseURL)
	id := messageID(j, k.made)
	if j.To.Channel == store.Email {
		return mail.send(ctx, &envelope{letter: l, To: j.To.Address, ID: id})
	}
	return w.post.send(ctx, &post{URL: j.To.Address, ID: "msg_" + id, Secret: j.To.Secret, Body: payload(l, j.To)}, j.To.Channel)
}

// messageID is the same for every try of a job, and another for every other job, also in a database that was restored: by it a receiver knows
// what it has got already.
func messageID(j *store.Job, made status.Time) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s/%d/%d/%s", j.OrgID, j.MessageID, made, j.To.ID)).String()
}

// settle puts what became of a job into a batch.
func (w *Worker) settle(b *store.Batch, j *store.Job, err error) {
	now := w.opts.Now()
	org := w.db.Org(j.OrgID)
	var bounce bounced
	var no final
	var unseen unread
	switch {
	case err == nil:
		w.count.Sent.Add(1)
		store.SentJob(b, j, moment(now))
		if j.To.State == store.Pending && j.To.Channel != store.Email {
			org.ConfirmSubscriber(b, j.To, moment(now)) // it took the question: it is there, and wants it
		}
		return
	case errors.Is(err, errNobody):
		store.DropJob(b, j)
		return
	case errors.As(err, &unseen):
		store.ReleaseJob(b, j, moment(now.Add(pauses[0])))
		return
	case errors.Is(err, errGone):
		slog.Info("a subscriber's webhook is gone; it is removed", "organization", j.OrgID, "subscriber", j.To.ID, "channel", j.To.Channel)
		store.DropJob(b, j)
		org.RemoveSubscriber(b, j.To.ID)
		org.AddAudit(b, store.Audit{At: moment(now), ActorKind: "system", ActorID: "system", ActorName: "Status Page", Action: "remove_subscriber",
			ObjectKind: "subscriber", ObjectID: j.To.ID, Before: `{"reason":"gone"}`})
		return
	case errors.As(err, &bounce):
		w.dead(b, j, now, err)
		org.BounceSubscriber(b, j.To.ID, short([]byte(err.Error())))
		return
	case errors.As(err, &no):
		w.dead(b, j, now, err)
		return
	}
	w.again(b, org, j, now, err)
}

func (w *Worker) dead(b *store.Batch, j *store.Job, now time.Time, err error) {
	w.count.Dead.Add(1)
	store.DeadJob(b, j, moment(now), short([]byte(err.Error())))
}

// again tries later, or not any more.
func (w *Worker) again(b *store.Batch, org *store.Org, j *store.Job, now time.Time, err error) {
	w.count.Failed.Add(1)
	wait, more := pause(j.Tries + 1)
	if !more {
		w.dead(b, j, now, err)
		if j.To.Channel != store.Email && j.To.Failures+1 >= tooManyFailures {
			org.BounceSubscriber(b, j.To.ID, short([]byte(err.Error())))
		}
		return
	}
	var come later
	if errors.As(err, &come) {
		wait = max(wait, come.wait)
	}
	lane := j.Lane
	if j.To.Channel != store.Email {
		lane = store.Slow
	}
	store.RetryJob(b, j, moment(now.Add(wait)), lane, short([]byte(err.Error())))
}

// tidy forgets what was sent long ago, and who never confirmed.
func (w *Worker) tidy(ctx context.Context, now time.Time) {
	if err := w.db.ForgetPending(ctx, moment(now.Add(-keepPending))); err != nil {
		slog.Warn("old subscriptions could not be deleted", "error", err)
	}
	for ctx.Err() == nil {
		done, err := w.db.ForgetJobs(ctx, moment(now.Add(-keepSent)), moment(now.Add(-keepAll)))
		if err != nil {
			slog.Warn("old deliveries could not be deleted", "error", err)
		}
		if done || err != nil {
			return
		}
	}
}
