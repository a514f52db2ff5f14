package statuspagev2

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// Whoever changes these breaks every client's bookmarks.
func TestAnIDIsTheSameForEver(t *testing.T) {
	for key, want := range map[string]string{
		"0197a1de-3c00-7000-8000-000000000001":            "ljfzffn8hpw8",
		"0197a1de-3c00-7000-8000-000000000001/group/Core": "ratccsbbgwc7",
	} {
		if got := shortID(key); got != want {
			t.Errorf("%s is %q, it was %q", key, got, want)
		}
	}
}

func TestIDsOfManyObjectsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 200_000 {
		id := shortID(uuid.NewString())
		if seen[id] {
			t.Fatalf("%s twice", id)
		}
		seen[id] = true
	}
}

func TestTheYoungerOfTwoObjectsWithOneHashIsNamedAgain(t *testing.T) {
	s := &page.State{Org: page.Org{ID: "org"}, Incidents: []status.Incident{{ID: "newest"}, {ID: "older"},
		{ID: "oldest"}}}
	same := func(key string) string { return strings.Repeat("x", 1+strings.Count(key, "+")) }
	n := newNaming(s, same)
	if n["org"] != "x" || n["oldest"] != "xx" || n["older"] != "xxx" || n["newest"] != "xxxx" {
		t.Errorf("named %v", n)
	}
	s.Incidents = s.Incidents[1:]
	if again := newNaming(s, same); again["oldest"] != n["oldest"] || again["older"] != n["older"] {
		t.Errorf("without the newest they are %v", again)
	}
}
