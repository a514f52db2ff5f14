package usecase

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"time"

	"statuspage/server/notify"
	"statuspage/server/schedule/recurrence"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	maxAhead = 200 // windows of a series that are looked at: twice those of a daily one up to the horizon, and some
	// pairedWithin is how far apart a time of an old rule and one of a new rule are that are the same window, if they
	// are on different days.
	pairedWithin = 84 * 60 * 60 * 1000 // ms
)

// plan brings a series' windows up to date, then opens those that are missing up to the horizon. What is planned is
// noted before it is, so that it is planned once, whatever is interrupted; what somebody moved, cancelled or deleted by
// hand stays as it is.
func (d *UseCases) plan(ctx context.Context, s *store.Series, now time.Time) {
	d.planning.Lock()
	defer d.planning.Unlock()
	warn := func(what string, err error) {
		slog.Warn("a series: "+what, "organization", s.OrgID, "series", s.ID, "error", err)
	}
	if err := d.withdraw(ctx, s, now); err != nil {
		warn("its windows could not be taken back", err)
		return
	}
	rule := ruleOf(s)
	var c status.Checks
	if rule.Check(&c); c.Err() != nil {
		warn("it cannot be read any more", c.Err())
		return
	}
	if err := d.listed(ctx, s); err != nil {
		warn("its windows could not be listed", err)
		return
	}
	windows, owed, err := d.upToDate(ctx, s, &rule, now)
	if err != nil {
		warn("its windows could not be brought up to date", err)
		return
	}
	if err := d.planMissing(ctx, s, &rule, windows, owed, now); err != nil {
		warn("a window could not be planned", err)
	}
}

// listed notes the windows that an older release planned.
func (d *UseCases) listed(ctx context.Context, s *store.Series) error {
	if s.Listed {
		return nil
	}
	org := d.db.Org(s.OrgID)
	var b store.Batch
	for _, w := range d.unlisted(s) {
		org.PutSeriesWindow(&b, s.ID, w)
	}
	org.SeriesListed(&b, s.ID)
	return d.db.Do(ctx, &b)
}

// unlisted are the windows that an older release planned and did not note: their ids follow from their starts.
func (d *UseCases) unlisted(s *store.Series) []store.SeriesWindow {
	rule := ruleOf(s)
	var c status.Checks
	if rule.Check(&c); s.Listed || c.Err() != nil {
		return nil
	}
	var out []store.SeriesWindow
	// From where the oldest one may have been moved from by hand.
	for _, start := range rule.After(d.now().Add(-horizon), time.UnixMilli(int64(s.PlannedFor)+1), maxAhead) {
		at := status.Time(start.UnixMilli())
		if at > s.PlannedFor {
			break
		}
		out = append(out, store.SeriesWindow{Start: at, ID: windowID(s, start), Version: s.Version, Made: true,
			Planned: planFor(s, at)})
	}
	return out
}

// planFor is what the series writes into the window of one of its times.
func planFor(s *store.Series, start status.Time) store.SeriesPlan {
	return store.SeriesPlan{Title: s.Title, Description: s.Description, Services: s.Services, From: start,
		Until: start + status.Time(s.Minutes)*wire.Minute}
}

// upToDate changes what an older version of the series wrote into its windows, and lists them. owed says that some were
// taken back and subscribers have heard of nothing that comes instead.
func (d *UseCases) upToDate(ctx context.Context, s *store.Series, rule *recurrence.Rule,
	now time.Time) (kept []store.SeriesWindow, owed bool, err error) {
	org := d.db.Org(s.OrgID)
	windows, err := org.SeriesWindows(ctx, s.ID, status.Time(now.Add(-horizon).UnixMilli()), 2*maxAhead)
	if err != nil || !slices.ContainsFunc(windows, func(w store.SeriesWindow) bool { return w.Version < s.Version }) {
		return windows, false, err
	}
	pairs, told, withdrew := paired(windows, rule, now), false, false
	for _, w := range windows {
		if w.Version >= s.Version {
			kept = append(kept, w)
			continue
		}
		old := w.Start
		start, comes := pairs[old]
		if old <= status.Time(now.UnixMilli()) { // it may have been moved to a later time
			start, comes = old, true
		}
		stays, tells, err := d.bring(ctx, s, &w, start, comes, s.Notify && !told, now)
		if err != nil {
			return nil, false, err
		}
		told, withdrew = told || tells, withdrew || !stays
		var b store.Batch
		if w.Start != old || !stays {
			org.DropSeriesWindow(&b, s.ID, old)
		}
		if w.Version = s.Version; stays {
			org.PutSeriesWindow(&b, s.ID, w)
			kept = append(kept, w)
		}
		if err := d.db.Do(ctx, &b); err != nil {
			return nil, false, err
		}
	}
	return kept, withdrew && !told, nil
}

