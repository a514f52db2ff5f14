package desk

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"statuspage/server/recur"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	mostSeries = 50                  // of an organisation
	horizon    = 60 * 24 * time.Hour // for which windows are planned ahead
	aheadMost  = 10                  // windows of a series at a time
)

// NewSeries is maintenance that shall come again. TimeZone defaults to the page's.
type NewSeries struct {
	ID          string
	Title       string
	Description string
	Services    []string
	RRule       string
	Zone        string
	StartsAt    string
	Minutes     int64
	Notify      *bool
}

// Wire is the body of POST recurring-maintenances.
func (s *NewSeries) Wire(f *wire.Fields) {
	f.Str("id", &s.ID)
	f.Str("title", &s.Title)
	f.Str("description", &s.Description)
	f.Strings("services", &s.Services)
	f.Str("rrule", &s.RRule)
	f.Str("time_zone", &s.Zone)
	f.Str("starts_at", &s.StartsAt)
	f.Int("duration_minutes", &s.Minutes)
	f.OptBool("notify", &s.Notify)
}

func (s *NewSeries) check(p *page.State) *fault.Error {
	var c status.Checks
	c.ID("id", s.ID)
	c.Line("title", s.Title, status.TitleMax, true)
	c.Text("description", s.Description, status.BodyMax, false)
	c.Between("duration_minutes", s.Minutes, 1, 30*24*60)
	c.That(len(s.Services) > 0, "services", "Say which services the maintenance is about.")
	c.That(len(s.Services) <= page.MaxAffected, "services", "A window may cover %s services at most.", wire.Itoa(page.MaxAffected))
	seen := map[string]bool{}
	for i, id := range s.Services {
		field := "services[" + wire.Itoa(int64(i)) + "]"
		_, there := p.Service(id)
		c.That(there, field, "There is no such service.")
		c.That(!seen[id], field, "This service is named twice.")
		seen[id] = true
	}
	rule := recur.Rule{RRule: s.RRule, Zone: s.Zone, Start: s.StartsAt}
	rule.Check(&c)
	return c.Err()
}

// CreateSeries keeps a new series and plans its first windows.
func (d *Desk) CreateSeries(ctx context.Context, by Caller, orgID string, s NewSeries) (store.Series, error) {
	made, err := once(ctx, d, by, orgID, func(b *store.Batch) (store.Series, error) {
		org, now := d.db.Org(orgID), status.Time(d.now().UnixMilli())
		p, err := d.relay.Page(ctx, orgID)
		if err != nil {
			return store.Series{}, err
		}
		if s.ID == "" {
			s.ID = newID()
		}
		if s.Zone == "" {
			s.Zone = p.State.Org.TimeZone
		}
		if no := s.check(&p.State); no != nil {
			return store.Series{}, no
		}
		if _, n, err := org.SeriesList(ctx, store.Span{Limit: 1}); err != nil {
			return store.Series{}, err
		} else if n >= mostSeries {
			return store.Series{}, fault.New(fault.Conflict, "There are %s series already, which is the limit.", wire.Itoa(mostSeries))
		}
		x := store.Series{OrgID: orgID, ID: s.ID, Title: s.Title, Description: s.Description, Services: s.Services, RRule: s.RRule, Zone: s.Zone,
			StartsAt: s.StartsAt, Minutes: s.Minutes, Notify: s.Notify == nil || *s.Notify, PlannedFor: now, CreatedAt: now}
		if err := org.AddSeries(b, x); err != nil {
			return x, err
		}
		org.AddAudit(b, by.audit("create_series", "series", x.ID, "", string(encode(&x)), d.now()))
		return x, nil
	})
	if err != nil {
		return made, appendRefusal(err)
	}
	made.OrgID = orgID // which the answer that a key got before does not tell
	d.plan(ctx, &made, d.now())
	return made, nil
}

// DeleteSeries ends a series. Windows that it has planned stay, to be cancelled like any other.
func (d *Desk) DeleteSeries(ctx context.Context, by Caller, orgID, id string) error {
	_, err := once(ctx, d, by, orgID, func(b *store.Batch) (store.Series, error) {
		org := d.db.Org(orgID)
		x, err := org.Series(ctx, id)
		if errors.Is(err, store.ErrNone) {
			return x, fault.New(fault.NotFound, "There is no such series.")
		}
		if err != nil {
			return x, err
		}
		org.DeleteSeries(b, id, status.Time(d.now().UnixMilli()))
		org.AddAudit(b, by.audit("delete_series", "series", id, string(encode(&x)), "", d.now()))
		return x, nil
	})
	return err
}

// PlanSeries plans the windows of every series that are due to be planned. It is called now and then, at the primary.
func (d *Desk) PlanSeries(ctx context.Context) {
	now := d.now()
	due, err := d.db.SeriesToPlan(ctx, status.Time(now.Add(horizon).UnixMilli()), 500)
	if err != nil {
		slog.Warn("series could not be planned", "error", err)
		return
	}
	for i := range due {
		d.plan(ctx, &due[i], now)
	}
}

// plan opens the windows of one series up to the horizon. A window's id is made of the series and its start, so that it is planned
// once, whatever is interrupted, also when somebody has deleted it since.
func (d *Desk) plan(ctx context.Context, s *store.Series, now time.Time) {
	rule := recur.Rule{RRule: s.RRule, Zone: s.Zone, Start: s.StartsAt}
	var c status.Checks
	if rule.Check(&c); c.Err() != nil {
		slog.Warn("a series cannot be read any more", "series", s.ID, "error", c.Err())
		return
	}
	from := time.UnixMilli(int64(max(s.PlannedFor, status.Time(now.UnixMilli()))))
	for _, start := range rule.After(from, now.Add(horizon), aheadMost) {
		if err := d.window(ctx, s, start, now); err != nil {
			slog.Warn("a window of a series could not be planned", "organization", s.OrgID, "series", s.ID, "start", start, "error", err)
			return
		}
		if err := d.db.Org(s.OrgID).SeriesPlanned(ctx, s.ID, status.Time(start.UnixMilli())); err != nil {
			slog.Warn("a series could not be noted", "series", s.ID, "error", err)
			return
		}
	}
}

func (d *Desk) window(ctx context.Context, s *store.Series, start, now time.Time) error {
	p, err := d.relay.Page(ctx, s.OrgID)
	if err != nil {
		return err
	}
	id := windowID(s.ID, start)
	c := &page.PlanMaintenance{ID: id, Title: s.Title, Description: s.Description, Notify: &s.Notify,
		ScheduledFor: status.Time(start.UnixMilli()), ScheduledUntil: status.Time(start.UnixMilli()) + status.Time(s.Minutes)*wire.Minute}
	for _, service := range s.Services {
		if _, there := p.State.Service(service); there {
			c.Services = append(c.Services, service)
		}
	}
	if len(c.Services) == 0 {
		return nil // all of them are gone, and with them what was to be done
	}
	_, err = d.ChangeAt(ctx, Caller{System: true, Key: id, Fingerprint: "series"}, s.OrgID, c, now)
	var no *fault.Error
	if errors.As(err, &no) && no.Code == fault.Conflict && len(no.Fields) > 0 && no.Fields[0].Name == "id" {
		return nil // it was planned before
	}
	return err
}

var seriesSpace = uuid.MustParse("6f0b8a52-6d0f-4a39-9b0c-6f3c1f5a7d11")

func windowID(series string, start time.Time) string {
	return uuid.NewSHA1(seriesSpace, []byte(series+" "+start.UTC().Format(time.RFC3339))).String()
}
