package page

import (
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	PageCreated EventType = "page_created"
	PageChanged EventType = "page_changed"
)

var orgs = noun{
	name: OrgNoun,
	commands: []Spec{
		{"edit_page", OrgNoun, "PATCH", "/organization", Changes, Admins, AsEvents,
			"Change the settings of", "Changed the settings of", func() Command { return &EditPage{} }},
		{"prove_host", OrgNoun, "", "", Changes, Admins, AsEvents,
			"Prove the host name of", "Proved the host name of", func() Command { return &ProveHost{} }},
	},
	events: []EventSpec{
		{PageCreated, "page_update", "the page was created"},
		{PageChanged, "page_update", "the page’s settings were changed"},
	},

	blank: func() wire.Object { return &Org{} },
	find: func(s *State, id string) (x wire.Object, version int64) {
		if id == "" || id == s.Org.ID {
			return &s.Org, s.Org.Version
		}
		return nil, 0
	},
	size: func(s *State) int64 { return orgBytes + orgGrowth(&Org{}, &s.Org) },

	about: func(e *Event) (id string, is bool) {
		if e.Org == nil {
			return "", false
		}
		return e.Org.ID, true
	},
	log:   func(e *Event, f *wire.Fields) { wire.Opt(f, "org", &e.Org, (*Org).Wire) },
	frame: func(e *Event, f *wire.Fields) { wire.One(f, "data", e.Org, (*Org).Wire) },
	room:  func(e *Event) { e.Org = &Org{} },
	evolve: func(s *State, e *Event) (grown int64) {
		if grown = orgGrowth(&s.Org, e.Org); s.Bytes == 0 {
			grown += orgBytes
		}
		s.Org = *e.Org
		return grown
	},
}

var orgsTold = telling{
	name: OrgNoun,

	words: func(s *State, w *Words) { w.Org = s.Org },
	copy:  func(e *Event) { x := *e.Org; e.Org = &x },
	today: func(r rewriter, e, _ *Event, w *Words) { r.org(e.Org, &w.Org) },
	gone: func(r rewriter, before *State, e *Event) {
		old := before.Org
		r.org(&old, e.Org)
	},
}

// Org is the organisation as its visitors know it.
type Org struct {
	ID          string
	Slug        string
	Name        string
	Description string
	URL         string // its own site, or ""
	Hostname    string // that it wants its page to be served under, or ""; OwnHost says whether it is
	TimeZone    string // IANA name
	Accent      string // #rrggbb, or "" for the house colour
	CreatedAt   status.Time
	UpdatedAt   status.Time
	Version     int64
	Logo        string // name of its picture, or ""

	Announcement      string         // Markdown, pinned to the top of the page
	AnnouncementUntil status.Time    // when it goes by itself; 0 is never
	Weights           status.Weights // of downtime; none at all is the usual

	HostProvedAt status.Time // when the host name was proved to be the organisation's; 0 is not
	HostUntil    status.Time // until when a name of before proofs were asked for is served without one; 0 is never

	Style  Style
	Access Access
}

// OwnHost is the host name under which the page is served: one that was proved, or that need not be proved yet. "" is
// none.
func (o *Org) OwnHost() string {
	if o.HostProvedAt == 0 && o.HostUntil == 0 {
		return ""
	}
	return o.Hostname
}

// UptimeWeights say what counts as downtime on this page.
func (o *Org) UptimeWeights() status.Weights {
	if o.Weights == (status.Weights{}) {
		return status.DefaultWeights
	}
	return o.Weights
}

// Announced is the announcement that is pinned at a moment, or "".
func (o *Org) Announced(at status.Time) string {
	if o.AnnouncementUntil != 0 && at >= o.AnnouncementUntil {
		return ""
	}
	return o.Announcement
}

// Wire is the `organization` of the REST API.
func (o *Org) Wire(f *wire.Fields) {
	f.Str("id", &o.ID)
	f.Str("slug", &o.Slug)
	f.Str("name", &o.Name)
	f.Str("description", &o.Description)
	f.Str("url", &o.URL)
	f.Str("hostname", &o.Hostname)
	f.Str("time_zone", &o.TimeZone)
	f.Str("accent", &o.Accent)
	f.Str("logo", &o.Logo)
	f.Time("created_at", &o.CreatedAt)
	f.Time("updated_at", &o.UpdatedAt)
	f.Int("version", &o.Version)
	f.Str("announcement", &o.Announcement)
	wireUntil(f, "announcement_until", &o.AnnouncementUntil)
	wireUntil(f, "hostname_proved_at", &o.HostProvedAt)
	wireUntil(f, "hostname_until", &o.HostUntil)
	weights := o.UptimeWeights()
	wire.One(f, "uptime_weights", &weights, (*status.Weights).Wire)
	if f.Reading() {
		o.Weights = weights
	}
	o.Style.wire(f)
	wire.One(f, "access", &o.Access, (*Access).Wire)
}

// wireUntil writes a moment that is null when there is none.
func wireUntil(f *wire.Fields, key string, t *status.Time) {
	var until *status.Time
	if *t != 0 {
		until = t
	}
	f.NullTime(key, &until)
	if f.Reading() && until != nil {
		*t = *until
	}
}

func orgGrowth(old, next *Org) int64 {
	return growth(old.Description, next.Description) + growth(old.Announcement, next.Announcement) +
		next.Style.size() - old.Style.size()
}
