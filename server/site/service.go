package site

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

// Limits of a service's page.
const (
	monthsOfService = 12
	pastOfService   = 25 // incidents and windows; the rest is in the history
)

// serviceView is the page of one service.
type serviceView struct {
	head
	Seq     int64
	Epoch   string
	Lagging *status.Time
	Service row
	Since   *status.Time
	Active  []incidentView
	Planned []windowView
	Times   *timesView
	Spans   []spanUptime
	Months  []monthUptime
	Past    pastView
	Items   int    // of the past, in twelve months
	All     string // where all of them are
	Self    string // its own address
}

// spanUptime is the uptime of a stretch of time.
type spanUptime struct {
	Name, Percent, Over string
}

// monthUptime is a month of a service, with a bar for each day.
type monthUptime struct {
	Name, Link, Percent string
	What                string // what was not well, in words
	Label               string
	Bars                template.HTML
	Items               int // incidents and windows that went on in it
}

// service is the page of one service. That of another organisation is not there.
func (s *site) service(v *visit.Visit) error {
	svc, err := serviceOf(v)
	if err != nil {
		return err
	}
	_, stale, heard := s.age(v)
	of := rangeOf(v)
	name := "service/" + svc.ID + "/" + of.Of
	if stale {
		name += "/stale"
	}
	doc, err := v.Doc(key(v, name), fresh, func() (string, []byte, error) {
		view, err := s.serviceView(v, svc, of)
		if err != nil {
			return "", nil, err
		}
		if stale {
			at := moment(heard)
			view.Lagging = &at
		}
		return render(v.Language(), "service", view)
	})
	if err != nil {
		return err
	}
	if !stale {
		serve.Keep(v.Ctx, v.Page, doc.Made.Add(fresh))
	}
	return serve.Doc(v.Ctx, doc)
}

func serviceOf(v *visit.Visit) (*status.Service, error) {
	if svc, there := v.State.Service(v.Ctx.Params("id")); there {
		return svc, nil
	}
	return nil, noService()
}

func noService() error { return fault.New(fault.NotFound, "There is no such service.") }

func (s *site) serviceView(v *visit.Visit, svc *status.Service, of chartRange) (*serviceView, error) {
	now, weights := s.now(), v.State.Org.UptimeWeights()
	view := &serviceView{head: s.head(v, svc.Name), Seq: v.State.Seq, Epoch: v.Epoch}
	view.Service = row{svc, "", serviceStrip(svc, now, weights)}
	view.About, view.State = svc.Name+": "+view.In.Say(svc.Status.Display()), svc.Status
	view.Offer = "?service=" + svc.ID
	view.Self = v.Path + "/services/" + svc.ID
	view.All = v.Path + "/history?service=" + svc.ID
	view.Canonical = s.address(v, "/services/"+svc.ID)
	view.Feeds = view.Self
	if svc.Since > svc.CreatedAt || svc.Status != status.Operational {
		view.Since = &svc.Since
	}
	theirs := only(v.Told(), svc.ID)
	tellDays([]block{{Member: []row{view.Service}}}, theirs, v.Path, now)
	s.ongoingOf(v, view, theirs.Incidents, theirs.Maintenances)
	var err error
	if view.Times, err = s.times(v, svc.ID, of); err != nil {
		return nil, err
	}
	return view, s.yearOf(v, view, svc)
}

// ongoingOf is what goes on with a service now, or is planned.
func (s *site) ongoingOf(v *visit.Visit, view *serviceView, incidents []status.Incident, windows []status.Maintenance) {
	tell := newTeller(len(incidents)+len(windows), view.Zone)
	for i := range incidents {
		in := &incidents[i]
		if !in.Active() {
			continue
		}
		one := newIncidentView(in, v, s.now())
		entries, more := tell.incident(in)
		one.Latest, one.Earlier = fold(entries)
		one.More = more
		view.Active = append(view.Active, one)
	}
	for i := len(windows) - 1; i >= 0; i-- {
		if m := &windows[i]; !m.Over() {
			view.Planned = append(view.Planned, newWindowView(m, v.Path, tell, s.now()))
		}
	}
}

