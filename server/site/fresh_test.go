package site

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
)

// An installation that nobody has set up says on each of its first pages where the link is, and none of them has it.
func TestAFreshServerSaysWhereItsSetupLinkIs(t *testing.T) {
	var over atomic.Bool
	fresh := func(context.Context) string {
		if over.Load() {
			return ""
		}
		return "It stands in the file status.db.setup."
	}
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	Dashboard(app, Door{}, fresh, func(name string) string { return strings.ToLower(name) })
	Routes(app, Deps{Pages: &shelf{}, Fresh: fresh})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = app.Listener(ln) }()
	t.Cleanup(func() { _ = app.ShutdownWithTimeout(2 * time.Second) })
	s := &stand{url: "http://" + ln.Addr().String()}
	for _, path := range []string{"/", "/login", "/setup"} {
		if _, body := s.get(t, path); !strings.Contains(body, "It stands in the file status.db.setup.") {
			t.Errorf("%s does not say where the link is", path)
		}
	}
	if _, body := s.get(t, "/setup"); !strings.Contains(body, auth.PasswordRule) {
		t.Error("the rule of passwords is not said before")
	}
	if _, body := s.get(t, "/setup/slug?name=ACME"); body != "acme" {
		t.Errorf("the suggestion is %q", body)
	}
	over.Store(true)
	settled := map[string]string{"/": "Open the dashboard", "/login": `data-action="login"`, "/setup": "It is set up"}
	for path, want := range settled {
		if _, body := s.get(t, path); !strings.Contains(body, want) || strings.Contains(body, "status.db.setup") {
			t.Errorf("%s does not say %q", path, want)
		}
	}
	for cookie, session := range map[string]bool{"": false, "refresh=x": true} {
		if _, body := s.get(t, "/login", "Cookie", cookie); strings.Contains(body, "data-session") != session {
			t.Errorf("with the cookie %q, /login takes a session for %v", cookie, !session)
		}
	}
}
