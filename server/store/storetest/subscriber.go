package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
)

// subscriber is an active one of the whole page; change makes it another.
func subscriber(name string, change func(*store.Subscriber)) store.Subscriber {
	at := pagetest.Start
	s := store.Subscriber{ID: uuid.Must(uuid.NewV7()).String(), Channel: store.Email, Address: name + "@example.com",
		Key: name + "@example.com", State: store.Active,
		Whole: true, Token: uuid.NewString(), Base: "https://status.example.com", Source: "visitor", CreatedAt: at,
		AskedAt: at, ConfirmedAt: &at}
	if change != nil {
		change(&s)
	}
	return s
}

func add(t *testing.T, db *store.DB, org *store.Org, all ...store.Subscriber) {
	t.Helper()
	var b store.Batch
	for _, s := range all {
		org.AddSubscriber(&b, s)
	}
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
}

func tell(t *testing.T, db *store.DB, org *store.Org, topic string, to store.Audience) {
	t.Helper()
	var b store.Batch
	org.Tell(&b, store.Message{Topic: topic, Kind: "incident.opened", Title: "A title", Body: "{}", At: pagetest.Start},
		to)
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	expand(t, db, 100)
}

// expand gives everybody their jobs, so many in a batch.
func expand(t *testing.T, db *store.DB, n int) {
	t.Helper()
	for {
		found, err := db.Expansions(ctx, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			return
		}
		for i := range found {
			if err := db.Expand(ctx, &found[i], n, nil, soon); err != nil {
				t.Fatal(err)
			}
		}
	}
}

const soon = pagetest.Start + 60_000

func claim(t *testing.T, db *store.DB, lane store.Lane, n int, now status.Time) []store.Job {
	t.Helper()
	jobs, err := db.Claim(ctx, lane, n, uuid.NewString(), now, now+30_000)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

func addresses(jobs []store.Job) map[string]bool {
	out := map[string]bool{}
	for i := range jobs {
		out[jobs[i].To.Address] = true
	}
	return out
}

func toldByChoice(t *testing.T, db *store.DB) {
	org, s := begin(t, db, "told", pagetest.Start)
	other, _ := begin(t, db, "told-other", pagetest.Start)
	a, b := uuid.NewString(), uuid.NewString()
	s = commit(t, org, s, &page.CreateService{ID: a, Name: "A"}, pagetest.Start)
	commit(t, org, s, &page.CreateService{ID: b, Name: "B"}, pagetest.Start)
	choose := func(ids ...string) func(*store.Subscriber) {
		return func(s *store.Subscriber) {
			s.Whole = false
			for _, id := range ids {
				s.Services = append(s.Services, status.Ref{ID: id})
			}
		}
	}
	add(t, db, org, subscriber("whole", nil), subscriber("a", choose(a)), subscriber("b", choose(b)),
		subscriber("both", choose(a, b)),
		subscriber("nothing", choose(uuid.NewString())),
		subscriber("pending", func(s *store.Subscriber) { s.State, s.ConfirmedAt = store.Pending, nil }),
		subscriber("bouncing", func(s *store.Subscriber) { s.State = store.Bouncing }),
		subscriber("hook", func(s *store.Subscriber) {
			s.Channel, s.Address, s.Key = store.Webhook, "https://hook.example.com/", "https://hook.example.com/"
		}))
	add(t, db, other, subscriber("whole", nil))
	tell(t, db, org, "event/1", store.Audience{Services: []string{a, b}})
	tell(t, db, org, "event/1", store.Audience{Services: []string{a, b}})
	if got, want := addresses(claim(t, db, store.Mail, 100, soon)), map[string]bool{"whole@example.com": true,
		"a@example.com": true, "b@example.com": true, "both@example.com": true}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %v, not %v", got, want)
	}
	if got := addresses(claim(t, db, store.Hook, 100, soon)); fmt.Sprint(got) != "map[https://hook.example.com/:true]" {
		t.Errorf("told %v", got)
	}
	tell(t, db, org, "event/2", store.Audience{Services: []string{b}})
	if got := addresses(claim(t, db, store.Mail, 100, soon)); len(got) != 3 || got["a@example.com"] {
		t.Errorf("of B were told %v", got)
	}
	tell(t, db, org, "event/0", store.Audience{Services: []string{a}})
	if got := claim(t, db, store.Mail, 100, soon); len(got) != 3 {
		t.Errorf("of one more event %d were told", len(got))
	}
	claim(t, db, store.Hook, 100, soon)
	tell(t, db, org, "event/3", store.Audience{Services: []string{b}, Only: store.Webhook})
	if got := claim(t, db, store.Mail, 100, soon); len(got) != 0 {
		t.Errorf("what is for webhooks was told %v", addresses(got))
	}
	// A receiver that failed is not in the way of those that did not.
	failed := claim(t, db, store.Hook, 100, soon)
	var bad store.Batch
	store.RetryJob(&bad, &failed[0], soon, store.Slow, "it answered 500")
	if err := db.Do(ctx, &bad); err != nil {
		t.Fatal(err)
	}
	tell(t, db, org, "event/4", store.Audience{})
	if hook, slow := claim(t, db, store.Hook, 100, soon), claim(t, db, store.Slow, 100, soon); len(hook) != 0 ||
		len(slow) != 2 || slow[0].To.Failures != 1 {
		t.Errorf("%d in the lane of the quick, %d in that of the slow", len(hook), len(slow))
	}
	if _, n, err := other.Deliveries(ctx, "", store.Span{Limit: 10}); err != nil || n != 0 {
		t.Errorf("the other organisation has %d deliveries, %v", n, err)
	}
}

