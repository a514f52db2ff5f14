package api

import (
	"time"

	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const monthForm = "2006-01"

// daysIn is whose midnight ends a day of uptime.
const daysIn = "UTC"

// month answers ?month=2026-10: the record of every service over that month, which the page may have let go of long
// ago.
func (c *call) month(p *relay.Page) error {
	month, err := monthOf(c.Query("month"), p, time.Now())
	if err != nil {
		return err
	}
	doc, err := p.Doc("api/uptime/"+month.Format(monthForm), fresh, func() (string, []byte, error) {
		now := status.Time(time.Now().UnixMilli())
		first, last := dayOf(month), dayOf(month.AddDate(0, 1, 0))-1
		record, err := c.DB.Org(p.State.Org.ID).Days(c.ctx, first, last)
		if err != nil {
			return "", nil, err
		}
		return "application/json; charset=utf-8", wire.Marshal(mapping(func(f *wire.Fields) {
			n := last - first + 1
			f.Derived("month", month.Format(monthForm))
			f.Int("days", &n)
			f.Time("at", &now)
			f.Derived("time_zone", daysIn)
			wireRecords(f, p, func(s *status.Service) ([]status.DayUptime, int64) {
				known := *s
				known.Days = record[s.ID]
				return status.UptimeOn(&known, first, n, now, p.State.Org.UptimeWeights())
			})
		})), nil
	})
	if err != nil {
		return err
	}
	return serve.Doc(c.Ctx, doc)
}

// monthOf takes the months in which the page existed, or the record of one of its services.
func monthOf(text string, p *relay.Page, now time.Time) (time.Time, error) {
	born := p.State.Org.CreatedAt
	for i := range p.State.Services {
		born = min(born, p.State.Services[i].Born())
	}
	first := time.UnixMilli(int64(born)).UTC().Format(monthForm)
	last := now.UTC().Format(monthForm)
	month, err := time.Parse(monthForm, text)
	if err != nil || text < first || text > last {
		return month, fault.OnField("month", "month must be from %s to %s.", first, last)
	}
	return month, nil
}

func dayOf(t time.Time) int64 { return status.Time(t.UnixMilli()).DayNumber() }
