package notify_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"statuspage/server/notify"
	"statuspage/server/notify/notifytest"
	"statuspage/shared/page"
)

// record is a log that a test reads.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(b)
}

// warnings are the lines about mail of level WARN.
func (r *record) warnings() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for line := range strings.Lines(r.b.String()) {
		if strings.Contains(line, "level=WARN") && strings.Contains(line, "mail") {
			out = append(out, line)
		}
	}
	return out
}

func listen(t *testing.T) *record {
	var r record
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&r, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &r
}

func TestMailThatFailsIsToldOnceAtItsBeginningAndOnceAtItsEnd(t *testing.T) {
	for name, x := range map[string]struct {
		step string
		say  error
		want string
	}{
		"refused by a policy": {"data", notifytest.Say(554, [3]int{5, 7, 1}, "Message rejected under suspicion "+
			"of SPAM"), "554 5.7.1 Message rejected"},
		"refused at the sender": {"mail", notifytest.Say(550, [3]int{5, 7, 1}, "Not signed in"),
			"550 5.7.1 Not signed in to the sender"},
		"the server is going away": {"rcpt", notifytest.Say(421, [3]int{4, 3, 2}, "Shutting down"),
			"421 4.3.2 Shutting down"},
	} {
		t.Run(name, func(t *testing.T) {
			log := listen(t)
			s := open(t, time.Now())
			o := s.org("acme")
			o.people(3)
			s.mail.Answer(func(step, _, _ string) error {
				if step == x.step {
					return x.say
				}
				return nil
			})
			began := time.Now()
			s.run(s.worker)
			o.incident("One")
			s.settled()
			s.until("an outage", func() bool { return !s.worker.Outage().Since.IsZero() })
			for range 4 { // tried again and again: nothing more is said
				s.clock.add(time.Hour)
				s.worker.TestMail(ctx, page.Org{Slug: "acme", Name: "Acme"}, "https://status.example.com",
					"admin@example.com")
			}
			is := s.worker.Outage()
			if !strings.Contains(is.Words, x.want) || is.Since.Before(began) || is.Since.After(time.Now()) {
				t.Errorf("%+v", is)
			}
			if w := log.warnings(); len(w) != 1 || !strings.Contains(w[0], "mail cannot be sent") ||
				!strings.Contains(w[0], x.want) {
				t.Errorf("%d warnings: %v", len(w), w)
			}
			s.mail.Answer(nil)
			s.worker.TestMail(ctx, page.Org{Slug: "acme", Name: "Acme"}, "https://status.example.com",
				"admin@example.com")
			if is := s.worker.Outage(); !is.Since.IsZero() || is.Words != "" {
				t.Errorf("afterwards: %+v", is)
			}
			if w := log.warnings(); len(w) != 2 || !strings.Contains(w[1], "takes mail again") {
				t.Errorf("%d warnings: %v", len(w), w)
			}
		})
	}
}

// One address that is refused says nothing of the mail server.
func TestAnAddressThatIsRefusedIsNoOutage(t *testing.T) {
	log := listen(t)
	s := open(t, time.Now())
	o := s.org("acme")
	o.people(1)
	s.mail.Answer(func(step, _, _ string) error {
		if step == "rcpt" {
			return notifytest.Say(550, [3]int{5, 1, 1}, "No such user")
		}
		return nil
	})
	s.run(s.worker)
	o.incident("One")
	s.settled()
	o.deliveries("dead", 1)
	if is := s.worker.Outage(); is != (notify.Outage{}) || len(log.warnings()) > 0 {
		t.Errorf("%+v, %v", is, log.warnings())
	}
}
