package page_test

import (
	"testing"

	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// regrip is an update that says what becomes of services.
func (d *diary) regrip(incident, body string, moves ...page.Move) page.Command {
	return &page.UpdateIncident{ID: incident, UpdateID: d.ID(), Body: body, Services: moves}
}

func (d *diary) affecting(title string, moves ...page.Move) (string, page.Command) {
	id := d.ID()
	return id, &page.OpenIncident{ID: id, UpdateID: d.ID(), Title: title, Services: moves}
}

func TestAServiceRecoversWhileItsIncidentGoesOn(t *testing.T) {
	d, ids := newDiary(t, "API", "Web")
	api, web := ids[0], ids[1]
	in, open := d.affecting("Timeouts", page.Move{ID: api, To: "major_outage"},
		page.Move{ID: web, To: "partial_outage"})
	d.does("14:05", open)
	d.want("events", d.does("14:10", d.regrip(in, "Web is back.", page.Move{ID: web, To: "operational"})),
		"incident_updated service_changed")
	d.is(web, "operational")
	d.is(api, "major_outage")
	x := d.incident(in)
	d.want("what it holds", x.Services[1], status.Affected{ID: web, Name: "Web", From: "operational",
		To: "operational"})
	d.want("what the update says", x.Updates[1].Services[0],
		status.Affected{ID: web, Name: "Web", From: "partial_outage", To: "operational"})
	d.want("what the first said", x.Updates[0].Services[1].To, status.Partial)
	d.want("impact stays what it was at its worst", x.Impact, status.ImpactCritical)

	// By hand and by another incident it is free now; the other one is not.
	d.does("14:11", &page.EditService{ID: web, Status: ptr("degraded_performance")})
	d.does("14:12", &page.EditService{ID: web, Status: ptr("operational")})
	d.refuses("14:13", &page.EditService{ID: api, Status: ptr("operational")}, fault.Conflict,
		"cannot go from major_outage to operational")

	// It may come back, better or worse, without words: what it says is what it did.
	d.does("14:14", d.regrip(in, "", page.Move{ID: web, To: "degraded_performance"}))
	d.is(web, "degraded_performance")
	d.does("14:15", d.regrip(in, "", page.Move{ID: api, To: "degraded_performance"},
		page.Move{ID: web, To: "operational"}))
	d.is(api, "degraded_performance")
	d.want("the events of a resolution", d.does("14:20", d.update(in, "resolved", "Over.")),
		"service_changed incident_resolved")
	d.is(api, "operational")
	d.want("it let go of one", len(d.incident(in).Updates[4].Services), 1)
}

func TestARecoveryLetsGoForOneIncidentOnly(t *testing.T) {
	d, ids := newDiary(t, "API")
	api := ids[0]
	older, open := d.affecting("Slow", page.Move{ID: api, To: "degraded_performance"})
	d.does("14:05", open)
	newer, open := d.affecting("Failing", page.Move{ID: api, To: "partial_outage"})
	d.does("14:10", open)
	d.does("14:15", d.regrip(newer, "Mine is over.", page.Move{ID: api, To: "operational"}))
	d.is(api, "degraded_performance")
	d.does("14:20", d.regrip(older, "Worse.", page.Move{ID: api, To: "major_outage"}))
	d.is(api, "major_outage")
	d.does("14:21", d.update(newer, "resolved", ""))
	d.is(api, "major_outage")
	d.does("14:25", d.update(older, "resolved", ""))
	d.is(api, "operational")
}

func TestTheMostRecentlyOpenedIncidentSaysHowMuchBetterItIs(t *testing.T) {
	d, ids := newDiary(t, "API")
	api := ids[0]
	older, open := d.affecting("Slow", page.Move{ID: api, To: "partial_outage"})
	d.does("14:05", open)
	newer, open := d.affecting("Failing", page.Move{ID: api, To: "major_outage"})
	d.does("14:10", open)
	d.does("14:15", d.regrip(older, "Less so.", page.Move{ID: api, To: "degraded_performance"}))
	d.is(api, "major_outage")
	d.does("14:20", d.update(newer, "resolved", ""))
	d.is(api, "degraded_performance") // what the older one holds now, and not what it held when it was opened
}

func TestAServiceUnderMaintenanceStaysThereWhateverAnUpdateSays(t *testing.T) {
	d, ids := newDiary(t, "API", "Web")
	api, web := ids[0], ids[1]
	in, open := d.affecting("Failing", page.Move{ID: web, To: "partial_outage"},
		page.Move{ID: api, To: "degraded_performance"})
	d.does("14:05", open)
	d.does("14:06", d.regrip(in, "", page.Move{ID: api, To: "operational"}))
	d.does("14:07", &page.EditService{ID: api, Status: ptr("under_maintenance")})
	d.does("14:08", d.regrip(in, "Again.", page.Move{ID: api, To: "partial_outage"}))
	d.is(api, "under_maintenance")
	d.does("14:09", d.update(in, "resolved", ""))
	d.is(api, "under_maintenance")
	d.is(web, "operational")
}

func TestAnUpdateMaySpeakOfItsOwnServicesOnly(t *testing.T) {
	d, ids := newDiary(t, "API", "Web", "Gone")
	in, open := d.affecting("Failing", page.Move{ID: ids[0], To: "partial_outage"},
		page.Move{ID: ids[2], To: "partial_outage"})
	d.does("14:05", open)
	gone := &page.DeleteService{}
	gone.Remove(ids[2], nil)
	d.does("14:06", gone)
	for _, c := range []struct {
		what  string
		moves []page.Move
		field string
		words string
	}{
		{"another service", []page.Move{{ID: ids[1], To: "operational"}}, "services[0].id", "not part of the incident"},
		{"one that is gone", []page.Move{{ID: ids[2], To: "operational"}}, "services[0].id", "is gone"},
		{"twice", []page.Move{{ID: ids[0], To: "operational"}, {ID: ids[0], To: "major_outage"}}, "services[1].id",
			"named twice"},
		{"maintenance", []page.Move{{ID: ids[0], To: "under_maintenance"}}, "services[0].to_state",
			"must be one of operational, degraded"},
		{"no state", []page.Move{{ID: ids[0]}}, "services[0].to_state", "must be one of"},
	} {
		err := d.refuses("14:10", d.regrip(in, "x", c.moves...), fault.Invalid, c.words)
		d.want(c.what, err.Fields[0].Name, c.field)
	}
	resolve := &page.UpdateIncident{ID: in, UpdateID: d.ID(), Status: "resolved",
		Services: []page.Move{{ID: ids[0], To: "degraded_performance"}}}
	d.refuses("14:11", resolve, fault.Invalid, "lets go of its services")
	resolve.Services[0].To = "operational"
	d.does("14:12", resolve)
	d.is(ids[0], "operational")
}

func TestAPatchMayRecoverServicesToo(t *testing.T) {
	d, ids := newDiary(t, "API")
	in, open := d.affecting("Failing", page.Move{ID: ids[0], To: "partial_outage"})
	d.does("14:05", open)
	d.does("14:06", &page.EditIncident{ID: in, UpdateID: d.ID(),
		Services: []page.Move{{ID: ids[0], To: "degraded_performance"}}})
	d.is(ids[0], "degraded_performance")
	d.want("timeline", len(d.incident(in).Updates), 2)
}

func TestABackDatedIncidentIsToldAsIfItHadBeenOpenedThen(t *testing.T) {
	d, ids := newDiary(t, "API", "Web")
	later, open := d.affecting("Later", page.Move{ID: ids[1], To: "degraded_performance"})
	d.does("+1 10:00", open)
	d.clock("+1 09:00")
	began := d.now
	in := d.ID()
	c := &page.OpenIncident{ID: in, UpdateID: d.ID(), Title: "Earlier", Service: &ids[0], ToState: "major_outage",
		StartedAt: &began}
	d.want("events", d.does("+1 11:00", c), "service_changed incident_opened")
	x := d.incident(in)
	d.want("begun", x.CreatedAt, began)
	d.want("written down", *x.RecordedAt, d.now)
	d.want("its first word", x.Updates[0].CreatedAt, began)
	d.want("it stands behind what began later", d.s.Incidents[0].ID, later)
	d.is(ids[0], "major_outage")
	d.want("without the record nothing is said of the past", len(d.service(ids[0]).Days), 0)
}

func TestABackDatedIncidentCorrectsTheRecordOverMidnight(t *testing.T) {
	d, ids := newDiary(t, "API")
	api := ids[0]
	d.clock("22:30")
	began := d.now
	d.clock("+1 01:00")
	end := d.now
	d.clock("14:00")
	record := []status.Span{{Status: "operational", From: d.now}}
	d.clock("+1 09:00")
	record[0].To = d.now
	d.s.Past = &page.Past{Record: []page.Record{{ServiceID: api, Spans: record}}}
	in := d.ID()
	c := &page.OpenIncident{ID: in, UpdateID: d.ID(), Title: "In the night", Service: &api, ToState: "partial_outage",
		StartedAt:  &began,
		ResolvedAt: &end, Resolution: "It went away.", ResolutionID: d.ID()}
	d.want("events", d.does("+1 09:00", c), "incident_opened incident_resolved")
	d.is(api, "operational")
	x := d.incident(in)
	d.want("it is over", *x.ResolvedAt, end)
	d.want("its last word", x.Updates[1].Body+" at "+x.Updates[1].CreatedAt.String(), "It went away. at "+end.String())
	days := d.service(api).Days
	d.want("days", len(days), 2)
	d.want("before midnight", days[0].Partial, int64(90*wire.Minute))
	d.want("after midnight", days[1].Partial, int64(wire.Hour))

	// Forgiven with a reason, and deleted: the time is well again.
	d.s.Past = &page.Past{Record: []page.Record{{ServiceID: api, Spans: record}}, Incidents: []status.Incident{x}}
	d.want("events", d.does("+1 09:00", &page.EditIncident{ID: in, Excluded: ptr("The test of a customer.")}),
		"incident_edited")
	d.want("days that count", len(d.service(api).Days), 0)
	d.want("the reason is there", d.incident(in).Excluded, "The test of a customer.")
	d.s.Past.Incidents[0] = d.incident(in)
	d.does("+1 09:00", &page.EditIncident{ID: in, Excluded: ptr("")})
	d.want("days that count again", len(d.service(api).Days), 2)
	d.s.Past.Incidents[0] = d.incident(in)
	gone := &page.DeleteIncident{}
	gone.Remove(in, nil)
	d.does("+1 09:00", gone)
	d.want("days of what was never there", len(d.service(api).Days), 0)
}

func TestDatesOfThePastMustBePossible(t *testing.T) {
	d, ids := newDiary(t, "API")
	d.clock("+1 09:00")
	now := d.now
	for _, c := range []struct {
		what         string
		began, ended status.Time // after now; 1 is none
		field        string
	}{
		{"begins later", wire.Minute, 1, "started_at"},
		{"too long ago", -731 * wire.Day, 1, "started_at"},
		{"ends later", -wire.Hour, wire.Minute, "resolved_at"},
		{"ends before it begins", -wire.Hour, -2 * wire.Hour, "resolved_at"},
		{"ends as it begins", -wire.Hour, -wire.Hour, "resolved_at"},
		{"ends without a beginning", 1, -wire.Hour, "resolved_at"},
	} {
		open := &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "x", Service: &ids[0],
			ToState: "partial_outage"}
		if c.began != 1 {
			open.StartedAt = ptr(now + c.began)
		}
		if c.ended != 1 {
			open.ResolvedAt, open.ResolutionID = ptr(now+c.ended), d.ID()
		}
		err := d.refuses("+1 09:00", open, fault.Invalid, "")
		d.want(c.what, err.Fields[0].Name, c.field)
	}
	over := &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "x", Service: &ids[0], ToState: "operational",
		StartedAt: ptr(now - wire.Hour), ResolvedAt: &now, ResolutionID: d.ID()}
	d.refuses("+1 09:00", over, fault.Conflict, "API cannot go from operational to operational")
}

