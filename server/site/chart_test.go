package site

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"statuspage/server/lang"
	"statuspage/server/store"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// measures are what monitors measured of a service, of each when none is named: every hour of a day in two regions, of
// which one is slow, and at night it fails.
type measures struct{ of string }

func (m measures) Shown(_ context.Context, orgID, service, of string, now status.Time) ([]Shown, error) {
	if m.of != "" && service != m.of {
		return nil, nil
	}
	one := Shown{Name: "Checkout <b>", State: status.MonitorUp}
	for at := now - now%wire.Hour - 23*wire.Hour; at <= now; at += wire.Hour {
		failed := int64(0)
		if at%wire.Day < 4*wire.Hour {
			failed = 12
		}
		one.Buckets = append(one.Buckets,
			store.Measured{At: at, Region: "fra", Count: 12, Failed: failed, Min: 20, P50: 40, P95: 60, Max: 90},
			store.Measured{At: at, Region: "iad", Count: 36, Failed: failed, Min: 70, P50: 80, P95: 99, Max: 120})
	}
	return []Shown{one}, nil
}

// TestAServicesPageShowsItsResponseTimes to everybody who may see the page, drawn and as values, in every range.
func TestAServicesPageShowsItsResponseTimes(t *testing.T) {
	story, ids := company(t)
	st := open(t, func(d *Deps) { d.Measures = measures{ids["Website"]} }, story.state)
	at := "/status/acme/services/" + ids["Website"]
	_, body := st.get(t, at)
	for _, words := range []string{
		`<h2 id="times-h">Response time</h2>`, `<h3 dir="auto">Checkout &lt;b&gt;</h3>`,
		`href="` + at + `?range=7d#times"`,
		`range=24h#times" aria-current="true">24 hours</a>`, "of 1152 checks failed",
		"<td>48</td><td>0</td><td>20 ms</td>",
		`<p class="dim">99 ms</p>`, `class="line" d="M`, `class="failed" d="M`,
	} {
		if !strings.Contains(body, words) {
			t.Errorf("nothing says %q", words)
		}
	}
	if n := strings.Count(body, `<th scope="row"><time`); n < 24 || n > 27 {
		t.Errorf("%d rows of values", n)
	}
	for _, of := range []string{"7d", "30d", "90d"} {
		if _, body := st.get(t, at+"?range="+of); !strings.Contains(body, `range=`+of+`#times" aria-current="true"`) {
			t.Errorf("%s is not shown", of)
		}
	}
	if _, body := st.get(t, at+"?range=nonsense"); !strings.Contains(body, `range=24h#times" aria-current="true"`) {
		t.Error("what is no range is not a day")
	}
	if _, body := st.get(t, "/status/acme/services/"+ids["API"]); strings.Contains(body, `id="times"`) {
		t.Error("a service without a monitor that is shown has response times")
	}
}

// TestResponseTimesAreToldInEveryLanguage looks for words of theirs that the catalogue has not.
func TestResponseTimesAreToldInEveryLanguage(t *testing.T) {
	story, ids := company(t)
	st := open(t, func(d *Deps) { d.Measures = measures{ids["Website"]} }, story.state)
	_, body := st.get(t, "/status/acme/services/"+ids["Website"])
	_, rest, _ := strings.Cut(body, `<section id="times"`)
	section, _, _ := strings.Cut(rest, "</section>")
	lang.Document("de", []byte(`<section id="times"`+section),
		func(words string) { t.Errorf("%q is in no catalogue", words) })
	for tag, want := range map[string]string{"de": "Antwortzeit", "ar": "زمن الاستجابة", "ja": "応答時間"} {
		if words := string(lang.Document(tag, []byte(`<section id="times"`+section), nil)); !strings.Contains(words,
			want) {
			t.Errorf("in %s nothing says %s", tag, want)
		}
	}
}

// TestRegionsGoTogetherByWhatTheyAnswered: a median counts for as many answers as it stands for, and failures for none.
func TestRegionsGoTogetherByWhatTheyAnswered(t *testing.T) {
	got := together([]store.Measured{
		{At: 0, Region: "fra", Count: 10, Failed: 10}, {At: 0, Region: "iad", Count: 30, Min: 5, P50: 10, P95: 20,
			Max: 30},
		{At: 0, Region: "sin", Count: 10, Min: 1, P50: 50, P95: 60, Max: 70},
		{At: 300_000, Region: "fra", Count: 1, Failed: 1},
	}, 300_000)
	want := []store.Measured{{Count: 50, Failed: 10, Min: 1, P50: 20, P95: 60, Max: 70},
		{At: 300_000, Count: 1, Failed: 1}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v", got)
	}
	gap := newChart(&Shown{Buckets: []store.Measured{{At: wire.Day, Count: 1, P50: 9, P95: 9},
		{At: wire.Day + 9*wire.Hour,
			Count: 1, P50: 9, P95: 9}}}, chartRanges[0], wire.Day+10*wire.Hour)
	if strings.Count(gap.Line, "M") != 2 {
		t.Errorf("no gap in %s", gap.Line)
	}
	none := newChart(&Shown{}, chartRanges[0], wire.Day)
	if none.Line != "" || none.Summary() != "Nothing was measured in this time." {
		t.Errorf("%+v", none)
	}
}

// TestABadgeSaysHowQuicklyAServiceAnswers, and of another organisation's nothing.
func TestABadgeSaysHowQuicklyAServiceAnswers(t *testing.T) {
	story, ids := company(t)
	other := begin(t, "other", "Other", ago(24*50))
	theirs := other.service(ago(24*49), "", "Secret", "")
	st := open(t, func(d *Deps) { d.Measures = measures{ids["Website"]} }, story.state, other.state)
	for path, want := range map[string]string{ids["Website"]: "Website: 70 ms", ids["API"]: "API: no data",
		ids["Website"] + "&label=Shop": "Shop: 70 ms"} {
		if _, body := st.get(t, "/status/acme/badge.svg?show=time&service="+path); !strings.Contains(body,
			`aria-label="`+want+`"`) {
			t.Errorf("%s: %s", want, body)
		}
	}
	if res, _ := st.get(t, "/status/acme/badge.svg?show=time&service="+theirs); res.StatusCode != 404 {
		t.Errorf("another organisation's service: %d", res.StatusCode)
	}
}
