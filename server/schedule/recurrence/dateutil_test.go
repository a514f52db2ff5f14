package recurrence

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"statuspage/shared/status"
)

// testdata/make.py says how the table was made.
func TestRulesComeWhenPythonsDateutilSaysTheyDo(t *testing.T) {
	raw, err := os.ReadFile("testdata/dateutil.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Rule, Zone, Start string
		Times             []string
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 60 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		r := Rule{RRule: c.Rule, Zone: c.Zone, Start: c.Start}
		var bad status.Checks
		if r.Check(&bad); bad.Err() != nil {
			t.Errorf("%s: %v", c.Rule, bad.Err())
			continue
		}
		var got []string
		for _, at := range r.After(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), len(c.Times)+5) {
			got = append(got, at.Format("2006-01-02T15:04Z"))
		}
		if strings.Join(got, " ") != strings.Join(c.Times, " ") {
			t.Errorf("%s from %s in %s:\n got %v\nwant %v", c.Rule, c.Start, c.Zone, got, c.Times)
		}
	}
}

func TestARuleSaysNothingOfItsStart(t *testing.T) {
	for _, rule := range []string{"FREQ=DAILY;DTSTART=20300101T000000Z", "freq=daily;dtstart=20300101",
		"FREQ=DAILY;UNTIL=tomorrow", "FREQ=DAILY;UNTIL=20261301", "FREQ=DAILY;UNTIL=20261201T250000Z",
		"FREQ=DAILY;UNTIL=20261201T10Z", "FREQ=DAILY;UNTIL=20261201Z"} {
		r := Rule{RRule: rule, Zone: "Europe/Paris", Start: "2026-01-31T22:00"}
		var c status.Checks
		r.Check(&c)
		if err := c.Err(); err == nil || err.Fields[0].Name != "rrule" {
			t.Errorf("%s: %v", rule, err)
		}
	}
}
