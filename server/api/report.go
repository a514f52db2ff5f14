package api

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/limit"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// reportsPage is how many reports a page takes in a minute.
const reportsPage = 3_000

func reportRoutes() []Route {
	return []Route{
		{"GET", "/api/v1/reports", Read, listReports},
		{"POST", "/api/v1/public/:slug/report", Public, report},
	}
}

// newReportLimits let one client address report as often as it may subscribe.
func newReportLimits(publicRate int) (of, to *limit.Limiter) {
	return newSubscribeLimit(publicRate), limit.New(limit.Rate{Quota: reportsPage, Window: time.Minute}, principals)
}

// Report counts a visitor's report, by address and by page.
func (l *Limits) Report(c *fiber.Ctx, slug string) error {
	if err := tell(c, "report", l.reports.AllowAddr(l.Address(c), time.Now())); err != nil {
		return err
	}
	return tell(c, "reports", l.reportsTo.Allow(slug, time.Now()))
}

// reported is the body of a report: what somebody has a problem with, and no word more.
type reported struct{ service, incident *string }

func (r *reported) Wire(f *wire.Fields) {
	f.OptStr("service", &r.service)
	f.OptStr("incident", &r.incident)
}

// report counts that a visitor has a problem. Its answer is the same whether they have said so before or not.
func report(c *call) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	form := strings.HasPrefix(strings.ToLower(c.Get(fiber.HeaderContentType)), fiber.MIMEApplicationForm)
	if form { // another site's form would count its visitors here
		if err := c.sameSite(false); err != nil {
			return err
		}
	}
	if err := c.Limits.Report(c.Ctx, c.Params("slug")); err != nil {
		return err
	}
	p, err := c.publicPage()
	if err != nil {
		return err
	}
	r := reported{}
	if form {
		args := c.Request().PostArgs()
		service, incident := string(args.Peek("service")), string(args.Peek("incident"))
		r.service, r.incident = some(service), some(incident)
	} else if err := c.read(&r); err != nil {
		return err
	}
	services, no := r.services(&p.State)
	if no == nil {
		err = c.UseCases.Report(c.ctx, &p.State, c.Limits.Address(c.Ctx), services)
	} else {
		err = no
	}
	if form {
		return c.backToReport(&p.State.Org, &r, err)
	}
	if err != nil {
		return err
	}
	return c.json(fiber.StatusAccepted, []byte(`{"status":"accepted"}`))
}

func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// services are what a report is about: one, or those of an incident that is open.
func (r *reported) services(s *page.State) ([]string, *fault.Error) {
	switch {
	case r.service != nil && r.incident != nil:
		return nil, fault.OnField("incident", "Name a service, or an incident.")
	case r.service != nil:
		return []string{*r.service}, nil
	case r.incident == nil:
		return nil, fault.OnField("service", "Say which service you have a problem with.")
	}
	in, there := s.Incident(*r.incident)
	if !there || !in.Active() {
		return nil, fault.OnField("incident", "There is no such incident that is still open.")
	}
	var out []string
	for _, a := range in.Services {
		if _, there := s.Service(a.ID); there {
			out = append(out, a.ID)
		}
	}
	return out, nil
}

// backToReport shows a browser what became of its form.
func (c *call) backToReport(org *page.Org, r *reported, err error) error {
	query := url.Values{"sent": {"1"}}
	if err != nil {
		var f *fault.Error
		if !errors.As(err, &f) || f.Code.Status() >= 500 {
			return err
		}
		query = url.Values{"problem": {problemCode(f)}}
	} else if r.service != nil {
		query.Set("service", *r.service)
	} else {
		query.Set("incident", *r.incident)
	}
	return c.Redirect(c.pagePath(org)+"/report/?"+query.Encode(), fiber.StatusSeeOther)
}

// reportRanges are the times that the curves of reports are shown of.
var reportRanges = map[string]time.Duration{"24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour}

// curve is what visitors reported of a service.
type curve struct {
	service       status.Ref
	total, recent int64
	toldAt        *status.Time
	buckets       []status.Reported
}

func (r *curve) Wire(f *wire.Fields) {
	wire.One(f, "service", &r.service, (*status.Ref).Wire)
	f.Int("total", &r.total)
	f.Int("recent", &r.recent)
	f.OptTime("told_at", &r.toldAt)
	wire.List(f, "buckets", &r.buckets, func(b *status.Reported, f *wire.Fields) {
		f.Time("at", &b.At)
		f.Int("count", &b.Count)
	})
}

// listReports tells the curve of each service that visitors reported.
func listReports(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	name, err := c.oneOf("range", []string{"24h", "7d", "30d"})
	if err != nil {
		return err
	}
	if name == "" {
		name = "24h"
	}
	now := status.Time(c.Now().UnixMilli())
	found, err := c.org().Reports(c.ctx, "", now-status.Time(reportRanges[name].Milliseconds()))
	if err != nil {
		return err
	}
	told, err := c.org().ReportAlarms(c.ctx)
	if err != nil {
		return err
	}
	curves := []curve{}
	for i := range p.State.Services {
		svc := &p.State.Services[i]
		if len(found[svc.ID]) == 0 {
			continue
		}
		r := curve{service: status.Ref{ID: svc.ID, Name: svc.Name}, buckets: found[svc.ID]}
		for _, b := range r.buckets {
			r.total += b.Count
			if b.At > now-status.ReportWindow*status.ReportBucket {
				r.recent += b.Count
			}
		}
		if at, there := told[svc.ID]; there {
			r.toldAt = &at
		}
		curves = append(curves, r)
	}
	return c.object(mapping(func(f *wire.Fields) {
		seconds := int64(status.ReportBucket / 1000)
		f.Derived("range", name)
		f.Int("bucket_seconds", &seconds)
		wire.List(f, "services", &curves, (*curve).Wire)
	}))
}
