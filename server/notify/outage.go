package notify

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// unreachable is a failure of the mail server with everybody's mail: it cannot be reached, or takes none of us.
type unreachable struct{ error }

func (u unreachable) Unwrap() error { return u.error }

// unanswered is a try that ended without an answer.
type unanswered struct {
	error
	handed bool // the message was handed over: it may have arrived
}

// busy is a refusal of everybody's mail by a server that takes other mail of ours meanwhile: it has no room for one
// more at once.
type busy struct{ error }

func (b busy) Unwrap() error { return b.error }

// busyPause is how long a mail waits for which a server has no room.
func busyPause() time.Duration {
	return time.Second + rand.N(2*time.Second) // #nosec G404 -- nothing is secret about it
}

func (u unanswered) Unwrap() error { return u.error }

// policy is a refusal that says nothing of the address or the message, but of us.
type policy struct{ error }

func (p policy) Unwrap() error { return p.error }

const (
	firstProbe = time.Second // after the failure that began an outage
	lastProbe  = 15 * time.Second
)

// quietTime is how long the log says nothing more of mail that fails and goes through by turns.
const quietTime = 10 * time.Minute

// outage is what the mail server does with our mail. It is down when it takes nobody's: one mail at a time is tried
// until one gets an answer, then everything that waited; what waits meanwhile was not tried. It fails, too, when it
// answers and refuses us: each mail is tried again by itself.
type outage struct {
	mu    sync.Mutex
	since time.Time // it is down; zero while it is not
	next  time.Time // of the next probe
	wait  time.Duration
	heeds time.Time // when the server last gave an answer to a mail of ours

	failing  time.Time // no mail has got through; zero while mail does
	words    string
	recorded time.Time // of the last line in the log about a beginning
}

// Outage is mail that does not get through, for whoever shows it. Since is zero when there is none.
type Outage struct {
	Since time.Time
	Words string // of the server, or of what failed
}

// Outage says whether mail gets through.
func (w *Worker) Outage() Outage {
	w.relay.mu.Lock()
	defer w.relay.mu.Unlock()
	return Outage{w.relay.failing, w.relay.words}
}

func (o *outage) down() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.since.IsZero()
}

// mayProbe says that it is time for one mail.
func (o *outage) mayProbe() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if now.Before(o.next) {
		return false
	}
	o.next = now.Add(o.wait)
	return true
}

// heard takes what became of a mail that began at a moment, and says how it is to be understood.
func (o *outage) heard(err error, began time.Time) error {
	var down unreachable
	var ours policy
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case errors.As(err, &down):
		if o.heeds.After(began) {
			return busy{err}
		}
		o.fell()
		o.fails(err)
	case errors.As(err, &ours):
		o.heeds, o.since = time.Now(), time.Time{}
		o.fails(err)
	case untried(err):
	case unreached(err):
		// it was about one mail, and says nothing of the others
	default:
		o.heeds, o.since = time.Now(), time.Time{}
		o.works()
	}
	return err
}

// fell notes that the server takes nobody's mail.
func (o *outage) fell() {
	if now := time.Now(); o.since.IsZero() {
		o.since, o.wait, o.next = now, firstProbe, now.Add(firstProbe)
	} else if !now.Before(o.next.Add(-o.wait)) {
		o.wait = min(2*o.wait, lastProbe)
		o.next = now.Add(o.wait)
	}
}

// untried says that no mail was sent, so that nothing is known of the server.
func untried(err error) bool {
	var unseen unread
	return errors.As(err, &unseen) || errors.Is(err, errNobody) || errors.Is(err, errOver) ||
		errors.Is(err, errNewer) || errors.Is(err, errInactive)
}

// fails is told once, at the first failure.
func (o *outage) fails(err error) {
	o.words = problem(err)
	if !o.failing.IsZero() {
		return
	}
	o.failing = time.Now()
	if o.failing.Sub(o.recorded) >= quietTime {
		o.recorded = o.failing
		slog.Warn("mail cannot be sent; it waits and is sent when the mail server takes it", "error", err, "cause",
			technical(err))
	}
}

// works is told where the failure was.
func (o *outage) works() {
	if o.failing.IsZero() {
		return
	}
	if o.recorded.Equal(o.failing) {
		slog.Warn("the mail server takes mail again", "after", time.Since(o.failing).Round(time.Second).String())
	}
	o.failing, o.words = time.Time{}, ""
}

// pool keeps connections to the mail server for the next mail.
type pool struct {
	mailer mailer
	mu     sync.Mutex
	idle   []sender
	timer  *time.Timer
	closed bool
}

func (p *pool) get() sender {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		s := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return s
	}
	return p.mailer.sender()
}

// put gives one back. When no mail comes for a while, the connections are let go.
func (p *pool) put(s sender) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		go s.close()
		return
	}
	p.idle = append(p.idle, s)
	if p.timer == nil {
		p.timer = time.AfterFunc(idleConnection, p.letGo)
	} else {
		p.timer.Reset(idleConnection)
	}
}

func (p *pool) letGo() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, s := range idle {
		s.close()
	}
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.letGo()
}
