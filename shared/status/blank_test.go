package status_test

import (
	"strings"
	"testing"

	"statuspage/shared/status"
)

func TestBlanksAreFoundOnceEachAndFilled(t *testing.T) {
	for _, c := range []struct{ text, names, filled string }{
		{"{{service}} is down", "service", "<service> is down"},
		{"{{ service }} and {{region}} and {{service}}", "service region", "<service> and <region> and <service>"},
		{"{{größe-1_a}}{{x}}", "größe-1_a x", "<größe-1_a><x>"},
		{"{{}} {{ }} {{a.b}} {{a {b}} {a} }}{{", "", "{{}} {{ }} {{a.b}} {{a {b}} {a} }}{{"},
		{"{{{x}}}", "x", "{<x>}"},
		{"{{" + strings.Repeat("x", 60) + "}}", "", "{{" + strings.Repeat("x", 60) + "}}"},
		{"", "", ""},
	} {
		if got := strings.Join(status.Blanks(c.text), " "); got != c.names {
			t.Errorf("%q has %q, want %q", c.text, got, c.names)
		}
		got := status.Filled(c.text, func(name string) (string, bool) { return "<" + name + ">", true })
		if got != c.filled {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.filled)
		}
		if kept := status.Filled(c.text, func(string) (string, bool) { return "", false }); kept != c.text {
			t.Errorf("%q without values becomes %q", c.text, kept)
		}
	}
}
