package page_test

import (
	"testing"

	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// recorded is what the primary knows of a service that was well from its creation until now.
func (d *diary) recorded(ids ...string) {
	d.s.Past = &page.Past{Incidents: d.s.Incidents}
	for i := range d.s.Maintenances {
		if m := d.s.Maintenances[i]; m.Noted() {
			d.s.Past.Windows = append(d.s.Past.Windows, m)
		}
	}
	for _, id := range ids {
		svc := d.service(id)
		d.s.Past.Record = append(d.s.Past.Record, page.Record{ServiceID: id,
			Spans: []status.Span{{Status: svc.Status, From: svc.CreatedAt, To: d.now + wire.Day}}})
	}
}

func (d *diary) tally(id string, day status.Time) status.Tally {
	svc := d.service(id)
	for _, t := range svc.Days {
		if t.Day == day.DayNumber() {
			return t
		}
	}
	return status.Tally{Day: day.DayNumber()}
}

func TestAWindowIsNotedAfterwards(t *testing.T) {
	d, ids := newDiary(t, "API", "Web")
	d.clock("+2 09:00")
	from, until := d.now-wire.Day, d.now-wire.Day+90*wire.Minute
	id := d.ID()
	d.recorded(ids...)
	d.want("events", d.does("+2 09:00", &page.PlanMaintenance{ID: id, Title: "Disks", Services: ids[:1],
		ScheduledFor: from, ScheduledUntil: until}), "maintenance_planned")
	m := d.maintenance(id)
	d.want("it is over", m.Status, status.Completed)
	d.want("it went as it was planned", [2]status.Time{*m.StartedAt, *m.CompletedAt}, [2]status.Time{from, until})
	d.want("when it was written down", m.CreatedAt, d.now)
	d.is(ids[0], "operational")
	d.want("the record of its day", d.tally(ids[0], from).Maintenance, int64(90*wire.Minute))
	d.want("no other's", d.tally(ids[1], from).Maintenance, int64(0))
	d.refuses("+2 09:01", &page.EditMaintenance{ID: id, UpdateID: d.ID(), ScheduledUntil: ptr(until + wire.Hour)},
		fault.Conflict, "The window is over.")
	d.does("+2 09:02", &page.EditMaintenance{ID: id, UpdateID: d.ID(), Title: ptr("New disks")})

	// An outage that was written down weighs more; the window is still there when the outage is deleted.
	in := d.ID()
	d.recorded(ids...)
	d.does("+2 09:03", &page.OpenIncident{ID: in, UpdateID: d.ID(), ResolutionID: d.ID(), Title: "Too long",
		Service: &ids[0], ToState: status.Major, StartedAt: ptr(from + wire.Hour), ResolvedAt: ptr(until)})
	d.want("outage", d.tally(ids[0], from), status.Tally{Day: from.DayNumber(), Major: int64(30 * wire.Minute),
		Maintenance: int64(wire.Hour)})
	d.recorded(ids...)
	gone := &page.DeleteIncident{}
	gone.Remove(in, nil)
	d.does("+2 09:04", gone)
	d.want("without it", d.tally(ids[0], from),
		status.Tally{Day: from.DayNumber(), Maintenance: int64(90 * wire.Minute)})

	d.recorded(ids...)
	undo := &page.DeleteMaintenance{}
	undo.Remove(id, nil)
	d.does("+2 09:05", undo)
	d.want("deleted", d.tally(ids[0], from).Maintenance, int64(0))
}

func TestARecordBeginsWithTheStartDate(t *testing.T) {
	d, ids := newDiary(t, "API")
	api := ids[0]
	d.clock("+0 15:00") // 2026-01-31
	began := d.now - 20*wire.Day
	in := &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), ResolutionID: d.ID(), Title: "Before we came", Service: &api,
		ToState: status.Major, StartedAt: &began, ResolvedAt: ptr(began + wire.Hour)}
	d.recorded(api)
	d.does("15:00", in)
	svc := d.service(api)
	days, _ := status.Uptime(&svc, 90, d.now, status.DefaultWeights)
	d.want("unknown before its birth", days[69].NoData, true)

	for _, wrong := range []string{"2026-02-01", "1999-12-31", "2026-1-1", "yesterday", "2026-02-30"} {
		err := d.refuses("15:01", &page.EditService{ID: api, StartDate: ptr(wrong)}, fault.Invalid,
			"start_date must be a day")
		d.want("field", err.Fields[0].Name, "start_date")
	}
	d.recorded(api)
	d.does("15:02", &page.EditService{ID: api, StartDate: ptr("2025-12-01")})
	svc = d.service(api)
	days, all := status.Uptime(&svc, 90, d.now, status.DefaultWeights)
	d.want("the day before", days[27].NoData, true)
	d.want("the day", [2]any{days[28].NoData, days[28].Percent}, [2]any{false, int64(100_000)})
	d.want("an hour of the day it failed", days[69].Tally.Major, int64(wire.Hour))
	d.want("its worst", days[69].Worst, status.Major)
	if all >= 100_000 {
		t.Errorf("uptime %d", all)
	}
	// A later incident of the time before is counted as well; a service made with a start has it at once.
	d.recorded(api)
	d.does("15:03", &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), ResolutionID: d.ID(), Title: "Another",
		Service: &api, ToState: status.Partial,
		StartedAt: ptr(began - 5*wire.Day), ResolvedAt: ptr(began - 5*wire.Day + wire.Hour)})
	d.want("another", d.tally(api, began-5*wire.Day).Partial, int64(wire.Hour))
	web := d.ID()
	d.does("15:04", &page.CreateService{ID: web, Name: "Web", StartDate: "2026-01-21"})
	svc = d.service(web)
	days, _ = status.Uptime(&svc, 90, d.now, status.DefaultWeights)
	d.want("made with one", [3]bool{days[78].NoData, days[79].NoData, days[89].NoData}, [3]bool{true, false, false})
	d.does("15:05", &page.EditService{ID: web, StartDate: ptr("")})
	svc = d.service(web)
	days, _ = status.Uptime(&svc, 90, d.now, status.DefaultWeights)
	d.want("taken back", [2]bool{days[88].NoData, days[89].NoData}, [2]bool{true, false})
}

