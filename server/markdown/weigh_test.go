package markdown

import (
	"html"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// most is how much CPU one text may take: 50 ms, or on a slow machine, under the race detector, forty times what plain
// prose of that length takes there. A text that is not bounded takes a thousand times as much.
var most = sync.OnceValue(func() time.Duration {
	return max(50*time.Millisecond, 40*shortest(filled("We are looking into it. Since 14:02 the API is slow. "), 0))
})

// cpu is what this process has used. No test here runs beside another one.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// filled repeats a text up to the length that one update may have.
func filled(unit string) string { return strings.Repeat(unit, 20_000/len(unit)+1)[:20_000] }

func nested(unit string) string {
	var b strings.Builder
	for i := 0; b.Len() < 20_000; i++ {
		b.WriteString(strings.Repeat("  ", i) + unit + "\n")
	}
	return b.String()[:20_000]
}

// shortest is how much CPU it takes to render a text: the best of five, or the first that is within what is enough.
func shortest(text string, enough time.Duration) time.Duration {
	best := time.Hour
	for range 5 {
		began := cpu()
		render(text)
		if best = min(best, cpu()-began); best < enough {
			break
		}
	}
	return best
}

func TestNoTextTakesLong(t *testing.T) {
	texts := map[string]string{
		"open and close": filled("[")[:10_000] + filled("]")[:10_000], "links in links": "[" + filled("[a](b"),
		"closers":      filled("*a ")[:10_000] + filled("b_ ")[:10_000],
		"nested lists": nested("- a"), "nested numbers": nested("1. a"), "nested, then empty": nested("- a")[:9_000] +
			filled("\n")[:11_000],
		"one address": "http://a.b/" + filled("(")[:19_000], "one mail address": filled("a")[:19_000] + "@",
		"a heading under all": filled("a\n") + "\n=",
		"references":          "[a]: x\n\n" + filled("[a]")[:19_000], "code": "```\n" + filled("[] () *\n")[:19_000],
	}
	for _, unit := range []string{"[", "![", "[a](", "[a]", "[](x)", "](b)", "[x][", "[a](<", `[a](b "`, "*", "*a ", "*a **b ", "*a _b ", "_a ", "a* ", "~~a ", "~a ~~b", "`", "`a ``b ", "<", "<!--", "<a ",
		"<a b='", "<?", "<!A ", "<![CDATA[", "&", "&amp;", "&#x", ">", "> ", ">>>> a\n", "- ", "-\n", "* a\n", "1. ", "1) a\n", "- > ", "- > a\n", "# a\n", "a\n=\n", "[a]: b\n", "[a]:\n", "www.a.b ", "www.", "http://a.b/(",
		"a@b.c ", "a@", "_a@b", `\`, `[\`, " ", "\t", "\n", " \n", "a  \n", "a\n\n", "```\n", "~~~\n", "```a\n\n", "<div>\n", "<a>\n\n", "<pre>\n```\n", "\x00", "\xff[", "é*", "--- ", "|a|\n|-|\n", "'", "> [^1]\n\n",
		"a\n2. [a](\n", "-\n[", "1. [\n1) [\n", "    - [a](\n", ">- [\n"} {
		texts[unit] = filled(unit)
	}
	for name, text := range texts {
		if took := shortest(text, most()); took > most() {
			t.Errorf("%.12q takes %v", name, took)
		}
		if out := HTML(text); len(out) > maxGrowth*len(text)+2000 {
			t.Errorf("%.12q makes %d bytes", name, len(out))
		}
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

func TestATextThatIsTooMuchIsShownAsItWasTyped(t *testing.T) {
	text := "Hello & welcome\nhere\n\n" + filled("[a](") + "<script>"
	out := string(HTML(text))
	if want := "<p>Hello &amp; welcome<br>\nhere</p>\n<p>[a]([a]("; !strings.HasPrefix(out, want) {
		t.Errorf("%.60s", out)
	}
	words := strings.ReplaceAll(html.UnescapeString(tags.ReplaceAllString(out, "")), "\n", "")
	if words != strings.ReplaceAll(text, "\n", "") {
		t.Error("words are missing")
	}
}

func TestWhatPeopleReallyWriteIsRendered(t *testing.T) {
	for name, text := range map[string]string{
		"twenty thousand characters of prose": filled("We are **looking** into [it](https://example.com/a). Since " +
			"14:02 `api` is slow.\n\n- one\n- two\n\n")[:19_900],
		"a log in a block of code": "Seen:\n\n```\n" + filled("[2026-11-28T14:00:00Z] (api) *ERROR* <nil> user@example.com\n")[:19_000] + "\n```\n\n**done**",
		"a long list":              strings.Repeat("- An item of **some** length, with (one) remark\n", 100),
		"a long list of numbers": "1. a\n" +
			strings.Repeat("2. An item of **some** length, with (one) remark\n", 100),
		"a long paragraph":               strings.Repeat("It was *not* the network (again). ", 50),
		"quotes and lists in each other": "> > - 1. a\n> >   - b **c**",
	} {
		if w := weigh(text); w.heavy() {
			t.Errorf("%s: %+v", name, w)
		}
	}
}

// FuzzTime looks for a text that takes long: anybody who may write an update may write it. A text of the greatest
// length is made of two pieces, each repeated, or indented further and further.
func FuzzTime(f *testing.F) {
	f.Add("[", "]", uint16(10_000), false)
	f.Add("> ", "\n", uint16(9_000), false)
	f.Add("- a", "\n\n", uint16(8_000), true)
	f.Add("*a **b", "_", uint16(1), false)
	f.Add("```\n", "[a](", uint16(4), false)
	f.Fuzz(func(t *testing.T, a, b string, cut uint16, deeper bool) {
		if a == "" || b == "" || len(a) > 200 || len(b) > 200 || int(cut) > 20_000 {
			return
		}
		text := filled(a)[:cut] + filled(b)[cut:]
		if deeper {
			text = nested(a)[:cut] + filled(b)[cut:]
		}
		if took := shortest(text, most()); took > 2*most() {
			t.Errorf("%v: %+v", took, weigh(text))
		}
		if cost := Cost(text); cost <= 0 {
			t.Errorf("costs %d", cost)
		}
	})
}
