package notify_test

import (
	"strings"
	"testing"
	"time"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/page"
)

func (o *org) deleteService(id string) {
	o.Helper()
	gone := &page.DeleteService{}
	gone.Remove(id, nil)
	o.do(gone)
}

// chose is an active subscriber by mail of some services.
func (o *org) chose(address string, services ...string) string {
	o.Helper()
	in := usecase.Import{Consent: true, Emails: []string{address}, Services: services,
		Base: "https://status.example.com/status/x"}
	if _, err := o.cases.ImportSubscribers(ctx, usecase.Caller{System: true}, o.id, in); err != nil {
		o.Fatal(err)
	}
	found, _, err := o.Subscribers(ctx, store.SubscriberFilter{Search: address}, store.Span{Limit: 1})
	if err != nil || len(found) != 1 {
		o.Fatal(len(found), err)
	}
	return found[0].ID
}

func TestWhoseChosenServicesAreAllGoneIsAskedOnce(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o, other := s.org("acme"), s.org("other")
	mail := newID()
	o.do(&page.CreateService{ID: mail, Name: "Mail"})
	o.chose("one@example.com", o.api)
	o.chose("both@example.com", o.api, o.web)
	undecided := o.chose("undecided@example.com", o.api)
	o.chose("whole@example.com")
	o.chose("mail@example.com", mail)
	other.chose("one@example.com", other.api)
	o.deleteService(o.api)
	if _, err := o.cases.EditSubscriber(ctx, usecase.Caller{System: true}, o.id, undecided, nil,
		&[]string{mail}); err != nil {
		t.Fatal(err)
	}
	s.run(s.worker)
	o.deliveries(store.Sent, 1)
	s.settled()
	o.deleteService(o.web)
	o.deliveries(store.Sent, 2)
	o.do(&page.CreateService{ID: newID(), Name: "API"}) // another, whatever its name
	o.deliveries("", 2)
	other.deliveries("", 0)
	for _, to := range []string{"one@example.com", "both@example.com"} {
		got := s.mail.To(to)
		if len(got) != 1 || !strings.Contains(got[0].Subject(), "What do you want to hear of?") ||
			!strings.Contains(got[0].Text, "Choose services: "+
				"https://status.example.com/status/acme/subscription/?token=") {
			t.Errorf("%s got %d letters: %+v", to, len(got), got)
		}
	}
}

// TestTwoServicesThatGoTogetherAreOneQuestion deletes them before anybody is looked for.
func TestTwoServicesThatGoTogetherAreOneQuestion(t *testing.T) {
	t.Parallel()
	s := open(t, time.Now())
	o := s.org("acme")
	o.chose("both@example.com", o.api, o.web)
	o.deleteService(o.web)
	o.deleteService(o.api)
	s.run(s.worker)
	o.deliveries(store.Sent, 1)
	o.deliveries("", 1)
}