func TestWhatWasClosedLastStaysHoweverLongAgoItBegan(t *testing.T) {
	d, ids := newDiary(t, "API")
	long, open := d.affecting("Long", page.Move{ID: ids[0], To: "degraded_performance"})
	d.does("14:01", open)
	window := d.ID()
	d.does("14:02", &page.PlanMaintenance{ID: window, Title: "Long", Services: ids, ScheduledFor: d.now + wire.Minute,
		ScheduledUntil: d.now + wire.Hour})
	for range page.KeepClosed + 5 {
		short, open := d.affecting("Short", page.Move{ID: ids[0], To: "major_outage"})
		d.does("14:05", open)
		d.does("14:06", d.update(short, "resolved", ""))
		other := d.ID()
		d.does("14:07", &page.PlanMaintenance{ID: other, Title: "Later", Services: ids, ScheduledFor: d.now +
			2*wire.Hour, ScheduledUntil: d.now + 3*wire.Hour})
		d.does("14:08", &page.EditMaintenance{ID: other, UpdateID: d.ID(), Status: ptr("cancelled")})
	}
	d.does("15:00", d.update(long, "resolved", "At last."))
	d.does("15:01", &page.EditMaintenance{ID: window, UpdateID: d.ID(), Status: ptr("completed")})
	d.incident(long)
	d.maintenance(window)
	d.want("and no more are kept", [2]int{len(d.s.Incidents), len(d.s.Maintenances)},
		[2]int{page.KeepClosed, page.KeepClosed})
}

func TestTheWorstOfAnIncidentOutlivesItsRecovery(t *testing.T) {
	d, ids := newDiary(t, "API", "Web")
	in, open := d.affecting("Failing", page.Move{ID: ids[0], To: "partial_outage"},
		page.Move{ID: ids[1], To: "degraded_performance"})
	d.does("14:05", open)
	d.does("14:06", d.regrip(in, "Worse.", page.Move{ID: ids[0], To: "major_outage"}))
	d.does("14:07", d.regrip(in, "Better.", page.Move{ID: ids[0], To: "operational"}))
	d.does("14:08", &page.EditService{ID: ids[0], Status: ptr("under_maintenance")})
	d.does("14:09", d.update(in, "resolved", "Over."))
	x := d.incident(in)
	d.want("API", x.Worst(ids[0]), status.Major)
	d.want("Web", x.Worst(ids[1]), status.Degraded)
}

func TestAWindowCoversOtherServicesUntilItBegins(t *testing.T) {
	d, ids := newDiary(t, "API", "Web", "Old")
	id := d.ID()
	d.does("14:01", &page.PlanMaintenance{ID: id, Title: "Move", Services: []string{ids[0], ids[2]},
		ScheduledFor: d.now + wire.Hour, ScheduledUntil: d.now + 2*wire.Hour})
	gone := &page.DeleteService{}
	gone.Remove(ids[2], nil)
	d.does("14:02", gone)
	cover := func(list ...string) page.Command {
		return &page.EditMaintenance{ID: id, UpdateID: d.ID(), Services: &list}
	}
	d.want("the same", d.does("14:03", cover(ids[0], ids[2])), "")
	d.want("others", d.does("14:04", cover(ids[1], ids[2])), "maintenance_changed")
	d.want("names", [2]status.Ref(d.maintenance(id).Services),
		[2]status.Ref{{ID: ids[1], Name: "Web"}, {ID: ids[2], Name: "Old"}})
	d.refuses("14:05", cover(), fault.Invalid, "Say which services")
	d.refuses("14:05", cover(ids[1], ids[1]), fault.Invalid, "named twice")
	d.refuses("14:05", cover(ids[1], d.ID()), fault.NotFound, "no such service")
	d.does("14:06", &page.EditMaintenance{ID: id, UpdateID: d.ID(), Status: ptr("in_progress")})
	d.want("the same again", d.does("14:07", cover(ids[1], ids[2])), "")
	d.refuses("14:08", cover(ids[0]), fault.Conflict, "started already")
}
