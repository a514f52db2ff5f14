package status

import "statuspage/shared/wire"

// KeepDays is how many finished UTC days a service carries with it; older ones stay in the database.
const KeepDays = 92

// Tally is how long, in milliseconds, a service was not well on one UTC day.
type Tally struct {
	Day         int64 // since 1970-01-01
	Degraded    int64
	Partial     int64
	Major       int64
	Maintenance int64
}

// Wire is a member of a service's `days`.
func (t *Tally) Wire(f *wire.Fields) {
	f.Int("day", &t.Day)
	f.Int("degraded", &t.Degraded)
	f.Int("partial", &t.Partial)
	f.Int("major", &t.Major)
	f.Int("maintenance", &t.Maintenance)
}

// Well says that there was no trouble on the day.
func (t *Tally) Well() bool { return t.Degraded+t.Partial+t.Major+t.Maintenance == 0 }

func (t *Tally) add(s ServiceStatus, ms int64) {
	switch s {
	case Degraded:
		t.Degraded += ms
	case Partial:
		t.Partial += ms
	case Major:
		t.Major += ms
	case UnderMaintenance:
		t.Maintenance += ms
	}
}

// book adds the span [from, to) in a state to the days it covers, and never changes the list it was given.
func book(days []Tally, s ServiceStatus, from, to Time) []Tally {
	if s == Operational || to <= from {
		return days
	}
	out := append(make([]Tally, 0, len(days)+2), days...)
	for from < to {
		day := from.DayNumber()
		end := min(to, Time(day+1)*wire.Day)
		i := len(out) // days that lie ahead were booked by a clock that was wrong
		for i > 0 && out[i-1].Day > day {
			i--
		}
		if i == 0 || out[i-1].Day < day {
			out = append(out, Tally{})
			copy(out[i+1:], out[i:])
			out[i] = Tally{Day: day}
			i++
		}
		out[i-1].add(s, int64(end-from))
		from = end
	}
	return out
}

// Trimmed leaves out the days before the oldest one that is kept at a moment.
func Trimmed(days []Tally, at Time) []Tally {
	oldest := at.DayNumber() - KeepDays
	for len(days) > 0 && days[0].Day < oldest {
		days = days[1:]
	}
	return days
}

// Weights say how much of a state counts as downtime, in thousandths.
type Weights struct{ Degraded, Partial, Major, Maintenance int64 }

// Wire is `uptime_weights`, in hundredths of the time, by state.
func (w *Weights) Wire(f *wire.Fields) {
	for i, n := range w.each() {
		percent := *n / 10
		f.Int(weighed[i], &percent)
		if f.Reading() {
			*n = min(max(percent, -1), 101) * 10 // what is wrong stays wrong
		}
	}
}

var weighed = [...]string{string(Degraded), string(Partial), string(Major), string(UnderMaintenance)}

func (w *Weights) each() [4]*int64 {
	return [4]*int64{&w.Degraded, &w.Partial, &w.Major, &w.Maintenance}
}

// Check says what is wrong with weights.
func (w *Weights) Check(c *Checks) {
	for i, n := range w.each() {
		c.Between("uptime_weights."+weighed[i], *n/10, 0, 100)
	}
	c.That(*w != Weights{}, "uptime_weights", "Something must count as downtime.")
}

// DefaultWeights follow Statuspage: major 1, partial 0.5, degraded and maintenance 0.
var DefaultWeights = Weights{Partial: 500, Major: 1000}

// DayUptime is one day of a service's record.
type DayUptime struct {
	Day     int64
	NoData  bool          // before the service's record begins, or not yet
	Worst   ServiceStatus // the worst state of the day
	Tally   Tally
	Seconds int64 // of the day in which the service existed, up to now
	Percent int64 // thousandths of a percent, 100000 is all of it; rounded down so that trouble never shows as 100
	span    int64 // Seconds in milliseconds
}

