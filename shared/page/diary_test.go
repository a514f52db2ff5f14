package page_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// diary is a page's story told line by line.
type diary struct {
	*testing.T
	pagetest.Author
	s   page.State
	now status.Time
}

// newDiary begins with services of the names given, whose ids the test gets; all are operational.
func newDiary(t *testing.T, names ...string) (*diary, []string) {
	t.Helper()
	d := &diary{T: t, now: pagetest.Start}
	d.s = d.Page()
	ids := make([]string, len(names))
	for i, name := range names {
		ids[i] = d.ID()
		d.does("14:00", &page.CreateService{ID: ids[i], Name: name})
	}
	return d, ids
}

// clock sets the time of day: "14:05", or "+1 09:00" on the next day.
func (d *diary) clock(s string) {
	d.Helper()
	day, clock, later := strings.Cut(s, " ")
	var days int
	if !later {
		clock = day
	} else if _, err := fmt.Sscanf(day, "+%d", &days); err != nil {
		d.Fatal(err)
	}
	at, err := time.Parse("2006-01-02 15:04", "2026-01-31 "+clock)
	if err != nil {
		d.Fatal(err)
	}
	d.now = status.Time(at.UnixMilli()) + status.Time(days)*wire.Day
}

// does carries a command out and gives the types of its events.
func (d *diary) does(at string, c page.Command) string {
	d.Helper()
	d.clock(at)
	events, err := page.Decide(d.s, c, d.now)
	if err != nil {
		d.Fatalf("%s %s: %v %+v", at, c.Kind(), err, err.Fields)
	}
	var names []string
	for i := range events {
		d.s = page.Evolve(d.s, &events[i])
		names = append(names, string(events[i].Type))
	}
	return strings.Join(names, " ")
}

// refuses expects a refusal of a kind and gives it.
func (d *diary) refuses(at string, c page.Command, code fault.Code, words string) *fault.Error {
	d.Helper()
	d.clock(at)
	events, err := page.Decide(d.s, c, d.now)
	if err == nil {
		d.Fatalf("%s %s is accepted: %+v", at, c.Kind(), events)
	}
	if err.Code != code || !strings.Contains(err.Message, words) {
		d.Fatalf("%s %s is refused as %s %q, want %s %q", at, c.Kind(), err.Code, err.Message, code, words)
	}
	return err
}

func (d *diary) service(id string) status.Service {
	d.Helper()
	svc, there := d.s.Service(id)
	if !there {
		d.Fatalf("there is no service %s", id)
	}
	return *svc
}

func (d *diary) incident(id string) status.Incident {
	d.Helper()
	in, there := d.s.Incident(id)
	if !there {
		d.Fatalf("there is no incident %s", id)
	}
	return *in
}

func (d *diary) maintenance(id string) status.Maintenance {
	d.Helper()
	m, there := d.s.Maintenance(id)
	if !there {
		d.Fatalf("there is no maintenance %s", id)
	}
	return *m
}

// is checks the state of a service.
func (d *diary) is(id string, want status.ServiceStatus) {
	d.Helper()
	if got := d.service(id).Status; got != want {
		d.Fatalf("the service is %s, want %s", got, want)
	}
}

