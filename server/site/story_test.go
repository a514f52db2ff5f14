package site

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// today is when these stories are read.
var today = moment(time.Date(2026, 11, 23, 11, 48, 0, 0, time.UTC))

// story is a page that came about as real ones do: by commands, one after another.
type story struct {
	t     *testing.T
	state page.State
	log   []page.Event
	ids   *rand.Rand
}

func begin(t *testing.T, slug, name string, at status.Time) *story {
	s := &story{t: t, ids: rand.New(rand.NewPCG(1, uint64(len(slug))))}
	e, err := page.Create(s.id(), slug, name, at)
	if err != nil {
		t.Fatal(err)
	}
	s.state = page.Evolve(page.State{}, &e)
	return s
}

func (s *story) id() string {
	return fmt.Sprintf("0197a1de-%04x-7%03x-8%03x-%012x", s.ids.IntN(1<<16), s.ids.IntN(1<<12), s.ids.IntN(1<<12),
		s.ids.Int64N(1<<48))
}

func (s *story) do(at status.Time, c page.Command) {
	s.t.Helper()
	if at < s.state.At {
		s.t.Fatalf("%s: the story goes back in time", c.Kind())
	}
	events, err := page.Decide(s.state, c, at)
	if err != nil {
		s.t.Fatalf("%s: %v %v", c.Kind(), err, err.Fields)
	}
	for i := range events {
		s.state = page.Evolve(s.state, &events[i])
		s.log = append(s.log, events[i])
	}
}

func (s *story) service(at status.Time, group, name, about string) string {
	id := s.id()
	s.do(at, &page.CreateService{ID: id, Name: name, Group: group, Description: about})
	return id
}

func (s *story) open(at status.Time, title, text string, to status.ServiceStatus, services ...string) string {
	id := s.id()
	c := &page.OpenIncident{ID: id, UpdateID: s.id(), Title: title, Description: text, ToState: to}
	for _, svc := range services {
		c.Services = append(c.Services, page.Move{ID: svc})
	}
	s.do(at, c)
	return id
}

func (s *story) update(at status.Time, incident string, to status.IncidentStatus, text string) {
	s.do(at, &page.UpdateIncident{ID: incident, UpdateID: s.id(), Status: string(to), Body: text})
}

func (s *story) plan(at, from, to status.Time, title, text string, services ...string) string {
	id := s.id()
	s.do(at, &page.PlanMaintenance{ID: id, Title: title, Description: text, Services: services, ScheduledFor: from,
		ScheduledUntil: to})
	return id
}

func (s *story) move(at status.Time, window string, to status.MaintenanceStatus, text string) {
	word := string(to)
	s.do(at, &page.EditMaintenance{ID: window, UpdateID: s.id(), Status: &word, Message: &text})
}

func ago(n float64) status.Time { return today - status.Time(n*float64(wire.Hour)) }

// company is a page with services and a past, all well again.
func company(t *testing.T) (s *story, services map[string]string) {
	s = begin(t, "acme", "Acme", ago(24*200))
	services = map[string]string{}
	for _, x := range [][3]string{
		{"", "API", "REST and GraphQL, in every region"}, {"", "Website", ""}, {"App", "Dashboard", ""},
		{"App", "Mobile app", "iOS and Android"},
		{"App", "Search", ""}, {"Delivery", "Webhooks", "Outgoing events to your endpoints"},
		{"Delivery", "E-mail", ""},
		{"Storage", "File storage", "Uploads, downloads and thumbnails"}, {"Storage", "Backups", ""},
	} {
		services[x[1]] = s.service(ago(24*199), x[0], x[1], x[2])
	}
	past := func(days float64, minutes float64, title string, to status.ServiceStatus, names ...string) {
		var ids []string
		for _, n := range names {
			ids = append(ids, services[n])
		}
		at := ago(24 * days)
		in := s.open(at, title, "We see errors and are looking into it.", to, ids...)
		s.update(at+status.Time(minutes*0.3)*wire.Minute, in, status.Identified,
			"A deploy from this morning is the cause. We are **rolling it back**.")
		s.update(at+status.Time(minutes)*wire.Minute, in, status.Resolved,
			"The rollback is done and error rates are back to normal. We are sorry for the trouble.")
	}
	past(81.2, 22, "Elevated API errors", status.Partial, "API")
	past(63.4, 190, "Slow search results", status.Degraded, "Search")
	past(41.7, 48, "Webhooks are late", status.Degraded, "Webhooks")
	services["Exports"] = s.service(ago(24*30), "Storage", "Exports", "")
	w := s.plan(ago(24*30), ago(24*20.2), ago(24*20.2-2), "Database upgrade",
		"We move to a newer version. The website is read-only for some minutes.", services["Website"], services["API"])
	s.move(ago(24*20.2), w, status.InProgress, "")
	s.move(ago(24*20.2-1.5), w, status.Completed, "All done, earlier than planned.")
	learnt, why := "The new version kept **every** connection open.\n\n- We now close them\n- An alarm tells us earlier", "A load test that we had announced"
	s.do(s.state.At, &page.EditIncident{ID: s.state.Incidents[0].ID, Postmortem: &learnt})
	past(16.1, 31, "Website could not be reached", status.Major, "Website")
	past(9.3, 74, "E-mail delivery to some providers is delayed", status.Degraded, "E-mail")
	past(2.8, 18, "Log-in failed for some users", status.Partial, "Dashboard", "Mobile app")
	s.do(s.state.At, &page.EditIncident{ID: s.state.Incidents[0].ID, Postmortem: &learnt, Excluded: &why})
	return s, services
}

