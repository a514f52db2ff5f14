package usecase_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"statuspage/server/app"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/server/store/storetest"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// house is a program that does nothing by itself, at a time that the test moves.
type house struct {
	*testing.T
	*usecase.UseCases
	db       *store.DB
	relay    *relay.Relay
	mu       sync.Mutex
	at       time.Time
	org      string
	ada, bob usecase.Caller
	service  string
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func newHouse(t *testing.T) *house {
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "status.db")
	storetest.Lay(t, file)
	cfg := config.Default(config.Database{DatabaseURL: "file:" + file})
	a, err := app.New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	h := &house{T: t, UseCases: a.UseCases, db: a.DB, relay: a.Relay, at: time.Now()}
	a.UseCases.SetClock(h.now) // and not the program's, which holds its clock against others
	system := usecase.Caller{System: true}
	if h.org, err = h.CreateOrg(ctx, system, "acme", "Acme", h.at, nil); err != nil {
		t.Fatal(err)
	}
	for _, who := range []struct {
		name string
		by   *usecase.Caller
	}{{"ada", &h.ada}, {"bob", &h.bob}} {
		m, err := h.AddMember(ctx, system, h.org, usecase.NewMember{Email: who.name + "@acme.example", Role: auth.Admin})
		if err != nil {
			t.Fatal(err)
		}
		who.by.Who = auth.Principal{Kind: auth.KindUser, ID: m.UserID, Name: who.name, OrgID: h.org, Role: auth.Admin}
	}
	c := &page.CreateService{Name: "API"}
	if _, err := h.Change(ctx, h.ada, h.org, c); err != nil {
		t.Fatal(err)
	}
	h.service = c.ID
	return h
}

// draft is one of Ada's that is published in an hour.
func (h *house) draft(title string) store.Draft {
	h.Helper()
	ctx := context.Background()
	x, err := h.CreateDraft(ctx, h.ada, h.org, usecase.DraftText{Command: page.MarshalCommand(&page.OpenIncident{
		Title: title, Services: []page.Move{{ID: h.service, To: status.Degraded}}})})
	due := status.Time(h.now().Add(time.Hour).UnixMilli())
	if err == nil {
		x, err = h.ScheduleDraft(ctx, h.ada, h.org, x.ID, usecase.DraftStep{DueAt: &due})
	}
	if err != nil {
		h.Fatal(err)
	}
	return x
}

func (h *house) read(x store.Draft) store.Draft {
	h.Helper()
	x, err := h.db.Org(h.org).Draft(context.Background(), x.ID)
	if err != nil {
		h.Fatal(err)
	}
	return x
}

// told is how many letters Ada got since it was asked last.
func (h *house) told() (n int) {
	h.Helper()
	jobs, err := h.db.ClaimTeam(context.Background(), wire.Itoa(h.now().UnixNano()), 100, 100, nil,
		status.Time(h.now().UnixMilli()), status.Time(h.now().Add(time.Minute).UnixMilli()))
	if err != nil {
		h.Fatal(err)
	}
	var b store.Batch
	for i := range jobs {
		store.SentTeam(&b, &jobs[i], status.Time(h.now().UnixMilli()))
		if jobs[i].Email == "ada@acme.example" {
			n++
		}
	}
	if err := h.db.Do(context.Background(), &b); err != nil {
		h.Fatal(err)
	}
	return n
}

func TestADraftIsPublishedAtItsTimeAndNotBefore(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	x, due := h.draft("Planned words"), usecase.NewDueDrafts(h.UseCases)
	h.pass(time.Hour - time.Millisecond)
	due.Tick(ctx)
	if now := h.read(x); now.State != store.Drafted {
		t.Fatalf("it is %s a millisecond before", now.State)
	}
	h.pass(time.Millisecond)
	due.Tick(ctx)
	now := h.read(x)
	if now.State != store.Published || now.DueAt != nil || now.Publication.ID != "system" {
		t.Fatalf("it is %+v", now)
	}
	due.Tick(ctx)
	if again := h.read(x); again.Version != now.Version {
		t.Error("it was published twice")
	}
	if n := h.told(); n != 0 {
		t.Errorf("its author got %d letters", n)
	}
}

