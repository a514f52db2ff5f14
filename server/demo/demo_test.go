package demo_test

import (
	"context"
	"testing"
	"time"

	"statuspage/server/auth"
	"statuspage/server/demo"
	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/server/store/storetest"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

type deaf struct{}

func (deaf) Event(string, *page.Event, *relay.Page, *relay.Page) {}
func (deaf) Reset()                                              {}
func (deaf) Gone(string)                                         {}
func (deaf) Lost(string)                                         {}

// empty is a database without an organisation, and the use cases that write to it.
func empty(t *testing.T) (*store.DB, *usecase.UseCases) {
	t.Helper()
	db := storetest.New(t)
	local := auth.NewLocal(db)
	if err := local.Ensure(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	return db, usecase.New(db, relay.New(db, time.Second, true, deaf{}), local, auth.NewPasswords(1), nil)
}

// acme reads the organisation that was made.
func acme(t *testing.T, db *store.DB, at time.Time) (*store.Org, page.State) {
	t.Helper()
	id, err := db.OrgBySlug(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	org := db.Org(id)
	state, err := org.State(t.Context(), status.Time(at.UnixMilli()))
	if err != nil {
		t.Fatal(err)
	}
	return org, state
}

// Whenever a server starts with it: the rules take every command of the story, in the order of its times, and none is
// later than the moment of the start. Only what is planned lies ahead.
func TestTheStoryIsTheSameWheneverItIsTold(t *testing.T) {
	for _, now := range []time.Time{
		time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC),
		time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2027, 3, 28, 1, 30, 0, 0, time.UTC), // Berlin's clocks have just been put forward
		time.Date(2028, 2, 29, 23, 59, 59, 999_000_000, time.UTC),
	} {
		t.Run(now.Format(time.RFC3339), func(t *testing.T) {
			db, cases := empty(t)
			if login, err := demo.Fill(t.Context(), db, cases, now); err != nil || login == nil {
				t.Fatal(login, err)
			}
			org, state := acme(t, db, now)
			shows(t, state, status.Time(now.UnixMilli()))
			last := status.Time(0)
			events, err := org.EventsSince(t.Context(), 0, 1000)
			if err != nil || len(events) != int(state.Seq) {
				t.Fatalf("%d events of %d, %v", len(events), state.Seq, err)
			}
			for _, e := range events {
				if e.At < last || e.At > status.Time(now.UnixMilli()) {
					t.Errorf("event %d, %s, is of %d, after one of %d", e.Seq, e.Type, e.At, last)
				}
				last = e.At
			}
		})
	}
}

// shows looks at what a visitor is to see: something of each kind.
func shows(t *testing.T, s page.State, now status.Time) {
	t.Helper()
	var open, planned, past int
	for _, i := range s.Incidents {
		if len(i.Updates) < 2 || i.Description == "" {
			t.Errorf("%q has %d updates", i.Title, len(i.Updates))
		}
		if i.Active() {
			open++
		} else if i.ResolvedAt == nil || *i.ResolvedAt > now {
			t.Errorf("%q was resolved at %v", i.Title, i.ResolvedAt)
		}
	}
	for _, m := range s.Maintenances {
		switch {
		case m.Status == status.Scheduled && m.ScheduledFor > now:
			planned++
		case m.Status == status.Completed && m.CompletedAt != nil && *m.CompletedAt <= now:
			past++
		default:
			t.Errorf("%q is %s", m.Title, m.Status)
		}
	}
	if len(s.Services) != 10 || len(s.Incidents) != 9 || open != 1 || planned != 1 || past != 2 {
		t.Errorf("%d services, %d incidents, %d open, %d windows planned, %d past", len(s.Services), len(s.Incidents),
			open, planned, past)
	}
	groups := map[string]int{}
	for _, service := range s.Services {
		groups[service.Group]++
		want := status.Operational
		if service.Name == "File Storage" {
			want = status.Degraded
		}
		if service.Status != want {
			t.Errorf("%s is %s, not %s", service.Name, service.Status, want)
		}
	}
	if len(groups) != 3 {
		t.Errorf("the groups are %v", groups)
	}
}

func TestTheLoginThatIsPrintedSignsIn(t *testing.T) {
	db, cases := empty(t)
	login, err := demo.Fill(t.Context(), db, cases, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	in, err := cases.SignIn(t.Context(), usecase.Caller{Address: "192.0.2.1"}, login.Email, login.Password, "acme")
	if err != nil || in.Token == "" || in.User.Email != demo.Email {
		t.Fatalf("%+v, %v", in, err)
	}
	if _, err := cases.SignIn(t.Context(), usecase.Caller{Address: "192.0.2.1"}, login.Email, login.Password+"x",
		"acme"); err == nil {
		t.Error("another password signs in")
	}
}

// A public login must never come into a database that somebody uses.
func TestADatabaseWithAnOrganisationIsLeftAlone(t *testing.T) {
	db, cases := empty(t)
	now := time.Now()
	if _, err := cases.CreateOrg(t.Context(), usecase.Caller{System: true}, "own", "Our own", now, nil); err != nil {
		t.Fatal(err)
	}
	if login, err := demo.Fill(t.Context(), db, cases, now); err != nil || login != nil {
		t.Errorf("%v, %v", login, err)
	}
	if _, err := db.OrgBySlug(t.Context(), "acme"); err == nil {
		t.Error("there is an organisation acme")
	}
	if _, _, err := db.Accounts(t.Context(), demo.Email, ""); err != nil {
		t.Fatal(err)
	} else if found, _, _ := db.Accounts(t.Context(), demo.Email, ""); len(found) > 0 {
		t.Error("the published login is an account")
	}
}

func TestAStoryThatCannotBeToldIsAnError(t *testing.T) {
	db, cases := empty(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if login, err := demo.Fill(ctx, db, cases, time.Now()); err == nil || login != nil {
		t.Errorf("%v, %v", login, err)
	}
}
