package storetest

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// during: what went on in a time is found whenever it began and ended, and only an organisation's own.
func during(t *testing.T, db *store.DB) {
	const hour = wire.Hour
	org, s := begin(t, db, "during", pagetest.Start)
	begin(t, db, "other", pagetest.Start)
	service, t0 := uuid.NewString(), s.At+1
	s = commit(t, org, s, &page.CreateService{ID: service, Name: "API"}, t0)
	completed, running := string(status.Completed), string(status.InProgress)
	tell := func(title string, from, to status.Time) {
		id, window := uuid.NewString(), uuid.NewString()
		s = commit(t, org, s, &page.OpenIncident{ID: id, UpdateID: uuid.NewString(), Title: title, Service: &service,
			ToState: status.Major}, from)
		s = commit(t, org, s, &page.PlanMaintenance{ID: window, Title: title, Services: []string{service},
			ScheduledFor: from + 1, ScheduledUntil: to + hour}, from)
		s = commit(t, org, s, &page.EditMaintenance{ID: window, UpdateID: uuid.NewString(), Status: &running}, from+1)
		s = commit(t, org, s, &page.UpdateIncident{ID: id, UpdateID: uuid.NewString(), Status: string(status.Resolved)},
			to)
		s = commit(t, org, s, &page.EditMaintenance{ID: window, UpdateID: uuid.NewString(), Status: &completed}, to)
	}
	tell("before", t0+hour, t0+2*hour)
	tell("into", t0+3*hour, t0+11*hour)
	tell("within", t0+12*hour, t0+13*hour)
	tell("across", t0+14*hour, t0+25*hour)
	tell("after", t0+26*hour, t0+27*hour)
	for _, c := range []struct {
		from, to status.Time
		want     string
	}{
		{t0 + 10*hour, t0 + 20*hour, "across within into"}, {t0 + 15*hour, t0 + 16*hour, "across"},
		{t0 + 21*hour, t0 + 26*hour + 1, "after across"}, {t0 + 30*hour, t0 + 40*hour, ""},
	} {
		incidents, err := org.IncidentsDuring(ctx, store.PastFilter{From: c.from, To: c.to}, 10)
		if err != nil {
			t.Fatal(err)
		}
		windows, err := org.MaintenancesDuring(ctx, store.PastFilter{From: c.from, To: c.to}, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got, gotWindows []string
		for _, in := range incidents {
			got = append(got, in.Title)
		}
		for _, m := range windows {
			gotWindows = append(gotWindows, m.Title)
		}
		if strings.Join(got, " ") != c.want || strings.TrimPrefix(strings.Join(gotWindows, " "),
			"after ") != strings.TrimPrefix(c.want, "after ") {
			t.Errorf("%v to %v: incidents %q, windows %q", c.from-t0, c.to-t0, got, gotWindows)
		}
	}
	for want, f := range map[string]store.PastFilter{
		"across": {Text: "ACROSS"}, "": {ServiceID: uuid.NewString()},
		"after across within into before": {ServiceID: service, Text: ""}, "none": {Text: "%"},
		"before": {ServiceID: service, Text: "for"},
	} {
		f.To = t0 + 99*hour
		incidents, err := org.IncidentsDuring(ctx, f, 10)
		windows, err2 := org.MaintenancesDuring(ctx, f, 10)
		if err != nil || err2 != nil || len(incidents) != len(windows) {
			t.Fatal(len(incidents), len(windows), err, err2)
		}
		var got []string
		for _, in := range incidents {
			got = append(got, in.Title)
		}
		if strings.Join(got, " ") != strings.TrimPrefix(want, "none") {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
	if days, err := db.Org(uuid.NewString()).DaysOf(ctx, service, 0, 1<<20); err != nil || len(days) != 0 {
		t.Errorf("a stranger reads %d days, %v", len(days), err)
	}
	if days, err := org.DaysOf(ctx, service, 0, 1<<20); err != nil || len(days) == 0 {
		t.Errorf("%d days, %v", len(days), err)
	}
	if found, err := db.Org(uuid.NewString()).IncidentsDuring(ctx, store.PastFilter{To: t0 + 99*hour},
		10); err != nil || len(found) != 0 {
		t.Errorf("a stranger finds %d, %v", len(found), err)
	}
	if found, err := db.Org(uuid.NewString()).MaintenancesDuring(ctx, store.PastFilter{To: t0 + 99*hour},
		10); err != nil || len(found) != 0 {
		t.Errorf("a stranger finds %d windows, %v", len(found), err)
	}
}
