package web

import (
	"html/template"
	"time"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const day = wire.Day

// stamp writes a moment in UTC. kind tells the script how to write it in the visitor's zone: "ago" (how long ago, the exact
// time on focus), "at" (date and time), "clock" (time of day), "since" (date and time, and how long ago).
func stamp(kind string, t status.Time) template.HTML {
	return element(kind, t, words(kind, t)+" UTC", "")
}

// until is the end of a span: only its clock time where it ends on the day on which it began.
func until(from, to status.Time) template.HTML {
	kind := "at"
	if from.DayNumber() == to.DayNumber() {
		kind = "clock"
	}
	return element("until", to, words(kind, to)+" UTC", ` data-from="`+from.String()+`"`)
}

// start is the beginning of a span; its zone stands at the end of it.
func start(from status.Time) template.HTML { return element("at", from, words("at", from), "") }

func element(kind string, t status.Time, text, more string) template.HTML {
	focus := ""
	if kind == "ago" {
		focus = ` tabindex="0"`
	}
	out := `<time datetime="` + t.String() + `" data-time="` + kind + `"` + more + focus + `>` + text + `</time>`
	return template.HTML(out) // #nosec G203 -- made of digits and our own words
}

func words(kind string, t status.Time) string {
	layout := "2 Jan 2006, 15:04"
	if kind == "clock" {
		layout = "15:04"
	}
	return utc(t).Format(layout)
}

func utc(t status.Time) time.Time { return time.UnixMilli(int64(t)).UTC() }

// date writes a UTC day, which is the same for everybody.
func date(dayNumber int64) template.HTML {
	t := status.Time(dayNumber) * day
	out := `<time datetime="` + wire.Date(dayNumber) + `">` + utc(t).Format("2 January 2006") + `</time>`
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