func allWell(t *testing.T) page.State {
	s, _ := company(t)
	return s.state
}

func trouble(t *testing.T) page.State {
	s, at := company(t)
	s.plan(ago(50), ago(-38), ago(-41), "Moving file storage to new disks", "Uploads may pause for a minute, twice.",
		at["File storage"], at["Backups"])
	w := s.plan(ago(30), ago(0.8), ago(-1.2), "Replacing a network switch in Frankfurt", "No impact is expected.",
		at["Webhooks"])
	in := s.open(ago(2.1), "Slow uploads to file storage", "Uploads take longer than usual. We are looking into it.",
		status.Degraded, at["File storage"])
	s.update(ago(1.6), in, status.Identified, "One storage zone is overloaded; we are moving traffic. Follow "+
		"along:\n\n- zone `fra-2` is drained\n- zone `fra-3` takes over\n\nMore on [our engineering "+
		"page](https://example.com/).")
	s.update(ago(1.1), in, status.Identified, "Half of the traffic has moved.")
	s.move(ago(0.8), w, status.InProgress, "We have begun.")
	s.update(ago(0.7), in, status.Identified, "Three quarters.")
	s.update(ago(0.3), in, status.Monitoring, "All traffic has moved and uploads are as fast as before. We keep "+
		"watching.")
	pinned := "On **1 December** the old API is switched off. [What to do](https://example.com/)"
	s.do(ago(0.25), &page.EditPage{Announcement: &pinned})
	s.open(ago(0.2), "API requests time out", "About one request in ten fails with a time-out in Europe.",
		status.Partial, at["API"], at["Dashboard"])
	return s.state
}

func empty(t *testing.T) page.State { return begin(t, "new", "Newcomer", ago(3)).state }

func awkward(t *testing.T) page.State {
	s := begin(t, "long", strings.Repeat("Donaudampfschifffahrtsgesellschaft", 5), ago(24*100))
	accent := "#ffe500"
	s.do(ago(24*100), &page.EditPage{Accent: &accent})
	long := s.service(ago(24*99), "", strings.Repeat("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
		3), strings.Repeat("https://example.com/a/very/long/address/without/a/break", 6))
	rtl := s.service(ago(24*99), "خدمات", "واجهة برمجة التطبيقات", "كل شيء يعمل كما ينبغي (v2)")
	s.service(ago(24*99), "🚀 Launch 🚀", "👩‍🚀🛰️ Telemetry", "🔥🔥🔥")
	for i := range 57 {
		s.service(ago(24*98), fmt.Sprintf("Region %d", i/12+1), fmt.Sprintf("Node %02d", i+1), "")
	}
	s.open(ago(5), strings.Repeat("W", 200), strings.Repeat("loremipsumdolorsitamet", 100)+"\n\n```\n"+strings.Repeat("x", 400)+"\n```\n\n# A heading\n\n> quoted", status.Major, long)
	s.open(ago(4), "انقطاع جزئي في الخدمة", "نحن نحقق في المشكلة.\n\n1. الخطوة الأولى\n2. next step", status.Partial,
		rtl)
	s.plan(ago(3), ago(-13), ago(-37), "🛠️ "+strings.Repeat("maintenance", 17), "Over midnight", long, rtl)
	return s.state
}
