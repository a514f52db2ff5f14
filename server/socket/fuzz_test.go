package socket

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzRenewal: whatever a client sends, only a message of the one kind is one, and its token arrives as it was sent.
func FuzzRenewal(f *testing.F) {
	for _, seed := range []string{`{"type":"auth","token":"a.b.c"}`, `{"type":"auth"}`, `{"type":"ping"}`, `[]`,
		`{"type":{"auth":1}}`, "\xff", `{"type":"auth","token":"\ud800"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if token, is := renewal([]byte(text)); is && !json.Valid([]byte(text)) || !is && token != "" {
			t.Errorf("%q is a renewal with %q", text, token)
		}
		if !utf8.ValidString(text) {
			return
		}
		msg, err := json.Marshal(map[string]string{"type": "auth", "token": text})
		if err != nil {
			t.Fatal(err)
		}
		if token, is := renewal(msg); !is || token != text {
			t.Errorf("%s is read as %q", msg, token)
		}
		if msg, err = json.Marshal(map[string]string{"type": text, "token": "x"}); err != nil {
			t.Fatal(err)
		}
		if _, is := renewal(msg); is != (text == "auth") {
			t.Errorf("%s is a renewal: %t", msg, is)
		}
	})
}
