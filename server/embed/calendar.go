package embed

import (
	"strings"
	"unicode/utf8"

	"statuspage/server/visit"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// calendar is every maintenance window that the page still shows, as iCalendar (RFC 5545, with RFC 7986's names).
func calendar(v *visit.Visit) error {
	return v.Document("calendar.ics", always, func() (string, []byte, error) {
		var c ics
		c.line("BEGIN", "VCALENDAR")
		c.line("VERSION", "2.0")
		c.line("PRODID", "-//Status Page//Maintenance//EN")
		c.line("METHOD", "PUBLISH")
		c.text("NAME", v.State.Org.Name+" maintenance")
		c.text("X-WR-CALNAME", v.State.Org.Name+" maintenance")
		c.line("URL", v.Home())
		c.line("REFRESH-INTERVAL;VALUE=DURATION", "PT15M")
		c.line("X-PUBLISHED-TTL", "PT15M")
		for i := range v.State.Maintenances {
			c.event(v, &v.State.Maintenances[i])
		}
		c.line("END", "VCALENDAR")
		return "text/calendar; charset=utf-8", []byte(c.String()), nil
	})
}

// ics is a calendar in the making.
type ics struct{ strings.Builder }

// event keeps its UID for ever; its SEQUENCE rises with every change, so that calendars take the newest.
func (c *ics) event(v *visit.Visit, m *status.Maintenance) {
	link := v.Home() + "/incidents/" + m.ID
	state := "CONFIRMED"
	if m.Status == status.Cancelled {
		state = "CANCELLED"
	}
	var names []string
	for _, s := range m.Services {
		names = append(names, s.Name)
	}
	about := "Services: " + strings.Join(names, ", ") + "\nStatus: " + m.Status.Display()
	if m.Description != "" {
		about = m.Description + "\n\n" + about
	}
	for i := range m.Updates {
		if u := &m.Updates[i]; u.Body != "" {
			about += "\n\n" + u.Status.Display() + ": " + u.Body
		}
	}
	c.line("BEGIN", "VEVENT")
	c.line("UID", m.ID)
	c.line("SEQUENCE", wire.Itoa(m.Version-1))
	c.line("DTSTAMP", stamp(m.UpdatedAt))
	c.line("CREATED", stamp(m.CreatedAt))
	c.line("LAST-MODIFIED", stamp(m.UpdatedAt))
	c.line("DTSTART", stamp(m.ScheduledFor))
	c.line("DTEND", stamp(m.ScheduledUntil))
	c.line("STATUS", state)
	c.line("TRANSP", "TRANSPARENT")
	c.line("CATEGORIES", "MAINTENANCE")
	c.text("SUMMARY", m.Title)
	c.text("DESCRIPTION", about)
	c.line("URL", link)
	c.line("END", "VEVENT")
}

// text escapes a value of type TEXT (section 3.3.11).
func (c *ics) text(name, value string) {
	c.line(name, escaper.Replace(value))
}

var escaper = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// line folds at 75 octets, never inside a character (section 3.1).
func (c *ics) line(name, value string) {
	rest := name + ":" + value
	for room := 75; len(rest) > room; room = 74 {
		end := room
		for !utf8.RuneStart(rest[end]) {
			end--
		}
		c.WriteString(rest[:end] + "\r\n ")
		rest = rest[end:]
	}
	c.WriteString(rest + "\r\n")
}

// stamp is a moment in UTC, form 2 of section 3.3.5.
func stamp(t status.Time) string {
	s := t.String()
	return s[0:4] + s[5:7] + s[8:10] + "T" + s[11:13] + s[14:16] + s[17:19] + "Z"
}
