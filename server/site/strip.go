package site

import (
	"html/template"
	"slices"
	"strconv"
	"strings"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// span is how many days a strip shows.
const span = 90

// strip is the record of a service: a picture, a percentage and, for every day that was not well, words.
type strip struct {
	days    []status.DayUptime
	Percent string // "99.98", or "–"
	Known   int64  // days with a record
	Trouble []badDay
}

// badDay is a day with something to say, in words.
type badDay struct {
	Index   int // in the strip
	Day     int64
	Worst   status.ServiceStatus
	What    string // "Partial Outage 34 minutes, Degraded Performance 2 hours"
	Percent string
	Of      []reference // the incidents and windows that did it
}

func serviceStrip(svc *status.Service, now status.Time, w status.Weights) strip {
	return stripOf(status.Uptime(svc, span, now, w))
}

func stripOf(days []status.DayUptime, percent int64) strip {
	st := strip{days: days, Percent: status.PercentText(percent)}
	for i := range days {
		d := &days[i]
		if d.NoData {
			continue
		}
		st.Known++
		if d.Worst != status.Operational {
			st.Trouble = append(st.Trouble, badDay{i, d.Day, d.Worst, happened(d.Tally), status.PercentText(d.Percent),
				nil})
		}
	}
	return st
}

// groupStrip shows the worst of each day over a group's services.
func groupStrip(members []row, w status.Weights) strip {
	records := make([][]status.DayUptime, len(members))
	for i := range members {
		records[i] = members[i].Strip.days
	}
	return stripOf(status.UptimeTogether(records, w))
}

func happened(t status.Tally) string {
	var parts []string
	for _, p := range []struct {
		s  status.ServiceStatus
		ms int64
	}{{status.Major, t.Major}, {status.Partial, t.Partial}, {status.Degraded, t.Degraded},
		{status.UnderMaintenance, t.Maintenance}} {
		if p.ms > 0 {
			parts = append(parts, p.s.Display()+" "+lasted(0, status.Time(p.ms)))
		}
	}
	return strings.Join(parts, ", ")
}

// From is the first day, and Blank how many days from there have no record.
func (s strip) From() string { return wire.Date(s.days[0].Day) }
func (s strip) Blank() int64 { return int64(len(s.days)) - s.Known }

// Newest are the days with trouble, the newest first.
func (s strip) Newest() []badDay {
	out := slices.Clone(s.Trouble)
	slices.Reverse(out)
	return out
}

// start is what names the left end of a picture, and On the class under which the stylesheet shows it; "" is always.
type start struct{ Words, On string }

// Starts names the left end of the picture: how far it goes back, which depends on how many bars there is room for, or
// since when there is a record.
func (s strip) Starts() []start {
	all := s.startOf(span)
	if all == s.startOf(30) {
		return []start{{all, ""}}
	}
	return []start{{s.startOf(30), "of30"}, {s.startOf(60), "of60"}, {all, "of90"}}
}

// Start is that of all days.
func (s strip) Start() string { return s.startOf(int64(len(s.days))) }

func (s strip) startOf(n int64) string {
	switch {
	case s.Known == 0 || s.Known >= n:
		return count(n, "day") + " ago"
	case s.Known == 1:
		return "Since today"
	}
	return "Since " + utc(status.Time(s.days[s.Blank()].Day)*day).Format("2 January 2006")
}

// Over is how many days the percentage is of.
func (s strip) Over() string { return count(s.Known, "day") }

// Label says in a sentence what the picture shows.
func (s strip) Label() string {
	switch n := int64(len(s.Trouble)); {
	case s.Known == 0:
		return "No record yet"
	case n == 0:
		return "No trouble in " + count(s.Known, "day")
	default:
		return "Trouble on " + wire.Itoa(n) + " of " + count(s.Known, "day")
	}
}

// Bars draws the days: one path for each kind, 90 units wide. Worse days are taller, so that colour is not all there
// is.
func (s strip) Bars() template.HTML {
	var d [len(shapes)]strings.Builder
	for from := 0; from < len(s.days); {
		k := shapeOf(&s.days[from])
		to := from + 1
		for to < len(s.days) && shapeOf(&s.days[to]) == k {
			to++
		}
		// Each bar is 0.7 wide with 0.3 between; the dashes begin anew with every run.
		d[k].WriteString("M" + strconv.Itoa(from) + ".15 " + shapes[k].y + "h" + strconv.Itoa(to-from))
		from = to
	}
	var b strings.Builder
	for k := range d {
		if d[k].Len() > 0 {
			b.WriteString(`<path class="` + shapes[k].class + `" d="` + d[k].String() + `"/>`)
		}
	}
	return template.HTML(b.String()) // #nosec G203 -- made of digits and our own words
}

// shapes are the kinds of bars: the class says colour and height (stroke-width in the stylesheet), y is the middle of
// it.
var shapes = [...]struct{ class, y string }{
	{"b-none", "35"}, {"b-operational", "25"}, {"b-maintenance", "25"}, {"b-degraded", "22.5"}, {"b-partial", "20"},
	{"b-major", "18"},
}

func shapeOf(d *status.DayUptime) int {
	if d.NoData {
		return 0
	}
	return rank(d.Worst) + 1
}
