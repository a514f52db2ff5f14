package site

import (
	"encoding/xml"
	"strings"
	"testing"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func TestAServiceHasAPageOfItsOwn(t *testing.T) {
	story, ids := company(t)
	other := begin(t, "other", "Other", ago(24*50))
	theirs := other.service(ago(24*49), "", "Secret", "")
	st := open(t, nil, story.state, other.state)
	at := "/status/acme/services/" + ids["Website"]
	_, body := st.get(t, at)
	for _, words := range []string{
		"<title>Website – Acme Status</title>", "Website could not be reached", "Database upgrade", "Ninety days",
		"This quarter", "Twelve months", `href="` + at + `/feed.atom"`,
		`href="/status/acme/subscription/?service=` + ids["Website"] + `"`, `href="/status/acme/badge.svg?service=` +
			ids["Website"] + `"`, ">May 2026<", "Major Outage 31 minutes",
	} {
		if !strings.Contains(body, words) {
			t.Errorf("nothing says %q", words)
		}
	}
	for _, no := range []string{"Slow search results", "Log-in failed", ">April 2026<"} {
		if strings.Contains(body, no) {
			t.Errorf("it tells %q, which is about another service or time", no)
		}
	}
	for _, path := range []string{at + "x", "/status/acme/services/" + theirs, "/status/acme/services/" + theirs +
		"/feed.atom", "/status/acme/badge.svg?service=" + theirs,
		"/status/acme/history?service=" + theirs} {
		if res, body := st.get(t, path); res.StatusCode != 404 || strings.Contains(body, "Secret") {
			t.Errorf("%s answers %d", path, res.StatusCode)
		}
	}
	if _, front := st.get(t, "/status/acme"); !strings.Contains(front, `href="`+at+`"`) {
		t.Error("the page does not lead to it")
	}
}

func TestUptimeOfAServiceIsToldByMonthQuarterAndYear(t *testing.T) {
	s := begin(t, "acme", "Acme", ago(24*700))
	svc := s.service(ago(24*699), "", "API", "")
	st := open(t, nil, s.state)
	// Half of 1 October 2026, which is in this quarter; all of 1 February, which the state has let go of.
	october, february := moment(utc(today).AddDate(0, -1, -22)).DayNumber(), moment(utc(today).AddDate(0, -9, -22)).
		DayNumber()
	st.archive.days = map[string][]status.Tally{svc: {{Day: february, Major: int64(day)},
		{Day: october, Partial: int64(day)}}}
	_, body := st.get(t, "/status/acme/services/"+svc)
	for name, percent := range map[string]string{
		"This month": "100", "This quarter": "99.06", "This year": "99.54", "Twelve months": "99.58",
	} {
		if _, rest, found := strings.Cut(body, "<dt>"+name+"</dt><dd>"); !found ||
			!strings.HasPrefix(rest, percent+"%") {
			t.Errorf("%s: %.10s, want %s", name, rest, percent)
		}
	}
	for month, words := range map[string][2]string{"February 2026": {"Major Outage 1 day", "96.42%"},
		"October 2026": {"Partial Outage 1 day", "98.38%"}, "March 2026": {"No trouble", "100%"}} {
		_, line, _ := strings.Cut(body, ">"+month+"<")
		if line, _, _ = strings.Cut(line, "</tr>"); !strings.Contains(line, words[0]) ||
			!strings.Contains(line, words[1]) {
			t.Errorf("%s: %s", month, line)
		}
	}
}

func TestTheFeedsOfAServiceTellOfItAlone(t *testing.T) {
	story, ids := company(t)
	st := open(t, nil, story.state)
	at := "/status/acme/services/" + ids["E-mail"]
	_, body := st.get(t, at+"/feed.atom")
	var f struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Entries []struct {
			Title string `xml:"title"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(body), &f); err != nil {
		t.Fatal(err)
	}
	if f.ID != "urn:uuid:"+ids["E-mail"] || f.Title != "E-mail – Acme Status" || len(f.Entries) != 1 ||
		f.Entries[0].Title != "E-mail delivery to some providers is delayed" {
		t.Errorf("%+v", f)
	}
	if _, rss := st.get(t, at+"/feed.rss"); strings.Count(rss, "<item>") != 3 ||
		!strings.Contains(rss, st.url+at+"/feed.rss") {
		t.Errorf("RSS: %.600s", rss)
	}
}

func TestABadgeShowsOneServiceOrAGroup(t *testing.T) {
	story, ids := company(t)
	story.open(ago(1), "Slow", "", status.Degraded, ids["Search"])
	st := open(t, nil, story.state)
	for query, label := range map[string]string{
		"service=" + ids["Search"]: "Search: Degraded Performance", "service=" + ids["API"]: "API: Operational",
		"group=App":     "App: Degraded Performance",
		"group=Storage": "Storage: Operational", "group=App&label=Ours": "Ours: Degraded Performance",
	} {
		if _, body := st.get(t, "/status/acme/badge.svg?"+query); !strings.Contains(body, `aria-label="`+label+`"`) {
			t.Errorf("%s: %.200s", query, body)
		}
	}
	if res, _ := st.get(t, "/status/acme/badge.svg?group=Nobody"); res.StatusCode != 404 {
		t.Errorf("a group that is not there answers %d", res.StatusCode)
	}
}

func TestTheCalendarShowsTheWorstOfEachDayAndWhatDidIt(t *testing.T) {
	story, ids := company(t)
	st := open(t, nil, story.state)
	_, body := st.get(t, "/status/acme/history?month=2026-11")
	for _, words := range []string{
		`aria-label="7 November 2026: Major Outage, 1 incident"`,
		`aria-label="20 November 2026: Partial Outage, 1 incident"`, ">September 2026<",
		"<bdi>Mobile app</bdi> <span class=\"dim\">Partial Outage 18 minutes",
	} {
		if !strings.Contains(body, words) {
			t.Errorf("nothing says %q", words)
		}
	}
	_, one := st.get(t, "/status/acme/history?month=2026-11&service="+ids["Website"])
	if !strings.Contains(one, `aria-label="7 November 2026: Major Outage, 1 incident"`) ||
		strings.Contains(one, "20 November 2026: Partial") || strings.Contains(one, "Log-in failed") {
		t.Error("of one service the calendar tells of others, or not of it")
	}
	if !strings.Contains(one, `history?month=2026-10&amp;service=`+ids["Website"]) {
		t.Error("the way to the month before loses the service")
	}
}

func TestHistoryIsSearchedOverTwelveMonths(t *testing.T) {
	story, ids := company(t)
	st := open(t, nil, story.state)
	for query, want := range map[string][]string{
		"q=SLOW+search": {"Slow search results"}, "q=deploy+from&service=" +
			ids["Website"]: {"Website could not be reached"}, "q=read-only": {"Database upgrade"},
		"q=nothing+like+it": {"Nothing with “nothing like it” was found"}, "q=%25": {"Nothing with “%” was found"},
		"q=&service=": {"Log-in failed"},
	} {
		_, body := st.get(t, "/status/acme/history?"+query)
		for _, words := range want {
			if !strings.Contains(body, words) {
				t.Errorf("%s does not find %q", query, words)
			}
		}
		if strings.Contains(query, "q=SLOW") && strings.Contains(body, "Log-in failed") {
			t.Errorf("%s finds what has other words", query)
		}
	}
	if _, body := st.get(t, "/status/acme/history?q=%22%3E%3Cscript%3E"); strings.Contains(body, `"><script>`) {
		t.Error("what is looked for becomes part of the page")
	}
}

func TestAServiceOnAHostOfItsOwn(t *testing.T) {
	story, ids := company(t)
	host := "status.acme.example"
	story.do(today+wire.Minute, &page.EditPage{Hostname: &host})
	story.do(today+wire.Minute, &page.ProveHost{Hostname: host, Proved: true})
	st := open(t, func(d *Deps) { d.BaseURL = "https://status.example" }, story.state)
	res, body := st.get(t, "/services/"+ids["API"], "Host", host)
	if res.StatusCode != 200 || !strings.Contains(body, `href="/services/`+ids["API"]+`/feed.rss"`) ||
		strings.Contains(body, `href="/status/`) {
		t.Errorf("%d", res.StatusCode)
	}
}