func TestAnIncidentIsExplainedAndExcludedOnlyWhenItIsOver(t *testing.T) {
	d, ids := newDiary(t, "API")
	in, open := d.affecting("Failing", page.Move{ID: ids[0], To: "partial_outage"})
	d.does("14:05", open)
	d.refuses("14:06", &page.EditIncident{ID: in, Postmortem: ptr("Why")}, fault.Conflict,
		"when the incident is resolved")
	d.refuses("14:06", &page.EditIncident{ID: in, Excluded: ptr("Why")}, fault.Conflict, "when it is resolved")
	d.does("14:10", d.update(in, "resolved", "Over."))
	d.want("published", d.does("14:20", &page.EditIncident{ID: in, Postmortem: ptr("# Why\n\nA cable.")}),
		"incident_explained")
	published := *d.incident(in).PostmortemAt
	d.want("when", published, d.now)
	d.want("corrected", d.does("14:30", &page.EditIncident{ID: in, Postmortem: ptr("# Why\n\nTwo cables.")}),
		"incident_edited")
	d.want("when still", *d.incident(in).PostmortemAt, published)
	d.want("nothing new", d.does("14:31", &page.EditIncident{ID: in, Postmortem: ptr("# Why\n\nTwo cables.")}), "")
	d.does("14:32", &page.EditIncident{ID: in, Postmortem: ptr("")})
	d.want("withdrawn", d.incident(in).PostmortemAt, (*status.Time)(nil))
}