func TestADraftThatCannotBePublishedAtItsTimeIsHeldAndItsAuthorHears(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	due := usecase.NewDueDrafts(h.UseCases)
	held := func(why string, x store.Draft) {
		t.Helper()
		due.Tick(ctx)
		now := h.read(x)
		if now.State == store.Published || now.DueAt != nil || now.Problem == "" || now.Version != x.Version+1 {
			t.Errorf("%s: it is %+v", why, now)
		}
		if n := h.told(); n != 1 {
			t.Errorf("%s: its author got %d letters", why, n)
		}
	}
	x := h.draft("Late")
	h.pass(time.Hour + usecase.MaxDraftLate + time.Millisecond)
	held("after an outage", x)

	x = h.draft("After an outage that was short")
	h.pass(time.Hour + usecase.MaxDraftLate)
	due.Tick(ctx)
	if now := h.read(x); now.State != store.Published {
		t.Errorf("it is %s", now.State)
	}

	x = h.draft("The other one has the service")
	h.pass(time.Hour)
	due.Tick(ctx) // a conflict is looked at a second time
	if now := h.read(x); now.DueAt == nil {
		t.Error("it was held at once")
	}
	h.pass(3 * time.Second)
	held("refused", x)

	if _, err := h.SetSecurity(ctx, h.ada, h.org, usecase.Security{SecondPerson: true}); err != nil {
		t.Fatal(err)
	}
	x = h.draft("Nobody approved it")
	h.pass(time.Hour)
	due.Tick(ctx)
	h.pass(3 * time.Second)
	held("not approved", x)
}

func TestADraftOfSomebodyWhoMayNotPublishAnyMoreIsHeld(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	x := h.draft("A last word")
	if err := h.RemoveMember(ctx, h.bob, h.org, h.ada.Who.ID); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Hour)
	usecase.NewDueDrafts(h.UseCases).Tick(ctx)
	if now := h.read(x); now.State == store.Published || now.DueAt != nil || now.Problem == "" {
		t.Errorf("it is %+v", now)
	}
}

// TestWithAnExternalIssuerItIsAskedToo: what the issuer told last of a person is in the members.
func TestWithAnExternalIssuerItIsAskedToo(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	external := usecase.New(h.db, h.relay, nil, auth.NewPasswords(1), nil)
	external.SetClock(h.now)
	due := usecase.NewDueDrafts(external)
	x := h.draft("Of an admin")
	h.pass(time.Hour)
	due.Tick(ctx)
	if now := h.read(x); now.State != store.Published {
		t.Fatalf("it is %+v", now)
	}
	c, no := page.UnmarshalCommand(h.read(x).Command)
	if no != nil {
		t.Fatal(no)
	}
	end := &page.UpdateIncident{ID: page.TargetOf(c), Status: string(status.Resolved), Body: "Over."}
	if _, err := h.Change(ctx, h.ada, h.org, end); err != nil {
		t.Fatal(err)
	}
	x = h.draft("Of somebody who is an admin no more")
	if err := h.RemoveMember(ctx, h.bob, h.org, h.ada.Who.ID); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Hour)
	due.Tick(ctx)
	if now := h.read(x); now.State == store.Published || now.Problem != "Who set its time may not publish any more." {
		t.Errorf("it is %+v", now)
	}
}

// TestATimeAndAPersonPublishADraftOnce lets several schedulers and people be as fast as each other.
func TestATimeAndAPersonPublishADraftOnce(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	for range 5 {
		x := h.draft("Once")
		h.pass(time.Hour)
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				if i%2 == 0 {
					usecase.NewDueDrafts(h.UseCases).Tick(ctx)
					return
				}
				_, _ = h.PublishDraft(ctx, h.bob, h.org, x.ID, nil)
			})
		}
		all.Wait()
		now := h.read(x)
		if now.State != store.Published || now.Version != x.Version+1 {
			t.Fatalf("it is %+v", now)
		}
		c, no := page.UnmarshalCommand(now.Command)
		if no != nil {
			t.Fatal(no)
		}
		end := &page.UpdateIncident{ID: page.TargetOf(c), Status: string(status.Resolved), Body: "Over."}
		if _, err := h.Change(ctx, h.ada, h.org, end); err != nil {
			t.Fatal(err)
		}
	}
}