// paired finds, for the times of windows that are to come, which time of the rule as it is now is the same one: the
// very time, else the one of the same day, else the nearest within half a week.
func paired(windows []store.SeriesWindow, rule *recurrence.Rule, now time.Time) map[status.Time]status.Time {
	type pair struct {
		old, next status.Time
		otherDay  bool
		apart     status.Time
	}
	var all []pair
	// A little beyond the horizon: there may be what the last one becomes.
	starts := rule.After(now, now.Add(horizon+pairedWithin*time.Millisecond), maxAhead)
	for _, w := range windows {
		if w.Start <= status.Time(now.UnixMilli()) {
			continue
		}
		for _, start := range starts {
			next := status.Time(start.UnixMilli())
			p := pair{old: w.Start, next: next, otherDay: !rule.SameDay(time.UnixMilli(int64(w.Start)), start),
				apart: max(next-w.Start, w.Start-next)}
			if !p.otherDay || p.apart <= pairedWithin {
				all = append(all, p)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b pair) int {
		switch {
		case (a.apart == 0) != (b.apart == 0):
			return before(a.apart == 0)
		case a.otherDay != b.otherDay:
			return before(!a.otherDay)
		case a.apart != b.apart:
			return before(a.apart < b.apart)
		}
		return before(a.old < b.old)
	})
	out, taken := map[status.Time]status.Time{}, map[status.Time]bool{}
	for _, p := range all {
		if _, done := out[p.old]; !done && !taken[p.next] {
			out[p.old], taken[p.next] = p.next, true
		}
	}
	return out
}

func before(yes bool) int {
	if yes {
		return -1
	}
	return 1
}

// bring makes a window what the series says now, except for what somebody changed by hand. stays is false when the
// series plans nothing for it any more; tells says that subscribers hear of its new time.
func (d *UseCases) bring(ctx context.Context, s *store.Series, w *store.SeriesWindow, start status.Time, comes,
	tell bool, now time.Time) (stays, tells bool, err error) {
	p, err := d.relay.Page(ctx, s.OrgID)
	if err != nil {
		return false, false, err
	}
	if !comes {
		start = w.Start
	}
	was, next := w.Planned, planFor(s, start)
	w.Start, w.Planned = start, next
	m, there := p.State.Maintenance(w.ID)
	if !there || m.Status != status.Scheduled {
		return comes || w.Made, false, nil // it is decided, or still to be planned
	}
	same := func(p store.SeriesPlan) bool { return m.ScheduledFor == p.From && m.ScheduledUntil == p.Until }
	ours := same(was) || same(next)
	if !comes && ours {
		var c page.DeleteMaintenance
		c.Remove(w.ID, nil)
		_, err := d.ChangeAt(ctx, Caller{System: true, Quiet: true}, s.OrgID, &c, now)
		return false, false, passed(s, w, err)
	}
	c := &page.EditMaintenance{ID: w.ID, Version: &m.Version, Notify: new(bool)}
	if m.Title != next.Title && m.Title == was.Title {
		c.Title = &next.Title
	}
	if m.Description != next.Description && m.Description == was.Description {
		c.Description = &next.Description
	}
	if covers := onPage(next.Services, &p.State); len(covers) > 0 && aboutThese(m, onPage(was.Services, &p.State)) &&
		!aboutThese(m, covers) {
		c.Services = &covers
	}
	if ours && !same(next) {
		c.ScheduledFor, c.ScheduledUntil = &next.From, &next.Until
		*c.Notify, tells = tell, tell
	}
	if c.Title == nil && c.Description == nil && c.Services == nil && c.ScheduledFor == nil {
		return true, false, nil
	}
	_, err = d.ChangeAt(ctx, Caller{System: true, Quiet: !tells}, s.OrgID, c, now)
	return true, tells && err == nil, passed(s, w, err)
}

// passed leaves a window as it is that the rules let nobody change any more.
func passed(s *store.Series, w *store.SeriesWindow, err error) error {
	var no *fault.Error
	if errors.As(err, &no) && no.Code != fault.Unavailable {
		slog.Warn("a window of a series stays as it is", "organization", s.OrgID, "series", s.ID, "maintenance", w.ID,
			"reason", no.Message)
		return nil
	}
	return err
}

// onPage are the services that are still there.
func onPage(ids []string, p *page.State) []string {
	var out []string
	for _, id := range ids {
		if _, there := p.Service(id); there {
			out = append(out, id)
		}
	}
	return out
}

// aboutThese says whether a window is about these services of the page.
func aboutThese(m *status.Maintenance, ids []string) bool {
	return len(m.Services) == len(ids) && !slices.ContainsFunc(ids, func(id string) bool { return !m.Covers(id) })
}

// planMissing opens the windows of times that have none. Of the first that a series ever has, or of its first change,
// subscribers hear at once, of all others by a reminder.
func (d *UseCases) planMissing(ctx context.Context, s *store.Series, rule *recurrence.Rule,
	windows []store.SeriesWindow, owed bool, now time.Time) error {
	known := map[status.Time]store.SeriesWindow{}
	for _, w := range windows {
		known[w.Start] = w
	}
	org := d.db.Org(s.OrgID)
	var missing []store.SeriesWindow
	var noted store.Batch
	for _, start := range rule.After(now, now.Add(horizon), maxAhead) {
		at := status.Time(start.UnixMilli())
		w, there := known[at]
		if there && w.Made {
			continue
		}
		if !there {
			w = store.SeriesWindow{Start: at, ID: windowID(s, start), Version: s.Version, Planned: planFor(s, at)}
			org.PutSeriesWindow(&noted, s.ID, w)
		}
		if missing = append(missing, w); len(missing) == aheadMost {
			break
		}
	}
	if len(missing) == 0 {
		// Nothing is to be done before the next time comes into sight.
		next := status.Time(math.MaxInt64)
		for _, start := range rule.After(now.Add(horizon), now.Add(horizon).AddDate(20, 0, 0), 1) {
			next = status.Time(start.UnixMilli())
		}
		org.SeriesPlanned(&noted, s, next)
	}
	first := s.Notify && (owed || s.PlannedFor == s.CreatedAt)
	org.ForgetSeriesWindows(&noted, s.ID, status.Time(now.Add(-2*horizon).UnixMilli()))
	if err := d.db.Do(ctx, &noted); err != nil {
		return err
	}
	for i, w := range missing {
		if err := d.window(ctx, s, &w, first && i == 0, now); err != nil {
			return err
		}
		w.Made = true
		var b store.Batch
		org.PutSeriesWindow(&b, s.ID, w)
		org.SeriesPlanned(&b, s, w.Start)
		if err := d.db.Do(ctx, &b); err != nil {
			return err
		}
	}
	return nil
}

// window plans one window, unless it was planned before.
func (d *UseCases) window(ctx context.Context, s *store.Series, w *store.SeriesWindow, tell bool, now time.Time) error {
	p, err := d.relay.Page(ctx, s.OrgID)
	if err != nil {
		return err
	}
	covers := onPage(w.Planned.Services, &p.State)
	if len(covers) == 0 {
		return nil // all of them are gone, and with them what was to be done
	}
	// What begins within the hour has no reminder.
	tell = s.Notify && (tell || w.Start <= status.Time(now.UnixMilli())+wire.Hour)
	c := &page.PlanMaintenance{ID: w.ID, Title: status.Tidy(w.Planned.Title, status.TitleMax),
		Description: w.Planned.Description, Services: covers, Notify: &tell,
		ScheduledFor: w.Planned.From, ScheduledUntil: w.Planned.Until}
	_, err = d.ChangeAt(ctx, Caller{System: true, Key: w.ID, Fingerprint: "series"}, s.OrgID, c, now)
	var no *fault.Error
	if errors.As(err, &no) && no.Code == fault.Conflict && len(no.Fields) > 0 && no.Fields[0].Name == "id" {
		err = nil // it was planned before
	}
	if err != nil || tell || !s.Notify {
		return err
	}
	if p, err = d.relay.Page(ctx, s.OrgID); err != nil {
		return err
	}
	m, there := p.State.Maintenance(w.ID)
	if !there || m.Status != status.Scheduled {
		return nil
	}
	org := d.db.Org(s.OrgID)
	var b store.Batch
	org.TellLater(&b, m.ID)
	notify.Remind(&b, org, m, status.Time(now.UnixMilli()))
	return d.db.Do(ctx, &b)
}
