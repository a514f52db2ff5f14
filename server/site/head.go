package site

import (
	"html/template"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"statuspage/server/lang"
	"statuspage/server/site/visit"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// head is what every page of an organisation has around it.
type head struct {
	Org       page.Org
	Path      string // where its addresses begin
	Feeds     string // where its feeds' addresses begin
	Title     string
	About     string
	Kind      string      // of Open Graph
	Canonical string      // its absolute address; "" where that is each request's own
	Picture   string      // absolute address of the picture beside a link; "" where Canonical is
	Linked    template.JS // what programs read of it, or ""
	Initial   string
	Logo      picture              // in place of the initial
	State     status.ServiceStatus // of the whole, for the icon
	Theme     string               // address of the accent's stylesheet, or ""
	Custom    string               // address of the organisation's own stylesheet, or ""
	At        status.Time          // when this was written
	Zone      clock                // of its times and days, until the script knows the visitor's
	Subscribe bool
	Offer     string  // what follows the address of the form to subscribe: what it is about, or ""
	NoMail    bool    // but not by mail
	Index     bool    // search engines may keep it
	In        lang.In // the language that it is written in
	Query     string  // what its address asks for beside the language: "month=2026-11&", or ""
}

// head is that of a page whose title begins with some words, which are in the language already.
func (s *site) head(v *visit.Visit, title string) head {
	org, in := v.State.Org, v.Language()
	indicator, about := summary(&v.State)
	about = in.Say(about)
	picture := s.pictured(v, "")
	return head{
		In: in, Picture: picture, Org: org, Path: v.Path, Feeds: v.Path,
		Title: title + " – " + siteName(in, &org), About: about, Kind: "website",
		Canonical: s.address(v, ""), Initial: initial(org.Name), Logo: logoOf(&org, v.Path),
		State: mood(indicator), Theme: themePath(v), Custom: ownStylesheet(v),
		At: s.now(), Zone: clockOf(&org), Subscribe: s.Subscribe, NoMail: s.NoMail, Index: true,
	}
}

// address is where something of a page is, for search engines and on paper: one for everybody, so that documents that
// say it can be kept.
func (s *site) address(v *visit.Visit, path string) string {
	if v.Path != "" && s.BaseURL == "" {
		return ""
	}
	return v.Home() + path
}

// pictured is the address of the picture beside a link to something of a page, in the language of the link.
func (s *site) pictured(v *visit.Visit, path string) string {
	path += "/share.png?" + strconv.FormatInt(v.State.Seq, 10)
	if in := string(v.Language()); in != (head{Org: v.State.Org}).First() {
		path += "&lang=" + in
	}
	return s.address(v, path)
}

// Home is the address of the page itself.
func (h head) Home() string {
	if h.Path == "" {
		return "/"
	}
	return h.Path
}

// Reporting says that the page takes reports of problems.
func (h head) Reporting() bool { return reportsTo(&h.Org) != "" }

// Clock is when this was written.
func (h head) Clock() template.HTML { return h.Zone.Stamp("clock", h.At) }

// picture is an image that takes its room before it is there.
type picture struct {
	Path          string // "" is none
	Dark          string // on dark grounds, where that is another one; "" is none
	Width, Height int64  // CSS pixels
}

// logoOf is the logo that stands on the page: where the page is always dark, the one for dark grounds.
func logoOf(org *page.Org, path string) picture {
	dark := org.Style.LogoDark
	if org.Style.Theme == "dark" && dark != "" {
		org.Logo, dark = dark, ""
	}
	w, h := org.LogoSize(160, 32)
	if w == 0 {
		return picture{}
	}
	p := picture{Path: path + "/logo/" + org.Logo, Width: w, Height: h}
	if dark != "" && org.Style.Theme == "" {
		p.Dark = path + "/logo/" + dark
	}
	return p
}

// attributes of the root element.
func (h head) attributes() string {
	out := ` lang="en"`
	for _, a := range []struct{ name, word string }{{"theme", h.Org.Style.Theme}, {"look", h.Org.Style.Look},
		{"density", h.Org.Style.Density}} {
		if a.word != "" {
			out += ` data-` + a.name + `="` + template.HTMLEscapeString(a.word) + `"`
		}
	}
	return out
}

// siteName is what an organisation's page is called.
func siteName(in lang.In, org *page.Org) string { return in.Say("{name} Status", "name", org.Name) }

// Site is what the page is called.
func (h head) Site() string { return siteName(h.In, &h.Org) }

// choice is a language that the page can be read in.
type choice struct{ Tag, Name string }

// First is the language of those who ask for none.
func (h head) First() string {
	if h.Org.Style.Language == "" {
		return lang.English
	}
	return h.Org.Style.Language
}

// Own is the page's address in the language that it is written in, and Other in another one.
func (h head) Own() string {
	if string(h.In) == h.First() {
		return h.Canonical
	}
	return h.Other(string(h.In))
}

// Here is where the same page is in another language, from the page itself.
func (h head) Here(tag string) string { return "?" + h.Query + "lang=" + tag }

// Other is the page's address in a language.
func (h head) Other(tag string) string {
	if strings.Contains(h.Canonical, "?") {
		return h.Canonical + "&lang=" + tag
	}
	return h.Canonical + "?lang=" + tag
}

// Choices are the languages of the page.
func (h head) Choices() (out []choice) {
	may := h.Org.Style.Languages
	if len(may) == 0 {
		may = page.Languages
	}
	for _, tag := range may {
		out = append(out, choice{tag, lang.Names[tag]})
	}
	return out
}

// Links are those that stand at a place of the page.
func (h head) Links(place string) (out []page.Link) {
	for _, l := range h.Org.Style.Links {
		if l.Place == place {
			out = append(out, l)
		}
	}
	return out
}

// initial is the first letter or digit of a name, which stands for a logo.
func initial(name string) string {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	r, _ := utf8.DecodeRuneInString(name)
	return string(r)
}

// summary is the page's indicator and its words; a page without services claims nothing.
func summary(s *page.State) (status.Indicator, string) {
	if len(s.Services) == 0 {
		return "", "Nothing to report yet"
	}
	return status.RollUp(s.Services)
}

// mood is the service state whose colour and icon an indicator has; "" is no state.
func mood(i status.Indicator) status.ServiceStatus {
	switch i {
	case status.None:
		return status.Operational
	case status.Minor:
		return status.Degraded
	case status.MajorImpact:
		return status.Partial
	case status.Critical:
		return status.Major
	case status.Maintained:
		return status.UnderMaintenance
	}
	return ""
}

// impactMood is the same for an incident.
func impactMood(i status.Impact) status.ServiceStatus {
	switch i {
	case status.ImpactMinor:
		return status.Degraded
	case status.ImpactMajor:
		return status.Partial
	case status.ImpactCritical:
		return status.Major
	}
	return status.Operational
}

// since is when the page came into its present state: its worst services', or, when all is well, the last recovery.
func since(services []status.Service) (status.Time, bool) {
	worst := worstOf(services)
	var at status.Time
	for i := range services {
		svc := &services[i]
		switch {
		case svc.Status != worst:
		case worst != status.Operational:
			if at == 0 || svc.Since < at {
				at = svc.Since
			}
		case svc.Since > svc.CreatedAt && svc.Since > at:
			at = svc.Since
		}
	}
	return at, at != 0
}

// worstOf is the worst state of any service; "" without one.
func worstOf(services []status.Service) (worst status.ServiceStatus) {
	for i := range services {
		if s := services[i].Status; worst == "" || rank(s) > rank(worst) {
			worst = s
		}
	}
	return worst
}

// rank orders states from well to worst, maintenance before trouble.
func rank(s status.ServiceStatus) int {
	switch s {
	case status.UnderMaintenance:
		return 1
	case status.Degraded:
		return 2
	case status.Partial:
		return 3
	case status.Major:
		return 4
	}
	return 0
}