func TestAnUpdatesTextIsCorrectedAlsoAfterwards(t *testing.T) {
	d, ids := newDiary(t, "API")
	in, open := d.affecting("Failing", page.Move{ID: ids[0], To: "partial_outage"})
	d.does("14:05", open)
	d.does("14:10", d.update(in, "resolved", "Ovre."))
	last := d.incident(in).Updates[1]
	c := &page.CorrectUpdate{ID: in, UpdateID: last.ID, Body: "Over."}
	d.want("events", d.does("14:20", c), "incident_edited")
	u := d.incident(in).Updates[1]
	d.want("text", u.Body, "Over.")
	d.want("all else", u.CreatedAt.String()+string(u.Status), last.CreatedAt.String()+string(last.Status))
	d.want("what it did", len(u.Services), 1)
	d.want("when", *u.EditedAt, d.now)
	d.want("again", d.does("14:21", c), "")
	d.refuses("14:22", &page.CorrectUpdate{ID: in, UpdateID: d.ID(), Body: "x"}, fault.NotFound, "no such update")
	d.refuses("14:22", &page.CorrectUpdate{ID: d.ID(), UpdateID: last.ID, Body: "x"}, fault.NotFound,
		"no such incident")
	d.refuses("14:22", &page.CorrectUpdate{ID: in, UpdateID: last.ID, Body: "a\x00b"}, fault.Invalid,
		"control characters")
	d.refuses("14:22", &page.CorrectUpdate{ID: in, UpdateID: last.ID, Body: "x", Version: ptr(int64(1))},
		fault.Conflict, "changed meanwhile")
}

