package notify

import (
	"context"
	"errors"
	"testing"
	"time"

	"statuspage/server/store"
)

// breaking is a mailer that a message breaks.
type breaking struct{}

func (breaking) send(context.Context, *envelope) error { panic("index out of range") }
func (breaking) close()                                {}

func TestAMessageThatBreaksItsSenderIsADeadLetter(t *testing.T) {
	w := &Worker{opts: Options{}.withDefaults()}
	w.letters.kept = map[int64]*kept{7: {notice: &Notice{Kind: Confirm}, at: time.Now()}}
	err := w.send(t.Context(), breaking{}, &store.Job{MessageID: 7, To: &store.Subscriber{Channel: store.Email}})
	var no final
	if !errors.As(err, &no) {
		t.Errorf("got %v", err)
	}
}
