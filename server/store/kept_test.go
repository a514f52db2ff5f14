package store

import (
	"path/filepath"
	"testing"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// A member that no column has goes into `more`, by itself, and nothing else does.
func TestWhatHasNoColumnIsKeptTogether(t *testing.T) {
	for _, k := range []*kept{keptOrg, keptService, keptIncident, keptUpdate, keptMaintenance, keptStep} {
		if len(k.rest) > 0 {
			t.Logf("kept in more: %q", k.rest)
		}
	}
	some := keep(&status.Service{}, columns("s.", "id name description status position"), "", "group")
	svc := &status.Service{ID: "a", Name: "API", Group: "Core", Version: 3, StartDate: "2026-01-31"}
	want := `{"created_at":"1970-01-01T00:00:00Z","start_date":"2026-01-31","status_since":"1970-01-01T00:00:00Z","updated_at":"1970-01-01T00:00:00Z","version":3}`
	if is := some.more(svc); is != want {
		t.Errorf("more is %s", is)
	}
	if is := keptService.more(svc); is != "{}" && len(keptService.rest) == 0 {
		t.Errorf("more is %s", is)
	}
}

// What `more` keeps is read with the object, wherever it is read; one that is no JSON spoils its object and no other.
func TestWhatIsKeptTogetherIsReadWithItsObject(t *testing.T) {
	ctx := t.Context()
	db, err := Open("file:"+filepath.Join(t.TempDir(), "more.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	ids := []string{"0197a1de-3c00-7000-8000-000000000001", "0197a1de-3c00-7000-8000-000000000002",
		"0197a1de-3c00-7000-8000-000000000003",
		"0197a1de-3c00-7000-8000-000000000004", "0197a1de-3c00-7000-8000-000000000005"}
	org := db.Org(ids[0])
	created, no := page.Create(ids[0], "acme", "Acme", 1_000)
	if no != nil {
		t.Fatal(no)
	}
	if err := org.Append(ctx, page.State{}, []page.Event{created}, nil); err != nil {
		t.Fatal(err)
	}
	s := page.Evolve(page.State{}, &created)
	for _, c := range []page.Command{
		&page.CreateService{ID: ids[1], Name: "API"}, &page.CreateService{ID: ids[2], Name: "Web"},
		&page.OpenIncident{ID: ids[3], UpdateID: ids[4], Title: "Down",
			Services: []page.Move{{ID: ids[1], To: status.Major}}},
	} {
		events, no := page.Decide(s, c, 2_000)
		if no != nil {
			t.Fatal(no)
		}
		if err := org.Append(ctx, s, events, nil); err != nil {
			t.Fatal(err)
		}
		for i := range events {
			s = page.Evolve(s, &events[i])
		}
	}
	for _, change := range []string{`organizations SET more = '{"accent":"#123456"}'`,
		`services SET more = '{"group":"Of more"}' WHERE name = 'API'`,
		`incidents SET more = '{"postmortem":"Why."}'`, `incident_updates SET more = '{"edited_at":5000}'`} {
		if _, err := db.write.ExecContext(ctx, `UPDATE `+change); err != nil {
			t.Fatal(err)
		}
	}
	read, err := org.State(ctx, 3_000)
	if err != nil {
		t.Fatal(err)
	}
	in := read.Incidents[0]
	if read.Org.Accent != "#123456" || read.Services[0].Group != "Of more" || in.Postmortem != "Why." ||
		*in.Updates[0].EditedAt != 5_000 || in.Services[0].To != status.Major {
		t.Errorf("the page is read as %+v", read)
	}
	one, err := org.Incident(ctx, ids[3])
	if err != nil || one.Postmortem != "Why." || one.Updates[0].EditedAt == nil {
		t.Errorf("the incident is read as %+v, %v", one, err)
	}
	if _, err := db.write.ExecContext(ctx, `UPDATE services SET more = 'broken' WHERE name = 'Web'`); err != nil {
		t.Fatal(err)
	}
	if read, _, err := org.StateAt(ctx, 3_000); !IsUnreadable(err) || len(read.Services) != 1 ||
		len(read.Incidents) != 1 {
		t.Errorf("beside what is broken there is %+v, %v", read, err)
	}
}