func (d *diary) want(what string, got, want any) {
	d.Helper()
	if got != want {
		d.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// open opens an incident on one service and gives its id.
func (d *diary) open(at, service string, to status.ServiceStatus) string {
	d.Helper()
	id := d.ID()
	d.does(at, &page.OpenIncident{ID: id, UpdateID: d.ID(), Title: "Trouble", Service: &service, ToState: to})
	return id
}

func (d *diary) update(id string, to status.IncidentStatus, body string) *page.UpdateIncident {
	return &page.UpdateIncident{ID: id, UpdateID: d.ID(), Status: string(to), Body: body}
}

func removeIncident(id string) page.Command {
	c := &page.DeleteIncident{}
	c.Remove(id, nil)
	return c
}

func ptr[T any](x T) *T { return &x }

func TestAnIncidentIsOpenedUpdatedAndResolved(t *testing.T) {
	d, ids := newDiary(t, "API", "Web")
	api, web := ids[0], ids[1]
	id := d.ID()
	events := d.does("14:05", &page.OpenIncident{
		ID: id, UpdateID: d.ID(), Title: "Timeouts", Description: "Requests **time out**.",
		Services: []page.Move{{ID: api, To: "major_outage"}, {ID: web, To: "degraded_performance"}},
	})
	d.want("events", events, "service_changed service_changed incident_opened")
	d.is(api, "major_outage")
	d.is(web, "degraded_performance")
	in := d.incident(id)
	d.want("status", in.Status, status.Investigating)
	d.want("impact", in.Impact, status.ImpactCritical)
	d.want("first", in.First(), status.Affected{ID: api, Name: "API", From: "operational", To: "major_outage"})
	d.want("second", in.Services[1], status.Affected{ID: web, Name: "Web", From: "operational",
		To: "degraded_performance"})
	d.want("timeline", len(in.Updates), 1)
	d.want("its first entry", in.Updates[0].Body, "Requests **time out**.")

	d.want("events", d.does("14:10", d.update(id, "", "Still looking.")), "incident_updated")
	d.want("events", d.does("14:20", d.update(id, "monitoring", "")), "incident_updated")
	d.refuses("14:21", d.update(id, "identified", "Back again"), fault.Conflict,
		"An incident cannot go from monitoring to identified; allowed: resolved.")
	d.refuses("14:21", d.update(id, "", "  "), fault.Invalid, "body must not be empty.")
	d.want("events", d.does("14:30", d.update(id, "resolved", "Over.")), "service_changed service_changed "+
		"incident_resolved")
	d.is(api, "operational")
	d.is(web, "operational")
	in = d.incident(id)
	d.want("resolved at", *in.ResolvedAt, d.now)
	d.want("version", in.Version, int64(4))
	d.want("timeline", len(in.Updates), 4)
	d.want("impact stays", in.Impact, status.ImpactCritical)

	err := d.refuses("14:31", d.update(id, "investigating", "Again"), fault.Conflict, "no other state is allowed now")
	d.want("allowed", len(err.Allowed), 0)
	d.refuses("14:31", d.update(id, "", "One more word"), fault.Conflict, "A resolved incident")
	d.want("events", d.does("14:40", &page.EditIncident{ID: id, Title: ptr("Time-outs")}), "incident_edited")
	in = d.incident(id)
	d.want("corrected title", in.Title, "Time-outs")
	d.want("timeline stays", len(in.Updates), 4)
	d.want("still resolved then", *in.ResolvedAt, d.now-10*wire.Minute)
}

func TestAForbiddenMoveNamesWhatIsAllowed(t *testing.T) {
	d, ids := newDiary(t, "API")
	open := func(to status.ServiceStatus) page.Command {
		return &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "x", Service: &ids[0], ToState: to}
	}
	byHand := func(to string) page.Command { return &page.EditService{ID: ids[0], Status: &to} }
	err := d.refuses("14:01", open("under_maintenance"), fault.Conflict,
		"API cannot go from operational to under_maintenance; allowed: degraded_performance, partial_outage or "+
			"major_outage.")
	d.want("allowed", strings.Join(err.Allowed, " "), "degraded_performance partial_outage major_outage")
	d.want("field", err.Fields[0].Name, "to_state")
	d.refuses("14:01", open("operational"), fault.Conflict, "cannot go from operational to operational")
	d.refuses("14:01", open("broken"), fault.Invalid, "to_state must be one of")
	d.refuses("14:01", open(""), fault.Invalid, "Say what state the service is in now.")

	d.does("14:02", byHand("degraded_performance"))
	d.refuses("14:03", byHand("under_maintenance"), fault.Conflict, "allowed: operational, partial_outage or "+
		"major_outage.")
	in := d.open("14:04", ids[0], "partial_outage")
	err = d.refuses("14:05", byHand("operational"), fault.Conflict, "allowed: major_outage.")
	d.want("field", err.Fields[0].Name, "status")
	d.does("14:06", byHand("major_outage"))
	err = d.refuses("14:07", byHand("degraded_performance"), fault.Conflict, "no other state is allowed now.")
	d.want("allowed", len(err.Allowed), 0)
	d.does("14:08", d.update(in, "resolved", ""))
	d.is(ids[0], "operational")
	d.does("14:09", byHand("under_maintenance"))
	d.refuses("14:10", open("major_outage"), fault.Conflict, "API cannot go from under_maintenance to major_outage; "+
		"no other state is allowed now.")
	d.refuses("14:10", byHand("major_outage"), fault.Conflict, "allowed: operational.")
}

func TestResolvingGoesBackToTheNewestOtherIncident(t *testing.T) {
	d, ids := newDiary(t, "API")
	first := d.open("14:01", ids[0], "degraded_performance")
	second := d.open("14:02", ids[0], "partial_outage")
	third := d.open("14:03", ids[0], "major_outage")
	d.want("events", d.does("14:04", d.update(second, "resolved", "")), "incident_resolved") // the third still holds it
	d.is(ids[0], "major_outage")
	d.does("14:05", d.update(third, "resolved", ""))
	d.is(ids[0], "degraded_performance") // not the second, which is over
	d.does("14:06", d.update(first, "resolved", ""))
	d.is(ids[0], "operational")
	d.want("days booked", d.service(ids[0]).Days[0], status.Tally{
		Day: d.now.DayNumber(), Degraded: 2 * int64(wire.Minute), Partial: int64(wire.Minute),
		Major: 2 * int64(wire.Minute),
	})
}

func TestOfTwoIncidentsInOneMillisecondTheLaterIDIsNewer(t *testing.T) {
	d, ids := newDiary(t, "API")
	first := d.open("14:01", ids[0], "degraded_performance")
	d.open("14:01", ids[0], "partial_outage")
	top := d.open("14:01", ids[0], "major_outage")
	d.does("14:01", d.update(first, "identified", "")) // which does not make it newer
	d.does("14:02", d.update(top, "resolved", ""))
	d.is(ids[0], "partial_outage")
}

func TestDeletingAnActiveIncidentRecalculatesAsResolvingDoes(t *testing.T) {
	d, ids := newDiary(t, "API", "Web")
	first := d.open("14:01", ids[0], "degraded_performance")
	second := d.open("14:02", ids[0], "major_outage")
	d.want("events", d.does("14:03", removeIncident(second)), "service_changed incident_deleted")
	d.is(ids[0], "degraded_performance")
	d.refuses("14:04", removeIncident(second), fault.NotFound, "There is no such incident.")
	d.does("14:05", d.update(first, "resolved", ""))
	d.want("events", d.does("14:06", removeIncident(first)), "incident_deleted")
	d.is(ids[0], "operational")
	d.want("incidents", len(d.s.Incidents), 0)
}

func TestADeletedServiceLeavesItsIncidentsWithItsName(t *testing.T) {
	d, ids := newDiary(t, "API")
	in := d.open("14:01", ids[0], "major_outage")
	gone := &page.DeleteService{}
	gone.Remove(ids[0], nil)
	d.want("events", d.does("14:02", gone), "service_deleted")
	d.want("name", d.incident(in).Services[0].Name, "API")
	d.want("events", d.does("14:03", d.update(in, "resolved", "")), "incident_resolved")
	d.refuses("14:04", gone, fault.NotFound, "There is no such service.")
	d.refuses("14:04", &page.EditService{ID: ids[0], Name: ptr("x")}, fault.NotFound, "There is no such service.")
}

func TestAMaintenanceHoldsItsServicesAndLetsThemGo(t *testing.T) {
	d, ids := newDiary(t, "API", "Web", "Mail")
	api, web, mail := ids[0], ids[1], ids[2]
	d.does("14:01", &page.EditService{ID: mail, Status: ptr("degraded_performance")})
	id := d.ID()
	plan := &page.PlanMaintenance{ID: id, Title: "Move", Services: []string{api, web, mail},
		ScheduledFor: d.now + wire.Hour, ScheduledUntil: d.now + 2*wire.Hour}
	d.want("events", d.does("14:02", plan), "maintenance_planned")
	in := d.open("14:30", web, "partial_outage")

	move := func(to, message string) *page.EditMaintenance {
		c := &page.EditMaintenance{ID: id, UpdateID: d.ID(), Status: &to}
		if message != "" {
			c.Message = &message
		}
		return c
	}
	// The service with an active incident keeps the incident's state and shows both.
	d.want("events", d.does("15:01", move("in_progress", "")), "service_changed service_changed maintenance_moved")
	d.is(api, "under_maintenance")
	d.is(web, "partial_outage")
	d.is(mail, "under_maintenance")
	d.want("started", *d.maintenance(id).StartedAt, d.now)
	d.refuses("15:02", &page.EditMaintenance{ID: id, ScheduledFor: ptr(d.now + wire.Minute)}, fault.Conflict,
		"The window has started already.")
	d.refuses("15:02", move("cancelled", ""), fault.Conflict, "A maintenance cannot go from in_progress to "+
		"cancelled; allowed: verifying or completed.")
	d.refuses("15:02", move("scheduled", ""), fault.Conflict, "allowed: verifying or completed.")

	// Resolved during the window, the service belongs to the window.
	d.does("15:10", d.update(in, "resolved", ""))
	d.is(web, "under_maintenance")

	d.does("15:20", &page.EditMaintenance{ID: id, UpdateID: d.ID(), Message: ptr("Half done.")})
	d.want("events", d.does("15:30", move("verifying", "")), "maintenance_moved")
	d.is(api, "under_maintenance")
	d.want("events", d.does("16:01", move("completed", "Done.")), "service_changed service_changed service_changed "+
		"maintenance_moved")
	d.is(api, "operational")
	d.is(web, "operational")
	d.is(mail, "operational")
	m := d.maintenance(id)
	d.want("completed", *m.CompletedAt, d.now)
	d.want("timeline", len(m.Updates), 4)
	d.refuses("16:02", move("in_progress", ""), fault.Conflict, "no other state is allowed now.")
	d.refuses("16:02", &page.EditMaintenance{ID: id, ScheduledUntil: ptr(d.now + wire.Hour)}, fault.Conflict,
		"The window is over.")
	d.want("events", d.does("16:03", &page.EditMaintenance{ID: id, Description: ptr("As planned.")}),
		"maintenance_changed")
}

func TestAnOverlappingWindowKeepsTheService(t *testing.T) {
	d, ids := newDiary(t, "API")
	plan := func() string {
		id := d.ID()
		d.does("14:01", &page.PlanMaintenance{ID: id, Title: "Move", Services: ids, ScheduledFor: d.now + wire.Minute,
			ScheduledUntil: d.now + wire.Hour})
		return id
	}
	first, second := plan(), plan()
	for _, id := range []string{first, second} {
		d.does("14:05", &page.EditMaintenance{ID: id, UpdateID: d.ID(), Status: ptr("in_progress")})
	}
	d.want("events", d.does("14:10", &page.EditMaintenance{ID: first, UpdateID: d.ID(), Status: ptr("completed")}),
		"maintenance_moved")
	d.is(ids[0], "under_maintenance")
	gone := &page.DeleteMaintenance{}
	gone.Remove(second, nil)
	d.want("events", d.does("14:11", gone), "service_changed maintenance_deleted")
	d.is(ids[0], "operational")
}

func TestACancelledWindowTouchesNothing(t *testing.T) {
	d, ids := newDiary(t, "API")
	id := d.ID()
	plan := &page.PlanMaintenance{ID: id, Title: "Move", Services: ids, ScheduledFor: d.now + wire.Hour,
		ScheduledUntil: d.now + 2*wire.Hour}
	d.does("14:01", plan)
	d.refuses("14:02", &page.PlanMaintenance{ID: id, Title: "Move", Services: ids, ScheduledFor: d.now + wire.Hour,
		ScheduledUntil: d.now + 2*wire.Hour},
		fault.Conflict, "There is a maintenance with this id already.")
	d.want("events", d.does("14:03", &page.EditMaintenance{ID: id, UpdateID: d.ID(), Status: ptr("cancelled")}),
		"maintenance_moved")
	m := d.maintenance(id)
	d.want("never started", m.StartedAt == nil, true)
	d.is(ids[0], "operational")
}

func TestAPlanIsRefusedForWhatIsWrongInIt(t *testing.T) {
	d, ids := newDiary(t, "API")
	plan := func(change func(*page.PlanMaintenance)) page.Command {
		c := &page.PlanMaintenance{ID: d.ID(), Title: "Move", Services: ids, ScheduledFor: d.now + wire.Hour,
			ScheduledUntil: d.now + 2*wire.Hour}
		change(c)
		return c
	}
	d.refuses("14:01", plan(func(c *page.PlanMaintenance) { c.Services = nil }), fault.Invalid, "Say which services")
	d.refuses("14:01", plan(func(c *page.PlanMaintenance) { c.Services = []string{ids[0], ids[0]} }), fault.Invalid,
		"This service is named twice.")
	d.refuses("14:01", plan(func(c *page.PlanMaintenance) { c.Services = make([]string, 101) }), fault.Invalid,
		"100 services at most")
	d.refuses("14:01", plan(func(c *page.PlanMaintenance) { c.ScheduledFor, c.ScheduledUntil = 1, d.now }),
		fault.Invalid, "30 days at most")
	d.refuses("14:01", plan(func(c *page.PlanMaintenance) {
		c.ScheduledFor, c.ScheduledUntil = d.now-731*wire.Day, d.now-730*wire.Day
	}), fault.Invalid, "730 days at most")
	err := d.refuses("14:01", plan(func(c *page.PlanMaintenance) { c.Services = []string{ids[0], d.ID()} }),
		fault.NotFound, "There is no such service.")
	d.want("field", err.Fields[0].Name, "services[1]")
	err = d.refuses("14:01", plan(func(c *page.PlanMaintenance) {
		c.ID, c.Title, c.ScheduledUntil = "x", "",
			c.ScheduledFor
	}), fault.Invalid, "id must be a UUID")
	d.want("fields", len(err.Fields), 3)
}

func TestAStaleVersionIsAConflictThatShowsTheCurrentOne(t *testing.T) {
	d, ids := newDiary(t, "API")
	read := d.service(ids[0]).Version
	d.does("14:01", &page.EditService{ID: ids[0], Version: &read, Name: ptr("Public API")})
	err := d.refuses("14:02", &page.EditService{ID: ids[0], Version: &read, Name: ptr("The API")}, fault.Conflict,
		"This service was changed meanwhile: you read version 1, it is now at 2.")
	var current struct {
		ID, Name string
		Version  int64
	}
	if e := json.Unmarshal(err.Current, &current); e != nil || current.ID != ids[0] || current.Name != "Public API" ||
		current.Version != 2 {
		t.Fatalf("current: %s, %v", err.Current, e)
	}

	in := d.open("14:03", ids[0], "major_outage")
	d.does("14:04", d.update(in, "identified", ""))
	old := d.update(in, "monitoring", "")
	old.Version = ptr(int64(1))
	err = d.refuses("14:05", old, fault.Conflict, "This incident was changed meanwhile")
	var incident struct {
		Status  string
		Updates []any
	}
	if e := json.Unmarshal(err.Current, &incident); e != nil || incident.Status != "identified" ||
		len(incident.Updates) != 2 {
		t.Fatalf("current: %s, %v", err.Current, e)
	}
	old.Version = ptr(int64(2))
	d.does("14:06", old)

	gone := &page.DeleteIncident{}
	gone.Remove(in, ptr(int64(1)))
	d.refuses("14:07", gone, fault.Conflict, "you read version 1, it is now at 3")
	d.refuses("14:07", &page.EditPage{Version: ptr(int64(9)), Name: ptr("B")}, fault.Conflict,
		"you read version 9, it is now at 1")
	d.does("14:08", &page.EditPage{Version: ptr(int64(1)), Name: ptr("B")})
	d.want("page version", d.s.Org.Version, int64(2))
}

func TestWhatChangesNothingIsNoEvent(t *testing.T) {
	d, ids := newDiary(t, "API")
	in := d.open("14:01", ids[0], "major_outage")
	seq := d.s.Seq
	for _, c := range []page.Command{
		&page.EditService{ID: ids[0]},
		&page.EditService{ID: ids[0], Name: ptr("API"), Status: ptr("major_outage"), Position: ptr(int64(0)),
			Group: ptr("")},
		&page.EditIncident{ID: in, Title: ptr("Trouble")},
		&page.EditIncident{ID: in, Status: ptr("investigating")},
		&page.EditPage{Name: ptr("Acme")},
	} {
		d.want(c.Kind(), d.does("14:02", c), "")
	}
	d.want("seq", d.s.Seq, seq)
	d.want("version", d.service(ids[0]).Version, int64(2))
}

func TestAClockThatRunsBackwardsIsHeldAtTheLastEvent(t *testing.T) {
	d, ids := newDiary(t, "API")
	in := d.open("14:10", ids[0], "major_outage")
	at := d.s.At
	d.does("13:00", d.update(in, "resolved", ""))
	d.want("time", d.s.At, at)
	d.want("resolved", *d.incident(in).ResolvedAt, at)
}

func TestEveryListHasAnEnd(t *testing.T) {
	d, ids := newDiary(t, "API")
	for range page.MaxActive {
		d.does("14:01", &page.EditService{ID: ids[0]}) // nothing
		id := d.ID()
		d.does("14:01", &page.CreateService{ID: id, Name: "x"})
		d.open("14:01", id, "major_outage")
		d.does("14:01", &page.PlanMaintenance{ID: d.ID(), Title: "Move", Services: ids, ScheduledFor: d.now,
			ScheduledUntil: d.now + wire.Hour})
	}
	d.refuses("14:02", &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "One more", Service: &ids[0],
		ToState: "major_outage"},
		fault.Conflict, "There are 100 active incidents already, which is the limit.")
	d.refuses("14:02", &page.PlanMaintenance{ID: d.ID(), Title: "Move", Services: ids, ScheduledFor: d.now,
		ScheduledUntil: d.now + wire.Hour},
		fault.Conflict, "There are 100 maintenance windows that are not over already")
	for len(d.s.Services) < page.MaxServices {
		d.does("14:03", &page.CreateService{ID: d.ID(), Name: "x"})
	}
	d.refuses("14:04", &page.CreateService{ID: d.ID(), Name: "x"}, fault.Conflict,
		"There are 500 services already, which is the limit.")
	many := make([]page.Move, page.MaxAffected+1)
	d.refuses("14:05", &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "All", Services: many,
		ToState: "major_outage"}, fault.Invalid, "100 services at most")
}

