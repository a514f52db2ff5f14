package racetest

import "testing"

// Plain leaves a test to the run without the race detector, and says why: it has nothing to find in what the test
// does, and makes it several times as long. .ci/unit reads these words in the record of the first run, and runs the
// tests that said them, each whole, in a second one. Since such a test takes long, -short leaves it out.
func Plain(t testing.TB, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long: " + why)
	}
	if Slower > 1 {
		t.Skip(words + why)
	}
}

// Alone is Plain for a test that measures time, memory or allocations: .ci/unit runs it when everything else is done,
// with no other test beside it.
func Alone(t testing.TB, what string) {
	t.Helper()
	Plain(t, alone+what)
}

// Outside is Plain for a test of another program, such as a browser: -short leaves it out altogether.
func Outside(t testing.TB, what string) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs " + what)
	}
	Plain(t, "most of it is "+what)
}

// Long leaves a test out of -short: it waits for seconds, for pauses that are part of what it proves. All other runs
// have it.
func Long(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long: it waits")
	}
}

// Sample tells a test that the race detector is to see a part of it only; the second run has all of it.
func Sample(t testing.TB) bool {
	t.Helper()
	if Slower > 1 {
		t.Log(words + "all of it")
	}
	return Slower > 1
}

const (
	words = "runs without the race detector: "
	alone = "by itself, since it measures "
)