func leased(t *testing.T, db *store.DB) {
	org, _ := begin(t, db, "leased", pagetest.Start)
	for i := range 20 {
		add(t, db, org, subscriber(fmt.Sprint("s", i), nil))
	}
	tell(t, db, org, "event/1", store.Audience{})
	first := claim(t, db, store.Mail, 8, soon)
	second := claim(t, db, store.Mail, 100, soon)
	if len(first) != 8 || len(second) != 12 {
		t.Fatalf("claimed %d and %d of 20", len(first), len(second))
	}
	for a := range addresses(first) {
		if addresses(second)[a] {
			t.Errorf("%s was claimed twice", a)
		}
	}
	var b store.Batch
	store.SentJob(&b, &first[0], soon)
	store.RetryJob(&b, &first[1], soon+3_600_000, store.Mail, "it answered 451")
	store.DeadJob(&b, &first[2], soon, "550")
	store.ReleaseJob(&b, &first[3], soon)
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, db, store.Mail, 100, soon); len(got) != 1 || got[0].ID != first[3].ID {
		t.Errorf("after a release %d could be claimed", len(got))
	}
	late := claim(t, db, store.Mail, 100, soon+30_001)
	if len(late) != 17 { // 20 less one sent, one dead, one that waits
		t.Errorf("after the leases ended %d could be claimed", len(late))
	}
	// Whose lease has ended can say nothing any more.
	var stale store.Batch
	store.SentJob(&stale, &first[4], soon)
	if err := db.Do(ctx, &stale); err != nil {
		t.Fatal(err)
	}
	if _, n, err := org.Deliveries(ctx, store.Sent, store.Span{Limit: 1}); err != nil || n != 1 {
		t.Errorf("%d were sent, %v", n, err)
	}
	dead, n, err := org.Deliveries(ctx, store.Dead, store.Span{Limit: 10})
	if err != nil || n != 1 || dead[0].Problem != "550" || dead[0].Tries != 1 || dead[0].Kind != "incident.opened" {
		t.Errorf("dead: %+v %d %v", dead, n, err)
	}
	var again store.Batch
	org.ReviveJob(&again, &dead[0], soon+40_000)
	if err := db.Do(ctx, &again); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, db, store.Mail, 100, soon+40_000); len(got) != 1 || got[0].ID != dead[0].ID ||
		got[0].Tries != 0 {
		t.Errorf("the revived one: %+v", got)
	}
}

