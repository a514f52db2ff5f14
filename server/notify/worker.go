package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
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
	turnsSeen = 64              // organisations, or their hosts, that get something at one look

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
	mail *pool
	post *poster

	me       store.Holder
	claims   int64
	gates    map[store.Lane]*gate
	tries    sync.WaitGroup
	wake     chan struct{}
	expander chan struct{}
	team     chan struct{}
	relay    outage
	recorder *recorder
	letters  letters
	accounts chan Account
	boxLock  sync.Mutex // of the letter box
	// letterBox is the file that takes letters about accounts instead of a mail server; "" is none.
	letterBox string
	count     Count
}

// Count is what the worker has done since the start.
type Count struct{ Sent, Failed, Dead atomic.Int64 }

func newWorker(db *store.DB, o Options, mail mailer) *Worker {
	w := &Worker{db: db, opts: o, mail: &pool{mailer: mail}, post: newPoster(o.AllowLoopback, o.Now),
		gates: map[store.Lane]*gate{}, wake: make(chan struct{}, 1),
		expander: make(chan struct{}, 1), team: make(chan struct{}, 1), accounts: make(chan Account, maxAccounts),
		me: store.Holder{ID: uuid.NewString(), Process: thisProcess()}}
	for class, b := range classes {
		w.gates[class] = newGate(b)
	}
	if o.SMTPURL == "" {
		w.letterBox = o.LetterBox
	}
	w.recorder = newRecorder(db)
	w.letters.db = db
	return w
}

// Count is for metrics.
func (w *Worker) Count() *Count { return &w.count }

