// Package recur says when something that comes again comes: a rule of RFC 5545 over the clock of a place. Two in the morning is two in
// the morning before and after that place changes its clocks.
package recur

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
	RRule string // such as FREQ=MONTHLY;BYDAY=2TU
	Zone  string // IANA name
	Start string // the first time, as Wall
	rule  *rrule.RRule
	where *time.Location
}

// Check reads the rule and says what is wrong with it. No more often than daily: nobody maintains something every minute, and a rule
// over hours has no one meaning on the day on which clocks change.
func (r *Rule) Check(c *status.Checks) {
	var err error
	r.where, err = time.LoadLocation(r.Zone)
	c.That(err == nil && r.Zone != "" && r.Zone != "Local", "time_zone", "time_zone must be a name such as Europe/Paris.")
	start, wrong := time.Parse(Wall, r.Start)
	c.That(wrong == nil, "starts_at", "starts_at must be a time of the clock there, such as 2026-01-31T22:00.")
	c.That(wrong != nil || start.Year() >= firstYear && start.Year() <= lastYear, "starts_at", "starts_at must be in a year from 2000 to 2100.")
	option, err := rrule.StrToROption(strings.TrimPrefix(r.RRule, "RRULE:"))
	if err != nil || len(r.RRule) > 500 || strings.ContainsAny(r.RRule, "\r\n") {
		c.That(false, "rrule", "rrule must be a rule of RFC 5545, such as FREQ=MONTHLY;BYDAY=2TU.")
		return
	}
	c.That(option.Freq <= rrule.DAILY, "rrule", "rrule may repeat daily at most.")
	c.That(len(option.Byeaster) == 0, "rrule", "rrule must be a rule of RFC 5545, which knows no Easter.")
	c.That(len(option.Byhour)+len(option.Byminute)+len(option.Bysecond) == 0, "rrule", "The time of day is that of starts_at.")
	if c.Err() != nil {
		return
	}
	// The library counts on a clock that never changes; the place's own clock is put in afterwards.
	option.Dtstart = start
	// A rule that never comes true would be looked for until the year 9999.
	if last := start.AddDate(mostYears, 0, 0); option.Until.IsZero() || option.Until.After(last) {
		option.Until = last
	}
	r.rule, err = rrule.NewRRule(*option)
	c.That(err == nil, "rrule", "rrule must be a rule of RFC 5545, such as FREQ=MONTHLY;BYDAY=2TU.")
}

// After lists the next times behind a moment, n at most, none later than a horizon. The rule must have been checked.
//
// A time that the clock jumps over is as much later as it jumps; of one that comes twice it is the first. A rule that breaks the library
// behind this ends there: it may not take with it whoever plans for everybody.
func (r *Rule) After(t, horizon time.Time, n int) (out []time.Time) {
	defer func() {
		if broken := recover(); broken != nil {
			slog.Error("a rule broke the library that reads it", "rule", r.RRule, "zone", r.Zone, "start", r.Start, "panic", broken)
		}
	}()
	next := r.rule.Iterator()
	for range mostSteps {
		wall, more := next()
		if !more || len(out) == n {
			break
		}
		at := inZone(wall, r.where)
		if at.After(horizon) {
			break
		}
		if at.After(t) {
			out = append(out, at)
		}
	}
	return out
}

const (
	firstYear = 2000 // in which a rule may begin; the library behind this breaks in the year 0
	lastYear  = 2100
	mostYears = 20     // that a rule is followed
	mostSteps = 20_000 // of a search: each day of those years, and some
)

// inZone is when the clock of a place shows a time.
func inZone(wall time.Time, where *time.Location) time.Time {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, where)
	// Of a time that comes twice, time.Date promises neither; the offset from before tells the first.
	if first := at.Add(-time.Hour); first.Format(Wall) == at.Format(Wall) {
		at = first
	}
	return at.UTC()
}
