package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestCommandsThatNeedADatabaseMakeNone runs each where there is none, as who forgot DATABASE_URL does.
func TestCommandsThatNeedADatabaseMakeNone(t *testing.T) {
	for _, line := range []string{"token --org a --email b@c.example", "user create --org a --email b@c.example",
		"link --email b@c.example", "epoch", "backup copy.db",
		"org delete --slug a", "org restore --slug a", "org erase --slug a",
		"user remove-factors --email b@c.example"} {
		t.Run(line, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("DATABASE_URL", "")
			if err := os.Unsetenv("DATABASE_URL"); err != nil {
				t.Fatal(err)
			}
			parser, err := kong.New(&commands)
			if err != nil {
				t.Fatal(err)
			}
			run, err := parser.Parse(strings.Fields(line))
			if err != nil {
				t.Fatal(err)
			}
			run.BindTo(context.Background(), (*context.Context)(nil))
			if err := run.Run(); err == nil || !strings.Contains(err.Error(), "DATABASE_URL") ||
				!strings.Contains(err.Error(), "is not there") {
				t.Errorf("it says %v", err)
			}
			if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
				t.Errorf("it left %v, %v", left, err)
			}
		})
	}
}

// A path alone is no link: whoever reads it at a terminal is told what to do, and a script gets nothing but the path.
func TestWhoReadsAPathIsToldHowItBecomesALink(t *testing.T) {
	for _, x := range []struct {
		base     string
		terminal bool
		want     string
	}{
		{"", true, "Put the address of this installation before it, such as http://localhost:8080, or set BASE_URL.\n"},
		{"", false, ""},
		{"https://status.example", true, ""},
	} {
		if got := (&link{BaseURL: x.base}).completes(x.terminal); got != x.want {
			t.Errorf("%+v: it says %q", x, got)
		}
	}
}
