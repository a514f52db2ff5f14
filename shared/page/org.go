package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// EditPage changes how the organisation appears.
type EditPage struct {
	Version     *int64
	Name        *string
	Description *string
	URL         *string
	Hostname    *string
	TimeZone    *string
	Accent      *string
	Logo        *string // "" takes it off

	Announcement      *string      // "" takes it off; a new one stays until it is taken off, unless it says until when
	AnnouncementUntil *status.Time // in the future
	Weights           *status.Weights

	Style  EditStyle
	Access *EditAccess
}

func (*EditPage) Kind() string { return "edit_page" }

func (c *EditPage) texts(each func(field string, text *string)) {
	each("description", c.Description)
	each("announcement", c.Announcement)
}

func (c *EditPage) parts() Parts {
	return Parts{of: c, Version: &c.Version}
}

// Wire is the body of PATCH organization.
func (c *EditPage) Wire(f *wire.Fields) {
	f.OptInt("version", &c.Version)
	f.OptStr("name", &c.Name)
	f.OptStr("description", &c.Description)
	f.OptStr("url", &c.URL)
	f.OptStr("hostname", &c.Hostname)
	f.OptStr("time_zone", &c.TimeZone)
	f.OptStr("accent", &c.Accent)
	f.OptStr("logo", &c.Logo)
	f.OptStr("announcement", &c.Announcement)
	f.OptTime("announcement_until", &c.AnnouncementUntil)
	wire.Opt(f, "uptime_weights", &c.Weights, (*status.Weights).Wire)
	c.Style.wire(f)
	wire.Opt(f, "access", &c.Access, (*EditAccess).Wire)
}

// ProveHost says that the page's host name was proved to be its organisation's, or that it is not any more. Only the
// server gives it, after it has looked.
type ProveHost struct {
	Hostname string
	Proved   bool
}

// Kind names it.
func (*ProveHost) Kind() string { return "prove_host" }

func (c *ProveHost) parts() Parts {
	return Parts{of: c}
}

// Wire is how a queue would keep it; no route takes it.
func (c *ProveHost) Wire(f *wire.Fields) {
	f.Str("hostname", &c.Hostname)
	f.Bool("proved", &c.Proved)
}

// Create is the first event of a new page. at is its time of birth.
func Create(id, slug, name string, at status.Time) (Event, *fault.Error) {
	org := Org{ID: id, Slug: slug, Name: name, TimeZone: "UTC", CreatedAt: at, UpdatedAt: at, Version: 1,
		Weights: status.DefaultWeights}
	if err := joined(org.check(), visible("name", org.Name, "")); err != nil {
		return Event{}, err
	}
	return Event{Seq: 1, Type: PageCreated, At: at, Org: &org}, nil
}

func (o *Org) check() *fault.Error {
	var c status.Checks
	c.ID("id", o.ID)
	c.That(ValidSlug(o.Slug), "slug", "slug must be 1 to 63 of a-z, 0-9 and hyphens, not at its ends.")
	c.Line("name", o.Name, status.TitleMax, true)
	c.Text("description", o.Description, status.BodyMax, false)
	c.Line("url", o.URL, 2000, false)
	c.That(o.URL == "" || prefixed(o.URL, "https://") || prefixed(o.URL, "http://"), "url",
		"url must start with https:// or http://.")
	c.That(o.Hostname == "" || validHost(o.Hostname), "hostname", "hostname must be a host name such as "+
		"status.example.com.")
	c.That(validZone(o.TimeZone), "time_zone", "time_zone must be a name such as Europe/Paris.")
	c.That(o.Accent == "" || validColour(o.Accent), "accent", "accent must be a colour such as #0a66c2.")
	_, _, named := logoSize(o.Logo)
	c.That(o.Logo == "" || named, "logo", "logo must name a picture that was put at organization/logo.")
	c.Text("announcement", o.Announcement, status.BodyMax, false)
	o.Weights.Check(&c)
	o.Style.check(&c)
	return c.Err()
}

func (c *EditPage) decide(d *draft) *fault.Error {
	if err := stale("organization", c.Version, d.state.Org.Version, &d.state.Org); err != nil {
		return err
	}
	next := d.state.Org
	edit(&next.Name, c.Name)
	edit(&next.Description, c.Description)
	edit(&next.URL, c.URL)
	if edit(&next.Hostname, c.Hostname) && next.Hostname != d.state.Org.Hostname {
		next.HostProvedAt, next.HostUntil = 0, 0
		if validHost(next.Hostname) && endsInNumber(next.Hostname) {
			return fault.OnField("hostname", "hostname must be a name, not an address.")
		}
	}
	edit(&next.TimeZone, c.TimeZone)
	edit(&next.Accent, c.Accent)
	edit(&next.Logo, c.Logo)
	if edit(&next.Announcement, c.Announcement) {
		next.AnnouncementUntil = 0
	}
	edit(&next.AnnouncementUntil, c.AnnouncementUntil)
	next.Weights = next.UptimeWeights()
	edit(&next.Weights, c.Weights)
	c.Style.apply(&next.Style)
	if c.Access != nil {
		if err := c.Access.apply(&next.Access); err != nil {
			return err
		}
	}
	if err := joined(next.check(), visible("name", next.Name, d.state.Org.Name)); err != nil {
		return err
	}
	was := d.state.Org
	was.Weights = was.UptimeWeights()
	if sameOrg(&next, &was) {
		return nil
	}
	if c.AnnouncementUntil != nil && next.AnnouncementUntil <= d.at {
		return fault.OnField("announcement_until", "The announcement must end in the future.")
	}
	if next.Announcement == "" && next.AnnouncementUntil != 0 {
		return fault.OnField("announcement_until", "There is no announcement that could end.")
	}
	next.Version++
	next.UpdatedAt = d.at
	d.emit(Event{Type: PageChanged, Org: &next})
	return nil
}

