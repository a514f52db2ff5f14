package notify

import (
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"statuspage/server/store"
	"statuspage/shared/page"
)

// maxWords is how much CPU it may take to put any text into any form, with room for a slow machine and the race
// detector.
const maxWords = 500 * time.Millisecond

// cpu is the time that this process has spent.
func cpu(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// every puts a text into each form that this package has for what others wrote: of 20,000 characters by tenants, of 4
// KB by receivers.
func every(text string) {
	l := &letter{Notice: &Notice{Seq: 1}, Org: page.Org{Name: "Acme"}, Page: "https://status.example/status/acme",
		Link:   "https://status.example/status/acme",
		Manage: "https://status.example/status/acme", Subject: text, Heading: text, Body: text,
		Facts: []fact{{text, text}, {"Services", text}}}
	slack(l)
	discord(l)
	teams(l)
	hook, _ := url.Parse("https://hooks.example/" + clip(text, 500))
	if hook == nil {
		hook = &url.URL{Scheme: "https", Host: "hooks.example", Path: text[:min(len(text), 500)]}
	}
	answer := text[:min(len(text), 4<<10)]
	_ = clip(placeless(clean(hidden(answer, hook))), maxProblem)
	unnamed(answer, "ada@example.com")
	for _, channel := range []store.Channel{store.Email, store.Webhook, store.Slack} {
		_, _, _ = CheckAddress("address", channel, text[:min(len(text), maxURL)], false)
		_, _, _ = CheckAddress("address", channel, "a@"+text[:min(len(text), 240)], false)
	}
}

func taken(t testing.TB, text string) time.Duration {
	best := time.Hour
	for range 3 {
		begun := cpu(t)
		every(text)
		if best = min(best, cpu(t)-begun); best < maxWords {
			break
		}
	}
	return best
}

func TestNoTextTakesLongToTellInAnyForm(t *testing.T) {
	for _, unit := range []string{"a", "<", "<a ", "<title>", "<script", "<!--", "<a<", "&", "[a](", "[", "](https://a",
		"**", "**a", "__a**", "1.", "f:", "::", "%", ".", "\x1b[", "\x1b]", "\x1b[1", "\u0301", "e\u0301\u0327",
		"\U0001f469\u200d", "\u202e", "\xff", "ß", "\u0130", "xn--", ".xn--a", "@", "\"", "\\", "\n", "\n\n", "(",
		"<https://a|", "é*"} {
		text := strings.Repeat(unit, 20_000/len(unit))
		if took := taken(t, text); took > maxWords {
			t.Errorf("%q: %v", unit, took)
		} else {
			t.Logf("%q: %v", unit, took)
		}
	}
}

// FuzzWordsTime looks for a text that takes long to tell.
func FuzzWordsTime(f *testing.F) {
	f.Add("<", "a", uint16(10_000))
	f.Add("&", "[a](https://a)", uint16(4_000))
	f.Add("<title>", "</script>", uint16(2_000))
	f.Fuzz(func(t *testing.T, a, b string, cut uint16) {
		if a == "" || b == "" || len(a) > 200 || len(b) > 200 || int(cut) > 20_000 {
			return
		}
		text := strings.Repeat(a, int(cut)/len(a)+1) + strings.Repeat(b, (20_000-int(cut))/len(b)+1)
		if took := taken(t, text); took > 2*maxWords {
			t.Errorf("%v", took)
		}
	})
}
