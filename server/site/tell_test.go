package site

import (
	"fmt"
	"html"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"statuspage/server/racetest"
	"statuspage/server/relay"
	"statuspage/server/site/visit"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// maxRender is how much CPU a document may cost, its compressed forms included, whatever its texts are.
const maxRender = 50 * time.Millisecond

// told counts texts: each is another one, so that none has been rendered before.
var told int

// crammed is a page that is as full as it may be of one text, again and again a little different so that nothing has
// been rendered before.
func crammed(t *testing.T, text string, incidents, updates, windows int) page.State {
	s := begin(t, "acme", "Acme", ago(200))
	svc := s.service(ago(199), "", "API", strings.Repeat("x", 19_000))
	each := func() string {
		s.state.Bytes = 0 // older versions took more than page.MaxBytes, and what they took is still told
		told++
		return fmt.Sprint(told, " ", text)
	}
	for i := range incidents {
		at := ago(100) + status.Time(i)*wire.Minute
		s.open(at, fmt.Sprint("Incident ", i), each(), status.Degraded,
			s.service(at, "", fmt.Sprint("Service ", i), ""))
		in := &s.state.Incidents[0]
		for k := range updates {
			in.Updates = append(in.Updates, status.Update{ID: s.id(), Status: status.Identified, Body: each(),
				CreatedAt: at + status.Time(k)*wire.Minute})
		}
		in.UpdatedAt = at + status.Time(updates)*wire.Minute
	}
	for i := range windows {
		s.plan(ago(90), ago(-24)+status.Time(i)*wire.Hour, ago(-400), fmt.Sprint("Window ", i), each(), svc)
	}
	s.state.Org.Announcement = each()
	return s.state
}

// someone is a request that nobody sent: a page's language is that of its reader.
func someone() *fiber.Ctx { return fiber.New().AcquireCtx(&fasthttp.RequestCtx{}) }

func TestAPageTakesFiftyMillisecondsWhateverItsTextsAre(t *testing.T) {
	racetest.Alone(t, "CPU")
	s := newSite(Deps{Now: func() time.Time { return utc(today) }})
	fill := func(unit string) string { return strings.Repeat(unit, 19_000/len(unit)) }
	for name, text := range map[string]string{
		"brackets": fill("[") + "x", "links": fill("[a]("), "quotes": fill(">"),
		"markdown": fill("**a** [b](https://example.com) `c`\n\n- d\n"), "prose": fill("It was the network. "),
		"empty": "", "ampersands": fill("&"), "short lines": fill("a\n\n"), "headings": fill("# a\n"),
		"apostrophes": fill("'"),
	} {
		for shape, state := range map[string]func() page.State{
			"many incidents": func() page.State { return crammed(t, text, 100, 3, 100) },
			"a long one":     func() page.State { return crammed(t, text, 1, 499, 3) },
		} {
			for kind, make := range map[string]func(v *visit.Visit) (string, []byte, error){
				"page": func(v *visit.Visit) (string, []byte, error) {
					return render("en", "page", s.pageView(v, false, time.Time{}))
				},
				"entry": func(v *visit.Visit) (string, []byte, error) {
					return renderEntry("en",
						func() (*entryView, error) { return s.incidentPart(v, &v.State.Incidents[0], 1) })
				},
				"feed": func(v *visit.Visit) (string, []byte, error) {
					body, err := marshal(newAtom(newFeed(v, "feed.atom")))
					return "application/atom+xml", body, err
				},
			} {
				racetest.Within(t, maxRender, kind+", "+shape+", "+name, func() func() {
					v := &visit.Visit{Page: relay.NewPage(state(), "e"), Path: "/status/acme", Ctx: someone()}
					return func() {
						mediaType, body, err := make(v)
						if err != nil {
							t.Fatal(err)
						}
						relay.NewDoc(mediaType, body)
					}
				})
			}
		}
	}
}

func TestALongTimelineHasPagesOnWhichEveryWordStandsOnce(t *testing.T) {
	state := crammed(t, strings.Repeat("word ", 3_900), 1, 40, 0)
	s := open(t, nil, state)
	in := &state.Incidents[0]
	path, pages := "/status/acme/incidents/"+in.ID, 0
	seen := map[string]int{}
	for path != "" {
		if pages++; pages > 50 {
			t.Fatal("there is no end")
		}
		res, body := s.get(t, path)
		if res.StatusCode != 200 {
			t.Fatalf("%s: %d", path, res.StatusCode)
		}
		for i := range in.Updates {
			first, _, _ := strings.Cut(in.Updates[i].Body, " ")
			seen[first] += strings.Count(body, "<p>"+first+" word")
		}
		next := ""
		for link := range strings.SplitSeq(body, `<a href="`) {
			address, rest, _ := strings.Cut(link, `"`)
			if strings.HasPrefix(rest, ` rel="next"`) {
				next = html.UnescapeString(address)
			}
		}
		path = next
	}
	for i := range in.Updates {
		first, _, _ := strings.Cut(in.Updates[i].Body, " ")
		if seen[first] != 1 {
			t.Errorf("update %s stands %d times", first, seen[first])
		}
	}
	if pages < 5 {
		t.Errorf("%d pages", pages)
	}
	if res, _ := s.get(t, "/status/acme/incidents/"+in.ID+"?page=99"); res.StatusCode != 404 {
		t.Errorf("a page that is not there: %d", res.StatusCode)
	}
	_, body := s.get(t, "/status/acme")
	if !strings.Contains(body, "older updates") {
		t.Error("the page does not say that there is more")
	}
}

func TestOneLongIncidentLeavesTheOthersTheirWords(t *testing.T) {
	s := begin(t, "acme", "Acme", ago(200))
	svc := s.service(ago(199), "", "API", "")
	s.open(ago(50), "Small", "It began with a small thing.", status.Degraded, svc)
	s.open(ago(40), "Large", strings.Repeat("Much was said. ", 1_300), status.Partial, svc)
	for i := range 60 {
		s.update(ago(30)+status.Time(i)*wire.Minute, s.state.Incidents[0].ID, status.Identified,
			strings.Repeat(fmt.Sprint("Step ", i, ". "), 1_500))
	}
	_, body := open(t, nil, s.state).get(t, "/status/acme")
	for _, words := range []string{"It began with a small thing.", "Step 59."} {
		if !strings.Contains(body, words) {
			t.Errorf("%q is not on the page", words)
		}
	}
	if len(body) > 400_000 {
		t.Errorf("the page has %d bytes", len(body))
	}
}
