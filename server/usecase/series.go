package usecase

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"statuspage/server/schedule/recurrence"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	maxSeries = 50                  // of an organisation
	horizon   = 60 * 24 * time.Hour // for which windows are planned ahead
	aheadMost = 10                  // windows of a series at a time
)

// SeriesText is what somebody writes of maintenance that comes again; what is nil stays. The time zone of a new one
// defaults to the page's.
type SeriesText struct {
	ReadVersion
	ID          *string
	Title       *string
	Description *string
	Services    *[]string
	RRule       *string
	Zone        *string
	StartsAt    *string
	Minutes     *int64
	Notify      *bool
}

// Wire is the body of POST and PATCH recurring-maintenances.
func (s *SeriesText) Wire(f *wire.Fields) {
	f.OptStr("id", &s.ID)
	f.OptInt("version", &s.Version)
	f.OptStr("title", &s.Title)
	f.OptStr("description", &s.Description)
	var services []string
	if f.Strings("services", &services); services != nil {
		s.Services = &services
	}
	f.OptStr("rrule", &s.RRule)
	f.OptStr("time_zone", &s.Zone)
	f.OptStr("starts_at", &s.StartsAt)
	f.OptInt("duration_minutes", &s.Minutes)
	f.OptBool("notify", &s.Notify)
}

// onto writes the text over a series, and says what is wrong with it then.
func (s *SeriesText) onto(x *store.Series, p *page.State) *fault.Error {
	put(&x.Title, s.Title)
	put(&x.Description, s.Description)
	put(&x.Services, s.Services)
	put(&x.RRule, s.RRule)
	put(&x.Zone, s.Zone)
	put(&x.StartsAt, s.StartsAt)
	put(&x.Minutes, s.Minutes)
	put(&x.Notify, s.Notify)
	var c status.Checks
	c.ID("id", x.ID)
	c.Name("title", x.Title, status.TitleMax, true)
	c.Text("description", x.Description, status.BodyMax, false)
	c.Between("duration_minutes", x.Minutes, 1, 30*24*60)
	c.That(len(x.Services) > 0, "services", "Say which services the maintenance is about.")
	c.That(len(x.Services) <= page.MaxAffected, "services", "A window may cover %s services at most.",
		wire.Itoa(page.MaxAffected))
	seen := map[string]bool{}
	// beyond, each would cost time and a sentence
	for i, id := range x.Services[:min(len(x.Services), page.MaxAffected)] {
		field := "services[" + wire.Itoa(int64(i)) + "]"
		_, there := p.Service(id)
		c.That(there || s.Services == nil, field, "There is no such service.") // one that has gone since is passed over
		c.That(!seen[id], field, "This service is named twice.")
		seen[id] = true
	}
	rule := ruleOf(x)
	if s.RRule != nil || s.StartsAt != nil || s.Zone != nil {
		rule.Check(&c)
	} else {
		rule.Read(&c)
	}
	return c.Err()
}

func put[T any](field *T, change *T) {
	if change != nil {
		*field = *change
	}
}

func ruleOf(x *store.Series) recurrence.Rule {
	return recurrence.Rule{RRule: x.RRule, Zone: x.Zone, Start: x.StartsAt}
}

// SeriesNext lists the next starts of a series, n at most, in the coming two years.
func SeriesNext(x *store.Series, now time.Time, n int) []time.Time {
	rule := ruleOf(x)
	var c status.Checks
	if rule.Read(&c); c.Err() != nil {
		return nil
	}
	return rule.After(now, now.AddDate(2, 0, 0), n)
}

// CreateSeries keeps a new series and plans its first windows.
func (d *UseCases) CreateSeries(ctx context.Context, by Caller, orgID string, text SeriesText) (store.Series, error) {
	made, err := once(ctx, d, by, orgID, func(b *store.Batch) (store.Series, error) {
		org, now := d.db.Org(orgID), status.Time(d.now().UnixMilli())
		p, err := d.relay.Page(ctx, orgID)
		if err != nil {
			return store.Series{}, err
		}
		x := store.Series{OrgID: orgID, ID: newID(), Zone: p.State.Org.TimeZone, Notify: true, PlannedFor: now,
			CreatedAt: now, Version: 1, Listed: true}
		put(&x.ID, text.ID)
		var list status.Checks
		if list.Made("id", x.ID); list.Err() != nil {
			return x, list.Err()
		}
		if no := text.onto(&x, &p.State); no != nil {
			return x, no
		}
		org.Room(b, store.CountSeries, maxSeries,
			fault.New(fault.Conflict, "There are %s series already, which is the limit.", wire.Itoa(maxSeries)))
		b.Taken("maintenance_series.id",
			fault.New(fault.Conflict, "There is a series with this id already.").With("id", "This id is taken."))
		org.AddSeries(b, x)
		org.AddAudit(b, by.audit("create_series", "series", x.ID, "", string(encode(&x)), d.now()))
		return x, nil
	})
	return d.planned(ctx, orgID, made, err)
}

