package auth

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"statuspage/shared/fault"
)

// sample is a file of testdata/claims.
type sample struct {
	Preset    string        `json:"preset"`
	Overrides Overrides     `json:"overrides"`
	Claims    jwt.MapClaims `json:"claims"`
	Refused   fault.Code    `json:"refused"`
	Want      struct {
		ID, Email, Name, Org, Slug, Session string
		OrgName                             string `json:"org_name"`
		Role                                Role
	} `json:"want"`
}

func samples(t *testing.T) map[string]sample {
	t.Helper()
	files, err := filepath.Glob("testdata/claims/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	all := map[string]sample{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s sample
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = s
	}
	return all
}

// present shifts a sample's times so that it was issued just now.
func (s sample) present() jwt.MapClaims {
	claims := maps.Clone(s.Claims)
	shift := float64(time.Now().Unix()) - claims["iat"].(float64)
	for _, name := range []string{"iat", "nbf", "exp"} {
		if at, ok := claims[name].(float64); ok {
			claims[name] = at + shift
		}
	}
	return claims
}

func TestEachPresetReadsItsIssuersTokens(t *testing.T) {
	key, seen := rsaSigner("k1"), map[string]bool{}
	url := serveKeys(t, key).URL
	for name, s := range samples(t) {
		seen[s.Preset] = true
		is, err := External(url, s.Claims["iss"].(string), s.Preset, s.Overrides)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v := verifier(t, Options{Issuers: []Issuer{is}})
		who, err := v.Verify(t.Context(), key.sign(t, s.present()))
		if got := code(err); got != s.Refused {
			t.Errorf("%s: %q, want %q", name, got, s.Refused)
			continue
		}
		w := s.Want
		want := Principal{Kind: KindUser, ID: w.ID, Email: w.Email, Name: w.Name, OrgID: w.Org, OrgSlug: w.Slug,
			OrgName: w.OrgName, Role: w.Role, SessionID: w.Session, Issuer: is.Name, IssuedAt: who.IssuedAt,
			ExpiresAt: who.ExpiresAt}
		if s.Refused != "" {
			want = Principal{}
		}
		if !samePrincipal(who, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, who, want)
		}
	}
	for preset := range presets {
		if !seen[preset] {
			t.Errorf("preset %s has no sample", preset)
		}
	}
}

func samePrincipal(a, b Principal) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func TestClaimsOfAnotherFormAreAbsent(t *testing.T) {
	claims := map[string]any{
		"text": "admin", "empty": "", "list": []any{"member", 7.0, "", "admin"},
		"map":    map[string]any{"b": nil, "a": true, "": 1},
		"number": 7.0, "none": nil, "grants": map[string]any{"admin": map[string]any{"org-2": "x"},
			"member": map[string]any{"org-1": "x"}, "odd": "org-1"},
	}
	for _, c := range []struct {
		at   string
		form Form
		want []string
	}{
		{"/text", FormString, []string{"admin"}}, {"/text", FormList, nil}, {"/text", FormMapKeys, nil},
		{"/text", FormAny, []string{"admin"}},
		{"/empty", FormString, nil}, {"/list", FormList, []string{"member", "admin"}}, {"/list", FormString, nil},
		{"/list", FormAny, []string{"member", "admin"}}, {"/list/3", FormString, []string{"admin"}},
		{"/map", FormMapKeys, []string{"a", "b"}}, {"/map", FormList, nil}, {"/map", FormAny, []string{"a", "b"}},
		{"/grants", FormMapKeysOfOrg, []string{"member"}}, {"/number", FormAny, nil}, {"/none", FormAny, nil},
		{"/absent", FormAny, nil},
	} {
		if got := claim(c.at, c.form).values(claims, "org-1"); !slices.Equal(got, c.want) {
			t.Errorf("%s as %s: %q, want %q", c.at, c.form, got, c.want)
		}
	}
}

func TestTheStrongestRoleOfSeveralCounts(t *testing.T) {
	for want, names := range map[Role][]string{
		Admin: {"x", "member", "admin"}, Member: {"member", "owner"}, "": {"owner", "ADMIN", ""},
	} {
		if got := highest(names); got != want {
			t.Errorf("%q: %q, want %q", names, got, want)
		}
	}
}

func TestOverridesLeaveThePresetsAlone(t *testing.T) {
	if _, err := Shapes("clerk", Overrides{Org: "/tenant", OrgSlug: "/tenant_slug", Role: "/roles"}); err != nil {
		t.Fatal(err)
	}
	if at := presets["clerk"][0].Org.At.String(); at != "/o/id" {
		t.Errorf("clerk's organisation is now at %s", at)
	}
}
