package site

import (
	"html/template"
	"sync"
	"time"

	"statuspage/server/lang"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const day = wire.Day

// clock is the zone in which a page is written: the organisation's. The script moves what it shows to the visitor's
// zone.
type clock struct{ *time.Location }

// clocks are the zones that were asked for; there are as many as the zone database has.
var clocks sync.Map

// clockOf is an organisation's clock; a zone that this machine does not know is UTC.
func clockOf(org *page.Org) clock {
	if c, known := clocks.Load(org.TimeZone); known {
		return c.(clock)
	}
	where, err := time.LoadLocation(org.TimeZone)
	if err != nil {
		return clock{time.UTC}
	}
	clocks.Store(org.TimeZone, clock{where})
	return clock{where}
}

// in is a moment as the clock shows it.
func (c clock) in(t status.Time) time.Time { return time.UnixMilli(int64(t)).In(c.Location) }

// Day is the number, since 1970-01-01, of the day on which a moment is there.
func (c clock) Day(t status.Time) int64 {
	year, month, date := c.in(t).Date()
	return moment(time.Date(year, month, date, 0, 0, 0, 0, time.UTC)).DayNumber()
}

// midnight is when a day begins there, which is later where the clock jumps over midnight.
func (c clock) midnight(dayNumber int64) status.Time {
	d := utc(status.Time(dayNumber) * day)
	at := moment(time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, c.Location))
	for c.Day(at) < dayNumber {
		at += 15 * wire.Minute
	}
	return at
}

// abbreviation names the zone at a moment: "CET", or "UTC+5" where people have no word for it.
func (c clock) abbreviation(t status.Time) string {
	name := c.in(t).Format("MST")
	if name[0] == '+' || name[0] == '-' {
		return "UTC" + name
	}
	return name
}

// Stamp writes a moment with its zone. kind tells the script how to write it in the visitor's zone: "ago" (how long
// ago, the exact time on focus), "at" (date and time), "clock" (time of day), "since" (date and time, and how long
// ago).
func (c clock) Stamp(kind string, t status.Time) template.HTML {
	return element(kind, t, c.words(kind, t)+" "+c.abbreviation(t), "")
}

// until is the end of a span: only its clock time where it ends on the day on which it began.
func (c clock) until(from, to status.Time) template.HTML {
	return element("until", to, c.words(c.beside(from, to), to)+" "+c.abbreviation(to), ` data-from="`+from.String()+
		`"`)
}

// start is the beginning of a span; its zone stands at the end of it.
func (c clock) start(from status.Time) template.HTML {
	return element("at", from, c.words("at", from), "")
}

// beside is how a moment is written that stands beside another one: without its date on the same day.
func (c clock) beside(other, t status.Time) string {
	if c.Day(other) == c.Day(t) {
		return "clock"
	}
	return "at"
}

func element(kind string, t status.Time, text, more string) template.HTML {
	focus := ""
	if kind == "ago" {
		focus = ` tabindex="0"`
	}
	out := `<time datetime="` + t.String() + `" data-time="` + kind + `"` + more + focus + `>` + text + `</time>`
	return template.HTML(out) // #nosec G203 -- made of digits, names of zones and our own words
}

func (c clock) words(kind string, t status.Time) string {
	layout := "2 Jan 2006, 15:04"
	if kind == "clock" {
		layout = "15:04"
	}
	return c.in(t).Format(layout)
}

// moment is words in a language.
func (c clock) moment(in lang.In, kind string, t status.Time) string {
	if in == lang.English || kind == "clock" {
		return c.words(kind, t)
	}
	return in.Moment(c.in(t))
}

func utc(t status.Time) time.Time { return time.UnixMilli(int64(t)).UTC() }

// date writes a day.
func date(dayNumber int64) template.HTML { return dated(dayNumber, "2 January 2006") }

func dated(dayNumber int64, layout string) template.HTML {
	t := status.Time(dayNumber) * day
	out := `<time datetime="` + wire.Date(dayNumber) + `">` + utc(t).Format(layout) + `</time>`
	return template.HTML(out) // #nosec G203 -- made of digits and our own words
}

// lasted writes a span in its two largest units.
func lasted(from, to status.Time) string {
	minutes := int64(to-from) / int64(wire.Minute)
	days, hours, mins := minutes/1440, minutes/60%24, minutes%60
	switch {
	case days > 0:
		return units(days, "day", hours, "hour")
	case hours > 0:
		return units(hours, "hour", mins, "minute")
	case mins > 0:
		return units(mins, "minute", 0, "")
	}
	return "less than a minute"
}

// about writes a span in its largest unit, rounded down as the script does.
func about(from, to status.Time) string {
	minutes := int64(to-from) / int64(wire.Minute)
	switch {
	case minutes >= 1440:
		return count(minutes/1440, "day")
	case minutes >= 60:
		return count(minutes/60, "hour")
	}
	return count(max(minutes, 1), "minute")
}

func units(a int64, big string, b int64, small string) string {
	out := count(a, big)
	if b > 0 {
		out += " " + count(b, small)
	}
	return out
}

// count writes "1 hour" and "2 hours".
func count(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return wire.Itoa(n) + " " + thing
}