// EditSeries changes a series, and the windows that it has planned and that have not begun: words in place, times where
// the rule changed.
func (d *UseCases) EditSeries(ctx context.Context, by Caller, orgID, id string, text SeriesText) (store.Series, error) {
	text.ID = nil
	made, err := once(ctx, d, by, orgID, func(b *store.Batch) (store.Series, error) {
		org := d.db.Org(orgID)
		p, err := d.relay.Page(ctx, orgID)
		if err != nil {
			return store.Series{}, err
		}
		x, err := d.series(ctx, orgID, id, text.Version)
		if err != nil {
			return x, err
		}
		before, was := string(encode(&x)), x
		if no := text.onto(&x, &p.State); no != nil {
			return x, no
		}
		if string(encode(&x)) == before {
			return x, nil
		}
		for _, w := range d.unlisted(&was) {
			org.PutSeriesWindow(b, x.ID, w)
		}
		x.Version++
		x.Listed = true
		x.PlannedFor = status.Time(d.now().UnixMilli())
		org.EditSeries(b, x)
		org.AddAudit(b, by.audit("edit_series", "series", x.ID, before, string(encode(&x)), d.now()))
		return x, nil
	})
	return d.planned(ctx, orgID, made, err)
}

// planned plans a series that was just written.
func (d *UseCases) planned(ctx context.Context, orgID string, x store.Series, err error) (store.Series, error) {
	if err != nil {
		return x, appendRefusal(err)
	}
	// What an Idempotency-Key got before does not tell everything.
	if now, err := d.db.Org(orgID).Series(ctx, x.ID); err == nil {
		d.plan(ctx, &now, d.now())
	}
	return x, nil
}

// series reads one, as its caller has read it.
func (d *UseCases) series(ctx context.Context, orgID, id string, version *int64) (store.Series, error) {
	x, err := d.db.Org(orgID).Series(ctx, id)
	if errors.Is(err, store.ErrNone) {
		return x, fault.New(fault.NotFound, "There is no such series.")
	}
	if err == nil && version != nil && *version != x.Version {
		return x, fault.New(fault.Conflict, "This series was changed meanwhile: you read version %s, it is now at %s.",
			wire.Itoa(*version), wire.Itoa(x.Version))
	}
	return x, err
}

// DeleteSeries ends a series. Windows that it has planned stay, to be cancelled like any other.
func (d *UseCases) DeleteSeries(ctx context.Context, by Caller, orgID, id string) error {
	_, err := once(ctx, d, by, orgID, func(b *store.Batch) (store.Series, error) {
		org := d.db.Org(orgID)
		x, err := d.series(ctx, orgID, id, nil)
		if err != nil {
			return x, err
		}
		org.DeleteSeries(b, &x, status.Time(d.now().UnixMilli()))
		org.AddAudit(b, by.audit("delete_series", "series", id, string(encode(&x)), "", d.now()))
		return x, nil
	})
	return err
}

// PlanSeries plans the windows of every series that are due to be planned. It is called now and then, at the primary.
func (d *UseCases) PlanSeries(ctx context.Context) {
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

// withdraw deletes windows that an older release had decided to plan anew.
func (d *UseCases) withdraw(ctx context.Context, s *store.Series, now time.Time) error {
	if len(s.Withdraw) == 0 {
		return nil
	}
	for _, id := range s.Withdraw {
		p, err := d.relay.Page(ctx, s.OrgID)
		if err != nil {
			return err
		}
		if m, there := p.State.Maintenance(id); !there || m.Status != status.Scheduled {
			continue // it was deleted, or it has begun
		}
		by := Caller{System: true, Quiet: true, Key: "withdraw " + id, Fingerprint: "series"}
		var c page.DeleteMaintenance
		c.Remove(id, nil)
		if _, err := d.ChangeAt(ctx, by, s.OrgID, &c, now); err != nil {
			return err
		}
	}
	return d.db.Org(s.OrgID).SeriesWithdrawn(ctx, s.ID, s.Version)
}

var seriesSpace = uuid.MustParse("6f0b8a52-6d0f-4a39-9b0c-6f3c1f5a7d11")

// windowID is made of the series, its version and the start. That of a first version is without a number: so it was
// before there were others.
func windowID(s *store.Series, start time.Time) string {
	name := s.ID + " " + start.UTC().Format(time.RFC3339)
	if s.Version > 1 {
		name += " " + wire.Itoa(s.Version)
	}
	return uuid.NewSHA1(seriesSpace, []byte(name)).String()
}
