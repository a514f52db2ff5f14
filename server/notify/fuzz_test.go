package notify

import (
	"net/mail"
	"strings"
	"testing"

	"statuspage/server/store"
)

// FuzzAddress: an address that is kept is one that mail can be sent to, on one line, and is kept the same the second
// time; a webhook is never one of another channel's, and never of this machine.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"ada@example.com", " Ada@EXAMPLE.com ", "ada@bücher.example", "ada@localhost",
		"Ada <ada@example.com>", "a@b.c\r\nBcc: eve@example.com", `"a b"@example.com`,
		"@", "a@", "https://hooks.slack.com/services/x", "https://example.com/hook?a=b#c", "http://127.0.0.1/",
		"https://[::1]:443/", "https://user:pass@example.com/", "https://0x7f.1/", "https://example.com:0/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, channel := range []store.Channel{store.Email, store.Webhook, store.Slack, store.Discord, store.Teams} {
			kept, key, no := CheckAddress("address", channel, text, false)
			if no != nil {
				if len(no.Fields) != 1 || no.Fields[0].Name != "address" || no.Fields[0].Message == "" {
					t.Errorf("%q is refused with %+v", text, no)
				}
				continue
			}
			if kept == "" || key == "" || strings.ContainsAny(kept, "\r\n\x00 ") {
				t.Errorf("%q is kept as %q under %q", text, kept, key)
			}
			again, key2, no := CheckAddress("address", channel, kept, false)
			if no != nil || again != kept || key2 != key {
				t.Errorf("%q is kept as %q, and that as %q (%v)", text, kept, again, no)
			}
			if channel == store.Email {
				if parsed, err := mail.ParseAddress(kept); err != nil || parsed.Address != kept {
					t.Errorf("%q is kept as %q, which is no address: %v", text, kept, err)
				}
			} else if !strings.HasPrefix(kept, "https://") {
				t.Errorf("%q is kept as %q", text, kept)
			}
		}
	})
}