// Wake makes the worker look for messages and jobs now.
func (w *Worker) Wake() {
	poke(w.wake)
	poke(w.expander)
	poke(w.team)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run sends until the context ends; then what is under way is finished, for a few seconds, and what is not is given
// back.
func (w *Worker) Run(ctx context.Context) {
	running.Store(w.me.ID, true)
	defer running.Delete(w.me.ID)
	go w.recorder.run()
	var all sync.WaitGroup
	all.Go(func() { w.sendAccounts(ctx) })
	all.Go(func() { w.expand(ctx) })
	all.Go(func() { w.tellTeams(ctx) })
	all.Go(func() { w.watch(ctx) })
	w.dispatch(ctx)
	done := make(chan struct{})
	go func() { w.tries.Wait(); all.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(grace):
		slog.Warn("messages were still under way at the end; they may be sent again")
	}
	w.recorder.close()
	if err := w.db.Free(context.WithoutCancel(ctx), w.me.ID, moment(w.opts.Now())); err != nil {
		slog.Warn("jobs could not be given back; their leases run out", "error", err)
	}
	w.mail.close()
}

// dispatch claims what is due and begins it, as far as there is room.
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

// claim looks once through all lanes.
func (w *Worker) claim(ctx context.Context) error {
	ctx = store.Unasked(ctx)
	due, err := w.db.DueLanes(ctx, moment(w.opts.Now()))
	if err != nil {
		return err
	}
	for _, lane := range store.Lanes {
		if due[lane] && ctx.Err() == nil {
			if err := w.claimLane(ctx, lane); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Worker) claimLane(ctx context.Context, lane store.Lane) error {
	class := classOf[lane]
	g, now := w.gates[class], w.opts.Now()
	probe := false
	if class != store.Hook && w.relay.down() {
		if probe = w.relay.mayProbe(); !probe {
			return nil
		}
	}
	if granted, _ := g.share([]store.Turn{{}}, lane.Apart()); len(granted) == 0 {
		return nil
	}
	turns, err := w.db.Turns(ctx, lane, g.last[lane], turnsSeen, moment(now))
	if err != nil || len(turns) == 0 {
		return err
	}
	if probe {
		turns = turns[:1]
	}
	granted, last := g.share(turns, lane.Apart())
	if probe && len(granted) == 1 {
		granted[0].N = 1
	}
	w.claims++
	lease := w.me.ID + ":" + strconv.FormatInt(w.claims, 10)
	claimed, err := w.db.ClaimTurns(ctx, lane, granted, lease, w.me.Process, moment(now), moment(now.Add(w.opts.Lease)))
	if err != nil {
		return err
	}
	if len(granted) > 0 {
		g.last[lane] = store.Turn{OrgID: last.OrgID, Host: last.Host}
	}
	for i := range claimed {
		j := &claimed[i]
		t := g.begin(j)
		if t.slow && !lane.Apart() {
			w.slow(class, j.Host) // others that came since wait behind it
		}
		w.tries.Go(func() { w.try(ctx, class, j, t) })
	}
	return nil
}

// try makes one try, and commits what became of it before its place is another's: a crash leaves in doubt what is under
// way.
func (w *Worker) try(ctx context.Context, class store.Lane, j *store.Job, t *try) {
	defer w.Wake()
	patience := time.AfterFunc(t.g.patience, func() {
		if t.overrun(w.opts.Now()) {
			w.slow(class, j.Host)
		}
		w.Wake()
	})
	parking := time.AfterFunc(parkAfter, func() {
		t.park()
		w.Wake()
	})
	// What has begun is finished, also when the process is told to end.
	began := time.Now()
	err := w.send(context.WithoutCancel(ctx), j)
	patience.Stop()
	parking.Stop()
	if j.To != nil && j.To.Channel == store.Email {
		err = w.relay.heard(err, began)
	}
	var b store.Batch
	w.settle(&b, j, err)
	w.recorder.record(&b)
	if news := t.end(!unreached(err), w.opts.Now()); news {
		w.slow(class, j.Host)
	}
}

// unreached says that a receiver did not answer, and that whoever else waits for its host may wait as long.
func unreached(err error) bool {
	var dumb unanswered
	return errors.As(err, &dumb)
}

// mayHaveArrived says that a try ended after its message was handed over, and before there was an answer.
func mayHaveArrived(err error) bool {
	var dumb unanswered
	return errors.As(err, &dumb) && dumb.handed
}

// movedAtOnce is how many jobs one batch moves to a lane of slow receivers.
const movedAtOnce = 500

// slow moves everything that waits for a host to the lane of slow receivers, so that others do not wait behind it.
func (w *Worker) slow(class store.Lane, host string) {
	w.tries.Go(func() {
		for {
			done, err := w.db.SlowHost(store.Unasked(context.Background()), class, host, movedAtOnce)
			if err != nil {
				slog.Warn("jobs of a slow receiver could not be moved", "error", err)
			}
			if done || err != nil {
				return
			}
		}
	})
}

var (
	errNobody   = errors.New("there is nobody to tell any more")
	errInactive = errors.New("the subscriber cannot be reached")
)

// send makes one try. A message that breaks what writes or sends it is a dead letter, not the end of the process.
func (w *Worker) send(ctx context.Context, j *store.Job) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			slog.Error("a message broke its sender", "message", j.MessageID, "panic", broken, "stack",
				string(debug.Stack()))
			err = final{fmt.Errorf("this message cannot be sent: %v", broken)}
		}
	}()
	if j.To == nil {
		return errNobody
	}
	s, err := w.db.Standing(store.Unasked(ctx), j)
	switch {
	case errors.Is(err, store.ErrNone):
		return errNobody
	case err != nil:
		return unread{err}
	case s.Newer:
		return errNewer
	case s.Late:
		return errOver // a dead letter that somebody wants to be tried again: it is old news by now
	}
	j.To.State = s.State
	k, err := w.letters.read(store.Unasked(ctx), j.MessageID, s.Seq)
	if err != nil {
		return err
	}
	personal := k.notice.Kind == Confirm || k.notice.Kind == Reminded
	if j.To.State != store.Active && !personal {
		return final{errInactive}
	}
	if k.notice.Kind == Stranded {
		if still, err := w.db.Org(j.OrgID).Stranded(store.Unasked(ctx), j.To.Num); err != nil {
			return unread{err}
		} else if !still {
			return errOver
		}
	}
	n, err := k.today(j, s, moment(w.opts.Now()))
	if err != nil {
		return err
	}
	return w.deliver(ctx, j, k, n)
}

// deliver hands what is told to the subscriber's channel.
func (w *Worker) deliver(ctx context.Context, j *store.Job, k *kept, n *Notice) error {
	l := write(n, k.org, j.To, w.opts.BaseURL)
	id := messageID(j, k.made)
	if j.To.Channel == store.Email {
		mail := w.mail.get()
		err := mail.send(ctx, &envelope{letter: l, To: j.To.Address, ID: id})
		w.mail.put(mail)
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, hookDeadline)
	defer cancel()
	if j.To.Channel == store.Push {
		return w.push(ctx, j.To, l)
	}
	return w.post.send(ctx, &post{URL: j.To.Address, ID: "msg_" + id, Secret: j.To.Secret, Body: payload(l, j.To)},
		j.To.Channel)
}

// messageID is the same for every try of a job, and another for every other job, also in a database that was restored:
// by it a receiver knows what it has got already.
func messageID(j *store.Job, made status.Time) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s/%d/%d/%s", j.OrgID, j.MessageID, made, j.To.ID)).
		String()
}