func sameOrg(a, b *Org) bool { return string(wire.Marshal(a)) == string(wire.Marshal(b)) }

func (c *ProveHost) decide(d *draft) *fault.Error {
	next := d.state.Org
	if c.Hostname == "" || c.Hostname != next.Hostname {
		return fault.New(fault.Conflict, "%s is not the host name of this page any more.", c.Hostname)
	}
	switch {
	case c.Proved && next.HostProvedAt == 0:
		next.HostProvedAt, next.HostUntil = d.at, 0
	case !c.Proved && next.OwnHost() != "":
		next.HostProvedAt, next.HostUntil = 0, 0
	default:
		return nil
	}
	next.Version++
	next.UpdatedAt = d.at
	d.emit(Event{Type: PageChanged, Org: &next})
	return nil
}

// LogoSize is how large the logo is when it is made to fit; 0, 0 when there is none.
func (o *Org) LogoSize(maxWidth, maxHeight int64) (width, height int64) {
	w, h, ok := logoSize(o.Logo)
	switch {
	case !ok:
		return 0, 0
	case w*maxHeight > maxWidth*h:
		return maxWidth, max(h*maxWidth/w, 1)
	}
	return max(w*maxHeight/h, 1), maxHeight
}

// logoSize reads width and height, in pixels, from a logo's name: 24 hexadecimal digits, -320x80 and .png or .jpg.
func logoSize(s string) (width, height int64, ok bool) {
	if len(s) < 24+len("-1x1.png") || len(s) > 64 || s[24] != '-' || s[len(s)-4:] != ".png" && s[len(s)-4:] != ".jpg" {
		return 0, 0, false
	}
	for i := 0; i < 24; i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return 0, 0, false
		}
	}
	size := s[25 : len(s)-4]
	for i := 0; i < len(size); i++ {
		if size[i] == 'x' {
			w, well := wire.Atoi(size[:i])
			h, wells := wire.Atoi(size[i+1:])
			return w, h, well && wells && w > 0 && h > 0
		}
	}
	return 0, 0, false
}

// Slug is the slug that an address means: letters of either case are one, as in a host name. Not ok is no slug.
func Slug(text string) (slug string, ok bool) {
	if len(text) > MaxSlug {
		return "", false
	}
	folded := []byte(text)
	for i, c := range folded {
		if c >= 'A' && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	slug = string(folded)
	return slug, ValidSlug(slug)
}

// ValidSlug says whether s may stand in a page's address: a DNS label.
func ValidSlug(s string) bool {
	if len(s) == 0 || len(s) > MaxSlug || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// validHost takes two or more labels.
func validHost(s string) bool {
	labels, from := 0, 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			if !ValidSlug(s[from:i]) {
				return false
			}
			labels, from = labels+1, i+1
		}
	}
	return labels >= 2 && len(s) <= 253
}

// endsInNumber says whether browsers take the name for an IPv4 address (WHATWG URL, "ends in a number").
func endsInNumber(s string) bool {
	last := s
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '.' {
			last = s[i+1:]
			break
		}
	}
	if prefixed(last, "0x") {
		last = last[2:]
		for i := 0; i < len(last); i++ {
			if c := last[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
		return true
	}
	for i := 0; i < len(last); i++ {
		if last[i] < '0' || last[i] > '9' {
			return last == "0x"
		}
	}
	return true
}

func validZone(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '/' && c != '_' && c != '-' &&
			c != '+' {
			return false
		}
	}
	return s[0] != '/'
}

func validColour(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	for i := 1; i < 7; i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

func prefixed(s, prefix string) bool { return len(s) > len(prefix) && s[:len(prefix)] == prefix }

// org puts in all words of it; whoever adds a text adds it here.
func (r rewriter) org(o, now *Org) {
	r.text(&o.Name, now.Name)
	r.text(&o.Description, now.Description)
	r.text(&o.URL, now.URL)
	r.text(&o.Hostname, now.Hostname)
	r.text(&o.Logo, now.Logo)
	r.style(&o.Style, &now.Style)
	if r.text(&o.Announcement, now.Announcement); o.Announcement == "" {
		o.AnnouncementUntil = 0
	}
}
