// Package shared_test holds the line that keeps the browser's copy of the rules small.
package shared_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// cost says what one use of a package would add to the WebAssembly that every admin's browser downloads, starts and
// holds: brotli 11, measured beside a core of 508 KB. What a package brings along is counted with it, so the numbers do
// not add up; goroutines, the network and timers would not even work there.
var cost = map[string]string{
	"fmt":           "140 KB",
	"encoding/json": "260 KB",
	"reflect":       "10 KB",
	"os":            "70 KB",
	"time":          "74 KB",
	"net":           "264 KB",
	"net/http":      "1,546 KB",
	"database/sql":  "215 KB",
	"syscall":       "14 KB",
	"strconv":       "15 KB",
	"strings":       "13 KB",
	"errors":        "2 KB",
	"sort":          "6 KB",
}

// allowed is what the rules and the bridge may rest on, beside each other and Go's runtime.
var allowed = map[string]bool{
	"unsafe": true, "unicode/utf8": true, "runtime": true, "math/bits": true, "structs": true,
	"slices": true, "cmp": true, "iter": true, // 4 KB, where a list is sorted
}

const helpers = "statuspage/shared/page/pagetest" // for tests only, and imported by tests only

func TestTheBrowserDownloadsNothingButTheRules(t *testing.T) {
	core := deps(t, "-deps", "statuspage/wasm")
	if len(core) < 10 {
		t.Fatalf("the core has %d packages only: %v", len(core), core)
	}
	rules := map[string]bool{}
	for _, p := range deps(t, "statuspage/shared/...") {
		if p != helpers && p != "statuspage/shared" { // the latter is this test alone
			rules[p] = true
		}
	}
	if !rules["statuspage/shared/page"] || !rules["statuspage/shared/wire"] {
		t.Fatalf("not the rules: %v", rules)
	}
	seen := map[string]bool{}
	for p := range rules {
		for _, d := range deps(t, "-deps", p) {
			seen[d] = true
		}
	}
	for _, d := range core {
		seen[d] = true
	}
	for p := range seen {
		if p == helpers {
			t.Errorf("%s is for tests; the rules import it", p)
		} else if !ours(p) {
			t.Errorf("shared/ or wasm/ imports %s. Every admin's browser would download %s more. "+
				"Find the little that you need of it in shared/wire or shared/fault, or write it there.", p, price(p))
		}
	}
}

func ours(p string) bool {
	return allowed[p] || strings.HasPrefix(p, "internal/") || strings.HasPrefix(p, "statuspage/shared/") ||
		strings.HasPrefix(p, "statuspage/wasm")
}

func price(p string) string {
	if c, known := cost[p]; known {
		return c
	}
	return "what it costs (build it and look at the .br)"
}

// deps asks the Go tool, for the build that the browser gets.
func deps(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return strings.Fields(string(out))
}
