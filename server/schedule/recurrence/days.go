package recurrence

import (
	"time"

	"github.com/teambition/rrule-go"
)

// days lists the days of a rule (RFC 5545 3.3.10) in order. It looks at each day from the start to the end once, at
// most, so that what it costs is bounded by the years that a rule is followed and by nothing that stands in it. The
// library behind this package only reads the text: its own search for a next time goes on until the year 9999.
type days struct {
	freq      rrule.Frequency
	every     int // periods
	first     time.Time
	last      time.Time
	left      int // of COUNT; -1 is no end
	wkst      time.Weekday
	months    numbers
	monthDays numbers
	yearDays  numbers
	weeks     numbers
	weekdays  [7]bool
	nth       []rrule.Weekday // such as the second Tuesday
	anyDay    bool            // the rule names no weekday
	positions []int           // of BYSETPOS
	period    time.Time       // the first day of the one that is looked at
	found     []time.Time     // in it, not yet handed out
	looked    int             // days; for the test of the bound
	monthWise bool            // nth counts in the month, not in the year
	timeOfDay time.Duration
}

// numbers are those that a BY part allows, counted from the front and from the back; an empty one allows everything.
type numbers struct {
	some        bool
	front, back [367]bool
}

func numbersOf(list []int) (n numbers) {
	for _, i := range list {
		n.some = true
		if i > 0 && i < len(n.front) {
			n.front[i] = true
		} else if i < 0 && -i < len(n.back) {
			n.back[-i] = true
		}
	}
	return n
}

// allow says whether the i-th of n may be.
func (n *numbers) allow(i, of int) bool { return !n.some || n.front[i] || n.back[of+1-i] }

// daysOf begins at the first day. The rule's defaults are those of its start.
func daysOf(o *rrule.ROption) *days {
	start := o.Dtstart
	midnight := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, time.UTC)
	months, monthDays, weekdays := o.Bymonth, o.Bymonthday, o.Byweekday
	if len(o.Byweekno)+len(o.Byyearday)+len(o.Bymonthday)+len(o.Byweekday) == 0 {
		switch o.Freq {
		case rrule.YEARLY:
			if len(months) == 0 {
				months = []int{int(start.Month())}
			}
			monthDays = []int{start.Day()}
		case rrule.MONTHLY:
			monthDays = []int{start.Day()}
		case rrule.WEEKLY:
			weekdays = []rrule.Weekday{at(start.Weekday())}
		}
	}
	d := &days{freq: o.Freq, every: max(o.Interval, 1), first: start, last: o.Until, left: o.Count,
		wkst:   weekday(o.Wkst),
		months: numbersOf(months), monthDays: numbersOf(monthDays), yearDays: numbersOf(o.Byyearday),
		weeks:  numbersOf(o.Byweekno),
		anyDay: len(weekdays) == 0, positions: o.Bysetpos, monthWise: o.Freq == rrule.MONTHLY || len(months) > 0,
		timeOfDay: start.Sub(midnight)}
	if o.Count == 0 {
		d.left = -1
	}
	for _, w := range weekdays {
		if w.N() == 0 || o.Freq > rrule.MONTHLY {
			d.weekdays[weekday(w)] = true
		} else {
			d.nth = append(d.nth, w)
		}
	}
	switch o.Freq {
	case rrule.YEARLY:
		d.period = time.Date(start.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	case rrule.MONTHLY:
		d.period = time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, time.UTC)
	case rrule.WEEKLY:
		d.period = midnight.AddDate(0, 0, -int(midnight.Weekday()-d.wkst+7)%7)
	default:
		d.period = midnight
	}
	return d
}

// weekday is the library's in time's words, and at the other way round.
func weekday(w rrule.Weekday) time.Weekday { return time.Weekday((w.Day() + 1) % 7) }

func at(w time.Weekday) rrule.Weekday {
	return [...]rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}[w]
}

