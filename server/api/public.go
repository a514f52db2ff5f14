package api

import (
	"errors"
	"strconv"
	"time"

	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// fresh is for how long a document that says something about "now" may be served before it is made again.
const fresh = 30 * time.Second

// publicPage is the page of the path's slug, if the caller may see it. CONTRACT 8.
func (c *call) publicPage() (*relay.Page, error) {
	slug := c.Params("slug")
	id, err := c.Relay.BySlug(c.ctx, slug)
	if errors.Is(err, store.ErrNone) {
		return nil, fault.New(fault.NotFound, "There is no page named %s.", slug)
	}
	if err != nil {
		return nil, err
	}
	p, err := c.pageOf(id)
	if err == nil {
		p, err = c.Gate(c.Ctx, p)
	}
	if err != nil {
		return nil, err
	}
	c.Set("Content-Language", "en")
	if p.State.Org.Style.Hidden {
		c.Set("X-Robots-Tag", "noindex")
	}
	return p, nil
}

// document answers from memory: made once for this state of the page, compressed, with an ETag.
func (c *call) document(name string, p *relay.Page, x func(now status.Time) wire.Object) error {
	doc, err := p.Doc(name, fresh, func() (string, []byte, error) {
		return "application/json; charset=utf-8", wire.Marshal(x(status.Time(time.Now().UnixMilli()))), nil
	})
	if err != nil {
		return err
	}
	return c.kept(p, doc)
}

// kept answers with a document that may be given again for a while.
func (c *call) kept(p *relay.Page, doc *relay.Doc) error {
	serve.Keep(c.Ctx, p, doc.Made.Add(fresh))
	return serve.Doc(c.Ctx, doc)
}

func publicServices(c *call) error {
	p, err := c.publicPage()
	if err != nil {
		return err
	}
	return c.services(p)
}

// roomy is room for the texts of a public list.
func roomy[T any](list []T) *serve.Room { return serve.NewRoom(serve.MaxJSON, len(list)) }

// publicIncidents answers from memory while all there is stands there: the page keeps every active incident and the
// newest others.
func publicIncidents(c *call) error {
	p, err := c.publicPage()
	if err != nil {
		return err
	}
	f, err := c.incidentFilter()
	if err != nil {
		return err
	}
	if !p.Viewed() && full(p.State.Incidents, (*status.Incident).Active) {
		return c.incidents(c.DB.Org(p.State.Org.ID), f)
	}
	found := []status.Incident{}
	for _, in := range serve.Incidents(p.State.Incidents) {
		_, on := in.On(f.ServiceID)
		if (f.Status == "" || string(in.Status) == f.Status) && (f.Active == nil || in.Active() == *f.Active) &&
			(f.ServiceID == "" || on) {
			found = append(found, in)
		}
	}
	return inParts(c, found, func(part []status.Incident) []status.Incident { return roomy(part).Incidents(part) },
		(*status.Incident).Wire)
}

func publicMaintenances(c *call) error {
	p, err := c.publicPage()
	if err != nil {
		return err
	}
	f, err := c.maintenanceFilter()
	if err != nil {
		return err
	}
	if !p.Viewed() && full(p.State.Maintenances, func(m *status.Maintenance) bool { return !m.Over() }) {
		return c.maintenances(c.DB.Org(p.State.Org.ID), f)
	}
	found := []status.Maintenance{}
	for _, m := range serve.Maintenances(p.State.Maintenances) {
		if (f.Status == "" || string(m.Status) == f.Status) && (!f.Upcoming || m.Status == status.Scheduled) {
			found = append(found, m)
		}
	}
	return inParts(c, found, func(part []status.Maintenance) []status.Maintenance {
		return roomy(part).
			Maintenances(part)
	}, (*status.Maintenance).Wire)
}

// full says that the page keeps as much of what is over as it may, so that there may be more in the database.
func full[T any](list []T, open func(*T) bool) bool {
	over := 0
	for i := range list {
		if !open(&list[i]) {
			over++
		}
	}
	return over >= page.KeepClosed
}

func publicStatus(c *call) error {
	p, err := c.publicPage()
	if err != nil {
		return err
	}
	return c.document("api/status", p, func(status.Time) wire.Object {
		return mapping(func(f *wire.Fields) { wireStatus(&p.State, f) })
	})
}

// wireStatus is the `status` of CONTRACT 3.
func wireStatus(s *page.State, f *wire.Fields) {
	indicator, words := status.RollUp(s.Services)
	wire.One(f, "org", &s.Org, func(o *page.Org, f *wire.Fields) {
		f.Str("slug", &o.Slug)
		f.Str("name", &o.Name)
	})
	f.Derived("indicator", string(indicator))
	f.Derived("description", words)
	f.Time("updated_at", &s.At)
	f.Int("seq", &s.Seq)
}

func publicUptime(c *call) error {
	p, err := c.publicPage()
	if err != nil {
		return err
	}
	if c.Query("month") != "" {
		return c.month(p)
	}
	days, err := c.count("days", 90, 90)
	if err != nil {
		return err
	}
	return c.document("api/uptime/"+strconv.Itoa(days), p, func(now status.Time) wire.Object {
		return mapping(func(f *wire.Fields) {
			n := int64(days)
			f.Int("days", &n)
			f.Time("at", &now)
			f.Derived("time_zone", daysIn)
			wireRecords(f, p, func(s *status.Service) ([]status.DayUptime, int64) {
				return status.Uptime(s, n, now, p.State.Org.UptimeWeights())
			})
		})
	})
}

// wireRecords writes `services`, and `groups` of them, each with its record.
func wireRecords(f *wire.Fields, p *relay.Page, record func(*status.Service) ([]status.DayUptime, int64)) {
	var groups []string
	of := map[string][][]status.DayUptime{}
	wire.List(f, "services", &p.State.Services, func(s *status.Service, f *wire.Fields) {
		days, all := record(s)
		f.Str("id", &s.ID)
		f.Str("name", &s.Name)
		f.Str("group", &s.Group)
		wireUptime(days, all, f)
		if s.Group == "" {
			return
		}
		if of[s.Group] == nil {
			groups = append(groups, s.Group)
		}
		of[s.Group] = append(of[s.Group], days)
	})
	wire.List(f, "groups", &groups, func(name *string, f *wire.Fields) {
		f.Str("name", name)
		days, all := status.UptimeTogether(of[*name], p.State.Org.UptimeWeights())
		wireUptime(days, all, f)
	})
}

// wireUptime writes `uptime`, a percentage or null, and `days`, oldest first.
func wireUptime(days []status.DayUptime, all int64, f *wire.Fields) {
	percentage(f, "uptime", all)
	wire.List(f, "days", &days, func(d *status.DayUptime, f *wire.Fields) {
		f.Derived("date", wire.Date(d.Day))
		if d.NoData {
			f.Raw("status", []byte("null"))
			f.Raw("uptime", []byte("null"))
			return
		}
		f.Str("status", (*string)(&d.Worst))
		percentage(f, "uptime", d.Percent)
		for _, t := range []struct {
			name string
			ms   int64
		}{{"degraded_seconds", d.Tally.Degraded}, {"partial_seconds", d.Tally.Partial},
			{"major_seconds", d.Tally.Major}, {"maintenance_seconds", d.Tally.Maintenance}} {
			seconds := t.ms / 1000
			f.Int(t.name, &seconds)
		}
	})
}

func percentage(f *wire.Fields, key string, p int64) {
	if p < 0 {
		f.Raw(key, []byte("null"))
		return
	}
	f.Raw(key, []byte(status.PercentText(p)))
}

// publicSummary is everything that the page shows, in one document.
func publicSummary(c *call) error {
	p, err := c.publicPage()
	if err != nil {
		return err
	}
	return c.document("api/summary", p, func(now status.Time) wire.Object {
		return mapping(func(f *wire.Fields) {
			wire.One(f, "org", &p.State.Org, (*page.Org).Wire)
			wire.One(f, "status", &p.State, wireStatus)
			wire.List(f, "services", &p.State.Services, func(s *status.Service, f *wire.Fields) {
				s.Wire(f)
				_, all := status.Uptime(s, 90, now, p.State.Org.UptimeWeights())
				percentage(f, "uptime_90", all)
			})
			incidents, windows := serve.Incidents(p.State.Incidents), serve.Maintenances(p.State.Maintenances)
			incidents, windows = roomy(incidents).Incidents(incidents), roomy(windows).Maintenances(windows)
			wire.List(f, "incidents", &incidents, (*status.Incident).Wire)
			wire.List(f, "maintenances", &windows, (*status.Maintenance).Wire)
			f.Int("seq", &p.State.Seq)
			f.Str("epoch", &p.Epoch)
		})
	})
}
