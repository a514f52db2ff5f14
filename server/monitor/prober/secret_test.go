package prober

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"
)

// TestWhatIsSentIsLeftOutOfWhatIsKeptInEveryForm in which a target may give it back.
func TestWhatIsSentIsLeftOutOfWhatIsKeptInEveryForm(t *testing.T) {
	const token, user = `s3cr/t+<"tök&n=`, "ada:pa55 w/rd"
	basic := base64.StdEncoding.EncodeToString([]byte(user))
	s := secretsOf(map[string]string{"Authorization": "Bearer " + token, "X-Other": "Basic " + basic, "X-Short": "on"})
	quoted := func(escape bool) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(escape)
		_ = e.Encode(map[string]string{"got": "Bearer " + token})
		return b.String()
	}
	for _, echo := range []string{
		token, "Bearer " + token, quoted(true), quoted(false), strings.ReplaceAll(quoted(false), "/", `\/`),
		html.EscapeString("got " + token), "?t=" + url.QueryEscape(token), "/" + url.PathEscape(token),
		base64.StdEncoding.EncodeToString([]byte(token)), base64.URLEncoding.EncodeToString([]byte(token)),
		hex.EncodeToString([]byte(token)), strings.ToUpper(hex.EncodeToString([]byte(token))),
		"Basic " + basic, "no such account: " + user, "the password pa55 w/rd is wrong", "?p=" + url.QueryEscape("pa55 w/rd"),
	} {
		left := s.without("the target said: " + echo)
		for _, form := range []string{"s3cr", "pa55", "tök", basic[:8], hex.EncodeToString([]byte("s3cr"))} {
			if strings.Contains(strings.ToLower(left), strings.ToLower(form)) {
				t.Errorf("%s\nkeeps %q of it: %s", echo, form, left)
			}
		}
		if !strings.HasPrefix(left, "the target said: ") {
			t.Errorf("more is left out than it must: %s", left)
		}
	}
	if said := s.without("it is on"); said != "it is on" {
		t.Errorf("%q", said)
	}
}

// TestASecretThatIsCutIsNotKeptInPart wherever the beginning of an answer ends.
func TestASecretThatIsCutIsNotKeptInPart(t *testing.T) {
	s := secretsOf(map[string]string{"X-Token": "0123456789abcdef"})
	for before := range 70 {
		for _, body := range []string{
			strings.Repeat(".", before) + "0123456789abcdef" + strings.Repeat(".", 100),
			strings.Repeat("0123456789abcdef", 3) + strings.Repeat(".", before) + "0123456789abcdef and more",
		} {
			got := s.beginning([]byte(body), 16)
			if len(got) > 16 || strings.Contains(got, "012") {
				t.Errorf("%q is kept of %q", got, body)
			}
		}
	}
	if got := secretsOf(nil).beginning([]byte("0123456789"), 4); got != "0123" {
		t.Errorf("%q", got)
	}
}
