package site

import (
	"strings"
	"testing"

	"statuspage/server/lang"
)

// TestThePageIsWholeInEveryLanguage looks for words that the catalogue has not.
func TestThePageIsWholeInEveryLanguage(t *testing.T) {
	state := trouble(t)
	s := open(t, nil, state)
	for _, path := range []string{"/status/acme", "/status/acme/incidents/" + state.Incidents[0].ID, "/status/acme/incidents/" + state.Maintenances[0].ID} {
		_, english := s.get(t, path)
		lang.Document("de", []byte(english), func(words string) { t.Errorf("%s: %q is in no catalogue", path, words) })
		for tag, want := range map[string]string{"de": "Frühere Störungen", "ja": "インシデント履歴", "ar": `lang="ar" dir="rtl"`} {
			res, body := s.get(t, path+"?lang="+tag)
			if !strings.Contains(body, want) || res.Header.Get("Content-Language") != tag || !strings.Contains(res.Header.Get("Vary"), "Accept-Language") {
				t.Errorf("%s in %s: %v", path, tag, res.Header)
			}
		}
	}
}
