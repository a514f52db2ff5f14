package notify_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// held is how long the dashboard lets what it publishes wait.
const held = 10 * time.Second

// holds carries a command out as somebody who may want to undo it.
func (o *org) holds(c page.Command) {
	o.Helper()
	if _, err := o.cases.ChangeAt(ctx, usecase.Caller{System: true, Hold: held}, o.id, c, o.clock.now()); err != nil {
		o.Fatalf("%s: %v", c.Kind(), err)
	}
}

// undoes deletes an object that nobody heard of.
func (o *org) undoes(c page.Command) error {
	_, err := o.cases.ChangeAt(ctx, usecase.Caller{System: true, Untold: true}, o.id, c, o.clock.now())
	return err
}

func inHours(s *stage, hours int) status.Time {
	return status.Time(s.clock.now().Add(time.Duration(hours) * time.Hour).UnixMilli())
}

// refused says that an error is a refusal of some kind.
func refused(err error, code fault.Code) bool {
	var no *fault.Error
	return errors.As(err, &no) && no.Code == code
}

// lets some time pass, in which another organisation's subscriber is told, and this one is not.
func (s *stage) lets(time time.Duration, address string) {
	s.Helper()
	other := s.org("other" + newID()[30:])
	bob := other.person()
	other.incident("Down")
	s.clock.add(time)
	other.deliveries(store.Sent, 1)
	if len(s.mail.To(bob)) != 1 || len(s.mail.To(address)) != 0 {
		s.Fatalf("the other got %q, she %q", other.subjects(bob), other.subjects(address))
	}
}

func TestWhatIsUndoneInTimeIsToldToNobody(t *testing.T) {
	s := open(t, time.Now())
	o := s.org("acme")
	ada := o.person()
	o.hook(store.Webhook, "/hook")
	s.run(s.worker)

	in := &page.OpenIncident{ID: newID(), Title: "Too early", Description: "Secret words.", Service: &o.api,
		ToState: "major_outage"}
	o.holds(in)
	o.deliveries(store.Due, 2)
	s.lets(held, ada)
	gone := &page.DeleteIncident{}
	gone.Remove(in.ID, nil)
	if err := o.undoes(gone); err != nil {
		t.Fatal(err)
	}

	window := &page.PlanMaintenance{ID: newID(), Title: "Too early", Services: []string{o.web},
		ScheduledFor: inHours(s, 1), ScheduledUntil: inHours(s, 2)}
	o.holds(window)
	off := &page.DeleteMaintenance{}
	off.Remove(window.ID, nil)
	if err := o.undoes(off); err != nil {
		t.Fatal(err)
	}
	s.clock.add(time.Minute)
	o.deliveries(store.Due, 0)
	if got := o.subjects(ada); len(got) != 0 {
		t.Errorf("she got %q", got)
	}
	if n := len(s.hooks.Got("/hook")); n != 0 {
		t.Errorf("the webhook heard %d times", n)
	}
}

func TestWhatIsNotUndoneIsToldOnceWhenTheTimeIsOver(t *testing.T) {
	s := open(t, time.Now())
	o := s.org("acme")
	ada := o.person()
	s.run(s.worker)
	in := &page.OpenIncident{ID: newID(), Title: "Down", Description: "We look.", Service: &o.api,
		ToState: "major_outage"}
	o.holds(in)
	o.deliveries(store.Due, 1)
	s.lets(held, ada)
	s.clock.add(store.Settle + time.Second)
	o.deliveries(store.Sent, 1)
	s.clock.add(time.Minute)
	o.deliveries(store.Sent, 1)
	if got := o.subjects(ada); len(got) != 1 || got[0] != "New incident: Down" {
		t.Errorf("she got %q", got)
	}

	// Now it is too late: what deletes it must say so to those who heard.
	gone := &page.DeleteIncident{}
	gone.Remove(in.ID, nil)
	if err := o.undoes(gone); !refused(err, fault.Conflict) {
		t.Fatalf("what was told was undone: %v", err)
	}
	update := &page.UpdateIncident{ID: in.ID, UpdateID: newID(), Body: "News."}
	o.do(update)
	o.deliveries(store.Due, 1)
	s.clock.add(store.Settle + time.Second)
	o.deliveries(store.Sent, 2)
	if err := o.undoes(&page.WithdrawUpdate{ID: in.ID, UpdateID: update.UpdateID}); !refused(err, fault.Conflict) {
		t.Fatalf("an update that was told was withdrawn: %v", err)
	}
}

func TestAnUpdateThatWasWithdrawnIsToldToNobodyAndWhatCameBeforeIs(t *testing.T) {
	s := open(t, time.Now())
	o := s.org("acme")
	ada := o.person()
	s.run(s.worker)
	in := &page.OpenIncident{ID: newID(), Title: "Down", Description: "We look.", Service: &o.api,
		ToState: "major_outage"}
	o.holds(in)
	s.clock.add(5 * time.Second)
	over := &page.UpdateIncident{ID: in.ID, UpdateID: newID(), Status: "resolved", Body: "Secret words."}
	o.holds(over)
	s.until("a job for the newer message alone", func() bool {
		found := o.deliveries(store.Due, 1)
		return found[0].Kind == "incident.resolved"
	})
	s.lets(9*time.Second, ada) // the opening would have been told by now: it waits for what came after it
	if err := o.undoes(&page.WithdrawUpdate{ID: in.ID, UpdateID: over.UpdateID}); err != nil {
		t.Fatal(err)
	}
	s.clock.add(time.Minute)
	o.deliveries(store.Sent, 1)
	l := s.mail.To(ada)
	if len(l) != 1 || l[0].Subject() != "[The acme] New incident: Down" || strings.Contains(l[0].Raw, "Secret") {
		t.Errorf("she got %d: %q", len(l), o.subjects(ada))
	}
}
