package notify

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/server/store/storetest"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
)

// breaking is a mailer that a message breaks.
type breaking struct{}

func (b breaking) sender() sender                      { return b }
func (breaking) send(context.Context, *envelope) error { panic("index out of range") }
func (breaking) close()                                {}

func TestAMessageThatBreaksItsSenderIsADeadLetter(t *testing.T) {
	db := storetest.New(t)
	w := newWorker(db, Options{}.withDefaults(), breaking{})
	event, no := page.Create(uuid.NewString(), "acme", "Acme", pagetest.Start)
	if no != nil {
		t.Fatal(no)
	}
	org, at := db.Org(event.Org.ID), pagetest.Start
	to := store.Subscriber{ID: uuid.NewString(), Channel: store.Email, Address: "ada@example.com",
		Key: "ada@example.com", State: store.Pending, Whole: true, Token: "t",
		Source: "visitor", CreatedAt: at, AskedAt: at}
	err := org.Append(t.Context(), page.State{}, []page.Event{event}, func(b *store.Batch) {
		org.AddSubscriber(b, to)
		org.TellOne(b, Question(Confirm, &to, at), to.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := db.Claim(t.Context(), store.Prompt, 1, "lease", at+1, at+1000)
	if err != nil || len(jobs) != 1 {
		t.Fatal(len(jobs), err)
	}
	var dead final
	if err := w.send(t.Context(), &jobs[0]); !errors.As(err, &dead) {
		t.Errorf("got %v", err)
	}
}
