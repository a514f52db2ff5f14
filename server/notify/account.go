package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// AccountKind is what a letter about an account is for.
type AccountKind int

const (
	ResetLetter   AccountKind = iota // choose a new password
	OfferLetter                      // a membership is offered
	AddressLetter                    // prove a new address
	ProofLetter                      // prove the address that an account has
	MovedLetter                      // the address was changed; how to undo it
	AccessLetter                     // see a page that is not public
)

// Account is a letter about an account: it brings a link that only the mailbox it goes to may have.
type Account struct {
	Kind  AccountKind
	To    string
	Org   page.Org // who offers; of no organisation for the other kinds
	Base  string   // where the installation's addresses begin
	URL   string   // the link, which stands nowhere else, not in the database either
	Lasts time.Duration
	By    string // OfferLetter: the name of who offers
	Role  string // OfferLetter: as what
	Moved string // MovedLetter: the new address
}

// maxAccounts is how many letters about accounts may wait. They wait in memory alone, since their links may stand
// nowhere: whoever missed one over a restart asks again.
const maxAccounts = 256

// accountPauses are between the tries of such a letter.
var accountPauses = []time.Duration{2 * time.Second, 10 * time.Second, 30 * time.Second}

// MailAccount takes a letter to be mailed. It does not wait.
func (w *Worker) MailAccount(a Account) {
	select {
	case w.accounts <- a:
	default:
		slog.Error("too many letters about accounts wait to be mailed; one is dropped")
	}
}

// accountBounds share the letters about accounts: a receiver that stalls holds up nobody else's, nor does an
// organisation that has many.
var accountBounds = bounds{quick: 4, all: 24, parked: 256}

// sendAccounts begins what waits as soon as its organisation and its receiver have room.
func (w *Worker) sendAccounts(ctx context.Context) {
	g, freed := newGate(accountBounds), make(chan struct{}, 1)
	var waiting []Account
	for {
		var rest []Account
		for i := range waiting {
			if !w.beginAccount(ctx, g, &waiting[i], freed) {
				rest = append(rest, waiting[i])
			}
		}
		waiting = rest
		in := w.accounts
		if len(waiting) >= maxAccounts {
			in = nil
		}
		select {
		case <-ctx.Done():
			return
		case a := <-in:
			waiting = append(waiting, a)
		case <-freed:
		}
	}
}

func (w *Worker) beginAccount(ctx context.Context, g *gate, a *Account, freed chan struct{}) bool {
	host := strings.ToLower(a.To[strings.LastIndexByte(a.To, '@')+1:])
	org := a.Org.ID
	if org == "" {
		org = host // it is nobody's but the account's own
	}
	if granted, _ := g.share([]store.Turn{{OrgID: org, Host: host}}, true); len(granted) == 0 {
		return false
	}
	t := g.begin(&store.Job{OrgID: org, Host: host, Lane: store.SlowPrompt})
	letter := *a
	w.tries.Go(func() {
		defer poke(freed)
		parking := time.AfterFunc(parkAfter, func() { t.park(); poke(freed) })
		defer parking.Stop()
		w.sendAccount(ctx, &letter)
		t.end(true, w.opts.Now())
	})
	return true
}

func (w *Worker) sendAccount(ctx context.Context, l *Account) {
	if _, logs := w.mail.mailer.(logMailer); logs && w.letterBox == "" {
		slog.Error("a letter about an account has nowhere to go: there is no SMTP_URL, and the database is no file")
		return
	}
	e := &envelope{letter: writeAccount(l), To: l.To, ID: uuid.NewString()}
	for try := 0; ; try++ {
		began := time.Now()
		err := w.mailAccount(context.WithoutCancel(ctx), e)
		if w.letterBox == "" {
			err = w.relay.heard(err, began)
		}
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

// mailAccount makes one try: into the letter box where there is one.
func (w *Worker) mailAccount(ctx context.Context, e *envelope) error {
	if w.letterBox != "" {
		w.boxLock.Lock()
		defer w.boxLock.Unlock()
		return letterBox{w.letterBox}.send(ctx, e)
	}
	mail := w.mail.get()
	defer w.mail.put(mail)
	return mail.send(ctx, e)
}

// writeAccount puts a letter about an account into words. Of somebody's own words there are only an organisation's and
// a person's name.
func writeAccount(a *Account) *letter {
	l := &letter{Notice: &Notice{}, Org: a.Org, Page: a.Base, Link: a.URL}
	l.Facts = []fact{{"The link works once, for", lasting(a.Lasts)}}
	l.Why = "If you did not expect this, do nothing: nothing changes without the link."
	switch a.Kind {
	case OfferLetter:
		l.Page = a.Base + "/status/" + a.Org.Slug
		l.Heading = "You are invited to " + a.Org.Name + " Status"
		l.Say = a.By + " offers you to join the team that keeps the status page of " + a.Org.Name +
			". You belong to it once you accept, not before."
		l.Facts = append([]fact{{"As", a.Role}}, l.Facts...)
		l.Button = "Look at the offer"
	case AccessLetter:
		l.Page = a.Base + "/status/" + a.Org.Slug
		l.Heading = "Open the status page of " + a.Org.Name
		l.Say = "Somebody, most likely you, wants to see the status page of " + a.Org.Name + " with this address."
		l.Button = "Open the page"
	case AddressLetter:
		l.Heading = "Is this your new address?"
		l.Say = "Somebody, most likely you, wants to sign in with this address from now on."
		l.Button = "Yes, use this address"
	case ProofLetter:
		l.Heading = "Is this your address?"
		l.Say = "Somebody, most likely you, signs in with this address and wants to prove that it is theirs. It " +
			"takes the password of that account as well."
		l.Button = "Yes, it is mine"
	case MovedLetter:
		l.Heading = "Your account has another address now"
		l.Say = "Sign-ins and mail go to " + a.Moved + " from now on. If that was not you, take the account back: " +
			"the old address is put back, everybody is signed out, and you choose a new password."
		l.Button = "Take the account back"
		l.Why = "If it was you, do nothing."
	default:
		l.Heading = "Choose a new password"
		l.Say = "Somebody, most likely you, asked for a new password for your account."
		l.Button = "Choose a password"
	}
	from := a.Org.Name
	if from == "" {
		from = l.Sender()
	}
	l.Subject = subject(from, "", l.Heading)
	return l
}

func lasting(d time.Duration) string {
	if d >= 48*time.Hour {
		return wire.Itoa(int64(d/(24*time.Hour))) + " days"
	}
	return hours(int64(d / time.Minute))
}

// maxLetterBox is how large the file grows before it begins anew.
const maxLetterBox = 64 << 10

// letterBox is a file beside the database for letters about accounts where there is no mail server. Nobody but the
// operator reads it, and no link stands in the log.
type letterBox struct{ path string }

func (letterBox) close() {}

func (b letterBox) send(_ context.Context, e *envelope) error {
	how := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(b.path); err == nil && info.Size() > maxLetterBox {
		how |= os.O_TRUNC
	}
	f, err := os.OpenFile(filepath.Clean(b.path), how, 0o600)
	if err != nil {
		return final{err}
	}
	_, err = fmt.Fprintf(f, "%s\t%s\t%s\t%s\n", time.Now().UTC().Format(time.RFC3339), e.To, oneLine(e.Subject), e.Link)
	if err := errors.Join(err, f.Chmod(0o600), f.Close()); err != nil {
		return fmt.Errorf("write a letter beside the database: %w", err)
	}
	slog.Info("a letter about an account is in the file beside the database, since there is no SMTP_URL", "file",
		b.path)
	return nil
}
