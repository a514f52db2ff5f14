package notify_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/server/notify/notifytest"
	"statuspage/server/racetest"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/page"
)

// subjects are what a person got, in the order in which it came.
func (o *org) subjects(address string) (out []string) {
	for _, l := range o.mail.To(address) {
		_, said, _ := strings.Cut(l.Subject(), "] ")
		out = append(out, said)
	}
	return out
}

// until waits for something.
func (s *stage) until(what string, there func() bool) {
	s.Helper()
	for end := time.Now().Add(time.Minute); !there(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("it never came: %s", what)
		}
	}
}

// person is an active subscriber by mail.
func (o *org) person() string {
	o.Helper()
	o.people(1)
	found, _, err := o.Subscribers(ctx, store.SubscriberFilter{}, store.Span{Limit: 1})
	if err != nil {
		o.Fatal(err)
	}
	return found[0].Address
}

func TestOldNewsNeverComesAfterNew(t *testing.T) {
	racetest.Long(t)
	t.Parallel()
	temporary := func(step, _, _ string) error {
		if step == "rcpt" {
			return notifytest.Say(450, [3]int{4, 2, 1}, "come back")
		}
		return nil
	}
	policy := func(step, _, _ string) error {
		if step == "data" {
			return notifytest.Say(554, [3]int{5, 7, 1}, "relay access denied")
		}
		return nil
	}
	outage := func(step, _, _ string) error {
		if step == "mail" {
			return notifytest.Say(421, [3]int{4, 3, 2}, "not now")
		}
		return nil
	}
	for name, refuse := range map[string]func(step, from, to string) error{"450": temporary, "a policy": policy,
		"an outage of the relay": outage} {
		for _, told := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, told of the opening: %v", name, told), func(t *testing.T) {
				t.Parallel()
				s := open(t, time.Now())
				o := s.org("acme")
				ada := o.person()
				var asked atomic.Int32
				refusing := func(step, from, to string) error {
					err := refuse(step, from, to)
					if err != nil {
						asked.Add(1)
					}
					return err
				}
				s.run(s.worker)
				if !told {
					s.mail.Answer(refusing)
				}
				id := o.incident("Errors")
				if told {
					s.mail.Wait(t, 1)
					o.deliveries(store.Sent, 1)
					s.mail.Answer(refusing)
				} else {
					s.until("a first try", func() bool { return asked.Load() > 0 })
				}
				s.settled()
				o.do(&page.UpdateIncident{ID: id, Status: "identified", Body: "It is the disk."})
				n := asked.Load()
				s.until("a try of the update", func() bool { s.clock.add(time.Second); return asked.Load() > n })
				s.settled()
				o.resolve(id)
				n = asked.Load()
				s.until("a try of the end", func() bool { s.clock.add(time.Second); return asked.Load() > n })
				s.mail.Answer(nil)
				s.clock.add(5 * time.Hour)
				s.worker.Wake()
				o.deliveries(store.Due, 0)
				got := o.subjects(ada)
				want := "Resolved: Errors"
				if told {
					want = "New incident: Errors, Resolved: Errors"
				}
				if strings.Join(got, ", ") != want {
					t.Errorf("she got %q", got)
				}
				last := s.mail.To(ada)[len(got)-1].Text
				if !strings.Contains(last, "It is the disk.") || !strings.Contains(last, "Done.") || !told &&
					!strings.Contains(last, "We look into it.") || !strings.Contains(last, "Posted") {
					t.Errorf("the last one says\n%s", last)
				}
			})
		}
	}
}

func TestAWebhookThatWasAwayHearsWhatIsNewInTheRightOrder(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	o.hook(store.Webhook, "/hook")
	var away atomic.Bool
	away.Store(true)
	var mu sync.Mutex
	var arrived []string
	s.hooks.Answer(func(w http.ResponseWriter, r notifytest.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		arrived = append(arrived, string(r.Body)) // one at a time for a subscriber and an incident
	})
	s.run(s.worker)
	id := o.incident("Errors")
	for n := 1; n < 7; n++ { // up to the pause of two hours and a half
		s.hooks.Wait(t, "/hook", n)
		s.until("its outcome", func() bool { return o.deliveries(store.Due, 1)[0].Tries == int64(n) })
		s.clock.add(3 * time.Hour)
	}
	s.hooks.Wait(t, "/hook", 7)
	s.until("its outcome", func() bool { return o.deliveries(store.Due, 1)[0].Tries == 7 })
	away.Store(false)
	o.resolve(id)
	s.settled()
	o.deliveries(store.Due, 0)
	s.clock.add(4 * time.Hour)
	s.worker.Wake()
	o.deliveries(store.Sent, 1)
	mu.Lock()
	defer mu.Unlock()
	if len(arrived) != 1 || !strings.Contains(arrived[0], `"type":"incident.resolved"`) ||
		!strings.Contains(arrived[0], `"earlier":[{`) || !strings.Contains(arrived[0], `"seq":`) {
		t.Errorf("%d arrived: %s", len(arrived), arrived)
	}
}

