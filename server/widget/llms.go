package widget

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/shared/wire"
)

const plain = "text/plain; charset=utf-8"

// llms tells a language model what the page says now and where more can be read (llmstxt.org).
func llms(v *visit.Visit) error {
	return v.Document("llms.txt", always, func() (string, []byte, error) {
		var b strings.Builder
		s, home := &v.State, v.Home()
		_, words := sum(s)
		b.WriteString("# " + line(s.Org.Name) + " status\n\n> " + words + ". As of " + s.At.String() + ", event " +
			wire.Itoa(s.Seq) + ".\n")
		if s.Org.Description != "" {
			b.WriteString("\n" + line(s.Org.Description) + "\n")
		}
		b.WriteString("\n## Services\n\n")
		for i := range s.Services {
			svc := &s.Services[i]
			name := line(svc.Name)
			if svc.Group != "" {
				name = line(svc.Group) + " / " + name
			}
			b.WriteString("- " + name + ": " + svc.Status.Display() + "\n")
		}
		b.WriteString("\n## Active incidents\n\n")
		for i := range s.Incidents {
			if in := &s.Incidents[i]; in.Active() {
				entry(&b, in.Title, home+"/incidents/"+in.ID, in.Status.Display()+", since "+in.CreatedAt.String())
			}
		}
		b.WriteString("\n## Maintenance\n\n")
		for _, m := range serve.Maintenances(s.Maintenances) {
			if !m.Over() {
				entry(&b, m.Title, home+"/incidents/"+m.ID, m.Status.Display()+", "+m.ScheduledFor.String()+" to "+
					m.ScheduledUntil.String())
			}
		}
		b.WriteString("\n## Data\n\n")
		entry(&b, "Summary", home+"/api/v2/summary.json", "components, incidents and maintenance as JSON (Atlassian "+
			"Statuspage API v2)")
		entry(&b, "Public API", v.Base+"/api/v1/public/"+s.Org.Slug+"/summary/",
			"the same, with uptime, in our own words; described at "+v.Base+"/api/openapi.json")
		entry(&b, "Atom feed", home+"/feed.atom", "incidents as they are written")
		entry(&b, "Calendar", home+"/calendar.ics", "maintenance windows")
		entry(&b, "History", home+"/history", "past incidents by month")
		return plain, []byte(b.String()), nil
	})
}

// product is what a model may know of this installation.
func product(c *fiber.Ctx) error {
	return serve.Doc(c, relay.NewDoc(plain, []byte(`# Status Page

> Status pages of organisations: what works, what does not, and what is planned, updated within a second.

Every page is at /status/{slug}, and describes itself at /status/{slug}/llms.txt.

## Data

- [OpenAPI](/api/openapi.json): the REST interface; everything under /api/v1/public/{slug}/ can be read without an account
- Statuspage API v2: /status/{slug}/api/v2/summary.json
- Live events: WebSocket at /ws/status/public/{slug}/
`)))
}

func entry(b *strings.Builder, title, link, about string) {
	b.WriteString("- [" + line(title) + "](" + link + "): " + about + "\n")
}

var marks = strings.NewReplacer("\r", " ", "\n", " ", "\\", "\\\\", "[", "\\[", "]", "\\]", "<", "\\<", "`", "\\`", "*",
	"\\*", "_", "\\_", "#", "\\#", ">", "\\>")

// line keeps what somebody typed from becoming structure.
func line(s string) string { return marks.Replace(s) }
