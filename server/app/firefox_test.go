package app_test

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"statuspage/server/racetest"
)

// TestFirefoxIsLiveAndKeepsWhatIsWrittenWithoutANetwork: the page shows an incident that was opened with the keyboard
// without being loaded again, and the dashboard starts without a network, keeps what is written and sends it after.
func TestFirefoxIsLiveAndKeepsWhatIsWrittenWithoutANetwork(t *testing.T) {
	racetest.Outside(t, "a browser")
	firefox, err := exec.LookPath("firefox-esr")
	if err != nil {
		t.Skip("needs Debian's firefox-esr: make tools")
	}
	packages(t)
	c, admin := house(t)
	line := layCable(t, c.addr)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	// #nosec G204 -- the program that was found, and our own words
	run := exec.CommandContext(ctx, "node", filepath.Join("testdata", "firefox", "main.js"), firefox, line.url(),
		c.slug, admin, password)
	var said strings.Builder
	run.Stderr = &said
	steps, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	var titles []string
	for each := bufio.NewScanner(steps); each.Scan(); {
		switch each.Text() {
		case "cut":
			line.cut()
		case "plug":
			titles = c.stands("incidents")
			line.plug()
		case "done":
			titles = append(titles, c.stands("incidents")...)
		}
		if _, err := io.WriteString(answer, "\n"); err != nil {
			t.Error(err)
		}
	}
	if err := run.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	// What was there before the network came back, then all.
	const want = "Checkout fails for some, In a tunnel, Checkout fails for some"
	if got := strings.Join(titles, ", "); got != want {
		t.Errorf("the server had %q, want %q", got, want)
	}
}