func TestWhatHappensWithinTwoSecondsIsOneMessage(t *testing.T) {
	for _, running := range []bool{true, false} {
		t.Run(fmt.Sprintf("a worker runs: %v", running), func(t *testing.T) {
			s := open(t, time.Now())
			o := s.org("acme")
			ada := o.person()
			o.hook(store.Webhook, "/hook")
			if running {
				s.run(s.worker)
			}
			at := s.clock.now()
			id := o.incident("Errors")
			o.do(&page.UpdateIncident{ID: id, Status: "identified", Body: "It is the disk."})
			o.resolve(id)
			if took := s.clock.now().Sub(at); took > 1500*time.Millisecond {
				t.Skipf("this machine took %s", took)
			}
			if !running {
				s.run(s.worker)
			}
			o.deliveries(store.Sent, 2)
			o.deliveries("", 2)
			if got := o.subjects(ada); len(got) != 1 || got[0] != "Resolved: Errors" {
				t.Errorf("she got %q", got)
			}
			text := s.mail.To(ada)[0].Text
			a, b, c := strings.Index(text, "Done."), strings.Index(text, "It is the disk."),
				strings.Index(text, "We look into it.")
			if a < 0 || b < a || c < b {
				t.Errorf("it says\n%s", text)
			}
			if n := len(s.hooks.Got("/hook")); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestWordsThatWereWithdrawnAreNotMailed(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	ada := o.person()
	var refuse atomic.Bool
	var tries atomic.Int32
	s.mail.Answer(func(step, _, _ string) error {
		if step == "rcpt" && refuse.Load() {
			tries.Add(1)
			return notifytest.Say(450, [3]int{4, 2, 1}, "come back")
		}
		return nil
	})
	refuse.Store(true)
	s.run(s.worker)
	c := &page.OpenIncident{ID: newID(), UpdateID: newID(), Title: "The secret customer is down",
		Description: "Secret words.", Service: &o.api, ToState: "major_outage"}
	o.do(c)
	s.until("a try", func() bool { return tries.Load() == 1 })
	o.do(&page.EditIncident{ID: c.ID, Title: ptr("A customer is down"), Description: ptr("Public words.")})
	o.do(&page.CorrectUpdate{ID: c.ID, UpdateID: c.UpdateID, Body: "Public words."})
	refuse.Store(false)
	s.clock.add(15 * time.Second)
	o.deliveries(store.Sent, 1)
	if l := s.mail.To(ada)[0]; l.Subject() != "[The acme] New incident: A customer is down" ||
		strings.Contains(strings.ToLower(l.Raw), "secret") || !strings.Contains(l.Text, "Public words.") {
		t.Errorf("%s\n%s", l.Subject(), l.Text)
	}

	// One that is deleted meanwhile is not told at all; whoever was told of another's opening hears that it is
	// withdrawn.
	refuse.Store(true)
	n := tries.Load()
	second := o.quietly("Secret", nil)
	s.until("a try", func() bool { return tries.Load() > n })
	for _, id := range []string{second, c.ID} {
		gone := &page.DeleteIncident{}
		gone.Remove(id, nil)
		o.do(gone)
	}
	refuse.Store(false)
	s.clock.add(15 * time.Second)
	s.mail.Wait(t, 2)
	o.deliveries(store.Due, 0)
	if got := o.subjects(ada); len(got) != 2 || got[1] != "Withdrawn: A customer is down" {
		t.Errorf("she got %q", got)
	}
}

// quietly opens an incident of a service of its own.
func (o *org) quietly(title string, tell *bool) string {
	o.Helper()
	service, c := newID(), &page.OpenIncident{ID: newID(), Title: title, Description: "Hush.", ToState: "major_outage",
		Notify: tell}
	o.do(&page.CreateService{ID: service, Name: service})
	c.Service = &service
	o.do(c)
	return c.ID
}

func TestWhatWasOpenedQuietlyIsQuietUntilSomebodySaysOtherwise(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	ada := o.person()
	o.hook(store.Webhook, "/hook")
	s.run(s.worker)
	first, second, third := o.quietly("Quiet", ptr(false)), o.quietly("Quiet", ptr(false)),
		o.quietly("Quiet", ptr(false))
	o.do(&page.UpdateIncident{ID: first, Status: "identified", Body: "Still."})
	o.do(&page.EditIncident{ID: first, UpdateID: newID(), Status: ptr("monitoring")})
	o.resolve(first)
	gone := &page.DeleteIncident{}
	gone.Remove(second, nil)
	o.do(gone)
	s.settled()
	o.do(&page.UpdateIncident{ID: third, Status: "identified", Body: "Hear, hear.", Notify: ptr(true)})
	o.deliveries(store.Sent, 2)
	s.settled()
	o.resolve(third)
	o.deliveries(store.Sent, 4)
	o.deliveries("", 4)
	if got := o.subjects(ada); strings.Join(got, ", ") != "Identified: Quiet, Resolved: Quiet" {
		t.Errorf("she got %q", got)
	}
}

func TestMailOutlivesFourDaysWithoutItsRelay(t *testing.T) {
	racetest.Long(t)
	t.Parallel()
	for name, refusal := range map[string]func(step, _, _ string) error{
		"it takes nobody's": func(step, _, _ string) error {
			if step == "mail" {
				return notifytest.Say(421, [3]int{4, 3, 2}, "not now")
			}
			return nil
		},
		"it puts everybody off": func(step, _, _ string) error {
			if step == "rcpt" {
				return notifytest.Say(451, [3]int{4, 3, 0}, "no space left")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, time.Now())
			o := s.org("acme")
			o.people(20)
			var asked atomic.Int32
			s.mail.Answer(func(step, from, to string) error {
				err := refusal(step, from, to)
				if err != nil {
					asked.Add(1)
				}
				return err
			})
			s.run(s.worker)
			o.incident("Errors")
			s.until("a try", func() bool { return asked.Load() > 0 })
			if strings.HasPrefix(name, "it takes") {
				s.until("an outage", func() bool { return !s.worker.Outage().Since.IsZero() })
			}
			tried := func() { // or the lease of what is tried ends under it, and it is tried beside itself
				s.until("the end of each try", func() bool { return len(s.ask(`SELECT id FROM jobs WHERE lease <> ''`)) == 0 })
			}
			for range 96 {
				tried()
				s.clock.add(time.Hour)
				s.worker.Wake()
				o.deliveries(store.Due, 20)
			}
			o.deliveries(store.Dead, 0)
			if o := s.worker.Outage(); strings.HasPrefix(name, "it takes") &&
				(o.Since.IsZero() || !strings.Contains(o.Words, "not now")) {
				t.Errorf("the outage is %+v", o)
			}
			tried()
			s.mail.Answer(nil)
			minutes := 0
			s.until("all letters", func() bool { // the last pause is four hours, from the end of a try that may be under way
				if len(s.mail.Got()) >= 20 {
					return true
				}
				busy := s.ask(`SELECT id FROM jobs WHERE state = 'due' AND (lease <> '' OR due_at <= ?) LIMIT 1`,
					s.clock.now().UnixMilli()) // whose lease would end while it is sent
				if minutes < 12*60 && len(busy) == 0 {
					minutes++
					s.clock.add(time.Minute)
					s.worker.Wake()
				}
				return false
			})
			o.deliveries(store.Sent, 20)
			if n := len(s.mail.Got()); n != 20 {
				t.Errorf("%d mails", n)
			}
			if !s.worker.Outage().Since.IsZero() {
				t.Error("the outage is not over")
			}
			t.Logf("%d refusals in four days", asked.Load())
		})
	}
}

func TestADeadLetterThatIsTriedAgainIsNotToldAfterWhatIsNewer(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	ada := o.person()
	s.mail.Answer(func(step, _, _ string) error {
		if step == "data" {
			return notifytest.Say(554, [3]int{5, 6, 0}, "what is that")
		}
		return nil
	})
	s.run(s.worker)
	id := o.incident("Errors")
	o.deliveries(store.Dead, 1)
	s.mail.Answer(nil)
	s.settled()
	o.do(&page.UpdateIncident{ID: id, Status: "identified", Body: "It is the disk."})
	o.deliveries(store.Sent, 1)
	if _, err := s.cases.RetryDeliveries(ctx, usecase.Caller{System: true}, o.id); err != nil {
		t.Fatal(err)
	}
	s.worker.Wake()
	o.deliveries(store.Dead, 0)
	o.deliveries(store.Due, 0)
	if got := o.subjects(ada); strings.Join(got, ", ") != "Identified: Errors" {
		t.Errorf("she got %q", got)
	}
}
