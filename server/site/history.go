package site

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

const (
	perPage    = 50  // incidents and windows on one page of a month
	pagesMax   = 100 // of a month; more cannot be asked for
	beside     = 2   // months before the one that is asked for, in the calendar
	lookedIn   = 12  // months that are looked through for a text
	maxLooking = 100 // bytes of that text
)

// historyView is a month of an organisation, or what was found in a year of it.
type historyView struct {
	head
	Month         string // "November 2026"
	Key           string // "2026-11"
	Items         int
	Past          pastView
	Newer, Older  string // addresses of the months beside it, or ""
	Page, Pages   int
	Before, After string // addresses of the pages beside it, or ""

	Calendar []calendarMonth
	Groups   []choiceGroup   // for the filter; the one that is asked for is on
	Of       *status.Service // the one that is asked for
	Text     string          // that is looked for
	Whole    string          // the address without a filter
}

// asked is what a request wants of the history.
type asked struct {
	month   time.Time
	n       int
	service *status.Service
	text    string
}

// history is one month: ?month=2026-11, this one by default, and ?page= where there is much; ?service= leaves out what
// was about others, and ?q= looks for a text in the twelve months that end with this one.
func (s *site) history(v *visit.Visit) error {
	a, err := s.asked(v)
	if err != nil {
		return err
	}
	if a.service != nil || a.text != "" {
		return serveOnce(v.Ctx)(s.renderHistory(v, a)) // there are more of these than memory should hold
	}
	name := "history/" + a.month.Format("2006-01") + "/" + strconv.Itoa(a.n)
	doc, err := v.Doc(key(v, name), fresh, func() (string, []byte, error) {
		return s.renderHistory(v, a)
	})
	if err != nil {
		return err
	}
	return serve.Doc(v.Ctx, doc)
}

func (s *site) asked(v *visit.Visit) (*asked, error) {
	month, err := s.month(v)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(v.Ctx.Query("page", "1"))
	if err != nil || n < 1 || n > pagesMax {
		return nil, noMonth()
	}
	a := &asked{month: month, n: n, text: serve.Brief(strings.TrimSpace(v.Ctx.Query("q")), maxLooking)}
	if id := v.Ctx.Query("service"); id != "" {
		svc, there := v.State.Service(id)
		if !there {
			return nil, noService()
		}
		a.service = svc
	}
	return a, nil
}

func (a *asked) filter(from, to status.Time) store.PastFilter {
	f := store.PastFilter{From: from, To: to, Text: a.text}
	if a.service != nil {
		f.ServiceID = a.service.ID
	}
	return f
}

// rest is what an address says of the filter.
func (a *asked) rest() string {
	out := ""
	if a.service != nil {
		out += "&service=" + a.service.ID
	}
	if a.text != "" {
		out += "&q=" + url.QueryEscape(a.text)
	}
	return out
}

func (s *site) renderHistory(v *visit.Visit, a *asked) (string, []byte, error) {
	first := a.month
	if a.text != "" {
		first = a.month.AddDate(0, 1-lookedIn, 0)
	}
	items, err := s.found(v, a.filter(s.monthSpan(v, first, a.month)))
	if err != nil {
		return "", nil, err
	}
	pages := max(1, (len(items)+perPage-1)/perPage)
	if a.n > pages {
		return "", nil, noMonth()
	}
	view := s.historyView(v, a, items, pages)
	if a.text == "" {
		if view.Calendar, err = s.calendar(v, a, items); err != nil {
			return "", nil, err
		}
	}
	return render(v.Language(), "history", view)
}

// monthSpan is from the beginning of a month to the end of another one there, or to now.
func (s *site) monthSpan(v *visit.Visit, first, last time.Time) (from, to status.Time) {
	c := clockOf(&v.State.Org)
	return c.midnight(moment(first).DayNumber()), min(c.midnight(moment(last.AddDate(0, 1, 0)).DayNumber()), s.now()+1)
}

// calendar is the month and those before it in which the page existed.
func (s *site) calendar(v *visit.Visit, a *asked, items []pastItem) ([]calendarMonth, error) {
	services := v.State.Services
	if a.service != nil {
		services = []status.Service{*a.service}
	}
	var out []calendarMonth
	oldest := clockOf(&v.State.Org).month(v.State.Org.CreatedAt)
	first := a.month.AddDate(0, -beside, 0)
	if first.Before(oldest) {
		first = oldest
	}
	services, err := s.records(v, services, moment(first).DayNumber(), moment(a.month.AddDate(0, 1, 0)).DayNumber())
	for month := first; err == nil && !month.After(a.month); month = month.AddDate(0, 1, 0) {
		// Days are those of UTC: what ended in the first hours of the next month may be about this one.
		those := items
		if month.Before(a.month) || a.month.Before(clockOf(&v.State.Org).month(s.now())) {
			from, to := s.monthSpan(v, month, month)
			those, err = s.found(v, a.filter(from-day, min(to+day, s.now()+1)))
		}
		m := s.drawMonth(v, month, services, those)
		if a.service != nil {
			m.Link += "&service=" + a.service.ID
		}
		m.Now = month.Equal(a.month)
		out = append(out, m)
	}
	return out, err
}

