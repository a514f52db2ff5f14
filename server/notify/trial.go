package notify

import (
	"context"
	"time"

	"github.com/google/uuid"

	"statuspage/shared/page"
)

// trialPatience is how long somebody waits for what became of a mail that he sent himself as a test.
const trialPatience = 20 * time.Second

// Trial is what became of such a mail, in words that name no address and no network of ours.
type Trial struct {
	To         string
	Sent       bool
	Encryption string // "" without a connection
	SignedIn   string // the mechanism; "" without a sign-in
	Answer     string // of the server to the mail
	Problem    string // "" when it was sent
	Took       time.Duration
}

// Mails says whether mail leaves this machine.
func (w *Worker) Mails() bool { _, logged := w.mail.mailer.(logMailer); return !logged }

// TestMail sends a mail to one address over a connection of its own, at once and once.
func (w *Worker) TestMail(ctx context.Context, org page.Org, base, to string) Trial {
	began := time.Now()
	done := make(chan Trial, 1)
	go func() {
		s := w.mail.mailer.sender()
		defer s.close()
		err := s.send(context.WithoutCancel(ctx), &envelope{letter: writeTrial(org, base), To: to,
			ID: uuid.NewString()})
		done <- w.trial(s, to, err, began)
	}()
	late := time.NewTimer(trialPatience)
	defer late.Stop()
	var t Trial
	select {
	case t = <-done:
	case <-late.C:
		t = Trial{To: to, Problem: "the mail server has not answered yet; the mail may still arrive"}
	}
	t.Took = time.Since(began)
	return t
}

func (w *Worker) trial(s sender, to string, err error, began time.Time) Trial {
	t := Trial{To: to, Sent: err == nil && w.Mails()}
	if c, is := s.(*connection); is {
		err = w.relay.heard(err, began)
		t.Encryption, t.SignedIn, t.Answer = c.Encryption, c.SignedIn, clip(clean(c.Answer), maxProblem)
	}
	switch {
	case err != nil:
		t.Problem = problem(err)
	case !w.Mails():
		t.Problem = "there is no SMTP_URL: the mail was written to the log"
	}
	return t
}

func writeTrial(org page.Org, base string) *letter {
	l := &letter{Notice: &Notice{}, Org: org, Page: base + "/status/" + org.Slug, Heading: "A test of mail",
		Button: "See the page"}
	l.Link = l.Page
	l.Say = "Mail of " + org.Name + " Status arrives here. Subscribers get theirs in the same way."
	l.Why = "You get this because you asked for it in the dashboard."
	l.Subject = subject(org.Name, "", l.Heading)
	return l
}