// Uptime is the record of a service over the last n UTC days, today included, oldest first, and the percentage over all
// of them in thousandths (-1 where nothing is known). One function for page, API, badge and browser.
func Uptime(s *Service, n int64, now Time, w Weights) ([]DayUptime, int64) {
	return UptimeOn(s, now.DayNumber()-n+1, n, now, w)
}

// UptimeOn is Uptime of n days from another first day on. Days that have not begun are as unknown as those before the
// service's birth.
func UptimeOn(s *Service, first, n int64, now Time, w Weights) ([]DayUptime, int64) {
	days := book(s.Days, s.Status, s.BookedUntil(), now)
	born := s.Born()
	out := make([]DayUptime, 0, n)
	var down, known int64
	k := 0
	for day := first; day < first+n; day++ {
		from, to := max(Time(day)*wire.Day, born), min(Time(day+1)*wire.Day, now)
		d := DayUptime{Day: day, Worst: Operational, Tally: Tally{Day: day}}
		if Time(day+1)*wire.Day <= born || to < from {
			d.NoData = true
			out = append(out, d)
			continue
		}
		for k < len(days) && days[k].Day < day {
			k++
		}
		if k < len(days) && days[k].Day == day {
			d.Tally = days[k]
		}
		d.Worst = d.Tally.worst()
		lost, span := d.Tally.downtime(w), int64(to-from)
		d.Seconds, d.span = span/1000, span
		d.Percent = percent(lost, span)
		down, known = down+lost, known+span
		out = append(out, d)
	}
	if known == 0 {
		return out, -1
	}
	return out, percent(down, known)
}

// UptimeTogether is the record of several services over the same days: each day the worst of them, and percentages over
// all the time that any of them existed.
func UptimeTogether(records [][]DayUptime, w Weights) ([]DayUptime, int64) {
	var out []DayUptime
	var down, known int64
	for i := 0; len(records) > 0 && i < len(records[0]); i++ {
		d := together(records, i)
		lost := d.Tally.downtime(w)
		if !d.NoData {
			d.Worst, d.Percent, d.Seconds = d.Tally.worst(), percent(lost, d.span), d.span/1000
		}
		down, known = down+lost, known+d.span
		out = append(out, d)
	}
	if known == 0 {
		return out, -1
	}
	return out, percent(down, known)
}

// together adds up day i of the records.
func together(records [][]DayUptime, i int) DayUptime {
	sum := DayUptime{Day: records[0][i].Day, NoData: true, Worst: Operational, Tally: Tally{Day: records[0][i].Day}}
	for _, days := range records {
		d := &days[i]
		sum.NoData = sum.NoData && d.NoData
		sum.span += d.span
		sum.Tally.Degraded += d.Tally.Degraded
		sum.Tally.Partial += d.Tally.Partial
		sum.Tally.Major += d.Tally.Major
		sum.Tally.Maintenance += d.Tally.Maintenance
	}
	return sum
}

// downtime is in thousandths of a millisecond.
func (t *Tally) downtime(w Weights) int64 {
	return t.Degraded*w.Degraded + t.Partial*w.Partial + t.Major*w.Major + t.Maintenance*w.Maintenance
}

func (t *Tally) worst() ServiceStatus {
	switch {
	case t.Major > 0:
		return Major
	case t.Partial > 0:
		return Partial
	case t.Degraded > 0:
		return Degraded
	case t.Maintenance > 0:
		return UnderMaintenance
	}
	return Operational
}

func percent(lost, span int64) int64 {
	if span <= 0 {
		return 100_000
	}
	p := 100_000 - (lost*100+span-1)/span
	return max(p, 0)
}

// PercentText writes thousandths of a percent as "99.98", or "100" when nothing was lost.
func PercentText(p int64) string {
	if p < 0 {
		return "–"
	}
	if p >= 100_000 {
		return "100"
	}
	p /= 10
	frac := wire.Itoa(p % 100)
	if len(frac) == 1 {
		frac = "0" + frac
	}
	return wire.Itoa(p/100) + "." + frac
}
