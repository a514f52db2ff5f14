package web

import (
	"html/template"
	"unicode"
	"unicode/utf8"

	"statuspage/server/visit"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// head is what every page of an organisation has around it.
type head struct {
	Org       page.Org
	Path      string // where its addresses begin
	Title     string
	About     string
	Initial   string
	Logo      picture              // in place of the initial
	State     status.ServiceStatus // of the whole, for the icon
	Theme     string               // address of the accent's stylesheet, or ""
	At        status.Time          // when this was written
	Subscribe bool
	Index     bool // search engines may keep it
}

func (s *site) head(v *visit.Visit, title string) head {
	org := v.State.Org
	indicator, about := summary(&v.State)
	return head{
		Org: org, Path: v.Path, Title: title, About: about, Initial: initial(org.Name), Logo: logoOf(&org, v.Path), State: mood(indicator), Theme: themePath(v),
		At: s.now(), Subscribe: s.Subscribe, Index: true,
	}
}

// Home is the address of the page itself.
func (h head) Home() string {
	if h.Path == "" {
		return "/"
	}
	return h.Path
}

// Clock is when this was written.
func (h head) Clock() template.HTML { return stamp("clock", h.At) }

// picture is an image that takes its room before it is there.
type picture struct {
	Path          string // "" is none
	Width, Height int64  // CSS pixels
}

func logoOf(org *page.Org, path string) picture {
	w, h := org.LogoSize(160, 32)
	if w == 0 {
		return picture{}
	}
	return picture{path + "/logo/" + org.Logo, w, h}
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
	worst := status.Operational
	for i := range services {
		if rank(services[i].Status) > rank(worst) {
			worst = services[i].Status
		}
	}
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