func TestAFullTimelineCanStillBeEnded(t *testing.T) {
	d, ids := newDiary(t, "API", "Web")
	in := d.open("14:01", ids[0], "major_outage")
	for len(d.incident(in).Updates) < page.MaxUpdates-1 {
		d.does("14:02", d.update(in, "", "More."))
	}
	d.refuses("14:03", d.update(in, "", "More."), fault.Conflict, "There are 499 updates on this incident already, "+
		"which is the limit.")
	d.refuses("14:03", d.update(in, "monitoring", ""), fault.Conflict, "which is the limit")
	d.does("14:04", d.update(in, "resolved", "Over."))
	d.want("updates", len(d.incident(in).Updates), page.MaxUpdates)

	m := d.ID()
	d.does("14:05", &page.PlanMaintenance{ID: m, Title: "Move", Services: ids, ScheduledFor: d.now,
		ScheduledUntil: d.now + wire.Hour})
	say := func() page.Command { return &page.EditMaintenance{ID: m, UpdateID: d.ID(), Message: ptr("More.")} }
	for len(d.maintenance(m).Updates) < page.MaxUpdates-3 {
		d.does("14:06", say())
	}
	d.refuses("14:07", say(), fault.Conflict, "which is the limit")
	for _, to := range []string{"in_progress", "verifying", "completed"} {
		d.does("14:08", &page.EditMaintenance{ID: m, UpdateID: d.ID(), Status: &to})
	}
	d.want("updates", len(d.maintenance(m).Updates), page.MaxUpdates)
}

