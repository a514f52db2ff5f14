package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// AccessKinds are who may see a page, the usual one first. CONTRACT 8.
var AccessKinds = []string{"public", "password", "members", "email", "networks"}

// Access is who may see the page. The log has its kind and the id of its details, which the log's readers may not know.
type Access struct {
	Kind string // "" is public
	ID   string // of the details; "" where it is public and not Divided
	// Divided says that some services are, or were, for some audiences alone: everybody but members sees a view. It
	// stays, since what was said of a service outlives the service.
	Divided bool

	// The details, which only the server puts in, for those who may know. They are in no event.
	Domains, Emails, Networks []string
	FeedKey                   string
	Audiences                 []Audience
}

// Audience is some readers of the page, who alone see the services that are for them, beside what everybody sees.
type Audience struct {
	ID, Name string
	Access   Access // who belongs to it; its Kind is never public
}

func (a *Audience) wire(f *wire.Fields) {
	f.Str("id", &a.ID)
	f.Str("name", &a.Name)
	f.Str("kind", &a.Access.Kind)
	a.Access.wireDetails(f)
}

// Wire is the `access` of the REST API.
func (a *Access) Wire(f *wire.Fields) {
	word(f, "kind", &a.Kind, AccessKinds)
	if f.Reading() || a.ID != "" {
		f.Str("id", &a.ID)
	}
	if f.Reading() || a.Divided {
		f.Bool("divided", &a.Divided)
	}
	a.wireDetails(f)
	wire.OptList(f, "audiences", &a.Audiences, (*Audience).wire)
}

func (a *Access) wireDetails(f *wire.Fields) {
	someStrings(f, "domains", &a.Domains)
	someStrings(f, "emails", &a.Emails)
	someStrings(f, "networks", &a.Networks)
	if f.Reading() || a.FeedKey != "" {
		f.Str("feed_key", &a.FeedKey)
	}
}

func someStrings(f *wire.Fields, key string, list *[]string) {
	if f.Reading() || *list != nil {
		f.Strings(key, list)
	}
}

// Public says that everybody may see the page.
func (a *Access) Public() bool { return a.Kind == "" }

// EditAccess says who may see the page from now on. Details that are left out stay as they are.
type EditAccess struct {
	Kind     string
	ID       string // of the details, which the server has written down: what callers say of it is passed over
	Password *string
	Domains  []string // of e-mail addresses
	Emails   []string
	Networks []string // CIDRs
	SignOut  bool     // whoever was let in must show again that they may
	NewFeed  bool     // the secret addresses of feeds and calendars change
	FeedKey  string   // passed over, so that what was read may be sent back
	Divided  bool     // from now on some services are for some audiences alone; only the server says so

	Audiences []EditAudience // all that there are from now on; nil leaves them as they are
}

// EditAudience is an audience as it is from now on: one that is there, by its id, or a new one without.
type EditAudience struct {
	ID, Name string
	Access   EditAccess
}

func (a *EditAudience) wire(f *wire.Fields) {
	f.Str("id", &a.ID)
	f.Str("name", &a.Name)
	f.Str("kind", &a.Access.Kind)
	a.Access.wireDetails(f)
}

// Wire is the `access` of PATCH organization.
func (a *EditAccess) Wire(f *wire.Fields) {
	f.Str("kind", &a.Kind)
	f.Str("id", &a.ID)
	if f.Reading() {
		passed := false
		f.Bool("divided", &passed)
	}
	a.wireDetails(f)
	wire.OptList(f, "audiences", &a.Audiences, (*EditAudience).wire)
}

func (a *EditAccess) wireDetails(f *wire.Fields) {
	f.OptStr("password", &a.Password)
	someStrings(f, "domains", &a.Domains)
	someStrings(f, "emails", &a.Emails)
	someStrings(f, "networks", &a.Networks)
	f.Bool("sign_out", &a.SignOut)
	f.Bool("new_feed", &a.NewFeed)
	if f.Reading() || a.FeedKey != "" {
		f.Str("feed_key", &a.FeedKey)
	}
}

func (a *EditAccess) apply(to *Access) *fault.Error {
	if a.Kind != AccessKinds[0] && among(a.Kind, AccessKinds) && a.ID == "" {
		return fault.OnField("access", "Who may see the page is set on the server, while it can be reached.")
	}
	if !among(a.Kind, AccessKinds) {
		return fault.OnField("access.kind", "access.kind must be one of public, password, members, email or networks.")
	}
	*to = Access{Divided: to.Divided || a.Divided}
	if a.Kind != AccessKinds[0] {
		to.Kind = a.Kind
	}
	if to.Kind != "" || to.Divided {
		to.ID = a.ID
	}
	return nil
}
