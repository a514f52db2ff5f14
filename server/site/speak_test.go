package site

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// The pages before the dashboard speak as ?lang= says, else as was chosen in this browser, else as the browser asks.
func TestThePagesBeforeTheDashboardSpeakTheReadersLanguage(t *testing.T) {
	if len(interfaceTags()) < 2 {
		t.Skip("the catalogues are not built")
	}
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	Dashboard(app, Door{}, nil, strings.ToLower)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = app.Listener(ln) }()
	t.Cleanup(func() { _ = app.ShutdownWithTimeout(2 * time.Second) })
	s := &stand{url: "http://" + ln.Addr().String()}
	for _, row := range []struct{ path, accept, cookie, want, says string }{
		{"/login", "", "", "en", "Forgot your password?"},
		{"/login", "de-AT,en;q=0.5", "", "de", "Passwort vergessen?"},
		{"/login", "pt-BR,fr;q=0.5", "", "fr", "Mot de passe oublié ?"},
		{"/login", "de", "interface=ja", "ja", "パスワードをお忘れですか?"},
		{"/login?lang=es", "de", "interface=ja", "es", "¿Ha olvidado su contraseña?"},
		{"/login?lang=%3Cb%3E", "de", "interface=%22%3E", "de", "Passwort vergessen?"},
		{"/forgot", "de", "", "de", "Link per E-Mail senden"},
		{"/accept", "de", "", "de", "Wer nimmt an"},
		{"/accept", "de", "", "de", "Mindestens 10 Zeichen."},
		{"/setup", "de", "", "de", "Sie ist eingerichtet"},
		{"/setup", "ko", "", "en", "It is set up"},
	} {
		res, body := s.get(t, row.path, "Accept-Language", row.accept, "Cookie", row.cookie)
		if got := res.Header.Get("Content-Language"); got != row.want ||
			!strings.Contains(body, `<html lang="`+row.want+`"`) || !strings.Contains(body, row.says) {
			t.Errorf("%+v: the answer is in %q", row, got)
		}
		vary := strings.Join(res.Header.Values("Vary"), ", ")
		if !strings.Contains(vary, "Accept-Language") || !strings.Contains(vary, "Cookie") {
			t.Errorf("%+v: Vary is %q", row, vary)
		}
		if n := strings.Count(body, "data-speak="); n != len(interfaceTags()) {
			t.Errorf("%+v: %d languages can be chosen", row, n)
		}
		if strings.Contains(body, "<b>") {
			t.Errorf("%+v: what was asked for is on the page", row)
		}
	}
}