func TestOldIncidentsLeaveTheStateAndDoNotComeBackWithoutTheirTimeline(t *testing.T) {
	d, ids := newDiary(t, "API")
	var all []string
	for range page.KeepClosed + 2 {
		id := d.open("14:01", ids[0], "major_outage")
		d.does("14:01", d.update(id, "resolved", ""))
		all = append(all, id)
	}
	d.want("kept", len(d.s.Incidents), page.KeepClosed)
	oldest := all[0]
	if _, there := d.s.Incident(oldest); there {
		t.Fatal("the oldest is still there")
	}
	d.refuses("14:02", &page.EditIncident{ID: oldest, Title: ptr("Corrected")}, fault.NotFound,
		"There is no such incident.")

	// The server reads it from the database and decides with it; everybody else folds the event without it.
	stored := status.Incident{ID: oldest, Title: "Trouble", Status: status.Resolved, CreatedAt: d.now,
		ResolvedAt: &d.now, Version: 2,
		Services: []status.Affected{{ID: ids[0], Name: "API", From: "operational", To: "major_outage"}}}
	before := len(d.s.Incidents)
	withIt := d.s.WithIncident(stored)
	d.want("the state that was given", len(d.s.Incidents), before)
	d.want("with it, in the place of another", len(withIt.Incidents), before)
	after := page.Evolve(withIt, &page.Event{Seq: withIt.Seq + 1, Type: page.IncidentEdited, At: d.now,
		Incident: &stored})
	if _, there := after.Incident(oldest); !there {
		t.Error("it is gone after its own event")
	}
	events, err := page.Decide(withIt, &page.EditIncident{ID: oldest, Title: ptr("Corrected")}, d.now)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v %v", events, err)
	}
	d.does("14:03", removeIncident(all[len(all)-1])) // so that there would be room for it
	events[0].Seq = d.s.Seq + 1
	folded := page.Evolve(d.s, &events[0])
	if _, there := folded.Incident(oldest); there {
		t.Error("an incident came back without its timeline")
	}
	d.want("seq goes on all the same", folded.Seq, d.s.Seq+1)
	if again := d.s.WithIncident(d.s.Incidents[0]); len(again.Incidents) != len(d.s.Incidents) {
		t.Error("an incident that is there was added again")
	}
}

