package status_test

import (
	"testing"

	"statuspage/shared/status"
)

func TestANameHasNothingThatNobodySees(t *testing.T) {
	for name, bad := range map[string]string{
		"a zero-width space": "Ac\u200bme", "one at the end": "Acme\u200b", "a joiner in Latin": "Ac\u200dme",
		"a non-joiner in Cyrillic": "Ак\u200cме", "a joiner alone": "\u200dAcme",
		"two joiners": "क\u200d\u200dष", "a word joiner": "Ac\u2060me", "a byte order mark": "\ufeffAcme",
		"a soft hyphen": "Ac\u00adme", "marks of direction": "Acme\u200e",
		"one of Arabic": "Acme\u061c", "an override": "Ac\u202eme", "an isolate": "\u2066Acme",
		"invisible plus": "Ac\u2064me", "a Hangul filler": "Acme\u3164", "a half one": "Acme\uffa0",
		"an empty Braille cell": "Acme\u2800", "tags": "Acme\U000e0041", "a selector in Latin": "A\ufe0fcme",
		"a selector of ideographs in Latin": "A\U000e0100cme",
		"a grapheme joiner":                 "Ac\u034fme", "an annotation": "Ac\ufff9me",
		"a vowel separator": "Ac\u180eme",
	} {
		var c status.Checks
		c.Name("name", bad, 200, true)
		if err := c.Err(); err == nil || err.Fields[0].Name != "name" {
			t.Errorf("%s is taken: %q", name, bad)
		}
		if tidy := status.Tidy(bad, 200); tidy != "" {
			var c status.Checks
			if c.Name("name", tidy, 200, true); c.Err() != nil {
				t.Errorf("%s is tidied to %q", name, tidy)
			}
		}
	}
	for name, good := range map[string]string{
		"Latin": "Café Zoë", "Persian": "می\u200cخواهم", "Hindi": "क्\u200dष", "a family": "👩\u200d👩\u200d👧 app",
		"a heart": "❤\ufe0f", "a keycap": "1\ufe0f\u20e3", "a rainbow flag": "🏳\ufe0f\u200d🌈",
		"a skin tone": "👩🏽\u200d💻", "England": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
		"an ideograph's variant": "葛\U000e0100", "a trade mark": "Acme®\ufe0f",
		"Hebrew": "שלום Acme", "Japanese": "iPhoneの価格", "a wide space": "価格\u3000表",
	} {
		var c status.Checks
		if c.Name("name", good, 200, true); c.Err() != nil {
			t.Errorf("%s is refused: %q", name, good)
		}
		if tidy := status.Tidy(good, 200); tidy != good {
			t.Errorf("%s is tidied to %q", name, tidy)
		}
	}
}
