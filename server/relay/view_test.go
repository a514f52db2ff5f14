package relay_test

import (
	"fmt"
	"testing"
	"time"

	"statuspage/server/relay"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// divided is a page with a service for everybody and one for each of some audiences.
func divided(audiences ...string) *relay.Page {
	s := page.State{Seq: 7, Services: []status.Service{{ID: "open", Name: "Open"}}}
	for _, id := range audiences {
		s.Services = append(s.Services, status.Service{ID: "of " + id, Name: id, Audiences: []string{id}})
	}
	return relay.NewPage(s, "epoch")
}

func TestAViewIsMadeOnceAndGoesWithItsPage(t *testing.T) {
	p := divided("a", "b")
	ab := p.View([]string{"b", "a"})
	if len(ab.State.Services) != 3 || len(p.View(nil).State.Services) != 1 || ab.State.Seq != 7 || ab.Epoch != "epoch" {
		t.Fatalf("%+v", ab.State)
	}
	if p.View([]string{"a", "b", "a"}) != ab || ab.View([]string{"a", "b"}) != ab || !ab.Viewed() || p.Viewed() {
		t.Error("a view is made twice, or is none")
	}
	if ab.View(nil) != p.View(nil) {
		t.Error("a view of a view is made of it, not of the page")
	}
	older := []status.Incident{{ID: "1", Services: []status.Affected{{ID: "of a"}}},
		{ID: "2", Services: []status.Affected{{ID: "of a"}, {ID: "open"}}}}
	if got := p.View(nil).Incidents(older); len(got) != 1 || got[0].ID != "2" || len(got[0].Services) != 1 {
		t.Errorf("%+v", got)
	}
	if got := p.Incidents(older); len(got) != 2 || len(got[1].Services) != 2 {
		t.Errorf("the page itself leaves out: %+v", got)
	}
}

func TestViewsAreFewAndSmallTogether(t *testing.T) {
	p := divided("a")
	first := p.View([]string{"a"})
	for i := range 3 * relay.MaxViews {
		p.View([]string{fmt.Sprint(i)})
	}
	if p.View([]string{"a"}) == first {
		t.Error("all views are kept")
	}
	first = p.View([]string{"a"})
	for i := range 5 {
		if _, err := first.Doc(fmt.Sprint(i), time.Hour, func() (string, []byte, error) {
			return "image/png", make([]byte, relay.MaxViewBytes/4), nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if p.View([]string{"a"}) == first {
		t.Error("views keep as many bytes as they like")
	}
}