// next is the next time of the rule, on its own clock; more is false when there is none.
func (d *days) next() (wall time.Time, more bool) {
	for len(d.found) == 0 && d.left != 0 && !d.period.After(d.last) {
		d.look()
	}
	if len(d.found) == 0 || d.left == 0 || d.found[0].After(d.last) {
		return time.Time{}, false
	}
	wall, d.found = d.found[0], d.found[1:]
	d.left = max(d.left-1, -1)
	return wall, true
}

// look finds the days of one period, and moves on to the next one.
func (d *days) look() {
	var set []time.Time
	end, day := d.after(1), d.period
	if d.freq == rrule.WEEKLY && day.Before(d.first) {
		day = d.first.Add(-d.timeOfDay) // BYSETPOS counts in what is left of the first week, as python-dateutil does
	}
	for ; day.Before(end); day = day.AddDate(0, 0, 1) {
		if d.looked++; d.on(day) {
			set = append(set, day.Add(d.timeOfDay))
		}
	}
	for _, wall := range d.chosen(set) {
		if !wall.Before(d.first) {
			d.found = append(d.found, wall)
		}
	}
	d.period = d.after(d.every)
}

// after is the first day of the period that is so many further on.
func (d *days) after(n int) time.Time {
	n = min(n, 100_000) // beyond the end of every rule
	switch d.freq {
	case rrule.YEARLY:
		return d.period.AddDate(n, 0, 0)
	case rrule.MONTHLY:
		return d.period.AddDate(0, n, 0)
	case rrule.WEEKLY:
		return d.period.AddDate(0, 0, 7*n)
	}
	return d.period.AddDate(0, 0, n)
}

// chosen keeps those of a period that BYSETPOS names, in order.
func (d *days) chosen(set []time.Time) []time.Time {
	if len(d.positions) == 0 {
		return set
	}
	keep := make([]bool, len(set))
	for _, p := range d.positions {
		if p < 0 {
			p += len(set) + 1
		}
		if p >= 1 && p <= len(set) {
			keep[p-1] = true
		}
	}
	out := set[:0]
	for i := range set {
		if keep[i] {
			out = append(out, set[i])
		}
	}
	return out
}

// on says whether every part of the rule allows a day.
func (d *days) on(day time.Time) bool {
	year, month, date := day.Date()
	ofYear, ofMonth := length(year, 1, 13), length(year, month, month+1)
	return d.months.allow(int(month), 12) && d.monthDays.allow(date, ofMonth) &&
		d.yearDays.allow(day.YearDay(), ofYear) &&
		(!d.weeks.some || d.inWeek(day)) && (d.anyDay || d.weekdays[day.Weekday()] || d.isNth(day, ofYear, ofMonth))
}

// length is how many days a year has from the first of one month to the first of another.
func length(year int, from, to time.Month) int {
	return int(time.Date(year, to, 1, 0, 0, 0, 0, time.UTC).
		Sub(time.Date(year, from, 1, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
}

// isNth says whether a day is such as the second Tuesday, or the last one, of its month or year.
func (d *days) isNth(day time.Time, ofYear, ofMonth int) bool {
	i, of := day.YearDay(), ofYear
	if d.monthWise {
		i, of = day.Day(), ofMonth
	}
	front, back := (i-1)/7+1, -((of-i)/7 + 1)
	for _, w := range d.nth {
		if weekday(w) == day.Weekday() && (w.N() == front || w.N() == back) {
			return true
		}
	}
	return false
}

// inWeek says whether a day is in one of the weeks. The first week of a year is the first that has four days in it.
func (d *days) inWeek(day time.Time) bool {
	year := day.Year()
	begin := d.weekOne(year)
	if day.Before(begin) {
		year--
		begin = d.weekOne(year)
	} else if next := d.weekOne(year + 1); !day.Before(next) {
		year, begin = year+1, next
	}
	week := int(day.Sub(begin)/(24*time.Hour))/7 + 1
	return d.weeks.allow(week, int(d.weekOne(year+1).Sub(begin)/(24*time.Hour))/7)
}

// weekOne is the day on which the first week of a year begins: the week that has the fourth of January.
func (d *days) weekOne(year int) time.Time {
	fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	return fourth.AddDate(0, 0, -int(fourth.Weekday()-d.wkst+7)%7)
}
