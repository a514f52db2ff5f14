package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// knock sends a request without a token, as the pages before the dashboard do.
func (s *site) knock(path string, body any) (int, map[string]any) {
	s.t.Helper()
	code, out, err := s.as("").send("POST", path, body, "X-Requested-With", "statuspage")
	if err != nil {
		s.t.Fatal(err)
	}
	return code, out
}

func TestAnEmptyInstallationIsSetUpOnceByItsLink(t *testing.T) {
	s := startSite(t, nil)
	secret, err := s.app.Desk.SetupLink(context.Background())
	if err != nil || secret == "" {
		t.Fatal(secret, err)
	}
	first := map[string]any{"token": secret, "organization": map[string]any{"slug": "acme", "name": "Acme"}, "email": "ada@acme.example", "name": "Ada", "password": "a few words are good"}
	wrong := map[string]any{"token": secret, "organization": map[string]any{"slug": "-"}, "email": "ada", "password": "short"}
	if code, out := s.knock("/api/v1/auth/setup/", wrong); code != http.StatusUnprocessableEntity || len(out["errors"].([]any)) != 4 {
		t.Errorf("what is wrong: %d %v", code, out)
	}
	if code, _ := s.knock("/api/v1/auth/setup/", map[string]any{"token": strings.Repeat("x", 43), "organization": first["organization"], "email": "e@x.example", "password": "a few words are good"}); code != http.StatusForbidden {
		t.Errorf("a link that is none: %d", code)
	}
	code, out := s.knock("/api/v1/auth/setup/", first)
	if code != http.StatusOK || out["role"] != "admin" {
		t.Fatalf("set up: %d %v", code, out)
	}
	s.as(out["access_token"].(string)).service("API")
	if code, _ := s.knock("/api/v1/auth/setup/", first); code != http.StatusForbidden {
		t.Errorf("the link a second time: %d", code)
	}
	if again, err := s.app.Desk.SetupLink(context.Background()); again != "" || err != nil {
		t.Errorf("another link: %q %v", again, err)
	}
	if code, _ := s.knock("/api/v1/auth/login/", map[string]any{"email": "ADA@acme.example", "password": "a few words are good"}); code != http.StatusOK {
		t.Errorf("sign in: %d", code)
	}
}

func TestAMemberChoosesAPasswordByALinkThatWorksOnce(t *testing.T) {
	s := startSite(t, nil)
	acme, other := s.tenant("acme"), s.tenant("other")
	sam := acme.must("POST", "/api/v1/members/", map[string]any{"email": "sam@acme.example"})["id"]
	invite := fmt.Sprintf("/api/v1/members/%s/invitation/", sam)
	if code, _, _ := other.send("POST", invite, nil); code != http.StatusNotFound {
		t.Errorf("another organisation's admin: %d", code)
	}
	token := func() string {
		_, secret, _ := strings.Cut(acme.must("POST", invite, nil)["url"].(string), "token=")
		return secret
	}
	first := token()
	if code, out := s.knock("/api/v1/auth/accept/", map[string]any{"token": first, "password": "short"}); code != http.StatusUnprocessableEntity {
		t.Errorf("a bad password: %d %v", code, out)
	}
	code, out := s.knock("/api/v1/auth/accept/", map[string]any{"token": first, "password": "a few words are good"})
	if code != http.StatusOK || out["role"] != "member" {
		t.Fatalf("accepted: %d %v", code, out)
	}
	if code, _ := s.knock("/api/v1/auth/accept/", map[string]any{"token": first, "password": "somebody else's words"}); code != http.StatusForbidden {
		t.Errorf("the link a second time: %d", code)
	}
	if code, _ := s.knock("/api/v1/auth/accept/", map[string]any{"token": token(), "password": "other words are good"}); code != http.StatusOK { // a reset
		t.Errorf("a reset: %d", code)
	}
	for password, want := range map[string]int{"a few words are good": http.StatusUnauthorized, "other words are good": http.StatusOK} {
		if code, _ := s.knock("/api/v1/auth/login/", map[string]any{"email": "sam@acme.example", "password": password}); code != want {
			t.Errorf("%q signs in with %d", password, code)
		}
	}
}