// settle puts what became of a job into a batch.
func (w *Worker) settle(b *store.Batch, j *store.Job, err error) {
	now := w.opts.Now()
	org := w.db.Org(j.OrgID)
	var bounce bounced
	var no final
	var unseen unread
	var down unreachable
	var full busy
	switch {
	case err == nil:
		w.count.Sent.Add(1)
		store.SentJob(b, j, moment(now))
		if j.To.State == store.Pending && j.To.Channel != store.Email {
			org.ConfirmSubscriber(b, j.To, moment(now)) // it took the question: it is there, and wants it
		}
		return
	case errors.Is(err, errNobody), errors.Is(err, errOver):
		store.DropJob(b, j)
		return
	case errors.Is(err, errNewer):
		store.ReleaseJob(b, j, moment(now.Add(lookEvery)))
		return
	case errors.As(err, &unseen):
		store.ReleaseJob(b, j, moment(now.Add(pauses[0])))
		return
	case errors.As(err, &full):
		// it was no try: the mail server had enough to do with others of ours
		store.ReleaseJob(b, j, moment(now.Add(busyPause())))
		return
	case errors.As(err, &down):
		w.count.Failed.Add(1)
		store.ReleaseJob(b, j, moment(now)) // it was no try: the mail server took nobody's mail
		return
	case errors.Is(err, errGone):
		slog.Info("a subscriber's webhook is gone; it is removed", "organization", j.OrgID, "subscriber", j.To.ID,
			"channel", j.To.Channel)
		store.DropJob(b, j)
		org.RemoveSubscriber(b, j.To.ID)
		org.AddAudit(b, store.Audit{At: moment(now), ActorKind: "system", ActorID: "system", ActorName: "Status Page",
			Action:     "remove_subscriber",
			ObjectKind: "subscriber", ObjectID: j.To.ID, Before: `{"reason":"gone"}`})
		return
	case errors.As(err, &bounce):
		w.dead(b, j, now, err)
		org.BounceSubscriber(b, j.To.ID, problem(err))
		return
	case errors.As(err, &no):
		w.dead(b, j, now, err)
		return
	}
	w.again(b, org, j, now, err)
}

func (w *Worker) dead(b *store.Batch, j *store.Job, now time.Time, err error) {
	w.count.Dead.Add(1)
	store.DeadJob(b, j, moment(now), problem(err))
}

// again tries later, or not any more.
func (w *Worker) again(b *store.Batch, org *store.Org, j *store.Job, now time.Time, err error) {
	w.count.Failed.Add(1)
	wait, more := pause(j.Tries + 1)
	if j.To.Channel == store.Email {
		wait, more = patientPause(j.Tries + 1)
	}
	if !more {
		w.dead(b, j, now, err)
		if j.To.Channel != store.Email && j.To.Failures+1 >= tooManyFailures {
			org.BounceSubscriber(b, j.To.ID, problem(err))
		}
		return
	}
	var come later
	if errors.As(err, &come) {
		wait = max(wait, come.wait)
	}
	if mayHaveArrived(err) {
		store.DoubtJob(b, j, moment(now.Add(wait)), j.Lane.Slower(), problem(err))
		return
	}
	store.RetryJob(b, j, moment(now.Add(wait)), j.Lane.Slower(), problem(err))
}

// tidy forgets what was sent long ago, and who never confirmed, a few at a time.
func (w *Worker) tidy(ctx context.Context, now time.Time) {
	if err := w.db.ForgetPending(ctx, moment(now.Add(-keepPending))); err != nil {
		slog.Warn("old subscriptions could not be deleted", "error", err)
	}
	for what, forget := range map[string]func() (bool, error){
		"old deliveries": func() (bool, error) {
			return w.db.ForgetJobs(ctx, moment(now.Add(-keepSent)), moment(now.Add(-keepAll)))
		},
		"subscriptions of incidents that are over": func() (bool, error) {
			return w.db.ForgetFollowers(ctx,
				movedAtOnce)
		},
		"old messages": func() (bool, error) {
			return w.db.GiveUp(ctx, moment(now.Add(-keepTrying)), moment(now),
				movedAtOnce)
		},
		"what teams were told": func() (bool, error) {
			return w.db.ForgetTeam(ctx, moment(now.Add(-keepTeam)), movedAtOnce)
		},
		"ended sign-ins": func() (bool, error) { return w.db.ForgetSessions(ctx, now, movedAtOnce) },
	} {
		for done := false; !done && ctx.Err() == nil; {
			var err error
			if done, err = forget(); err != nil {
				slog.Warn(what+" could not be deleted", "error", err)
				break
			}
		}
	}
}