// month reads which one is asked for; only those in which the page existed are there.
func (s *site) month(v *visit.Visit) (time.Time, error) {
	c := clockOf(&v.State.Org)
	newest := c.month(s.now())
	asked := v.Ctx.Query("month")
	if asked == "" {
		return newest, nil
	}
	month, err := time.Parse("2006-01", asked)
	if err != nil || month.After(newest) || month.Before(c.month(v.State.Org.CreatedAt)) {
		return newest, noMonth()
	}
	return month, nil
}

func noMonth() error { return fault.New(fault.NotFound, "There is no history for this month.") }

func (s *site) historyView(v *visit.Visit, a *asked, items []pastItem, pages int) *historyView {
	month, rest := a.month, a.rest()
	view := &historyView{
		head:  s.head(v, v.Language().Say("History {x}", "x", v.Language().Month(month))),
		Month: month.Format("January 2006"),
		Items: len(items), Page: a.n, Pages: pages, Key: month.Format("2006-01"), Of: a.service, Text: a.text,
		Groups: choices(v, nil),
	}
	view.Canonical = s.address(v, strings.TrimPrefix(monthPath(v, month, a.n), v.Path))
	if rest != "" {
		view.Canonical, view.Index, view.Whole = "", false, monthPath(v, month, 1)
	}
	view.Query = strings.TrimPrefix(monthPath(v, month, a.n), v.Path+"/history?") + rest + "&"
	view.choose(a.service)
	items = items[(a.n-1)*perPage : min(a.n*perPage, len(items))]
	view.Past = pastView{Days: withItems(view.Zone, tellLast(items, newTeller(len(items), view.Zone)))}
	if next := month.AddDate(0, 1, 0); !next.After(view.Zone.month(s.now())) {
		view.Newer = monthPath(v, next, 1) + rest
	}
	if month.After(view.Zone.month(v.State.Org.CreatedAt)) {
		view.Older = monthPath(v, month.AddDate(0, -1, 0), 1) + rest
	}
	if a.n > 1 {
		view.Before = monthPath(v, month, a.n-1) + rest
	}
	if a.n < pages {
		view.After = monthPath(v, month, a.n+1) + rest
	}
	return view
}

// choose marks a service in the filter.
func (view *historyView) choose(svc *status.Service) {
	for i := range view.Groups {
		for k := range view.Groups[i].Services {
			one := &view.Groups[i].Services[k]
			one.On = svc != nil && one.ID == svc.ID
		}
	}
}

func monthPath(v *visit.Visit, month time.Time, n int) string {
	path := v.Path + "/history?month=" + month.Format("2006-01")
	if n > 1 {
		path += "&page=" + strconv.Itoa(n)
	}
	return path
}

// withItems lists only the days on which something was.
func withItems(c clock, items []pastItem) []pastDay {
	if len(items) == 0 {
		return nil
	}
	last := c.Day(items[0].On)
	return byDay(c, items, nil, last+1, last)
}

// holds says whether the state has all that was not over before a moment: it drops those that were over first.
func holds[T any](list []T, open func(*T) bool, end func(*T) status.Time, from status.Time) bool {
	closed, first := 0, status.Time(0)
	for i := range list {
		if x := &list[i]; !open(x) {
			if at := end(x); closed == 0 || at < first {
				first = at
			}
			closed++
		}
	}
	return closed < page.KeepClosed || first < from
}

// with adds those of another list that are not there.
func with[T any](list, others []T, id func(*T) string) []T {
	there := map[string]bool{}
	for i := range list {
		there[id(&list[i])] = true
	}
	out := slices.Clone(list)
	for i := range others {
		if !there[id(&others[i])] {
			out = append(out, others[i])
		}
	}
	return out
}

func lastEnd(in *status.Incident) status.Time {
	if in.ResolvedAt != nil {
		return *in.ResolvedAt
	}
	return in.CreatedAt
}

// month is the first day, in UTC, of the month that a moment is in there.
func (c clock) month(t status.Time) time.Time {
	at := c.in(t)
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
}
