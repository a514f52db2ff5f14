package site

import (
	"context"
	"time"

	"statuspage/server/site/visit"
	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// Limits of the card of a day.
const (
	maxOfCard      = 8 // services
	maxTitlesInDay = 5 // incidents
)

// readFor is how long a page waits for the database.
const readFor = 5 * time.Second

// calendarMonth is a month of UTC days, Monday first.
type calendarMonth struct {
	Key     string // "2026-11", also of its address
	Name    string
	Link    string
	Percent string // uptime, or "–"
	Weeks   [][7]calendarDay
	Now     bool // the one that is told day by day below
}

// calendarDay is one cell.
type calendarDay struct {
	Number int // of the month; 0 is an empty cell
	Day    int64
	State  status.ServiceStatus // the worst of any service; "" where nothing is known
	Bad    []badService
	More   int // services that were not well beside those
	Of     []reference
	Others int // incidents beside those
}

// Told says that there is more to read of the day than its number.
func (d calendarDay) Told() bool { return len(d.Bad) > 0 || len(d.Of) > 0 }

// Label names a day that can be opened.
func (d calendarDay) Label() string {
	text := utc(status.Time(d.Day)*day).Format("2 January 2006") + ": "
	if d.State == status.Operational {
		text += "no trouble"
	} else {
		text += d.State.Display()
	}
	if n := int64(len(d.Of) + d.Others); n > 0 {
		text += ", " + count(n, "incident")
	}
	return text
}

// badService is what happened to a service on a day.
type badService struct {
	Name  string
	State status.ServiceStatus
	What  string
}

// records reads the tallies of services over some UTC days: from memory where all of them are there.
func (s *site) records(v *visit.Visit, services []status.Service, first, last int64) ([]status.Service, error) {
	if first >= s.now().DayNumber()-status.KeepDays || len(services) == 0 {
		return services, nil
	}
	ctx, cancel := context.WithTimeout(v.Ctx.UserContext(), readFor)
	defer cancel()
	days := map[string][]status.Tally{}
	var err error
	if len(services) == 1 {
		days[services[0].ID], err = s.History.DaysOf(ctx, v.State.Org.ID, services[0].ID, first, last)
	} else {
		days, err = s.History.Days(ctx, v.State.Org.ID, first, last)
	}
	out := make([]status.Service, len(services))
	for i := range services {
		out[i] = services[i]
		out[i].Days = days[services[i].ID]
	}
	return out, err
}

// drawMonth writes one month of some services with what went on in it.
func (s *site) drawMonth(v *visit.Visit, month time.Time, services []status.Service, items []pastItem) calendarMonth {
	m := calendarMonth{Key: month.Format("2006-01"), Name: month.Format("January 2006"), Link: monthPath(v, month, 1)}
	first := moment(month).DayNumber()
	n := moment(month.AddDate(0, 1, 0)).DayNumber() - first
	weights := v.State.Org.UptimeWeights()
	records := make([][]status.DayUptime, len(services))
	for i := range services {
		records[i], _ = status.UptimeOn(&services[i], first, n, s.now(), weights)
	}
	together, percent := status.UptimeTogether(records, weights)
	m.Percent = status.PercentText(percent)
	at := (int(month.Weekday()) + 6) % 7
	for i := range int(n) {
		if i == 0 || at == 7 {
			m.Weeks, at = append(m.Weeks, [7]calendarDay{}), at%7
		}
		d := calendarDay{Number: i + 1, Day: first + int64(i)}
		if together != nil && !together[i].NoData {
			d.fill(services, records, i, together[i].Worst)
		}
		d.tell(items)
		m.Weeks[len(m.Weeks)-1][at] = d
		at++
	}
	return m
}

func (d *calendarDay) fill(services []status.Service, records [][]status.DayUptime, i int, worst status.ServiceStatus) {
	d.State = worst
	for k := range services {
		switch r := &records[k][i]; {
		case r.NoData || r.Worst == status.Operational:
		case len(d.Bad) == maxOfCard:
			d.More++
		default:
			d.Bad = append(d.Bad, badService{services[k].Name, r.Worst, happened(r.Tally)})
		}
	}
}

// tell names what went on on the day, the newest first.
func (d *calendarDay) tell(items []pastItem) {
	if d.State == "" {
		return
	}
	for i := range items {
		item := &items[i]
		switch {
		case item.window != nil && item.window.StartedAt == nil:
		case item.From.DayNumber() > d.Day, item.To.DayNumber() < d.Day:
		case len(d.Of) == maxTitlesInDay:
			d.Others++
		default:
			d.Of = append(d.Of, reference{item.ID, item.Link, brief(item.Title), item.Lang("title")})
		}
	}
}

// found are the incidents and windows of a time that a filter lets through: from memory where all of that time are
// there, else from the database, too.
func (s *site) found(v *visit.Visit, f store.PastFilter) ([]pastItem, error) {
	incidents, windows := v.State.Incidents, v.State.Maintenances
	ctx, cancel := context.WithTimeout(v.Ctx.UserContext(), readFor)
	defer cancel()
	if v.Viewed() || !holds(incidents, (*status.Incident).Active, lastEnd, f.From) {
		older, err := s.History.Incidents(ctx, v.State.Org.ID, f)
		if err != nil {
			return nil, err
		}
		incidents = with(incidents, v.Incidents(older), func(in *status.Incident) string { return in.ID })
	}
	if v.Viewed() || !holds(windows, func(m *status.Maintenance) bool { return !m.Over() }, windowEnd, f.From) {
		older, err := s.History.Maintenances(ctx, v.State.Org.ID, f)
		if err != nil {
			return nil, err
		}
		windows = with(windows, v.Maintenances(older), func(m *status.Maintenance) string { return m.ID })
	}
	incidents, windows = wanted(incidents, windows, f)
	told := v.Language().State(&page.State{Org: v.State.Org, Incidents: incidents, Maintenances: windows})
	return pastItems(told.Incidents, told.Maintenances, v.Path, clockOf(&v.State.Org), f.From, f.To, s.now()), nil
}

// wanted are those that are about a service and have a text in them.
func wanted(
	incidents []status.Incident, windows []status.Maintenance, f store.PastFilter,
) ([]status.Incident, []status.Maintenance) {
	if f.ServiceID == "" && f.Text == "" {
		return incidents, windows
	}
	var in []status.Incident
	for i := range incidents {
		if x := &incidents[i]; (f.ServiceID == "" || affects(x, f.ServiceID)) && saysIncident(x, f.Text) {
			in = append(in, *x)
		}
	}
	var out []status.Maintenance
	for i := range windows {
		if x := &windows[i]; (f.ServiceID == "" || covers(x, f.ServiceID)) && saysWindow(x, f.Text) {
			out = append(out, *x)
		}
	}
	return in, out
}

func affects(in *status.Incident, service string) bool {
	for i := range in.Services {
		if in.Services[i].ID == service {
			return true
		}
	}
	return false
}

func covers(m *status.Maintenance, service string) bool {
	for i := range m.Services {
		if m.Services[i].ID == service {
			return true
		}
	}
	return false
}

func saysIncident(in *status.Incident, text string) bool {
	if says(in.Title, text) || says(in.Description, text) {
		return true
	}
	for i := range in.Updates {
		if says(in.Updates[i].Body, text) {
			return true
		}
	}
	return false
}

func saysWindow(m *status.Maintenance, text string) bool {
	if says(m.Title, text) || says(m.Description, text) {
		return true
	}
	for i := range m.Updates {
		if says(m.Updates[i].Body, text) {
			return true
		}
	}
	return false
}

// only is a page's state with the incidents and windows of one service.
func only(s *page.State, service string) *page.State {
	out := *s
	out.Incidents, out.Maintenances = wanted(s.Incidents, s.Maintenances, store.PastFilter{ServiceID: service})
	return &out
}

// says looks for a text as the database does: letters of ASCII count in either case.
func says(text, wanted string) bool {
	for i := 0; i+len(wanted) <= len(text); i++ {
		k := 0
		for k < len(wanted) && folded(text[i+k]) == folded(wanted[k]) {
			k++
		}
		if k == len(wanted) {
			return true
		}
	}
	return false
}

func folded(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