func TestOldWindowsLeaveTheStateLikewise(t *testing.T) {
	d, ids := newDiary(t, "API")
	var all []string
	for range page.KeepClosed + 1 {
		id := d.ID()
		d.does("14:01", &page.PlanMaintenance{ID: id, Title: "Move", Services: ids, ScheduledFor: d.now,
			ScheduledUntil: d.now + wire.Hour})
		d.does("14:01", &page.EditMaintenance{ID: id, UpdateID: d.ID(), Status: ptr("completed")})
		all = append(all, id)
	}
	d.want("kept", len(d.s.Maintenances), page.KeepClosed)
	stored := status.Maintenance{ID: all[0], Title: "Move", Status: status.Completed, ScheduledFor: d.now,
		ScheduledUntil: d.now + wire.Hour, CompletedAt: &d.now, Version: 2}
	events, err := page.Decide(d.s.WithMaintenance(stored), &page.EditMaintenance{ID: all[0], Title: ptr("Moved")},
		d.now)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v %v", events, err)
	}
	gone := &page.DeleteMaintenance{}
	gone.Remove(all[len(all)-1], nil)
	d.does("14:02", gone)
	events[0].Seq = d.s.Seq + 1
	folded := page.Evolve(d.s, &events[0])
	if _, there := folded.Maintenance(all[0]); there {
		t.Error("a window came back without its timeline")
	}
}

