package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// Account is a letter about an account: it brings a link with which its owner chooses a password.
type Account struct {
	To         string
	Org        page.Org
	Base       string // where the installation's addresses begin
	URL        string // the link, which stands nowhere else, not in the database either
	Invitation bool   // else it is a reset
	Lasts      time.Duration
}

// mostAccounts is how many letters about accounts may wait. They wait in memory alone, since their links may stand nowhere: whoever
// missed one over a restart asks again.
const mostAccounts = 256

// accountPauses are between the tries of such a letter.
var accountPauses = []time.Duration{2 * time.Second, 10 * time.Second, 30 * time.Second}

// MailAccount takes a letter to be mailed. It does not wait.
func (w *Worker) MailAccount(a Account) {
	select {
	case w.accounts <- a:
	default:
		slog.Error("too many letters about accounts wait to be mailed; one is dropped", "to", a.To)
	}
}

func (w *Worker) sendAccounts(ctx context.Context) {
	mail := w.mail.sender()
	defer mail.close()
	for {
		select {
		case <-ctx.Done():
			return
		case l := <-w.accounts:
			w.sendAccount(ctx, mail, &l)
			if len(w.accounts) == 0 {
				mail.close()
			}
		}
	}
}

func (w *Worker) sendAccount(ctx context.Context, mail sender, l *Account) {
	e := &envelope{letter: writeAccount(l), To: l.To, ID: uuid.NewString()}
	for try := 0; ; try++ {
		trying, cancel := context.WithTimeout(ctx, mailDeadline)
		err := mail.send(trying, e)
		cancel()
		var no final
		var bounce bounced
		switch {
		case err == nil:
			w.count.Sent.Add(1)
			return
		case try == len(accountPauses), ctx.Err() != nil, errors.As(err, &no), errors.As(err, &bounce):
			w.count.Failed.Add(1)
			slog.Error("a letter about an account could not be mailed", "to", l.To, "error", err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(accountPauses[try]):
		}
	}
}

// writeAccount puts a letter about an account into words.
func writeAccount(a *Account) *letter {
	l := &letter{Notice: &Notice{}, Org: a.Org, Page: a.Base + "/status/" + a.Org.Slug, Link: a.URL, Button: "Choose a password"}
	l.Facts = []fact{{"The link works once, for", lasting(a.Lasts)}}
	l.Why = "If you did not expect this, do nothing: nothing changes without the link."
	if a.Invitation {
		l.Heading = "You are invited to " + a.Org.Name + " Status"
		l.Say = "You belong to the team that keeps the status page of " + a.Org.Name + ". Choose a password, and you are in."
	} else {
		l.Heading = "Choose a new password"
		l.Say = "Somebody, most likely you, asked for a new password for your account at " + a.Org.Name + " Status."
	}
	l.Subject = subject(a.Org.Name, "", l.Heading)
	return l
}

func lasting(d time.Duration) string {
	if d >= 48*time.Hour {
		return wire.Itoa(int64(d/(24*time.Hour))) + " days"
	}
	return hours(int64(d / time.Minute))
}
