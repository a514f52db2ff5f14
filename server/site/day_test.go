package site

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// past is the part of a page that tells what is over.
func past(body string) string {
	_, rest, _ := strings.Cut(body, `<ol class="days"`)
	out, _, _ := strings.Cut(rest, `</ol>`)
	return out
}

// under is the heading of the day on which a title stands.
func under(t *testing.T, body, title string) string {
	t.Helper()
	before, _, found := strings.Cut(past(body), ">"+title+"<")
	if !found {
		t.Fatalf("%q is not in the past", title)
	}
	heading, _, _ := strings.Cut(before[strings.LastIndex(before, "<h3 "):], "</h3>")
	heading, _, _ = strings.Cut(heading[strings.LastIndex(heading, `">`)+2:], "<")
	return heading
}

func TestALongIncidentStaysInViewFromItsEnd(t *testing.T) {
	s := begin(t, "acme", "Acme", ago(24*200))
	svc := s.service(ago(24*199), "", "API", "")
	long := s.open(ago(24*40), "Forty days", "Slow.", status.Degraded, svc)
	window := s.plan(ago(24*29), ago(24*28), ago(3), "Long work", "", svc)
	s.do(ago(24*28), &page.EditMaintenance{ID: window, UpdateID: s.id(), Status: ptr(string(status.InProgress))})
	s.update(ago(24*14+6), long, status.Resolved, "Fast.")
	s.do(ago(24*2), &page.EditMaintenance{ID: window, UpdateID: s.id(), Status: ptr(string(status.Completed))})
	st := open(t, nil, s.state)
	_, body := st.get(t, "/status/acme")
	if got := under(t, body, "Forty days"); got != "9 November 2026" {
		t.Errorf("it stands under %q", got)
	}
	if got := under(t, body, "Long work"); got != "21 November 2026" {
		t.Errorf("the window stands under %q", got)
	}
	if !strings.Contains(past(body), "after 25 days 18 hours") ||
		!strings.Contains(past(body), "14 Oct 2026, 11:48 UTC") {
		t.Errorf("it is not told since when: %s", past(body))
	}
	// Days on which something went on are not told as quiet.
	if got := strings.Count(past(body), "No incidents."); got != 1 ||
		!strings.Contains(past(body), `22</time> – <time`) {
		t.Errorf("%d quiet lines: %s", got, past(body))
	}
	// It was there in each of these months.
	for month, heading := range map[string]string{"2026-10": "31 October 2026", "2026-11": "9 November 2026"} {
		_, body := st.get(t, "/status/acme/history?month="+month)
		if got := under(t, body, "Forty days"); got != heading {
			t.Errorf("%s: it stands under %q", month, got)
		}
	}
	if _, body := st.get(t, "/status/acme/history?month=2026-09"); strings.Contains(body, "Forty days") {
		t.Error("it stands in a month before it began")
	}

	// A post-mortem brings it back, a corrected text does not.
	learnt := "It was the cache."
	later := today + 20*day
	st.now.Store(int64(later))
	st.put(s.state)
	if _, body := st.get(t, "/status/acme"); strings.Contains(past(body), "Forty days") {
		t.Error("it stays for longer than the days of the page")
	}
	s.do(later-wire.Hour, &page.EditIncident{ID: long, Postmortem: &learnt})
	st.put(s.state)
	if _, body := st.get(t, "/status/acme"); under(t, body, "Forty days") != "9 November 2026" {
		t.Error("a post-mortem does not bring it back")
	}
}

func TestDaysAndTimesAreThoseOfTheOrganisation(t *testing.T) {
	s := begin(t, "acme", "Acme", ago(24*200))
	svc := s.service(ago(24*199), "", "API", "")
	zone := "America/Los_Angeles"
	s.do(ago(24*198), &page.EditPage{TimeZone: &zone})
	// 21:28 of the 20th there, the 21st in UTC.
	begun := moment(time.Date(2026, 11, 21, 5, 28, 0, 0, time.UTC))
	in := s.open(begun, "Late in the evening", "", status.Partial, svc)
	s.update(begun+wire.Hour, in, status.Resolved, "Done.")
	st := open(t, nil, s.state)
	_, body := st.get(t, "/status/acme")
	if got := under(t, body, "Late in the evening"); got != "20 November 2026" {
		t.Errorf("it stands under %q", got)
	}
	if !strings.Contains(past(body), "22:28</time> after 1 hour") || !strings.Contains(past(body), "21:28 PST</time>") {
		t.Errorf("its times: %s", past(body))
	}
	if !strings.Contains(body, "Times are in America/Los_Angeles, and so are the days of incidents.") ||
		!strings.Contains(body, "go by days from midnight UTC") {
		t.Error("the page does not say whose days these are")
	}
	_, body = st.get(t, "/status/acme/history")
	if got := under(t, body, "Late in the evening"); got != "20 November 2026" {
		t.Errorf("in the history it stands under %q", got)
	}
}