func TestServicesStandByPositionThenAge(t *testing.T) {
	d, _ := newDiary(t, "a", "b", "c")
	d.does("14:01", &page.CreateService{ID: d.ID(), Name: "first", Position: ptr(int64(0))})
	d.does("14:02", &page.CreateService{ID: d.ID(), Name: "last"})
	names := func() string {
		var out []string
		for _, s := range d.s.Services {
			out = append(out, s.Name)
		}
		return strings.Join(out, " ")
	}
	d.want("order", names(), "a first b c last")
	d.does("14:03", &page.EditService{ID: d.s.Services[0].ID, Position: ptr(int64(9))})
	d.want("order", names(), "first b c last a")
}

func TestACommandIsReadStrictly(t *testing.T) {
	for in, words := range map[string]string{
		`{"kind":"open_incident","titel":"x"}`:  "There is no field named titel here.",
		`{"kind":"reopen_incident"}`:            "There is no command named reopen_incident.",
		`{"id":"x"}`:                            "There is no command named .",
		`{"kind":7}`:                            "kind must be a string, not a number.",
		`{"kind":"edit_service","version":"1"}`: "version must be a number, not a string.",
		`[]`:                                    "A JSON object is expected, not a list.",
		`{`:                                     "This is not valid JSON",
	} {
		if c, err := page.UnmarshalCommand([]byte(in)); err == nil || !strings.HasPrefix(err.Message, words) {
			t.Errorf("%s: %+v, %v", in, c, err)
		}
	}
	notify := false
	in := page.MarshalCommand(&page.OpenIncident{ID: "a", Title: "t", Notify: &notify})
	c, err := page.UnmarshalCommand(in)
	if err != nil {
		t.Fatal(err)
	}
	if open, is := c.(*page.OpenIncident); !is || open.Title != "t" || open.Notify == nil || *open.Notify {
		t.Errorf("%+v", c)
	}
}

