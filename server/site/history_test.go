package site

import (
	"fmt"
	"strings"
	"testing"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func TestAMonthThatIsInMemoryIsNotAskedFor(t *testing.T) {
	s := open(t, nil, allWell(t))
	_, body := s.get(t, "/status/acme/history?month=2026-09")
	if !strings.Contains(body, "Slow search results") || !strings.Contains(body, "Elevated API errors") ||
		strings.Contains(body, "Webhooks are late") {
		t.Error("September is not told as it was")
	}
	for _, link := range []string{`href="/status/acme/history?month=2026-08"`,
		`href="/status/acme/history?month=2026-10"`} {
		if !strings.Contains(body, link) {
			t.Errorf("no %s", link)
		}
	}
	if _, body := s.get(t, "/status/acme/history?month=2026-05"); !strings.Contains(body,
		"Nothing went wrong this month") || strings.Contains(body, "Older") {
		t.Error("the first month")
	}
	if s.archive.reads() != 0 {
		t.Errorf("the database was asked %d times", s.archive.reads())
	}
}

// busy is a page with more closed incidents than its state keeps; old ones are what it dropped.
func busy(t *testing.T) (state page.State, old []status.Incident) {
	s := begin(t, "busy", "Busy", ago(24*200))
	svc := s.service(ago(24*199), "", "API", "")
	for i := range page.KeepClosed + 60 {
		at := ago(24*80) + status.Time(i)*wire.Hour
		in := s.open(at, fmt.Sprintf("Incident %03d", i), "", status.Degraded, svc)
		s.update(at+10*wire.Minute, in, status.Resolved, fmt.Sprintf("Fixed %03d", i))
		if got, there := s.state.Incident(in); there && i < 60 {
			old = append([]status.Incident{*got}, old...)
		}
	}
	return s.state, old
}

func TestWhatTheStateDroppedComesFromTheDatabaseInPages(t *testing.T) {
	state, old := busy(t)
	s := open(t, nil, state)
	s.archive.mu.Lock()
	s.archive.incidents = append(append([]status.Incident{}, state.Incidents...), old...)
	s.archive.mu.Unlock()
	if len(state.Incidents) != page.KeepClosed || len(old) != 60 {
		t.Fatalf("%d kept, %d old", len(state.Incidents), len(old))
	}
	seen := map[string]int{}
	path := "/status/busy/history?month=2026-09"
	for n := 0; path != "" && n < 10; n++ {
		_, body := s.get(t, path)
		for i := range 160 {
			seen[fmt.Sprintf("Fixed %03d", i)] += strings.Count(body, fmt.Sprintf("Fixed %03d", i))
		}
		path = ""
		if i := strings.Index(body, "Earlier in the month"); i > 0 {
			link := body[:i]
			link = link[strings.LastIndex(link, `href="`)+6:]
			path = strings.ReplaceAll(link[:strings.IndexByte(link, '"')], "&amp;", "&")
		}
	}
	if s.archive.reads() == 0 {
		t.Error("the database was not asked")
	}
	if before := s.archive.reads(); before > 0 {
		s.get(t, "/status/busy/history?month=2026-09")
		if s.archive.reads() != before {
			t.Error("a page that was made already was read again")
		}
	}
	// The story began on 4 September, one incident an hour; all of it fits into the month.
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%s stands %d times", name, n)
		}
	}
	if len(seen) != 160 {
		t.Errorf("%d incidents", len(seen))
	}
	if _, body := s.get(t, "/status/busy/incidents/"+old[5].ID); !strings.Contains(body, old[5].Title) {
		t.Error("an old incident has no page")
	}
}