func TestAMonthIsThatOfTheOrganisation(t *testing.T) {
	s := begin(t, "acme", "Acme", ago(24*200))
	svc := s.service(ago(24*199), "", "API", "")
	zone := "Pacific/Auckland"
	s.do(ago(24*198), &page.EditPage{TimeZone: &zone})
	begun := moment(time.Date(2026, 10, 31, 15, 0, 0, 0, time.UTC)) // 4 in the morning of the first of November there
	in := s.open(begun, "First of the month", "", status.Partial, svc)
	s.update(begun+wire.Hour, in, status.Resolved, "Done.")
	st := open(t, nil, s.state)
	if _, body := st.get(t, "/status/acme/history?month=2026-11"); under(t, body,
		"First of the month") != "1 November 2026" {
		t.Error("it is not in November")
	}
	if _, body := st.get(t, "/status/acme/history?month=2026-10"); strings.Contains(past(body), "First of the month") {
		t.Error("it is in October, too")
	}
}

func TestTheDaysOfAClockThatJumpsOverMidnight(t *testing.T) {
	where, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	c := clock{where} // on 4 November 2018 the day began at one
	d := moment(time.Date(2018, 11, 4, 12, 0, 0, 0, time.UTC)).DayNumber()
	if got := c.in(c.midnight(d)).Format("2 15:04"); got != "4 01:00" {
		t.Errorf("it begins at %s", got)
	}
	if got := c.abbreviation(c.midnight(d)); got != "UTC-02" {
		t.Errorf("the zone is called %q", got)
	}
}

func TestWhatIsOverTellsItsWorstAndDoesNotLookOpen(t *testing.T) {
	s, services := company(t)
	in := s.open(ago(6), "Two things down", "We look.", status.Major, services["API"], services["Search"])
	s.do(ago(5), &page.UpdateIncident{ID: in, UpdateID: s.id(), Body: "Both are better.", Services: []page.Move{
		{ID: services["Search"], To: status.Operational}, {ID: services["API"], To: status.Operational}}})
	s.update(ago(4), in, status.Resolved, "All good.")
	plain := s.open(ago(3), "Another", "", status.Partial, services["Search"])
	s.update(ago(2), plain, status.Resolved, "All good.")
	st := open(t, nil, s.state)
	_, whole := st.get(t, "/status/acme/incidents/"+in)
	if n := strings.Count(whole, "was Major Outage"); n != 2 ||
		strings.Contains(whole, `<span class="dim">Operational`) {
		t.Errorf("%d services are told as what they were", n)
	}
	if strings.Contains(whole, `<article class="whole" id="i-`+in+`" data-state="major_outage"`) {
		t.Error("it looks as if it were open")
	}
	_, other := st.get(t, "/status/acme/incidents/"+plain)
	if !strings.Contains(other, "was Partial Outage") || strings.Contains(other, `<li data-state="partial_outage">`) {
		t.Error("one without a recovery looks as if it were open")
	}
	_, front := st.get(t, "/status/acme")
	for title, was := range map[string]string{"Two things down": "was Major Outage", "Another": "was Partial Outage"} {
		_, item, _ := strings.Cut(past(front), ">"+title+"<")
		if item, _, _ = strings.Cut(item, "</article>"); !strings.Contains(item, was) {
			t.Errorf("%s: %s", title, item)
		}
	}
}

func TestTheDaysAreTheVisitorsWhereScriptsRun(t *testing.T) {
	s := begin(t, "acme", "Acme", ago(24*200))
	svc := s.service(ago(24*199), "", "API", "")
	zone := "Europe/Berlin"
	s.do(ago(24*198), &page.EditPage{TimeZone: &zone})
	begun := moment(time.Date(2026, 11, 21, 5, 28, 0, 0, time.UTC))
	in := s.open(begun, "Late in the evening", "", status.Partial, svc)
	s.update(begun+wire.Hour, in, status.Resolved, "Done.")
	st := open(t, nil, s.state)
	for _, c := range []struct{ zone, heading, times string }{
		{"America/Los_Angeles", "20 November 2026", "10:28 PM"}, {"Asia/Tokyo", "21 November 2026", "3:28 PM"},
		{"Pacific/Kiritimati", "21 November 2026", "8:28 PM"},
	} {
		b := browse(t)
		b.zone(c.zone)
		b.visit(st.url + "/status/acme")
		b.ready()
		const item = `document.querySelector("#past article")`
		if got := eval[string](b, item+`.closest("li").querySelector("h3").textContent`); got != c.heading {
			t.Errorf("%s: it stands under %q", c.zone, got)
		}
		if got := eval[string](b,
			item+`.querySelector(".facts").textContent.replaceAll("\u202f", " ").toUpperCase()`); !strings.Contains(got,
			c.times) {
			t.Errorf("%s: %q", c.zone, got)
		}
		if got := eval[string](b, `document.getElementById("zone").textContent`); got != fmt.Sprintf(
			"Times are in your zone, %s, and so are the days of incidents.", c.zone) {
			t.Errorf("%s: %q", c.zone, got)
		}
		b.clean("WebSocket") // there is none here
	}
}
