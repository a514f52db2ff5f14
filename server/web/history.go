package web

import (
	"context"
	"strconv"
	"time"

	"statuspage/server/serve"
	"statuspage/server/visit"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

const (
	perPage  = 50  // incidents and windows on one page of a month
	pagesMax = 100 // of a month; more cannot be asked for
)

// historyView is a month of an organisation.
type historyView struct {
	head
	Month         string // "November 2026"
	Items         int
	Days          []pastDay
	Newer, Older  string // addresses of the months beside it, or ""
	Page, Pages   int
	Before, After string // addresses of the pages beside it, or ""
}

// history is one month: ?month=2026-11, this one by default, and ?page= where there is much.
func (s *site) history(v *visit.Visit) error {
	month, err := s.month(v)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(v.Ctx.Query("page", "1"))
	if err != nil || n < 1 || n > pagesMax {
		return noMonth()
	}
	doc, err := v.Doc(key(v, "history/"+month.Format("2006-01")+"/"+strconv.Itoa(n)), fresh, func() (string, []byte, error) {
		items, err := s.monthItems(v, month)
		if err != nil {
			return "", nil, err
		}
		pages := max(1, (len(items)+perPage-1)/perPage)
		if n > pages {
			return "", nil, noMonth()
		}
		return render("history", s.historyView(v, month, items, n, pages))
	})
	if err != nil {
		return err
	}
	return serve.Doc(v.Ctx, doc)
}

// month reads which one is asked for; only those in which the page existed are there.
func (s *site) month(v *visit.Visit) (time.Time, error) {
	newest := firstOf(utc(s.now()))
	asked := v.Ctx.Query("month")
	if asked == "" {
		return newest, nil
	}
	month, err := time.Parse("2006-01", asked)
	if err != nil || month.After(newest) || month.Before(firstOf(utc(v.State.Org.CreatedAt))) {
		return newest, noMonth()
	}
	return month, nil
}

func noMonth() error { return fault.New(fault.NotFound, "There is no history for this month.") }

func (s *site) historyView(v *visit.Visit, month time.Time, items []pastItem, n, pages int) *historyView {
	view := &historyView{
		head: s.head(v, "History "+month.Format("January 2006")+" – "+v.State.Org.Name+" Status"), Month: month.Format("January 2006"),
		Items: len(items), Page: n, Pages: pages,
	}
	view.Days = withItems(items[(n-1)*perPage : min(n*perPage, len(items))])
	if next := month.AddDate(0, 1, 0); !next.After(utc(s.now())) {
		view.Newer = monthPath(v, next, 1)
	}
	if !month.Equal(firstOf(utc(v.State.Org.CreatedAt))) {
		view.Older = monthPath(v, month.AddDate(0, -1, 0), 1)
	}
	if n > 1 {
		view.Before = monthPath(v, month, n-1)
	}
	if n < pages {
		view.After = monthPath(v, month, n+1)
	}
	return view
}

func monthPath(v *visit.Visit, month time.Time, n int) string {
	path := v.Path + "/history?month=" + month.Format("2006-01")
	if n > 1 {
		path += "&page=" + strconv.Itoa(n)
	}
	return path
}

// withItems lists only the days on which something was.
func withItems(items []pastItem) []pastDay {
	if len(items) == 0 {
		return nil
	}
	var list []pastDay
	for _, d := range byDay(items, items[len(items)-1].At.DayNumber(), items[0].At.DayNumber()) {
		if d.Items != nil {
			list = append(list, d)
		}
	}
	return list
}

// monthItems takes a month from memory where all of it is there, else from the database.
func (s *site) monthItems(v *visit.Visit, month time.Time) ([]pastItem, error) {
	from, to := moment(month), min(moment(month.AddDate(0, 1, 0)), s.now()+1)
	incidents, windows := v.State.Incidents, v.State.Maintenances
	ctx, cancel := context.WithTimeout(v.Ctx.UserContext(), 5*time.Second)
	defer cancel()
	var err error
	if !holdsIncidents(&v.State, from) {
		if incidents, err = s.History.Incidents(ctx, v.State.Org.ID, from, to); err != nil {
			return nil, err
		}
	}
	if !holdsWindows(&v.State, from) {
		if windows, err = s.History.Maintenances(ctx, v.State.Org.ID, from, to); err != nil {
			return nil, err
		}
	}
	return pastItems(incidents, windows, v.Path, from, to), nil
}

// holdsIncidents says whether the state has every incident since a moment: it drops the oldest of those that are over.
func holdsIncidents(s *page.State, from status.Time) bool {
	closed, oldest := 0, status.Time(0)
	for i := range s.Incidents {
		if in := &s.Incidents[i]; !in.Active() {
			closed, oldest = closed+1, in.CreatedAt
		}
	}
	return closed < page.KeepClosed || oldest < from
}

func holdsWindows(s *page.State, from status.Time) bool {
	closed, oldest := 0, status.Time(0)
	for i := range s.Maintenances {
		if m := &s.Maintenances[i]; m.Over() {
			closed, oldest = closed+1, m.ScheduledFor
		}
	}
	return closed < page.KeepClosed || oldest < from
}

func firstOf(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC) }
