package racetest

import (
	"encoding/json"
	"html"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// quiet is the CPU that one measure takes on a quiet machine of two cores, such as the one on which the bounds were
// set.
const quiet = 2 * time.Millisecond

// tries is how often a piece of work may be tried until it is within its bound.
const tries = 6

// Within fails a test when a piece of work takes more CPU than limit on its own thread; goroutines that it starts do
// not count. ready prepares a try, which does not count either, and returns the work. A machine whose cores are shared
// with others is slower by the CPU's clock, too: a fixed measure is run beside each try, and the limit is wider by as
// much as the measure takes longer than on a quiet machine. The best of several tries counts.
func Within(t testing.TB, limit time.Duration, what string, ready func() func()) {
	t.Helper()
	var least, allowed time.Duration
	for range tries {
		work := ready()
		bound := time.Duration(float64(limit) * max(float64(Slower), pace()))
		took := spent(work)
		if allowed == 0 || took < least {
			least, allowed = took, bound
		}
		if took <= bound {
			break
		}
	}
	if least > allowed {
		t.Errorf("%s takes %v of CPU, more than %v", what, least, allowed)
	} else if testing.Verbose() {
		t.Logf("%s: %v of %v", what, least, allowed)
	}
}

// pace is by how many times this machine is slower at the moment than a quiet one: the best of three, since a
// collection of garbage may fall into one.
func pace() float64 {
	least := min(spent(measure), spent(measure), spent(measure))
	return float64(least) / float64(quiet)
}

// spent is how much CPU f takes on its own thread.
func spent(f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := clock()
	f()
	return clock() - began
}

// measure is a piece of work that is like rendering: it joins, escapes, sorts into maps and allocates.
func measure() {
	rows := map[string]string{}
	for i := range 2_000 {
		key := strconv.Itoa(i)
		rows[key] = html.EscapeString(strings.Repeat("a<b>&'", 20) + key)
	}
	text, err := json.Marshal(rows)
	if err != nil || len(text) == 0 {
		panic("the measure made nothing")
	}
}
