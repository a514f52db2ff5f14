// Package recurrence says when something that comes again comes: a rule of RFC 5545 over the clock of a place. Two in
// the morning is two in the morning before and after that place changes its clocks.
package recurrence

import (
	"log/slog"
	"strings"
	"time"
	_ "time/tzdata" // zones are here on every machine

	"github.com/teambition/rrule-go"

	"statuspage/shared/status"
)

// Wall is how the time of a clock is written, with no zone.
const Wall = "2006-01-02T15:04"

// Rule is when something comes.
type Rule struct {
	RRule  string // such as FREQ=MONTHLY;BYDAY=2TU
	Zone   string // IANA name
	Start  string // the first time, as Wall
	option *rrule.ROption
	where  *time.Location
	until  time.Time // the last moment at which it may come
}

// Check reads the rule and says what is wrong with it, in a rule that is new. No more often than daily: nobody
// maintains something every minute, and a rule over hours has no one meaning on the day on which clocks change.
func (r *Rule) Check(c *status.Checks) {
	if r.Read(c); c.Err() != nil {
		return
	}
	if sentence := wrong(Canonical(r.RRule), r.option); sentence != "" {
		c.That(false, "rrule", sentence)
		return
	}
	endless := *r.option
	endless.Until = endless.Dtstart.AddDate(maxYears, 0, 0)
	_, ever := daysOf(&endless).next()
	c.That(ever, "rrule", "rrule names no day that there is in the twenty years from starts_at.")
}

// Read is Check for a rule that was taken once: what no rule may say any more is passed over as it was then.
func (r *Rule) Read(c *status.Checks) {
	var err error
	r.where, err = time.LoadLocation(r.Zone)
	c.That(err == nil && r.Zone != "" && r.Zone != "Local", "time_zone", "time_zone must be a name such as "+
		"Europe/Paris.")
	start, wrong := time.Parse(Wall, r.Start)
	c.That(wrong == nil, "starts_at", "starts_at must be a time of the clock there, such as 2026-01-31T22:00.")
	c.That(wrong != nil || start.Year() >= firstYear && start.Year() <= lastYear, "starts_at",
		"starts_at must be in a year from 2000 to 2100.")
	text := Canonical(r.RRule)
	if len(r.RRule) > 500 || strings.ContainsAny(text, "\r\n") {
		c.That(false, "rrule", notRule)
		return
	}
	option, err := rrule.StrToROption(text)
	if err == nil {
		_, err = rrule.NewRRule(*option) // its bounds
	}
	if err != nil || !option.Dtstart.IsZero() {
		c.That(false, "rrule", notRule)
		return
	}
	c.That(option.Freq <= rrule.DAILY, "rrule", "rrule may repeat daily at most.")
	c.That(len(option.Byeaster) == 0, "rrule", "rrule must be a rule of RFC 5545, which knows no Easter.")
	c.That(len(option.Byhour)+len(option.Byminute)+len(option.Bysecond) == 0, "rrule",
		"The time of day is that of starts_at.")
	if c.Err() != nil {
		return
	}
	// The days are counted on a clock that never changes; the place's own clock is put in afterwards.
	option.Dtstart = start
	r.until, err = ends(text, r.where)
	c.That(err == nil, "rrule",
		"rrule must end at a day or a moment, such as UNTIL=20261231 or UNTIL=20261231T220000Z.")
	// After compares moments with the end; the days go on a little behind it.
	last := start.AddDate(maxYears, 0, 0)
	if r.until.IsZero() {
		r.until = last.AddDate(0, 0, 2)
	}
	if option.Until = r.until.AddDate(0, 0, 2); option.Until.After(last) {
		option.Until = last
	}
	if c.Err() == nil {
		r.option = option
	}
}

// After lists the next times behind a moment, n at most, none later than a horizon. The rule must have been checked.
//
// A time that the clock jumps over is as much later as it jumps; of one that comes twice it is the first. A rule that
// breaks this ends there: it may not take with it whoever plans for everybody.
func (r *Rule) After(t, horizon time.Time, n int) (out []time.Time) {
	defer func() {
		if broken := recover(); broken != nil {
			slog.Error("a rule broke its reader", "rule", r.RRule, "zone", r.Zone, "start", r.Start, "panic", broken)
		}
	}()
	days := daysOf(r.option)
	for {
		wall, more := days.next()
		if !more || len(out) == n {
			break
		}
		at := inZone(wall, r.where)
		if at.After(horizon) || at.After(r.until) {
			break
		}
		// a day that a place skips comes at the next one's time
		if at.After(t) && (len(out) == 0 || at.After(out[len(out)-1])) {
			out = append(out, at)
		}
	}
	return out
}

// SameDay says whether two moments are on one day there. The rule must have been checked.
func (r *Rule) SameDay(a, b time.Time) bool {
	return a.In(r.where).Format(time.DateOnly) == b.In(r.where).Format(time.DateOnly)
}

const (
	firstYear = 2000 // in which a rule may begin
	lastYear  = 2100
	maxYears  = 20 // that a rule is followed
	notRule   = "rrule must be a rule of RFC 5545, such as FREQ=MONTHLY;BYDAY=2TU."
)
