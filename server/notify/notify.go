// Package notify tells subscribers what happens on a page: by mail, webhook, Slack, Discord, Teams and in
// their browsers.
//
// What is to be told is written as jobs in the batch of the event itself (Jobs), so that it is neither lost nor
// invented; a worker at the primary sends it (Worker), and nothing ever waits for that.
//
// After the commit each subscriber gets a job (expand.go). Its text is made of today's words at each try (today.go),
// two jobs about the same thing become one (store.Expand), and what may begin is shared among organisations and
// receiving hosts (gate.go).
//
// A job is done when its success is committed. Between the moment in which a receiver accepts a message and that commit
// lies at most one message of each sender: a process that is killed there sends it again, with the same Message-ID or
// webhook-id. Neither SMTP nor HTTP lets a sender find out which of the two happened.
package notify

import (
	"errors"
	"fmt"
	"time"

	"statuspage/server/store"
)

// Options say where mail goes and what the links in it begin with.
type Options struct {
	SMTPURL   string // "" writes mail to the log
	LetterBox string // the file that takes letters about accounts where there is no SMTPURL; "" is none
	// "" sends no mail, since its links could begin anywhere; other channels take what each subscriber came by
	BaseURL       string
	AllowLoopback bool // webhooks may reach this machine: for tests only
	// Open is what was sealed for a use: destinations of teams. nil opens nothing.
	Open func(use, sealed string) (string, error)
	// Lease is for how long a claimed job is its worker's, who renews it meanwhile. After a crash it is freed as soon
	// as the process is found to be gone, at the latest then. 0 is a minute.
	Lease time.Duration
	Now   func() time.Time // nil is time.Now
}

// limits of a single try.
const (
	mailDeadline = 20 * time.Second // of each step of the dialogue but the last
	hookDeadline = 10 * time.Second
	defaultLease = time.Minute
)

var errSealed = errors.New("there is no key")

func (o Options) withDefaults() Options {
	if o.Lease == 0 {
		o.Lease = defaultLease
	}
	if o.Open == nil {
		o.Open = func(string, string) (string, error) { return "", errSealed }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// CheckSMTP refuses a malformed SMTP_URL with one line.
func CheckSMTP(address string) error {
	if _, err := newMailer(address); err != nil {
		return fmt.Errorf("SMTP_URL: %w", err)
	}
	return nil
}

// New makes a worker; Run starts it. A malformed SMTP_URL is an error of one line.
func New(db *store.DB, o Options) (*Worker, error) {
	o = o.withDefaults()
	mail, err := newMailer(o.SMTPURL)
	if err != nil {
		return nil, fmt.Errorf("SMTP_URL: %w", err)
	}
	if o.SMTPURL == "" || o.BaseURL != "" {
		return newWorker(db, o, mail), nil
	}
	w := newWorker(db, o, baseless{})
	_ = w.relay.heard(unreachable{errBaseless}, time.Now())
	return w, nil
}
