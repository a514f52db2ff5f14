package page_test

import (
	"strings"
	"sync"
	"testing"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// styled decides a body of PATCH organization on a new page.
func styled(t *testing.T, s page.State, body string) (page.State, string) {
	t.Helper()
	c := &page.EditPage{}
	if err := wire.UnmarshalStrict([]byte(body), c); err != nil {
		return s, err.Message
	}
	events, err := page.Decide(s, c, s.At+1)
	if err != nil {
		return s, err.Fields[0].Name + ": " + err.Message
	}
	for i := range events {
		s = page.Evolve(s, &events[i])
	}
	return s, ""
}

func newPage(t *testing.T) page.State {
	t.Helper()
	event, err := page.Create("0197a1de-3c00-7000-8000-000000000001", "acme", "Acme", status.Time(1_800_000_000_000))
	if err != nil {
		t.Fatal(err)
	}
	return page.Evolve(page.State{}, &event)
}

func TestAStyleIsRefusedWithASentenceAboutItsField(t *testing.T) {
	long := strings.Repeat("x", 501)
	for body, want := range map[string]string{
		`{"language":"tlh"}`:             "language: language must be one of en,",
		`{"languages":["de","de"]}`:      "languages[1]: de is in languages twice.",
		`{"languages":["de"]}`:           "languages: languages must have the page's own language, en.",
		`{"theme":"pink"}`:               "theme: theme must be one of auto, light or dark.",
		`{"look":"loud"}`:                "look: look must be one of",
		`{"density":"huge"}`:             "density: density must be one of",
		`{"header_text":"` + long + `"}`: "header_text: header_text may have 500 characters at most.",
		`{"links":[{"name":"x","url":"javascript:alert(1)","place":"head"}]}`: "links[0].url: links[0].url must " +
			"start with",
		`{"links":[{"name":"","url":"https://a.example","place":"head"}]}`: "links[0].name: links[0].name must " +
			"not be empty.",
		`{"links":[{"name":"x","url":"https://a.example","place":"middle"}]}`: "links[0].place: links[0].place must " +
			"be one of head or foot.",
		`{"links":[` + strings.Repeat(`{"name":"x","url":"https://a.example","place":"head"},`,
			10) + `{"name":"x","url":"https://a.example","place":"head"}]}`: "links: A page may have 10 links at most.",
		`{"favicon":"../../etc/passwd"}`: "favicon: favicon must name a picture",
		`{"access":{"kind":"friends"}}`:  "access.kind: access.kind must be one of",
	} {
		if _, got := styled(t, newPage(t), body); !strings.HasPrefix(got, want) {
			t.Errorf("%.60s: %q", body, got)
		}
	}
}

func TestAStyleIsKeptAndTheUsualIsTold(t *testing.T) {
	s := newPage(t)
	text := string(wire.Marshal(&s.Org))
	for _, want := range []string{`"language":"en"`, `"languages":[]`, `"theme":"auto"`, `"look":"plain"`,
		`"density":"comfortable"`, `"links":[]`, `"indexing":true`, `"access":{"kind":"public"}`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	s, no := styled(t, s,
		`{"language":"de","languages":["de","en"],"theme":"dark","look":"soft","density":"compact","indexing":false,
		"header_text":"We build rockets","links":[{"name":"Shop","url":"https://shop.example","place":"head"}]}`)
	if no != "" {
		t.Fatal(no)
	}
	var again page.Org
	if err := wire.Unmarshal(wire.Marshal(&s.Org), &again); err != nil {
		t.Fatal(err)
	}
	if string(wire.Marshal(&again)) != string(wire.Marshal(&s.Org)) || !again.Style.Hidden ||
		again.Style.Links[0].Name != "Shop" || again.Style.Theme != "dark" {
		t.Errorf("%+v", again.Style)
	}
	if next, no := styled(t, s,
		`{"theme":"dark","links":[{"name":"Shop","url":"https://shop.example","place":"head"}]}`); no != "" ||
		next.Seq != s.Seq {
		t.Errorf("what changes nothing is an event: %d, %q", next.Seq, no)
	}
	if next, no := styled(t, s, `{"theme":"auto","links":[],"indexing":true}`); no != "" ||
		next.Org.Style.Theme != "" || len(next.Org.Style.Links) != 0 || next.Org.Style.Hidden {
		t.Errorf("%+v %q", next.Org.Style, no)
	}
}

// What was written by a version that knew none of it reads as the usual.
func TestAnOldPageIsPublicAndMayBeFound(t *testing.T) {
	var org page.Org
	if err := wire.Unmarshal([]byte(`{"id":"0197a1de-3c00-7000-8000-000000000001","slug":"acme","name":"Acme"}`),
		&org); err != nil {
		t.Fatal(err)
	}
	if org.Style.Hidden || !org.Access.Public() || org.Style.Language != "" {
		t.Errorf("%+v", org)
	}
}

// TestWritingAPageChangesNothingOfIt: the same state is written by many at once, and read meanwhile (-race tells).
func TestWritingAPageChangesNothingOfIt(t *testing.T) {
	s, no := styled(t, newPage(t),
		`{"indexing":false,"theme":"dark","links":[{"name":"Help","url":"https://x.example/","place":"foot"}]}`)
	if no != "" {
		t.Fatal(no)
	}
	var all sync.WaitGroup
	texts := make([]string, 4)
	for i := range texts {
		all.Go(func() { texts[i] = string(wire.Marshal(&s)) })
	}
	all.Wait()
	for _, text := range texts {
		if text != texts[0] || !strings.Contains(text, `"indexing":false`) {
			t.Error(text)
		}
	}
}
