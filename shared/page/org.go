package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Create is the first event of a new page. at is its time of birth.
func Create(id, slug, name string, at status.Time) (Event, *fault.Error) {
	org := Org{ID: id, Slug: slug, Name: name, TimeZone: "UTC", CreatedAt: at, UpdatedAt: at, Version: 1, Weights: status.DefaultWeights}
	if err := org.check(); err != nil {
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
	c.That(o.URL == "" || prefixed(o.URL, "https://") || prefixed(o.URL, "http://"), "url", "url must start with https:// or http://.")
	c.That(o.Hostname == "" || validHost(o.Hostname), "hostname", "hostname must be a host name such as status.example.com.")
	c.That(validZone(o.TimeZone), "time_zone", "time_zone must be a name such as Europe/Paris.")
	c.That(o.Accent == "" || validColour(o.Accent), "accent", "accent must be a colour such as #0a66c2.")
	_, _, named := logoSize(o.Logo)
	c.That(o.Logo == "" || named, "logo", "logo must name a picture that was put at organization/logo.")
	c.Text("announcement", o.Announcement, status.BodyMax, false)
	o.Weights.Check(&c)
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
	edit(&next.Hostname, c.Hostname)
	edit(&next.TimeZone, c.TimeZone)
	edit(&next.Accent, c.Accent)
	edit(&next.Logo, c.Logo)
	if edit(&next.Announcement, c.Announcement) {
		next.AnnouncementUntil = 0
	}
	edit(&next.AnnouncementUntil, c.AnnouncementUntil)
	next.Weights = next.UptimeWeights()
	edit(&next.Weights, c.Weights)
	if err := next.check(); err != nil {
		return err
	}
	was := d.state.Org
	was.Weights = was.UptimeWeights()
	if next == was {
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

// LogoSize is how large the logo is when it is made to fit; 0, 0 when there is none.
func (o *Org) LogoSize(mostWidth, mostHeight int64) (width, height int64) {
	w, h, ok := logoSize(o.Logo)
	switch {
	case !ok:
		return 0, 0
	case w*mostHeight > mostWidth*h:
		return mostWidth, max(h*mostWidth/w, 1)
	}
	return max(w*mostHeight/h, 1), mostHeight
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

func validZone(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '/' && c != '_' && c != '-' && c != '+' {
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
