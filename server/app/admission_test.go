package app_test

import (
	"context"
	"testing"
	"time"

	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/racetest"
	"statuspage/server/usecase"
)

// probe is what only an admin may read.
const probe = "/api/v1/mail/"

// endings are what ends somebody's right to administer, and how they are refused then.
var endings = []struct {
	what string
	code int
	end  func(admin, guest *caller)
}{
	{"a member who is removed", 403, func(admin, guest *caller) {
		admin.do("DELETE", "/api/v1/members/"+guest.id+"/", nil).is(204)
	}},
	{"a role that is lowered", 403, func(admin, guest *caller) {
		admin.patch("/api/v1/members/"+guest.id+"/", j{"role": "member"})
	}},
	{"a session that ends", 401, func(_, guest *caller) {
		guest.do("POST", "/api/v1/auth/logout/", nil, "X-Requested-With", "XMLHttpRequest").is(204)
	}},
	{"a second factor that is asked for", 403, func(admin, _ *caller) {
		if _, err := admin.app.UseCases.SetSecurity(context.Background(), usecase.Caller{System: true}, admin.org,
			usecase.Security{SecondFactor: true}); err != nil {
			admin.t.Fatal(err)
		}
	}},
	{"an organisation that is deleted", 401, func(admin, _ *caller) {
		if _, err := admin.app.UseCases.DeleteOrg(context.Background(), usecase.Caller{System: true}, admin.org,
			admin.slug); err != nil {
			admin.t.Fatal(err)
		}
	}},
	{"a key that is revoked", 401, func(admin, guest *caller) {
		admin.do("DELETE", "/api/v1/api-keys/"+guest.id+"/", nil).is(204)
	}},
	{"a key whose owner is demoted", 401, func(admin, guest *caller) {
		owner := admin.join(auth.Admin).id
		admin.hand(guest.id, owner).is(200)
		guest.get(probe)
		admin.patch("/api/v1/members/"+owner+"/", j{"role": "member"})
	}},
}

// guests are an admin, and somebody else of the same organisation whose right will end.
func (s *site) guests(what string) (admin, guest *caller) {
	admin = s.org()
	if what == "a key that is revoked" || what == "a key whose owner is demoted" {
		return admin, admin.key("admin")
	}
	guest = admin.join(auth.Admin)
	s.sql(`UPDATE sessions SET kind = 'browser' WHERE user_id = ?`, guest.id) // the operator's need no second factor
	return admin, guest
}

// TestWhoMayNoMoreIsRefusedAtOnceByTheProcessThatEndedIt, with the next request.
func TestWhoMayNoMoreIsRefusedAtOnceByTheProcessThatEndedIt(t *testing.T) {
	s := world(t)
	for _, row := range endings {
		t.Run(row.what, func(t *testing.T) {
			own := *s
			own.t = t
			admin, guest := own.guests(row.what)
			for range 3 { // who they are is remembered
				guest.get(probe)
			}
			row.end(admin, guest)
			guest.do("GET", probe, nil).refuses(row.code)
			guest.do("PATCH", "/api/v1/organization/", j{"name": "Mine"}).refuses(row.code)
			guest.do("DELETE", "/api/v1/members/"+admin.id+"/", nil).refuses(row.code)
		})
	}
}

// TestWhoMayNoMoreIsRefusedByAnotherProcess when its poll has told, and within a second when polls tell nothing: one
// region polls as usual, the other only when it starts.
func TestWhoMayNoMoreIsRefusedByAnotherProcess(t *testing.T) {
	const (
		bound = time.Second
		noise = 5 * time.Second // what a machine that does other things may add
	)
	racetest.Long(t)
	for name, interval := range map[string]time.Duration{"polls": 20 * time.Millisecond, "is stuck": time.Minute} {
		t.Run(name, func(t *testing.T) {
			home, far := twoRegionsOf(t, func(c *config.Config) { c.RelayInterval = interval })
			for _, row := range endings {
				if row.what == "a role that is lowered" {
					continue // what only an admin may do the primary answers
				}
				admin, guest := home.guests(row.what)
				there := *guest
				there.site = far
				if err := far.app.Relay.Sync(t.Context()); err != nil {
					t.Fatal(err)
				}
				const people = "/api/v1/members/"
				there.get(people) // the first use of a key is brought to the primary
				for range 3 {
					if region := there.get(people).header.Get("Status-Region"); region != "syd" {
						t.Fatalf("answered by %s", region)
					}
				}
				row.end(admin, guest)
				ended, took := time.Now(), time.Duration(0)
				for there.do("GET", people, nil).code == 200 {
					if took = time.Since(ended); took > bound+noise {
						t.Fatalf("%s: let in after %v", row.what, took)
					}
				}
				there.do("GET", people, nil).refuses(row.code)
				t.Logf("%s: let in for %v at most", row.what, time.Since(ended).Round(time.Millisecond))
			}
		})
	}
}
