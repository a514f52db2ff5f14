// Package notify tells subscribers what happens on a page: by mail, webhook, Slack, Discord and Teams.
//
// What is to be told is written as jobs in the batch of the event itself (Jobs), so that it is neither lost nor invented; a worker at the
// primary sends it (Worker), and nothing ever waits for that. A scheduler starts and ends maintenance windows (Scheduler).
//
// A job is done when its success is committed. Between the moment in which a receiver accepts a message and that commit lies at most one
// message of each sender: a process that is killed there sends it again, with the same Message-ID or webhook-id. Neither SMTP nor HTTP lets a
// sender find out which of the two happened.
package notify

import (
	"fmt"
	"time"

	"statuspage/server/store"
)

// Options say where mail goes and what the links in it begin with.
type Options struct {
	SMTPURL       string // "" writes mail to the log
	BaseURL       string // "" takes what each subscriber came by
	AllowLoopback bool   // webhooks may reach this machine: for tests only
	// Lease is for how long a claimed job is its worker's. After a crash nobody touches the job until then. 0 is a minute.
	Lease time.Duration
	Now   func() time.Time // nil is time.Now
}

// limits of a single try. A job is not begun when its lease might end before the try does.
const (
	mailDeadline = 20 * time.Second
	hookDeadline = 10 * time.Second
	defaultLease = time.Minute
)

// senders is how many messages of a lane are under way at most.
var senders = map[store.Lane]int{store.Prompt: 2, store.Mail: 8, store.Hook: 16, store.Slow: 8}

// Senders is how many messages of a lane are under way at most: so many a kill can cause to be sent twice.
func Senders(lane store.Lane) int { return senders[lane] }

func (o Options) withDefaults() Options {
	if o.Lease == 0 {
		o.Lease = defaultLease
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// New makes a worker; Run starts it. A malformed SMTP_URL is an error of one line.
func New(db *store.DB, o Options) (*Worker, error) {
	o = o.withDefaults()
	mail, err := newMailer(o.SMTPURL)
	if err != nil {
		return nil, fmt.Errorf("SMTP_URL: %w", err)
	}
	return newWorker(db, o, mail), nil
}