func imports(t *testing.T, db *store.DB) {
	org, s := begin(t, db, "imports", pagetest.Start)
	svc := uuid.NewString()
	commit(t, org, s, &page.CreateService{ID: svc, Name: "A"}, pagetest.Start)
	add(t, db, org, subscriber("there", nil), subscriber("gone", nil))
	found, _, err := org.Subscribers(ctx, store.SubscriberFilter{Search: "GONE"}, store.Span{Limit: 5})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	var no store.Batch
	org.RefuseSubscriber(&no, &found[0], pagetest.Start)
	org.RemoveSubscriber(&no, found[0].ID)
	if err := db.Do(ctx, &no); err != nil {
		t.Fatal(err)
	}
	list := []store.Subscriber{}
	for _, name := range []string{"there", "gone", "new"} {
		list = append(list, subscriber(name, func(s *store.Subscriber) {
			s.Whole, s.Services, s.Source = false, []status.Ref{{ID: svc}}, "admin"
		}))
	}
	if n, err := org.KnownSubscribers(ctx, list); err != nil || n != 2 {
		t.Errorf("%d are known, %v", n, err)
	}
	var b store.Batch
	org.ImportSubscribers(&b, list)
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	all, n, err := org.Subscribers(ctx, store.SubscriberFilter{}, store.Span{Limit: 10})
	if err != nil || n != 2 || all[0].Address != "new@example.com" || all[0].Whole || len(all[0].Services) != 1 ||
		all[0].Services[0].Name != "A" || !all[1].Whole {
		t.Errorf("after the import: %+v %d %v", all, n, err)
	}
	// Whoever comes back by themselves may be imported again later.
	var yes store.Batch
	back := subscriber("gone", func(s *store.Subscriber) { s.State, s.ConfirmedAt = store.Pending, nil })
	org.AddSubscriber(&yes, back)
	org.ConfirmSubscriber(&yes, &back, pagetest.Start)
	if err := db.Do(ctx, &yes); err != nil {
		t.Fatal(err)
	}
	if s, err := org.Subscriber(ctx, back.ID); err != nil || s.State != store.Active || s.ConfirmedAt == nil {
		t.Errorf("%+v %v", s, err)
	}
}

func buried(t *testing.T, db *store.DB) {
	org, _ := begin(t, db, "buried", pagetest.Start)
	add(t, db, org, subscriber("a", nil), subscriber("b", nil))
	tell(t, db, org, "event/1", store.Audience{})
	jobs := claim(t, db, store.Mail, 1, soon)
	var b store.Batch
	store.SentJob(&b, &jobs[0], soon)
	if err := errors.Join(db.Do(ctx, &b), db.BuryJobs(ctx)); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, db, store.Mail, 10, soon+1_000_000); len(got) != 0 {
		t.Errorf("%d are sent again", len(got))
	}
	if dead, n, err := org.Deliveries(ctx, store.Dead, store.Span{Limit: 5}); err != nil || n != 1 ||
		dead[0].DoneAt == nil {
		t.Errorf("%+v %v", dead, err)
	}
}

