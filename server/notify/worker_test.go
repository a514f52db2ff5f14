package notify_test

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"statuspage/server/notify/notifytest"
	"statuspage/server/racetest"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

func TestEachIsToldOncePerEventAndNobodyElse(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o, other := s.org("acme"), s.org("other")
	o.people(60)
	other.people(5)
	s.run(s.worker)
	id := o.incident("Errors")
	o.do(&page.EditIncident{ID: id, Title: ptr("Many errors")}) // a correction
	o.do(&page.UpdateIncident{ID: id, Body: "Quiet.", Notify: ptr(false)})
	o.deliveries(store.Sent, 60)
	o.resolve(id)
	o.deliveries(store.Sent, 120)
	count := map[string]int{}
	for _, l := range s.mail.Wait(t, 120) {
		count[l.To+l.Subject()]++
	}
	if len(count) != 120 {
		t.Errorf("%d different letters of 120", len(count))
	}
	if n := s.worker.Count().Sent.Load(); n != 120 {
		t.Errorf("%d were sent", n)
	}
	other.deliveries("", 0)
}

func ptr[T any](x T) *T { return &x }

func TestTwoWorkersShareTheWork(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	o.people(200)
	second := s.start()
	s.run(s.worker)
	s.run(second.worker)
	o.incident("Errors")
	o.deliveries(store.Sent, 200)
	to := map[string]int{}
	for _, l := range s.mail.Got() {
		to[l.To]++
	}
	for address, n := range to {
		if n != 1 {
			t.Errorf("%s was told %d times", address, n)
		}
	}
	if len(to) != 200 {
		t.Errorf("%d were told", len(to))
	}
	t.Logf("one sent %d, the other %d", s.worker.Count().Sent.Load(), second.worker.Count().Sent.Load())
}