// yearOf is the record of twelve months, this one included, and what went on in them.
func (s *site) yearOf(v *visit.Visit, view *serviceView, svc *status.Service) error {
	today := utc(s.now())
	this := time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, time.UTC)
	first := this.AddDate(0, 1-monthsOfService, 0)
	known, err := s.records(v, []status.Service{*svc}, moment(first).DayNumber(), s.now().DayNumber())
	if err != nil {
		return err
	}
	items, err := s.found(v, store.PastFilter{From: moment(first), To: s.now() + 1, ServiceID: svc.ID})
	if err != nil {
		return err
	}
	weights := v.State.Org.UptimeWeights()
	for month := this; !month.Before(first); month = month.AddDate(0, -1, 0) {
		if month.AddDate(0, 1, 0).After(utc(svc.Born())) {
			view.Months = append(view.Months, s.monthOf(v, &known[0], month, items, weights))
		}
	}
	quarter := time.Date(today.Year(), (today.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		name string
		from time.Time
	}{
		{"This month", this}, {"This quarter", quarter},
		{"This year", time.Date(today.Year(), 1, 1, 0, 0, 0, 0, time.UTC)}, {"Twelve months", first},
	} {
		from := moment(x.from).DayNumber()
		days, percent := status.UptimeOn(&known[0], from, s.now().DayNumber()-from+1, s.now(), weights)
		view.Spans = append(view.Spans, spanUptime{x.name, status.PercentText(percent), stripOf(days, percent).Over()})
	}
	over := items[:0:0]
	for i := range items {
		if items[i].Over() {
			over = append(over, items[i])
		}
	}
	view.Items = len(over)
	over = over[:min(len(over), pastOfService)]
	view.Past = pastView{Days: withItems(view.Zone, tellLast(over, newTeller(len(over), view.Zone)))}
	return nil
}

func (s *site) monthOf(
	v *visit.Visit, svc *status.Service, month time.Time, items []pastItem, w status.Weights,
) monthUptime {
	first, end := moment(month).DayNumber(), moment(month.AddDate(0, 1, 0)).DayNumber()
	days, percent := status.UptimeOn(svc, first, end-first, s.now(), w)
	st := stripOf(days, percent)
	m := monthUptime{
		Name: month.Format("January 2006"), Link: monthPath(v, month, 1) + "&service=" + svc.ID, Percent: st.Percent,
		Bars: st.Bars(), Label: st.Label(), What: "No trouble",
	}
	var sum status.Tally
	for i := range days {
		t := &days[i].Tally
		sum.Major += t.Major
		sum.Partial += t.Partial
		sum.Degraded += t.Degraded
		sum.Maintenance += t.Maintenance
	}
	if !sum.Well() {
		m.What = happened(sum)
	}
	for i := range items {
		if items[i].From.DayNumber() < end && items[i].To.DayNumber() >= first {
			m.Items++
		}
	}
	return m
}

// Reports says how many incidents went on in the month; "" is none.
func (m monthUptime) Reports() string {
	if m.Items == 0 {
		return ""
	}
	return count(int64(m.Items), "report")
}

func (s *site) serviceAtom(v *visit.Visit) error {
	return s.serviceFeed(v, "feed.atom", s.atomOf)
}

func (s *site) serviceRSS(v *visit.Visit) error {
	return s.serviceFeed(v, "feed.rss", s.rssOf)
}

func (s *site) serviceFeed(v *visit.Visit, name string, write func(*visit.Visit, *feed) (string, any)) error {
	svc, err := serviceOf(v)
	if err != nil {
		return err
	}
	shared(v.Ctx)
	path := "services/" + svc.ID
	return v.Document("web/"+path+"/"+name+"/"+string(v.Spoken()), time.Hour, func() (string, []byte, error) {
		f := newFeed(v, path+"/"+name)
		f.ID, f.Title = "urn:uuid:"+svc.ID, svc.Name+" – "+siteName(f.In, &v.State.Org)
		f.About = f.In.Say("Incidents and maintenance of {service} at {name}.", "service", svc.Name, "name",
			v.State.Org.Name)
		f.Home = strings.TrimSuffix(f.Home, "/") + "/" + path
		f.state = only(f.state, svc.ID)
		mediaType, x := write(v, f)
		body, err := marshal(x)
		return mediaType, body, err
	})
}

// Badge is the address of a picture of the service's state.
func (v *serviceView) Badge() string { return v.Path + "/badge.svg?service=" + v.Service.ID }

// Earlier is how many incidents and windows are not listed here.
func (v *serviceView) Earlier() string {
	if v.Items <= pastOfService {
		return ""
	}
	return strconv.Itoa(v.Items - pastOfService)
}
