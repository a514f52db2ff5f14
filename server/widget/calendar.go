package widget

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/lang"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// calendar is every maintenance window that the page still shows, or ?window= alone, as iCalendar (RFC 5545, with
// RFC 7986's names).
func calendar(v *visit.Visit) error {
	windows := serve.Maintenances(v.State.Maintenances)
	name := "calendar.ics"
	if id := v.Ctx.Query("window"); id != "" {
		windows = slices.DeleteFunc(windows, func(m status.Maintenance) bool { return m.ID != id })
		if len(windows) == 0 {
			return fault.New(fault.NotFound, "There is no such window on the page.")
		}
		name += "/" + id
		v.Ctx.Set(fiber.HeaderContentDisposition, `attachment; filename="maintenance.ics"`)
	}
	in, org := v.Spoken(), &v.State.Org
	return v.Document(name+"/"+string(in), always, func() (string, []byte, error) {
		var c ics
		c.line("BEGIN", "VCALENDAR")
		c.line("VERSION", "2.0")
		c.line("PRODID", "-//Status Page//Maintenance//"+strings.ToUpper(string(in)))
		c.line("METHOD", "PUBLISH")
		c.text("NAME", in.Say("{name} maintenance", "name", v.State.Org.Name))
		c.text("X-WR-CALNAME", in.Say("{name} maintenance", "name", v.State.Org.Name))
		c.line("URL", v.Home())
		c.line("REFRESH-INTERVAL;VALUE=DURATION", "PT15M")
		c.line("X-PUBLISHED-TTL", "PT15M")
		room := serve.NewRoom(serve.MaxText, len(windows))
		for i := range windows {
			c.event(v, in.Maintenance(&windows[i], org), room)
		}
		c.line("END", "VCALENDAR")
		return "text/calendar; charset=utf-8", []byte(c.String()), nil
	})
}

// ics is a calendar in the making.
type ics struct{ strings.Builder }

// event keeps its UID for ever; its SEQUENCE rises with every change, so that calendars take the newest.
func (c *ics) event(v *visit.Visit, m *status.Maintenance, room *serve.Room) {
	link := v.Home() + "/incidents/" + m.ID
	state := "CONFIRMED"
	if m.Status == status.Cancelled {
		state = "CANCELLED"
	}
	var names []string
	for _, s := range m.Services {
		names = append(names, s.Name)
	}
	room.Turn()
	in := v.Spoken()
	about := in.Say("Services: {names}", "names", strings.Join(names, ", ")) + "\n" +
		in.Say("Status: {x}", "x", in.Say(m.Status.Display()))
	if text, ok := room.Take(m.Description); ok && text != "" {
		about = text + "\n\n" + about
	}
	about += steps(in, m, room)
	c.line("BEGIN", "VEVENT")
	c.line("UID", m.ID)
	c.line("SEQUENCE", wire.Itoa(m.Version-1))
	c.line("DTSTAMP", stamp(m.UpdatedAt))
	c.line("CREATED", stamp(m.CreatedAt))
	c.line("LAST-MODIFIED", stamp(m.UpdatedAt))
	from, until := span(m)
	c.line("DTSTART", stamp(from))
	if stamp(until) > stamp(from) { // else it has no length, which is what no end says (section 3.6.1)
		c.line("DTEND", stamp(until))
	}
	c.line("STATUS", state)
	c.line("TRANSP", "TRANSPARENT")
	c.line("CATEGORIES", "MAINTENANCE")
	c.text("SUMMARY", m.Title)
	c.text("DESCRIPTION", about)
	c.line("URL", link)
	c.line("END", "VEVENT")
}

// span is when a window is, and, once it has begun or ended, when it was.
func span(m *status.Maintenance) (from, until status.Time) {
	from, until = m.ScheduledFor, m.ScheduledUntil
	if m.StartedAt != nil {
		from = *m.StartedAt
	}
	if m.Status == status.Completed && m.CompletedAt != nil {
		until = *m.CompletedAt
	}
	return from, until
}

// steps are the updates of a window, the oldest first, as many of the newest as there is room for.
func steps(in lang.In, m *status.Maintenance, room *serve.Room) string {
	var told []string
	for i := len(m.Updates) - 1; i >= 0; i-- {
		u := &m.Updates[i]
		if u.Body == "" {
			continue
		}
		text, ok := room.Take(u.Body)
		if !ok {
			break
		}
		told = append(told, "\n\n"+in.Say(u.Status.Display())+": "+text)
	}
	slices.Reverse(told)
	return strings.Join(told, "")
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
