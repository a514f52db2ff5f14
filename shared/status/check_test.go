package status_test

import (
	"strings"
	"testing"

	"statuspage/shared/fault"
	"statuspage/shared/status"
)

func TestTextIsRefusedByLengthBlanknessAndControlCharacters(t *testing.T) {
	line, text := false, true
	for _, c := range []struct {
		name   string
		breaks bool
		in     string
		limit  int
		needed bool
		want   string // "" is accepted
	}{
		{"plain", line, "Payments fail", 20, true, ""},
		{"empty, when it may be", line, "", 20, false, ""},
		{"empty, when it may not", line, "", 20, true, "f must not be empty."},
		{"spaces only", line, " \u00a0\u3000\u2003", 20, true, "f must not be empty."},
		{"breaks only", text, "\n\t\r", 20, true, "f must not be empty."},
		{"zero width only", line, "\u200b\ufeff", 20, true, "f must not be empty."},
		{"exactly the limit", line, strings.Repeat("x", 20), 20, true, ""},
		{"one over", line, strings.Repeat("x", 21), 20, true, "f may have 20 characters at most."},
		{"characters, not bytes", line, strings.Repeat("€", 20), 20, true, ""},
		{"characters beyond the basic plane", line, strings.Repeat("🚒", 21), 20, true,
			"f may have 20 characters at most."},
		{"a break in a line", line, "a\nb", 20, true, "f must not contain control characters."},
		{"a tab in a line", line, "a\tb", 20, true, "f must not contain control characters."},
		{"a break in a text", text, "a\r\n\tb", 20, true, ""},
		{"null", text, "a\x00b", 20, true, "f must not contain control characters."},
		{"escape", text, "a\x1b[31mb", 20, true, "f must not contain control characters."},
		{"delete", text, "a\x7fb", 20, true, "f must not contain control characters."},
		{"a C1 control", text, "a\u0085b", 20, true, "f must not contain control characters."},
		{"the last C1 control", text, "a\u009fb", 20, true, "f must not contain control characters."},
		{"a no-break space is none", line, "a\u00a0b", 20, true, ""},
		{"a bidirectional override", text, "a\u202eb", 20, true, "f must not contain control characters."},
		{"a bidirectional isolate", text, "a\u2066b", 20, true, "f must not contain control characters."},
		{"right to left words", line, "שלום", 20, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var list status.Checks
			if c.breaks {
				list.Text("f", c.in, c.limit, c.needed)
			} else {
				list.Line("f", c.in, c.limit, c.needed)
			}
			err := list.Err()
			if c.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil {
				t.Fatalf("accepted, want %q", c.want)
			}
			if err.Code != fault.Invalid || err.Message != c.want || len(err.Fields) != 1 ||
				err.Fields[0] != (fault.Field{Name: "f", Message: c.want}) {
				t.Errorf("refused as %+v, want %q", err, c.want)
			}
		})
	}
}

func TestEveryWrongFieldIsNamedAtOnce(t *testing.T) {
	svc := status.Service{Name: "", Description: "\x00", Group: "a\nb", Position: -1, Status: "broken"}
	err := svc.Check()
	if err == nil {
		t.Fatal("accepted")
	}
	var names []string
	for _, f := range err.Fields {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "name description group position status" {
		t.Errorf("refused: %s", got)
	}
	last := err.Fields[len(err.Fields)-1].Message
	if last != "status must be one of operational, degraded_performance, partial_outage, major_outage or "+
		"under_maintenance." {
		t.Errorf("the states are not named: %q", last)
	}
}

func TestTheLimitsOfTitleAndBodyAreThoseOfTheContract(t *testing.T) {
	in := status.Incident{Title: strings.Repeat("t", 200), Description: strings.Repeat("b", 20_000)}
	if err := in.Check(); err != nil {
		t.Fatalf("at the limit: %v", err)
	}
	in.Title += "t"
	in.Description += "b"
	if err := in.Check(); err == nil || len(err.Fields) != 2 {
		t.Errorf("one over the limits: %v", err)
	}
}

func TestAWindowNeedsAStartAndAnEndAfterIt(t *testing.T) {
	const hour = 3_600_000
	for _, c := range []struct {
		name       string
		from, till status.Time
		field      string
	}{
		{"an hour", 10 * hour, 11 * hour, ""},
		{"no start", 0, 11 * hour, "scheduled_for"},
		{"no end", 10 * hour, 0, "scheduled_until"},
		{"no length", 10 * hour, 10 * hour, "scheduled_until"},
		{"backwards", 11 * hour, 10 * hour, "scheduled_until"},
		{"30 days", 1, 1 + 30*24*hour, ""},
		{"longer", 1, 2 + 30*24*hour, "scheduled_until"},
	} {
		m := status.Maintenance{Title: "Move", ScheduledFor: c.from, ScheduledUntil: c.till}
		err := m.Check()
		if (err == nil) != (c.field == "") || err != nil && (len(err.Fields) != 1 || err.Fields[0].Name != c.field) {
			t.Errorf("%s: %+v, want it refused at %q", c.name, err, c.field)
		}
	}
}

func TestAnIDHasOneSpelling(t *testing.T) {
	for id, want := range map[string]bool{
		"0197a1de-3c00-7000-8000-000000000001":  true,
		"0197A1DE-3C00-7000-8000-000000000001":  false,
		"0197a1de3c0070008000000000000001":      false,
		"0197a1de-3c00-7000-8000-00000000001":   false,
		"0197a1de-3c00-7000-8000-0000000000012": false,
		"0197a1de-3c00-7000-80000-00000000001":  false,
		"0197a1dg-3c00-7000-8000-000000000001":  false,
		"{197a1de-3c00-7000-8000-00000000000}1": false,
		"":                                      false,
	} {
		if got := status.ValidID(id); got != want {
			t.Errorf("%q: valid = %v", id, got)
		}
	}
}

func TestJoinReadsAsASentence(t *testing.T) {
	for want, list := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"},
		"a, b or c": {"a", "b", "c"}} {
		if got := status.Join(list); got != want {
			t.Errorf("Join(%v) = %q", list, got)
		}
	}
}

func TestWhatIsTidyIsALine(t *testing.T) {
	for _, s := range []string{"", "Acme", " Acme\t", "\u200b\u2003", "a\x00b\u202ec", "\xff\xfe",
		strings.Repeat("ä ", 300), strings.Repeat("a", status.TitleMax) + "b"} {
		tidy := status.Tidy(s, status.TitleMax)
		var c status.Checks
		if c.Line("name", tidy, status.TitleMax, tidy != ""); c.Err() != nil {
			t.Errorf("%q becomes %q: %v", s, tidy, c.Err())
		}
		if again := status.Tidy(tidy, status.TitleMax); again != tidy {
			t.Errorf("%q becomes %q, and that %q", s, tidy, again)
		}
	}
	if got := status.Tidy(" Acme\n\u202eInc. ", 99); got != "Acme  Inc." {
		t.Errorf("%q", got)
	}
}