func TestTheShortFormOfAnIncidentNamesItsOwnFields(t *testing.T) {
	d, ids := newDiary(t, "API", "Web")
	stranger := d.ID()
	open := func(c page.OpenIncident) page.Command {
		c.ID, c.UpdateID, c.Title = d.ID(), d.ID(), "x"
		return &c
	}
	for _, c := range []struct {
		name  string
		in    page.OpenIncident
		field string
	}{
		{"nothing", page.OpenIncident{ToState: "major_outage"}, "service"},
		{"unknown service", page.OpenIncident{Service: &stranger, ToState: "major_outage"}, "service"},
		{"no state", page.OpenIncident{Service: &ids[0]}, "to_state"},
		{"unknown member", page.OpenIncident{Services: []page.Move{{ID: ids[0]}, {ID: stranger}},
			ToState: "major_outage"}, "services[1].id"},
		{"bad member state", page.OpenIncident{Services: []page.Move{{ID: ids[0], To: "bad"}}}, "services[0].to_state"},
		{"forbidden member state", page.OpenIncident{Services: []page.Move{{ID: ids[0], To: "operational"}}},
			"services[0].to_state"},
		{"short and long", page.OpenIncident{Service: &ids[0], ToState: "major_outage",
			Services: []page.Move{{ID: stranger}}}, "services[0].id"},
		{"named twice", page.OpenIncident{Service: &ids[0], ToState: "major_outage",
			Services: []page.Move{{ID: ids[1]}, {ID: ids[0]}}}, "services[1].id"},
	} {
		d.clock("14:01")
		_, err := page.Decide(d.s, open(c.in), d.now)
		if err == nil || len(err.Fields) == 0 || err.Fields[0].Name != c.field {
			t.Errorf("%s: %+v, want it at %s", c.name, err, c.field)
		}
	}
	// The first of services may repeat the short form.
	d.does("14:02", open(page.OpenIncident{Service: &ids[0], ToState: "major_outage",
		Services: []page.Move{{ID: ids[0]}, {ID: ids[1], To: "partial_outage"}}}))
	d.want("services", len(d.s.Incidents[0].Services), 2)
}

func TestABadUpdateIDIsNamedAsTheCallerWroteIt(t *testing.T) {
	d, ids := newDiary(t, "API")
	in := d.open("14:01", ids[0], "major_outage")
	used := d.incident(in).Updates[0].ID
	for _, c := range []struct {
		c     page.Command
		field string
		code  fault.Code
	}{
		{&page.UpdateIncident{ID: in, UpdateID: "x", Body: "b"}, "id", fault.Invalid},
		{&page.UpdateIncident{ID: in, UpdateID: used, Body: "b"}, "id", fault.Conflict},
		{&page.EditIncident{ID: in, UpdateID: "x", Message: ptr("b")}, "update_id", fault.Invalid},
		{&page.EditIncident{ID: in, UpdateID: used, Message: ptr("b")}, "update_id", fault.Conflict},
	} {
		if err := d.refuses("14:02", c.c, c.code, ""); err.Fields[0].Name != c.field {
			t.Errorf("%s: %+v, want %s", c.c.Kind(), err, c.field)
		}
	}
}

func TestAPageHasASlugThatIsADNSLabel(t *testing.T) {
	id := (&pagetest.Author{}).ID()
	for slug, ok := range map[string]bool{
		"acme": true, "a": true, "a-1": true, "1": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "a-": false, "Acme": false, "a_b": false, "a.b": false, "ä": false,
		strings.Repeat("a", 64): false,
	} {
		if _, err := page.Create(id, slug, "Acme", 1); (err == nil) != ok {
			t.Errorf("%q: %v", slug, err)
		}
	}
	if _, err := page.Create("x", "acme", " ", 1); err == nil || len(err.Fields) != 2 {
		t.Errorf("%+v", err)
	}
}

func TestThePageRefusesAddressesAndColoursThatAreNone(t *testing.T) {
	d, _ := newDiary(t)
	for _, c := range []struct {
		c  page.EditPage
		ok bool
	}{
		{page.EditPage{URL: ptr("https://acme.example/x")}, true},
		{page.EditPage{URL: ptr("javascript:alert(1)")}, false},
		{page.EditPage{URL: ptr("https://")}, false},
		{page.EditPage{Hostname: ptr("status.acme.example")}, true},
		{page.EditPage{Hostname: ptr("localhost")}, false},
		{page.EditPage{Hostname: ptr("a..example")}, false},
		{page.EditPage{Hostname: ptr("a.example/x")}, false},
		{page.EditPage{Hostname: ptr("127.0.0.1")}, false},
		{page.EditPage{Hostname: ptr("0x7f.1")}, false},
		{page.EditPage{Hostname: ptr("a.0x7f")}, false},
		{page.EditPage{Hostname: ptr("a.0xample")}, true},
		{page.EditPage{TimeZone: ptr("America/Argentina/Buenos_Aires")}, true},
		{page.EditPage{TimeZone: ptr("Etc/GMT+5")}, true},
		{page.EditPage{TimeZone: ptr("../../etc")}, false},
		{page.EditPage{Accent: ptr("#0A66c2")}, true},
		{page.EditPage{Accent: ptr("#0a66c")}, false},
		{page.EditPage{Accent: ptr("red;}")}, false},
	} {
		if _, err := page.Decide(d.s, &c.c, d.now); (err == nil) != c.ok {
			t.Errorf("%s: %v", page.MarshalCommand(&c.c), err)
		}
	}
}

