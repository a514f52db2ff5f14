package store

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/auth"
)

// TestNoReadScansATable asks SQLite's planner about every read of the store: each must be a search by an index.
func TestNoReadScansATable(t *testing.T) {
	ctx := context.Background()
	db, err := Open("file:"+filepath.Join(t.TempDir(), "plan.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	type question struct {
		query string
		args  []any
	}
	var asked []question
	db.asked = func(query string, args []any) { asked = append(asked, question{query, args}) }

	org, id, span := db.Org(uuid.NewString()), uuid.NewString(), Span{Limit: 25, Offset: 25}
	yes, no := true, false
	for _, status := range []string{"", "resolved"} {
		for _, active := range []*bool{nil, &yes, &no} {
			for _, service := range []string{"", id} {
				for _, search := range []string{"", `word "a phrase"`} {
					f := IncidentFilter{Status: status, Active: active, ServiceID: service, Search: search}
					_, _, _ = org.Incidents(ctx, f, span)
				}
			}
		}
	}
	_, _, _ = org.Incidents(ctx, IncidentFilter{From: 1, Until: 2}, span)
	for _, f := range []PastFilter{{From: 1, To: 2}, {From: 1, To: 2, ServiceID: id}, {From: 1, To: 2, Text: "a"},
		{From: 1, To: 2, ServiceID: id, Text: "a"}} {
		_, _ = org.IncidentsDuring(ctx, f, 10)
		_, _ = org.MaintenancesDuring(ctx, f, 10)
	}
	_, _ = org.DaysOf(ctx, id, 1, 2)
	for _, f := range []MaintenanceFilter{{}, {Status: "completed"}, {Upcoming: true}, {From: 1, Until: 2}} {
		_, _, _ = org.Maintenances(ctx, f, span)
	}
	for _, f := range []AuditFilter{{}, {Actor: id}, {Object: id}, {Since: 1}, {Actor: id, Object: id, Since: 1}} {
		_, _, _ = org.AuditLog(ctx, f, span)
	}
	_, _ = org.State(ctx, 1)
	_, _ = org.Incident(ctx, id)
	_, _ = org.Past(ctx, []string{id}, 1, 2)
	_, _ = org.Days(ctx, 1, 2)
	_, _, _ = org.Templates(ctx, span)
	_, _ = org.Template(ctx, id)
	_, _, _ = org.SeriesList(ctx, span)
	_, _ = org.Series(ctx, id)
	_, _ = db.SeriesToPlan(ctx, 1, 10)
	_, _ = org.Maintenance(ctx, id)
	_, _ = org.EventsSince(ctx, 1, 10)
	_, _ = org.Replay(ctx, 1, 10, 10)
	_, _, _ = org.words(ctx, nil)
	_, _, _ = db.EventsAfter(ctx, Anchor{ID: 1}, 10)
	_, _ = db.LastEventID(ctx)
	_, _ = db.OrgBySlug(ctx, "a")
	_, _ = db.OrgByHost(ctx, "a.example")
	_, _ = org.Answer(ctx, "a", "b", time.Now())
	_, _ = org.CommandSeq(ctx, id)
	_, _, _ = org.Members(ctx, span)
	_, _ = org.Member(ctx, id)
	_, _ = org.Strangers(ctx, []string{id, "x"})
	_, _ = org.Admins(ctx)
	_, _ = db.Memberships(ctx, id)
	_, _ = db.OwnMemberships(ctx, id)
	_, _ = db.Validity(ctx, id, id, id)
	_, _ = db.Factors(ctx, id)
	_, _ = db.PasskeyHolder(ctx, "a")
	_, _ = db.RecoveryCodes(ctx, id)
	_, _ = db.Challenge(ctx, [32]byte{}, time.Now())
	_, _, _ = db.Confirmed(ctx, id, id)
	_, _ = db.LacksFactor(ctx, id, id)
	_, _ = db.FactorRequired(ctx, id)
	_, _ = org.Lacking(ctx, []string{id})
	_, _ = org.AsksFactor(ctx)
	_, _, _ = org.Team(ctx, span)
	_, _, _ = org.Person(ctx, id)
	_, _, _ = org.KeyFor(ctx, id, id)
	_, _ = org.Offer(ctx, id)
	_, _ = db.OfferByLink(ctx, [32]byte{}, time.Now())
	_, _ = db.OffersTo(ctx, "a@b.example", time.Now())
	_, _ = db.Link(ctx, [32]byte{}, time.Now())
	_, _ = db.Unproved(ctx, "a@b.example")
	_, _, _ = db.Sessions(ctx, id, time.Now(), span)
	_, _ = db.SessionOf(ctx, id, id, time.Now())
	_, _ = db.Validity(ctx, id, id, id)
	_, _ = db.EndedOf(ctx, []string{id})
	_, _ = db.SignedOut(ctx, []string{id})
	_, _ = org.Deletion(ctx)
	_, _ = db.ToErase(ctx, time.Now())
	_, _ = db.DeletedBySlug(ctx, "a")
	_, _ = db.User(ctx, id)
	_, _ = db.UserByEmail(ctx, "a@b.example")
	_, _ = db.UserBySubject(ctx, auth.LocalIssuer, id)
	_, _, _ = org.Keys(ctx, span)
	_, _ = org.Key(ctx, id)
	_, _ = db.APIKey(ctx, "a")
	_, _, _ = db.SessionByToken(ctx, [32]byte{})
	for _, f := range []SubscriberFilter{{}, {Channel: "email"}, {State: Active}, {Services: []string{id}},
		{Search: "a"}, {Channel: "slack", State: Active, Services: []string{id}, Search: "a"}} {
		_, _, _ = org.Subscribers(ctx, f, span)
	}
	_, _ = org.Subscriber(ctx, id)
	_, _ = org.SubscriberByToken(ctx, id)
	_, _ = org.SubscriberByAddress(ctx, Email, "a")
	_, _ = org.SubscriberByAddress(ctx, Webhook, "a")
	_, _ = org.KnownSubscribers(ctx, []Subscriber{{Key: "a"}})
	_, _ = org.CountSubscribers(ctx, Pending)
	_, _, _ = org.Deliveries(ctx, "", span)
	_, _, _ = org.Deliveries(ctx, Dead, span)
	_, _ = org.Told(ctx, 1, 7)
	_, _ = org.Lasted(ctx, 1)
	_, _ = org.Delivery(ctx, 1)
	_, _ = org.DeadJobs(ctx)
	_, _ = db.DueLanes(ctx, 1)
	_, _ = db.Claim(ctx, Mail, 10, id, 1, 2)
	_, _, _ = db.Message(ctx, 1)
	_, _ = db.ForgetJobs(ctx, 1, 1)
	_, _ = db.WindowsToStart(ctx, 1, 10)
	_, _ = db.WindowsToEnd(ctx, 1, 10)
	_, _ = db.DueReminders(ctx, 1, 10)
	_, _ = db.Epoch(ctx)
	_, _ = db.LastBeat(ctx)

	db.asked = nil
	if len(asked) < 40 {
		t.Fatalf("only %d reads were heard", len(asked))
	}
	for _, q := range asked {
		err := db.rows(ctx, "EXPLAIN QUERY PLAN "+q.query, q.args, func(rows *sql.Rows) error {
			var node, parent, unused int
			var step string
			if err := rows.Scan(&node, &parent, &unused, &step); err != nil {
				return err
			}
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "CONSTANT ROW") && !strings.Contains(step,
				"subquery") && !strings.Contains(step, "json_each") && step != "SCAN sqlite_sequence" &&
				!strings.Contains(step, "VIRTUAL TABLE INDEX 5") && !strings.Contains(step, "VIRTUAL TABLE INDEX 4") &&
				!strings.HasPrefix(step, "SCAN (") {
				t.Errorf("%s\nin %.300s", step, q.query)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%v\nin %.300s", err, q.query)
		}
	}
}