func forgets(t *testing.T, db *store.DB) {
	org, _ := begin(t, db, "forgets", pagetest.Start)
	add(t, db, org, subscriber("a", nil), subscriber("b", nil), subscriber("c", nil),
		subscriber("pending", func(s *store.Subscriber) { s.State, s.ConfirmedAt = store.Pending, nil }))
	tell(t, db, org, "event/1", store.Audience{})
	jobs := claim(t, db, store.Mail, 10, soon)
	var b store.Batch
	store.SentJob(&b, &jobs[0], soon)
	store.DeadJob(&b, &jobs[1], soon, "550")
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if err := db.ForgetPending(ctx, pagetest.Start+1); err != nil {
		t.Fatal(err)
	}
	if _, n, _ := org.Subscribers(ctx, store.SubscriberFilter{}, store.Span{Limit: 1}); n != 3 {
		t.Errorf("%d subscribers are left", n)
	}
	count := func() int {
		_, n, err := org.Deliveries(ctx, "", store.Span{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, step := range []struct{ sent, all, left status.Time }{{0, 0, 3}, {pagetest.Start + 1, 0, 2},
		{pagetest.Start + 1, pagetest.Start + 1, 1}} {
		if done, err := db.ForgetJobs(ctx, step.sent, step.all); err != nil || !done {
			t.Fatal(done, err)
		}
		if n := count(); n != int(step.left) {
			t.Errorf("%d deliveries are left, not %d", n, step.left)
		}
	}
}

// followed: one incident alone is told to who wants to hear when it is over, and the subscription ends with it.
func followed(t *testing.T, db *store.DB) {
	org, s := begin(t, db, "followed", pagetest.Start)
	other, _ := begin(t, db, "following", pagetest.Start)
	service, one, two := uuid.NewString(), uuid.NewString(), uuid.NewString()
	s = commit(t, org, s, &page.CreateService{ID: service, Name: "API"}, s.At+1)
	open := func(id string, to status.ServiceStatus) {
		s = commit(t, org, s, &page.OpenIncident{ID: id, UpdateID: uuid.NewString(), Title: id, Service: &service,
			ToState: to}, s.At+1)
	}
	open(one, status.Partial)
	open(two, status.Major)
	follow := func(name, incident string) store.Subscriber {
		return subscriber(name, func(s *store.Subscriber) { s.Whole, s.Incident = false, incident })
	}
	add(t, db, org, follow("ada", one), follow("bea", two),
		subscriber("cid", func(s *store.Subscriber) { s.Whole = false }))
	add(t, db, other, follow("eve", one)) // of another organisation: it follows nothing
	say := func(topic, incident string) {
		var b store.Batch
		for _, o := range []*store.Org{org, other} {
			o.Tell(&b, store.Message{Topic: topic, Thread: incident, Kind: "incident.updated", Body: "{}",
				At: pagetest.Start}, store.Audience{Services: []string{service}})
		}
		if err := db.Do(ctx, &b); err != nil {
			t.Fatal(err)
		}
		expand(t, db, 100)
	}
	say("one", one)
	jobs := claim(t, db, store.Mail, 10, soon)
	if got := addresses(jobs); len(got) != 1 || !got["ada@example.com"] {
		t.Fatalf("it is told to %v", got)
	}
	forget := func(want int) {
		t.Helper()
		if _, err := db.ForgetFollowers(ctx, 100); err != nil {
			t.Fatal(err)
		}
		if n, err := org.CountSubscribers(ctx, ""); err != nil || n != want {
			t.Errorf("%d subscribers, %v; want %d", n, err, want)
		}
	}
	forget(3)
	commit(t, org, s, &page.UpdateIncident{ID: one, UpdateID: uuid.NewString(), Status: string(status.Resolved)},
		s.At+1)
	forget(3) // its end is not told yet
	var b store.Batch
	store.SentJob(&b, &jobs[0], soon)
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	forget(2)
	found, _, err := org.Subscribers(ctx, store.SubscriberFilter{Search: "bea"}, store.Span{Limit: 5})
	if err != nil || len(found) != 1 || found[0].Incidents != 1 || !found[0].Once() {
		t.Errorf("%+v, %v", found, err)
	}
	if found, _, err := other.Subscribers(ctx, store.SubscriberFilter{}, store.Span{Limit: 5}); err != nil ||
		len(found) != 1 || found[0].Incidents != 0 {
		t.Errorf("a stranger's incident is followed: %+v, %v", found, err)
	}
}