func TestAnEditByAClockThatWasYearsAheadDoesNotStopTheTime(t *testing.T) {
	for _, ahead := range []string{"+1825 14:00", "+40 14:00"} { // five years, forty days
		d, ids := newDiary(t, "API", "Web")
		name := "Renamed"
		d.does(ahead, &page.EditService{ID: ids[0], Name: &name})
		in := &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "Down", ToState: status.Major,
			Services: []page.Move{{ID: ids[0]}}}
		d.does("15:00", in)
		resolved := string(status.Resolved)
		d.does("16:00", &page.UpdateIncident{ID: in.ID, UpdateID: d.ID(), Status: resolved})
		var down int64
		for _, day := range d.service(ids[0]).Days {
			down += day.Major
		}
		if down != int64(wire.Hour) {
			t.Errorf("%s: an hour of outage counts %d ms", ahead, down)
		}
		if got := d.incident(in.ID); got.CreatedAt.String() != "2026-01-31T15:00:00Z" ||
			got.ResolvedAt.String() != "2026-01-31T16:00:00Z" {
			t.Errorf("%s: the incident was from %s to %s", ahead, got.CreatedAt, got.ResolvedAt)
		}
	}
}

func TestASmallStepBackIsHeld(t *testing.T) {
	d, ids := newDiary(t, "API")
	name := "Renamed"
	d.does("15:00", &page.EditService{ID: ids[0], Name: &name})
	in := &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "Down", ToState: status.Major,
		Services: []page.Move{{ID: ids[0]}}}
	d.does("14:59", in)
	if got := d.incident(in.ID); got.CreatedAt.String() != "2026-01-31T15:00:00Z" {
		t.Errorf("it was opened at %s", got.CreatedAt)
	}
}

func TestWhatWasJustPublishedCanBeWithdrawn(t *testing.T) {
	d, s := newDiary(t, "API", "Web")
	in, first, second, third, last := d.ID(), d.ID(), d.ID(), d.ID(), d.ID()
	d.does("14:01", &page.OpenIncident{ID: in, UpdateID: first, Title: "Down",
		Services: []page.Move{{ID: s[0], To: status.Degraded}, {ID: s[1], To: status.Degraded}}})
	d.does("14:02", &page.UpdateIncident{ID: in, UpdateID: second, Status: "identified", Body: "It is the disk."})
	before := d.s
	d.does("14:03", &page.UpdateIncident{ID: in, UpdateID: third, Status: "monitoring", Body: "Secret.",
		Services: []page.Move{{ID: s[0], To: status.Major}, {ID: s[1], To: status.Operational}}})
	d.refuses("14:03", &page.WithdrawUpdate{ID: in, UpdateID: second}, fault.Conflict, "only the newest message")
	d.refuses("14:03", &page.WithdrawUpdate{ID: in, UpdateID: d.ID()}, fault.NotFound, "no such update")
	d.refuses("14:03", &page.WithdrawUpdate{ID: d.ID(), UpdateID: third}, fault.NotFound, "no such incident")
	d.refuses("14:03", &page.WithdrawUpdate{ID: in, UpdateID: third, Version: ptr(int64(2))}, fault.Conflict,
		"changed meanwhile")
	d.refuses("14:04", &page.WithdrawUpdate{ID: in, UpdateID: third}, fault.Conflict, "too late")
	d.want("events", d.does("14:03", &page.WithdrawUpdate{ID: in, UpdateID: third}),
		"update_withdrawn service_changed service_changed")
	same := func(what string) {
		t.Helper()
		was, _ := before.Incident(in)
		is, there := d.s.Incident(in)
		if !there {
			t.Fatal("the incident is gone")
		}
		bare := *is
		bare.Version, bare.UpdatedAt = was.Version, was.UpdatedAt
		if got, want := string(wire.Marshal(&bare)), string(wire.Marshal(was)); got != want {
			t.Errorf("after %s it is\n%s, not\n%s", what, got, want)
		}
		for _, id := range s {
			now, _ := d.s.Service(id)
			old, _ := before.Service(id)
			d.want("state", string(now.Status), string(old.Status))
		}
		if d.s.Bytes != before.Bytes {
			t.Errorf("after %s the page has %d bytes, not %d", what, d.s.Bytes, before.Bytes)
		}
	}
	same("an update that was withdrawn")
	d.does("14:05", &page.UpdateIncident{ID: in, UpdateID: last, Status: "resolved", Body: "Over."})
	d.want("events", d.does("14:05", &page.WithdrawUpdate{ID: in, UpdateID: last}),
		"update_withdrawn service_changed service_changed")
	same("a resolution that was withdrawn")
	d.refuses("14:05", &page.WithdrawUpdate{ID: in, UpdateID: first}, fault.Conflict, "delete the incident")
}