func TestAnAnnouncementStaysUntilItsTime(t *testing.T) {
	d, _ := newDiary(t)
	d.clock("16:00")
	until := d.now
	d.does("15:00", &page.EditPage{Announcement: ptr("We **move** tonight."), AnnouncementUntil: &until})
	d.want("before", d.s.Org.Announced(until-1), "We **move** tonight.")
	d.want("then", d.s.Org.Announced(until), "")
	d.refuses("15:30", &page.EditPage{AnnouncementUntil: ptr(status.Time(1))}, fault.Invalid, "must end in the future")
	d.does("15:31", &page.EditPage{Announcement: ptr("For ever.")})
	d.want("a new one has no end", d.s.Org.Announced(until+wire.Day), "For ever.")
	d.want("nothing new", d.does("15:32", &page.EditPage{Announcement: ptr("For ever.")}), "")
	d.does("15:33", &page.EditPage{Announcement: ptr("")})
	d.want("taken off", d.s.Org.Announced(until), "")
	d.refuses("15:34", &page.EditPage{AnnouncementUntil: ptr(d.now + wire.Day)}, fault.Invalid,
		"no announcement that could end")
}

func TestWeightsAreHundredthsOfTheTime(t *testing.T) {
	d, _ := newDiary(t)
	d.want("the usual", d.s.Org.UptimeWeights(), status.DefaultWeights)
	d.want("the usual again", d.does("14:01", &page.EditPage{Weights: ptr(status.DefaultWeights)}), "")
	d.does("14:02", &page.EditPage{Weights: &status.Weights{Degraded: 250, Partial: 1000, Major: 1000}})
	d.want("its own", d.s.Org.UptimeWeights(), status.Weights{Degraded: 250, Partial: 1000, Major: 1000})
	d.refuses("14:03", &page.EditPage{Weights: &status.Weights{Major: 1010}}, fault.Invalid, "from 0 to 100")
	d.refuses("14:03", &page.EditPage{Weights: &status.Weights{Major: -10}}, fault.Invalid, "from 0 to 100")
	d.refuses("14:03", &page.EditPage{Weights: &status.Weights{}}, fault.Invalid, "Something must count")
	var old page.Org
	if err := wire.Unmarshal([]byte(`{"id":"x","slug":"acme"}`), &old); err != nil ||
		old.UptimeWeights() != status.DefaultWeights {
		t.Errorf("an older page: %v %+v", err, old.UptimeWeights())
	}
}
