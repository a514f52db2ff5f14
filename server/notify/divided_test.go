package notify_test

import (
	"strings"
	"testing"
	"time"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// Subscribers belong to no audience: they are told of services that everybody sees, and of nothing else. CONTRACT 8.
func TestSubscribersHearNothingOfServicesForSome(t *testing.T) {
	s := open(t, time.Now())
	o := s.org("acme")
	ada := o.person()
	o.hook(store.Webhook, "/hook")
	for _, c := range []page.Command{
		&page.EditPage{Access: &page.EditAccess{Kind: "public", ID: newID(), Divided: true}},
		&page.EditService{ID: o.api, Audiences: &[]string{newID()}},
	} {
		o.do(c)
	}
	s.run(s.worker)
	hidden := newID()
	o.do(&page.OpenIncident{ID: hidden, Title: "Hidden trouble", Service: &o.api, ToState: status.Degraded})
	o.do(&page.EditService{ID: o.api, Name: new("Hidden API")})
	o.do(&page.OpenIncident{ID: newID(), Title: "Common trouble", Services: []page.Move{
		{ID: o.api, To: status.Major}, {ID: o.web, To: status.Degraded}}})
	o.resolve(hidden)
	s.hooks.Wait(t, "/hook", 1)
	s.settled()
	o.do(&page.OpenIncident{ID: newID(), Title: "Last trouble", Service: &o.web, ToState: status.Partial})
	s.hooks.Wait(t, "/hook", 2)
	s.mail.Wait(t, 2)
	o.deliveries(store.Due, 0)
	got := s.hooks.Got("/hook")
	said := ""
	for _, l := range s.mail.To(ada) {
		said += l.Text
	}
	for _, r := range got {
		said += string(r.Body)
	}
	if len(got) != 2 || len(s.mail.To(ada)) != 2 || !strings.Contains(said, "Common trouble") ||
		!strings.Contains(said, "Web") {
		t.Errorf("%d requests, %d mails: %s", len(got), len(s.mail.To(ada)), said)
	}
	for _, word := range []string{"API", "Hidden", "critical", "Major", o.api} {
		if strings.Contains(said, word) {
			t.Errorf("it tells %q: %s", word, said)
		}
	}
}
