package main_test

import (
	"testing"

	"statuspage/public/build/core"
)

// TestTheCoreIsNoLargerThanItWas in brotli: every admin's browser fetches it before the first decision.
func TestTheCoreIsNoLargerThanItWas(t *testing.T) {
	if n := len(core.Brotli(shipped(t))); n > core.MaxBrotli {
		t.Errorf("the core has %d bytes in brotli, over %d", n, core.MaxBrotli)
	} else {
		t.Logf("%d bytes in brotli", n)
	}
}
