package app_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/pressly/goose/v3"

	"statuspage/migrations"
	"statuspage/server/auth"
	"statuspage/server/config"
)

// Any organisation could make an account of any address, with a password of its own. What was made so before the
// upgrade goes on signing in, and gets nothing that is offered to the address before its mailbox has proved it.
func TestAnAccountThatIsOlderThanProofsIsOfferedNothing(t *testing.T) {
	const strangers, owners = "the words of a stranger", "a few words are good"
	o := newOffice(t, func(c *config.Config) { c.BaseURL = "https://status.example" })
	evil := o.site.org()
	email := "ada@" + o.slug + ".example"
	evil.joined(email, auth.Member, strangers)
	o.stop()
	asBefore(t, o.file, 9)
	o.start()

	login := func(password string) *answer {
		return o.nobody().do("POST", "/api/v1/auth/login/", j{"email": email, "password": password})
	}
	in := login(strangers).is(200).has("organization.id", evil.org)
	stranger := &caller{site: o.site, token: in.str("access_token")}
	offer := o.post("/api/v1/members/", j{"email": email, "role": "admin"}).str("id")
	stranger.get("/api/v1/users/me/offers/").has("count", 0)
	stranger.do("POST", "/api/v1/users/me/offers/"+offer+"/accept/", nil).refuses(404)
	stranger.get("/api/v1/organizations/").has("count", 1)

	secret := mailedLink(t, o.mail.Wait(t, 1)[0])
	ada := o.nobody().do("POST", "/api/v1/auth/accept/", j{"token": secret, "password": owners}).is(200).
		has("organization.id", o.org)
	stranger.do("GET", "/api/v1/users/me/", nil).refuses(401)
	login(strangers).refuses(401)
	(&caller{site: o.site, token: ada.str("access_token")}).get("/api/v1/organizations/").has("count", 2)
}

// asBefore takes a database back to an older version. The next start brings it up to date.
func asBefore(t *testing.T, file string, version int64) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	versions, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS)
	if err == nil {
		_, err = versions.DownTo(t.Context(), version)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
