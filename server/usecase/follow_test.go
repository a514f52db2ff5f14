package usecase_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"statuspage/server/app/apptest"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

const elsewhere = "https://id.example.com"

// behind starts the program with an issuer that nobody reaches.
func behind(t testing.TB) *apptest.Site {
	return apptest.Start(t, func(c *config.Config) {
		c.Auth = config.Auth{JWKSURL: "http://127.0.0.1:9/keys", Issuer: elsewhere, Preset: "clerk"}
	})
}

func TestNobodyIsKeptOutForTheNamesThatAnIssuerGives(t *testing.T) {
	s := behind(t)
	for name, want := range map[string]string{
		"Acme":                      "Acme",
		strings.Repeat("ä", 500):    strings.Repeat("ä", status.TitleMax),
		" \u200b ":                  "org-", // the slug in its place
		"Ac\x00me\n\u202eInc\xff. ": "Ac me  Inc .",
	} {
		p := auth.Principal{Kind: auth.KindUser, Issuer: elsewhere, ID: "user of " + want, Name: name,
			OrgID: "org of " + want, OrgName: name, Role: auth.Admin}
		for range 2 { // what is known the second time must not look changed
			who, err := s.App.UseCases.Adopt(t.Context(), p)
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			state, err := s.App.DB.Org(who.OrgID).State(t.Context(), 0)
			if err != nil || !strings.HasPrefix(state.Org.Name, want) || len(want) > 5 && state.Org.Name != want {
				t.Errorf("%q becomes %q, %v", name, state.Org.Name, err)
			}
			if _, changed, err := s.App.UseCases.Known(t.Context(), p); changed || err != nil {
				t.Errorf("%q is seen as a change again: %v", name, err)
			}
		}
	}
}

// FuzzFollow: whatever an identity provider's message holds, it is done or refused in words, and nobody gets a role
// that is none.
func FuzzFollow(f *testing.F) {
	s := behind(f)
	if _, err := s.App.UseCases.Adopt(context.Background(), auth.Principal{Kind: auth.KindUser, Issuer: elsewhere,
		ID: "u", Email: "ada@example.com", OrgID: "o", OrgSlug: "acme", Role: auth.Admin}); err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][3]string{
		{"user", "updated",
			`{"id":"u","first_name":"Ada","primary_email_address_id":"e","email_addresses":[{"id":"e","email_address":"a@b.example"}]}`},
		{"organization", "updated", `{"id":"o","name":"Acme Inc."}`},
		{"organizationMembership", "created",
			`{"role":"org:admin","organization":{"id":"o","slug":"acme","name":"Acme"},"public_user_data":{"user_id":"u2","identifier":"b@b.example"}}`},
		{"organizationMembership", "updated",
			`{"role":"org:billing","organization":{"id":"o"},"public_user_data":{"user_id":"u"}}`},
		{"organizationMembership", "deleted", `{"organization":{"id":"o"},"public_user_data":{"user_id":"u"}}`},
		{"organizationMembership", "created", `{"role":"org:admin"}`},
		{"user", "deleted", `null`}, {"session", "created", `[]`}, {"user", "updated", `{"id":{}}`},
		{"organization", "updated", ``},
	} {
		f.Add(seed[0], seed[1], []byte(seed[2]))
	}
	f.Fuzz(func(t *testing.T, noun, verb string, data []byte) {
		_, _, err := s.App.UseCases.Follow(context.Background(), elsewhere,
			auth.Notice{Noun: noun, Verb: verb, Data: json.RawMessage(data)})
		var no *fault.Error
		if err != nil && (!errors.As(err, &no) || no.Code.Status() >= http.StatusInternalServerError) {
			t.Errorf("%s.%s %q: %v", noun, verb, data, err)
		}
		if user, err := s.App.DB.UserBySubject(context.Background(), elsewhere, ""); err == nil {
			t.Errorf("%s.%s %q makes a user who is nobody: %+v", noun, verb, data, user)
		}
		if id, err := s.App.DB.OrgByExternal(context.Background(), elsewhere, ""); err == nil {
			t.Errorf("%s.%s %q makes an organisation that is none: %s", noun, verb, data, id)
		}
	})
}
