package store

import (
	"slices"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func init() {
	nouns[page.OrgNoun] = &noun{
		project: func(b *Batch, _ string, e *page.Event, _ page.State) { projectOrg(b, e) },
		head:    func(e *page.Event, _ bool) wire.Object { return e.Org },
		clip: func(x wire.Object) wire.Object {
			c := *x.(*page.Org)
			c.Description, c.Announcement = clip(c.Description), clip(c.Announcement)
			return &c
		},
		events: func(x wire.Object) []page.Event { return []page.Event{{Org: x.(*page.Org)}} },
		again:  func(events []page.Event, _ wire.Object, _ *page.Words) wire.Object { return events[0].Org },
	}
}

// embeddedWeights is a column that holds JSON, inside of a JSON object. What is no JSON becomes a string, which cannot
// be read in its place: so it spoils its own row and not the whole statement.
const embeddedWeights = `CASE WHEN json_valid(uptime_weights) THEN json(uptime_weights) ELSE 'no JSON' END`

var keptOrg = keep(&page.Org{}, slices.Concat(
	columns("", "id slug name description url"),
	[]column{{"hostname", "hostname_wanted"}},
	columns("", "hostname_proved_at hostname_until time_zone accent logo created_at updated_at version announcement "+
		"announcement_until"),
	[]column{{"uptime_weights", `CASE WHEN uptime_weights <> '' THEN ` + embeddedWeights + ` END`}}), "")

// orgJSON is the expression of the whole organisation in a query; ?1 is its id.
var orgJSON = whole(keptOrg.json(), "")

func projectOrg(b *Batch, e *page.Event) {
	o := e.Org
	var hostname any
	if name := o.OwnHost(); name != "" {
		hostname = name
	}
	weights := o.UptimeWeights()
	if e.Type == page.PageCreated {
		b.Add(`INSERT INTO organizations (id, slug, name, description, url, hostname, time_zone, accent, created_at,
  updated_at, version,
 uptime_weights, more) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			o.ID, o.Slug, o.Name, o.Description, o.URL, hostname, o.TimeZone, o.Accent, int64(o.CreatedAt),
			int64(o.UpdatedAt), o.Version,
			string(wire.Marshal(&weights)), keptOrg.more(o))
		return
	}
	b.Add(`UPDATE organizations SET name = ?, description = ?, url = ?, hostname = ?, time_zone = ?, accent = ?, logo =
  ?, updated_at = ?, version = ?,
 announcement = ?, announcement_until = ?, uptime_weights = ?, hostname_wanted = ?, hostname_proved_at = ?,
 hostname_until = ?,
 more = ? WHERE id = ?`,
		o.Name, o.Description, o.URL, hostname, o.TimeZone, o.Accent, o.Logo, int64(o.UpdatedAt), o.Version,
		o.Announcement, moment(o.AnnouncementUntil), string(wire.Marshal(&weights)),
		o.Hostname, moment(o.HostProvedAt), moment(o.HostUntil), keptOrg.more(o), o.ID)
}

// moment is a time, or NULL where there is none.
func moment(t status.Time) any {
	if t == 0 {
		return nil
	}
	return int64(t)
}
