package notify

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// diary is a page that is written to, one command after another.
type diary struct {
	t     *testing.T
	state page.State
	at    status.Time
}

func newDiary(t *testing.T) *diary {
	at, _ := wire.ParseTime("2026-03-01T12:00:00Z")
	e, no := page.Create(uuid.NewString(), "acme", "Acme", at)
	if no != nil {
		t.Fatal(no)
	}
	return &diary{t: t, state: page.Evolve(page.State{}, &e), at: at}
}

// do carries out a command and gives what it tells, and whom.
func (d *diary) do(c page.Command) (*Notice, store.Audience) {
	d.t.Helper()
	d.at += wire.Minute
	decided, no := page.DecideWhole(d.state, c, d.at, "")
	if no != nil {
		d.t.Fatalf("%s: %v", c.Kind(), no)
	}
	n, to := about(d.state, &decided)
	d.state = decided.After(d.state)
	return n, to
}

func (d *diary) service(name string) string {
	id := uuid.NewString()
	d.do(&page.CreateService{ID: id, Name: name})
	return id
}

func ptr[T any](x T) *T { return &x }

func TestACommandIsToldOnceAndOnlyWhenItSaysSomething(t *testing.T) {
	d := newDiary(t)
	api, web := d.service("API"), d.service("Web")
	incident, window, late := uuid.NewString(), uuid.NewString(), uuid.NewString()
	start, end := d.at+48*wire.Hour, d.at+50*wire.Hour
	if end%wire.Day < start%wire.Day {
		t.Fatal("the story must fit a day")
	}
	remove := func(c interface {
		page.Command
		Remove(string, *int64)
	}, id string) page.Command {
		c.Remove(id, nil)
		return c
	}
	for _, x := range []struct {
		what    string
		command page.Command
		want    Kind // "" tells nobody
		to      string
		only    store.Channel
	}{
		{"a new service", &page.CreateService{ID: uuid.NewString(), Name: "Mail"}, "", "", ""},
		{"a service's text", &page.EditService{ID: api, Name: ptr("REST API")}, "", "", ""},
		{"an edit that changes nothing", &page.EditService{ID: api, Name: ptr("REST API")}, "", "", ""},
		{"a move by hand", &page.EditService{ID: api, Status: ptr("degraded_performance")}, ServiceChanged, api,
			store.Webhook},
		{"a move back", &page.EditService{ID: api, Status: ptr("operational")}, ServiceChanged, api, store.Webhook},
		{"an incident on two services", &page.OpenIncident{ID: incident, UpdateID: uuid.NewString(), Title: "Errors",
			Services: []page.Move{{ID: api, To: status.Major}, {ID: web, To: status.Degraded}}}, IncidentOpened,
			api + " " + web, ""},
		{"its text corrected", &page.EditIncident{ID: incident, Title: ptr("Error")}, "", "", ""},
		{"nothing corrected", &page.EditIncident{ID: incident, Title: ptr("Error")}, "", "", ""},
		{"an update", &page.UpdateIncident{ID: incident, UpdateID: uuid.NewString(), Body: "We look."}, IncidentUpdated,
			api + " " + web, ""},
		{"a step by PATCH", &page.EditIncident{ID: incident, UpdateID: uuid.NewString(), Status: ptr("monitoring")},
			IncidentUpdated, api + " " + web, ""},
		{"resolved", &page.UpdateIncident{ID: incident, UpdateID: uuid.NewString(), Status: "resolved", Body: "Done."},
			IncidentResolved, api + " " + web, ""},
		{"corrected afterwards", &page.EditIncident{ID: incident, Description: ptr("It was DNS.")}, "", "", ""},
		{"deleted", remove(&page.DeleteIncident{}, incident), IncidentDeleted, api + " " + web, ""},
		{"planned", &page.PlanMaintenance{ID: window, Title: "Disks", Services: []string{web}, ScheduledFor: start,
			ScheduledUntil: end}, MaintenancePlanned, web, ""},
		{"its text", &page.EditMaintenance{ID: window, Title: ptr("New disks")}, "", "", ""},
		{"its time", &page.EditMaintenance{ID: window, ScheduledFor: ptr(start + wire.Hour)}, MaintenanceRescheduled,
			web, ""},
		{"a word on it", &page.EditMaintenance{ID: window, UpdateID: uuid.NewString(), Message: ptr("Tomorrow!")},
			MaintenanceUpdated, web, ""},
		{"begun", &page.EditMaintenance{ID: window, UpdateID: uuid.NewString(), Status: ptr("in_progress")},
			MaintenanceStarted, web, ""},
		{"verifying", &page.EditMaintenance{ID: window, UpdateID: uuid.NewString(), Status: ptr("verifying")},
			MaintenanceUpdated, web, ""},
		{"completed", &page.EditMaintenance{ID: window, UpdateID: uuid.NewString(), Status: ptr("completed")},
			MaintenanceCompleted, web, ""},
		{"an old window deleted", remove(&page.DeleteMaintenance{}, window), "", "", ""},
		{"another planned", &page.PlanMaintenance{ID: late, Title: "Cables", Services: []string{api, web},
			ScheduledFor: start, ScheduledUntil: end}, MaintenancePlanned, api + " " + web, ""},
		{"and withdrawn", remove(&page.DeleteMaintenance{}, late), MaintenanceDeleted, api + " " + web, ""},
		{"the page's text", &page.EditPage{Name: ptr("Acme Inc.")}, "", "", ""},
		{"a service deleted", remove(&page.DeleteService{}, api), "", "", ""},
	} {
		n, to := d.do(x.command)
		switch {
		case n == nil && x.want == "":
		case n == nil || n.Kind != x.want:
			t.Errorf("%s: %+v, not %q", x.what, n, x.want)
		case strings.Join(to.Services, " ") != x.to || to.Only != x.only:
			t.Errorf("%s: told to %+v", x.what, to)
		case n.Seq != d.state.Seq || n.At != d.at:
			t.Errorf("%s: it is about event %d, not %d", x.what, n.Seq, d.state.Seq)
		}
	}
}

func TestANoticeIsKeptWithoutWords(t *testing.T) {
	d := newDiary(t)
	api := d.service("API")
	n, _ := d.do(&page.OpenIncident{ID: uuid.NewString(), UpdateID: uuid.NewString(), Title: "Errors <b>",
		Description: "We *look*.", Services: []page.Move{{ID: api, To: status.Major}}})
	m := n.message(d.at)
	var back Notice
	if err := wire.Unmarshal([]byte(m.Body), &back); err != nil {
		t.Fatal(err)
	}
	if string(wire.Marshal(&back)) != m.Body || back.Kind != IncidentOpened || m.Thread != n.Incident.ID ||
		m.Seq != n.Seq || m.Topic != "event/"+wire.Itoa(n.Seq) ||
		back.Update.ID != n.Update.ID || back.Update.Services[0].To != status.Major {
		t.Errorf("%s", m.Body)
	}
	if strings.Contains(m.Body+m.Title, "Errors") || strings.Contains(m.Body, "look") {
		t.Errorf("words that may be withdrawn are kept: %s", m.Body)
	}
	if n.Indicator != status.Critical || n.Words != "Major System Outage" {
		t.Errorf("the page was %s %q after it", n.Indicator, n.Words)
	}
}