func TestAWebhookIsSignedAndRetriedUnderTheSameID(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	to := o.hook(store.Webhook, "/hook")
	var calls atomic.Int32
	s.hooks.Answer(func(w http.ResponseWriter, _ notifytest.Request) {
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	s.run(s.worker)
	o.incident("Errors")
	o.deliveries(store.Due, 1)
	s.hooks.Wait(t, "/hook", 1)
	for o.deliveries(store.Due, 1)[0].Tries == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	if due, err := s.db.DueLanes(ctx, status.Time(s.clock.now().Add(time.Minute).UnixMilli())); err != nil ||
		!due[store.Slow] || due[store.Hook] {
		t.Errorf("after a failure it waits in %v, %v", due, err)
	}
	s.clock.add(13 * time.Second)
	got := s.hooks.Wait(t, "/hook", 2)
	o.deliveries(store.Sent, 1)
	verifier, err := standardwebhooks.NewWebhook(to.Secret)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := standardwebhooks.NewWebhook("whsec_" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		if err := verifier.Verify(r.Body, r.Header); err != nil {
			t.Errorf("the signature: %v", err)
		}
		if stranger.Verify(r.Body, r.Header) == nil {
			t.Error("another secret verifies it")
		}
		if verifier.Verify(append(r.Body, ' '), r.Header) == nil {
			t.Error("another body verifies")
		}
	}
	if a, b := got[0].Header.Get("webhook-id"), got[1].Header.Get("webhook-id"); a != b || a == "" {
		t.Errorf("ids %q and %q", a, b)
	}
	if string(got[0].Body) != string(got[1].Body) {
		t.Error("the second try says something else")
	}
	var x struct {
		Type      string
		Timestamp time.Time
		Data      struct {
			Page         struct{ ID, Slug, URL string }
			Subscription struct {
				ID        string
				ManageURL string `json:"manage_url"`
			}
			Seq      int64
			Status   struct{ Indicator, Description string }
			Incident struct {
				ID, Title, Status, Impact, URL string
				Service                        struct{ ID, Name string }
			}
			Update struct{ Body, Status string }
		}
	}
	if err := json.Unmarshal(got[0].Body, &x); err != nil {
		t.Fatal(err)
	}
	d := x.Data
	if x.Type != "incident.opened" || d.Page.ID != o.id || d.Page.URL != "https://status.example.com/status/acme" ||
		d.Incident.Title != "Errors" || d.Incident.Service.ID != o.api ||
		d.Update.Body != "We look into it." || d.Subscription.ID != to.ID || d.Status.Indicator != "major" ||
		d.Seq == 0 || d.Incident.URL != d.Page.URL+"/incidents/"+d.Incident.ID {
		t.Errorf("%s", got[0].Body)
	}
}

func TestAfterEightTriesItIsADeadLetterThatCanBeRevived(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o, other := s.org("acme"), s.org("other")
	o.hook(store.Webhook, "/hook")
	s.hooks.Answer(func(w http.ResponseWriter, _ notifytest.Request) { w.WriteHeader(http.StatusInternalServerError) })
	s.run(s.worker)
	o.incident("Errors")
	for n := 1; n <= 8; n++ {
		s.hooks.Wait(t, "/hook", n)
		for n < 8 && o.deliveries(store.Due, 1)[0].Tries != int64(n) {
			time.Sleep(5 * time.Millisecond)
		}
		s.clock.add(4 * time.Hour)
		s.worker.Wake()
	}
	dead := o.deliveries(store.Dead, 1)
	if dead[0].Tries != 8 || dead[0].Problem == "" || dead[0].Title != "Errors" || dead[0].DoneAt == nil {
		t.Errorf("%+v", dead[0])
	}
	if n := len(s.hooks.Got("/hook")); n != 8 {
		t.Errorf("%d tries", n)
	}
	by := usecase.Caller{System: true}
	if _, err := s.cases.RetryDelivery(ctx, by, other.id, dead[0].ID); err == nil {
		t.Error("another organisation can revive it")
	}
	s.hooks.Answer(nil)
	if _, err := s.cases.RetryDelivery(ctx, by, o.id, dead[0].ID); err != nil {
		t.Fatal(err)
	}
	o.deliveries(store.Sent, 1)
	if found, _, err := o.Subscribers(ctx, store.SubscriberFilter{}, store.Span{Limit: 1}); err != nil ||
		found[0].Failures != 0 || found[0].State != store.Active {
		t.Errorf("%+v %v", found, err)
	}
}

func TestAMailAddressThatIsRefusedIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	o.people(3)
	all, _, err := o.Subscribers(ctx, store.SubscriberFilter{}, store.Span{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	s.mail.Answer(func(step, _, to string) error {
		switch {
		case step == "rcpt" && to == all[0].Address:
			return notifytest.Say(550, [3]int{5, 1, 1}, "no such user")
		case step == "rcpt" && to == all[1].Address:
			return notifytest.Say(451, [3]int{4, 3, 0}, "come back")
		}
		return nil
	})
	s.run(s.worker)
	id := o.incident("Errors")
	dead := o.deliveries(store.Dead, 1)
	if dead[0].To.ID != all[0].ID || dead[0].Tries != 1 || dead[0].To.State != store.Bouncing {
		t.Errorf("%+v", dead[0])
	}
	s.mail.Wait(t, 1)
	for {
		if waiting := o.deliveries(store.Due, 1); waiting[0].Tries == 1 && waiting[0].To.ID == all[1].ID {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.mail.Answer(nil)
	s.clock.add(15 * time.Second)
	o.deliveries(store.Sent, 2)
	// The next event is told to two.
	o.resolve(id)
	o.deliveries(store.Sent, 4)
	o.deliveries("", 5)
	// An admin who knows better says so, and what was missed is sent.
	if _, err := s.cases.RetryDelivery(ctx, usecase.Caller{System: true}, o.id, dead[0].ID); err != nil {
		t.Fatal(err)
	}
	o.deliveries(store.Sent, 5)
	if len(s.mail.To(all[0].Address)) != 1 {
		t.Errorf("%d letters", len(s.mail.To(all[0].Address)))
	}
}

func TestAReceiverThatIsGoneIsRemoved(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	o.hook(store.Webhook, "/hook")
	o.hook(store.Slack, "/slack")
	o.hook(store.Webhook, "/stays")
	s.hooks.Answer(func(w http.ResponseWriter, r notifytest.Request) {
		switch r.Path {
		case "/hook":
			w.WriteHeader(http.StatusGone)
		case "/slack":
			http.Error(w, "no_service", http.StatusNotFound)
		}
	})
	s.run(s.worker)
	o.incident("Errors")
	o.deliveries(store.Sent, 1)
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, n, err := o.Subscribers(ctx, store.SubscriberFilter{}, store.Span{Limit: 1}); err == nil && n == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("they are still there")
		}
	}
	if rows, _, err := o.AuditLog(ctx, store.AuditFilter{Actor: "system"}, store.Span{Limit: 2}); err != nil ||
		len(rows) != 2 || rows[0].Action != "remove_subscriber" {
		t.Errorf("%+v %v", rows, err)
	}
}

func TestAMoveByHandIsForWebhooks(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	o.people(2)
	o.hook(store.Webhook, "/hook")
	o.hook(store.Discord, "/discord")
	s.run(s.worker)
	o.do(&page.EditService{ID: o.web, Status: ptr("partial_outage")})
	o.deliveries(store.Sent, 1)
	o.deliveries("", 1)
	var x struct {
		Type string
		Data struct {
			Service   struct{ ID, Status string }
			FromState string `json:"from_state"`
		}
	}
	if err := json.Unmarshal(s.hooks.Wait(t, "/hook", 1)[0].Body, &x); err != nil || x.Type != "service.changed" ||
		x.Data.Service.Status != "partial_outage" || x.Data.FromState != "operational" {
		t.Errorf("%+v %v", x, err)
	}
}

func TestNothingWaitsForASlowReceiver(t *testing.T) {
	s := open(t, time.Now())
	o := s.org("acme")
	o.people(3)
	for range 40 {
		o.hook(store.Webhook, "/slow")
	}
	release := make(chan struct{})
	s.hooks.Answer(func(_ http.ResponseWriter, r notifytest.Request) {
		if r.Path == "/slow" {
			<-release
		}
	})
	s.run(s.worker)
	start := time.Now()
	o.incident("Errors") // it is committed while nobody answers
	s.mail.Wait(t, 3)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the mail took %s", took)
	}
	close(release)
	o.deliveries(store.Sent, 43)
}

func TestAClockThatWasSetBackDelaysNothing(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now().Add(48*time.Hour))
	o := s.org("acme")
	o.people(1)
	s.clock.jump(time.Now())
	s.run(s.worker)
	o.incident("Errors") // its event cannot be before the one of yesterday's tomorrow
	o.deliveries(store.Sent, 1)
}

func TestAWorkerThatStopsGivesBackWhatItHas(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	o.people(100)
	var first atomic.Bool
	gate := make(chan struct{})
	s.mail.Answer(func(step, _, _ string) error {
		if step == "data" && first.CompareAndSwap(false, true) {
			close(gate)
		}
		return nil
	})
	stop := s.run(s.worker)
	o.incident("Errors")
	<-gate
	stop()
	sent := len(s.mail.Got())
	if sent == 100 {
		t.Skip("it was done before it could be stopped")
	}
	// No lease has to run out: the next worker goes on at once.
	s.run(s.start().worker)
	o.deliveries(store.Sent, 100)
	to := map[string]int{}
	for _, l := range s.mail.Got() {
		to[l.To]++
	}
	if len(to) != 100 || len(s.mail.Got()) != 100 {
		t.Errorf("%d letters to %d", len(s.mail.Got()), len(to))
	}
	t.Logf("%d had been sent when it stopped", sent)
}

func TestAnUnconfirmedWebhookBecomesASubscriberByItsAnswer(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	subscribe := func(channel store.Channel, path string) store.Subscriber {
		sub, err := s.cases.Subscribe(ctx, usecase.Caller{Address: "192.0.2.1"}, o.id,
			usecase.NewSubscriber{Channel: channel, Field: "address", Address: s.hooks.URL + path,
				Base: "https://status.example.com/status/acme"})
		if err != nil {
			t.Fatal(err)
		}
		return sub
	}
	s.hooks.Answer(func(w http.ResponseWriter, r notifytest.Request) {
		if r.Path == "/no" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	yes, no := subscribe(store.Webhook, "/yes"), subscribe(store.Webhook, "/no")
	subscribe(store.Teams, "/teams")
	s.run(s.worker)
	got := s.hooks.Wait(t, "/yes", 1)[0]
	verifier, err := standardwebhooks.NewWebhook(yes.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(got.Body, got.Header); err != nil {
		t.Error(err)
	}
	o.deliveries(store.Sent, 2)
	o.incident("Errors")
	s.hooks.Wait(t, "/yes", 2)
	s.hooks.Wait(t, "/teams", 2)
	o.deliveries(store.Sent, 4)
	if s, err := o.Subscriber(ctx, no.ID); err != nil || s.State != store.Pending {
		t.Errorf("who refused is %+v %v", s.State, err)
	}
	if n := len(s.hooks.Got("/no")); n != 1 {
		t.Errorf("who refused was told of %d things", n)
	}
}

func TestAServerThatNeverAnswersDoesNotHoldUpTheEnd(t *testing.T) {
	racetest.Long(t)
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	o.people(20)
	reached, release := make(chan struct{}, 100), make(chan struct{})
	s.mail.Answer(func(step, _, _ string) error {
		if step == "data" {
			reached <- struct{}{}
			<-release
		}
		return nil
	})
	t.Cleanup(func() { close(release) })
	stop := s.run(s.worker)
	o.incident("Errors")
	<-reached
	start := time.Now()
	stop()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	o.deliveries(store.Due, 20) // nothing is lost
}

func TestASecondEventAndASecondPageAreOtherMessages(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	a, b := s.org("one"), s.org("two")
	for _, o := range []*org{a, b} {
		o.hook(store.Webhook, "/hook")
	}
	s.run(s.worker)
	first, second := a.incident("Errors"), b.incident("Errors")
	s.hooks.Wait(t, "/hook", 2)
	a.resolve(first)
	b.resolve(second)
	ids := map[string]bool{}
	for _, r := range s.hooks.Wait(t, "/hook", 4) {
		ids[r.Header.Get("webhook-id")] = true
	}
	if len(ids) != 4 {
		t.Errorf("%d ids for 4 messages", len(ids))
	}
}

func TestWhoStartedToBounceMeanwhileIsNotTried(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	o.people(2)
	o.incident("Errors")
	all, _, err := o.Subscribers(ctx, store.SubscriberFilter{}, store.Span{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.cases.EditSubscriber(ctx, usecase.Caller{System: true}, o.id, all[0].ID, ptr(store.Bouncing),
		nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.cases.RemoveSubscriber(ctx, usecase.Caller{System: true}, o.id, all[1].ID); err != nil {
		t.Fatal(err)
	}
	s.run(s.worker)
	o.do(&page.EditService{ID: o.web, Status: ptr("partial_outage")}) // told to nobody
	for end := time.Now().Add(time.Minute); len(
		s.ask(`SELECT id FROM messages WHERE upto IS NOT NULL`)) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody was looked for")
		}
	}
	o.deliveries("", 0)
	if n := len(s.mail.Got()); n != 0 {
		t.Errorf("%d mails", n)
	}
}
