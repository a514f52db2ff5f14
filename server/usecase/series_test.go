package usecase_test

import (
	"context"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// A release that kept no list of a series' windows knew them by ids that follow from their starts.
func TestWindowsThatAnOlderReleasePlannedAreKnownAgain(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	site := apptest.Start(t, nil)
	o := site.Org("acme", now.Add(-time.Hour))
	svc := o.Service(now.Add(-time.Hour), "", "API")
	d, ctx := o.App.UseCases, context.Background()
	first := now.AddDate(0, 0, 2)
	title, rule, zone, starts, minutes, quiet := "Patch dya", "FREQ=DAILY", "UTC", first.Format("2006-01-02T15:04"),
		int64(30), false
	made, err := d.CreateSeries(ctx, usecase.Caller{System: true}, o.ID, usecase.SeriesText{Title: &title,
		Services: &[]string{svc}, RRule: &rule, Zone: &zone, StartsAt: &starts, Minutes: &minutes, Notify: &quiet})
	if err != nil {
		t.Fatal(err)
	}
	for range 7 {
		d.PlanSeries(ctx)
	}
	windows := func() map[string]status.Maintenance {
		p, err := o.App.Relay.Page(ctx, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]status.Maintenance{}
		for _, m := range p.State.Maintenances {
			out[m.ID] = m
		}
		return out
	}
	before := windows()
	if len(before) != 58 && len(before) != 59 {
		t.Fatalf("%d windows", len(before))
	}
	var gone string
	for gone = range before {
		break
	}
	c := &page.DeleteMaintenance{}
	c.Remove(gone, nil)
	o.Do(now, c)
	// As the older release left it.
	var b store.Batch
	b.Add(`DELETE FROM series_windows`)
	newest := status.Time(0)
	for _, m := range before {
		newest = max(newest, m.ScheduledFor)
	}
	b.Add(`UPDATE maintenance_series SET listed = 0, planned_for = ?`, int64(newest))
	if err := o.App.DB.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	better := "Patch day"
	if _, err := d.EditSeries(ctx, usecase.Caller{System: true}, o.ID, made.ID,
		usecase.SeriesText{Title: &better}); err != nil {
		t.Fatal(err)
	}
	d.PlanSeries(ctx)
	after := windows()
	if _, back := after[gone]; back || len(after) != len(before)-1 {
		t.Errorf("%d windows, the deleted one is back: %v", len(after), back)
	}
	for id, m := range after {
		if _, known := before[id]; !known || m.Title != better || m.ScheduledFor != before[id].ScheduledFor {
			t.Errorf("%s: %q at %v, was %v", id, m.Title, m.ScheduledFor, known)
		}
	}
}
