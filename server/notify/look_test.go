package notify

import (
	"os"
	"path/filepath"
	"testing"

	"statuspage/server/store"
	"statuspage/shared/page"
)

// TestMailsForPeople writes the mails into the folder $PICTURES, to be looked at.
func TestMailsForPeople(t *testing.T) {
	folder := os.Getenv("PICTURES")
	if folder == "" {
		t.Skip("PICTURES names no folder")
	}
	org := page.Org{Slug: "acme", Name: "Acme", TimeZone: "Europe/Berlin", Accent: "#4f46e5"}
	for kind, n := range notices(t) {
		e := &envelope{letter: write(n, org, reader(store.Email), "")}
		plain, html, err := e.bodies()
		if err != nil {
			t.Fatal(err)
		}
		for ending, text := range map[string]string{".html": html, ".txt": plain} {
			if err := os.WriteFile(filepath.Join(folder, string(kind)+ending), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
