package main_test

import (
	"bytes"
	"os"
	"testing"

	"statuspage/public/build/core"
)

// TestTheCoreIsNoLargerThanItWas in brotli: every admin's browser fetches it before the first decision.
func TestTheCoreIsNoLargerThanItWas(t *testing.T) {
	wasm := shipped(t)
	for _, name := range []string{"runtime.mallocgc", "page.Decide", "mgcsweep.go"} {
		if bytes.Contains(wasm, []byte(name)) {
			t.Errorf("it has the name %s, which nothing reads", name)
		}
	}
	n := 0
	if path, fresh := core.Current(".."); !fresh {
		n = len(core.Brotli(wasm))
	} else if packed, err := os.Stat(path + ".br"); err != nil { // it is wasm, packed: shipped looked
		t.Fatal(err)
	} else {
		n = int(packed.Size())
	}
	if n > core.MaxBrotli {
		t.Errorf("the core has %d bytes in brotli, over %d", n, core.MaxBrotli)
	} else {
		t.Logf("%d bytes in brotli", n)
	}
}
