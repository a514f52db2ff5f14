// Package api is the REST interface: CONTRACT 3. A handler parses, asks, answers; what may change is decided in
// shared/, and written by the use cases.
package api

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/region"
	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/page"
)

// Server answers the API.
type Server struct {
	DB       *store.DB
	UseCases *usecase.UseCases
	Relay    *relay.Relay
	Verifier *auth.Verifier
	Tickets  *auth.Tickets
	Devices  *auth.Devices
	Local    *auth.Local  // nil with an external issuer
	Client   *auth.Client // of an external issuer whose own pages sign people in; else nil
	Region   *region.Region
	Limits   *Limits
	BaseURL  string // of absolute links; "" takes each request's own
	Mails    bool   // mail leaves this machine; else it is written to the log
	Letters  bool   // letters about accounts go somewhere: by mail, or into a file of the operator's
	Mailing  Mailing
	// Gate is what somebody may see of a page, all of it or a view; it refuses whoever may not see it.
	Gate     func(*fiber.Ctx, *relay.Page) (*relay.Page, error)
	Monitors Monitors
	Kick     func(orgID, userID string)
	Now      func() time.Time
	// KeyUsed hears of each use of a key. Where the request can be brought to the primary, true says that it should be,
	// to be heard of there.
	KeyUsed func(key auth.Principal, brings bool) bool
	// Webhooks reads an external issuer's messages; nil when it sends none. Issuer is its name.
	Webhooks *auth.Webhooks
	Issuer   string
}

// Access is who may call a route.
type Access string

const (
	Public Access = "public" // anybody, at PUBLIC_RATE
	Open   Access = "open"   // anybody, at the stricter rate of logins
	Self   Access = "self"   // whoever is signed in, with an organisation or without one
	Read   Access = "read"   // the page: members, admins, keys of any scope
	Inside Access = "inside" // people, keys, the audit log: members, admins, keys that may read all that members do
	Write  Access = "write"  // the page: admins, keys that may write
	Admin  Access = "admin"  // people, keys and settings: admins, keys that may administer
)

// Route is one line of the interface.
type Route struct {
	Method, Path string
	Access       Access
	handle       func(*call) error
}

// Routes is the whole interface, as the OpenAPI document and the tests of access read it.
func Routes() []Route {
	return slices.Concat(commandRoutes(), nounRoutes(), noteRoutes(), reportRoutes(), draftRoutes(), ownRoutes(),
		monitorRoutes(), destinationRoutes())
}

// reads are the routes that show each kind of object of the page, registered by the kind's own file.
var reads = map[page.Noun][]Route{}

func nounRoutes() (all []Route) {
	for _, noun := range page.Nouns() {
		all = append(all, reads[noun]...)
	}
	return all
}

// ownRoutes are those that carry no command of the page.
func ownRoutes() []Route {
	return []Route{
		{"GET", "/api/v1/templates", Read, listTemplates},
		{"POST", "/api/v1/templates", Write, createTemplate},
		{"GET", "/api/v1/templates/:id", Read, getTemplate},
		{"PATCH", "/api/v1/templates/:id", Write, editTemplate},
		{"DELETE", "/api/v1/templates/:id", Write, deleteTemplate},

		{"GET", "/api/v1/recurring-maintenances", Read, listSeries},
		{"POST", "/api/v1/recurring-maintenances", Write, createSeries},
		{"GET", "/api/v1/recurring-maintenances/:id", Read, getSeries},
		{"PATCH", "/api/v1/recurring-maintenances/:id", Write, editSeries},
		{"DELETE", "/api/v1/recurring-maintenances/:id", Write, deleteSeries},

		{"PUT", "/api/v1/organization/logo", Admin, putLogo(usecase.LogoPlace)},
		{"DELETE", "/api/v1/organization/logo", Admin, removeLogo(usecase.LogoPlace)},
		{"PUT", "/api/v1/organization/logo-dark", Admin, putLogo(usecase.LogoDarkPlace)},
		{"DELETE", "/api/v1/organization/logo-dark", Admin, removeLogo(usecase.LogoDarkPlace)},
		{"PUT", "/api/v1/organization/favicon", Admin, putLogo(usecase.FaviconPlace)},
		{"DELETE", "/api/v1/organization/favicon", Admin, removeLogo(usecase.FaviconPlace)},
		{"GET", "/api/v1/organization/hostname", Read, getHostname},
		{"POST", "/api/v1/organization/hostname/verify", Admin, proveHostname},
		{"POST", "/api/v1/organization/deletion", Admin, deleteOrganization},
		{"GET", "/api/v1/organization/security", Inside, getSecurity},
		{"PATCH", "/api/v1/organization/security", Admin, editSecurity},
		{"GET", "/api/v1/members", Inside, listMembers},
		{"POST", "/api/v1/members", Admin, offerMembership},
		{"PATCH", "/api/v1/members/:id", Admin, editMember},
		{"DELETE", "/api/v1/members/:id", Admin, removeMember},
		{"POST", "/api/v1/members/:id/invitation", Admin, renewOffer},
		{"GET", "/api/v1/users/me", Self, me},
		{"PATCH", "/api/v1/users/me", Self, editMe},
		{"POST", "/api/v1/users/me/password", Self, changePassword},
		{"POST", "/api/v1/users/me/address", Self, changeAddress},
		{"POST", "/api/v1/users/me/deletion", Self, deleteMe},
		{"GET", "/api/v1/users/me/sessions", Self, listSessions},
		{"DELETE", "/api/v1/users/me/sessions/:id", Self, endSession},
		{"GET", "/api/v1/users/me/organizations", Self, listOwnOrganizations},
		{"DELETE", "/api/v1/users/me/organizations/:id", Self, leaveOrganization},
		{"DELETE", "/api/v1/users/me/organizations/:id/deletion", Self, restoreOrganization},
		{"GET", "/api/v1/users/me/offers", Self, listOffers},
		{"POST", "/api/v1/users/me/offers/:id/accept", Self, acceptOffer},
		{"POST", "/api/v1/users/me/offers/:id/decline", Self, declineOffer},
		{"GET", "/api/v1/users/me/factors", Self, listFactors},
		{"POST", "/api/v1/users/me/factors", Self, addFactor},
		{"POST", "/api/v1/users/me/authenticator", Self, beginTOTP},
		{"POST", "/api/v1/users/me/passkey", Self, beginPasskey},
		{"DELETE", "/api/v1/users/me/factors/:id", Self, removeFactor},
		{"POST", "/api/v1/users/me/recovery-codes", Self, newRecoveryCodes},
		{"POST", "/api/v1/users/me/confirmation", Self, confirm},
		{"POST", "/api/v1/users/me/confirmation/challenge", Self, askConfirmation},
		{"GET", "/api/v1/organizations", Self, listOrganizations},
		{"GET", "/api/v1/api-keys", Inside, listKeys},
		{"POST", "/api/v1/api-keys", Admin, createKey},
		{"POST", "/api/v1/api-keys/:id/handover", Admin, handKey},
		{"DELETE", "/api/v1/api-keys/:id", Admin, revokeKey},
		{"GET", "/api/v1/audit-log", Inside, listAudit},
		{"GET", "/api/v1/snapshot", Read, snapshot},

		{"GET", "/api/v1/subscribers", Read, listSubscribers},
		{"POST", "/api/v1/subscribers", Write, addSubscriber},
		{"GET", "/api/v1/subscribers/:id", Read, getSubscriber},
		{"PATCH", "/api/v1/subscribers/:id", Write, editSubscriber},
		{"DELETE", "/api/v1/subscribers/:id", Write, removeSubscriber},
		{"GET", "/api/v1/stats", Read, getStats},
		{"GET", "/api/v1/deliveries", Read, listDeliveries},
		{"POST", "/api/v1/deliveries/retry", Write, retryDeliveries},
		{"POST", "/api/v1/deliveries/:id/retry", Write, retryDelivery},
		{"GET", "/api/v1/mail", Admin, getMail},
		{"POST", "/api/v1/mail/test", Admin, testMail},

		{"POST", "/api/v1/auth/login", Open, login},
		{"POST", "/api/v1/auth/factor", Open, showFactor},
		{"POST", "/api/v1/auth/passkey/options", Open, askPasskey},
		{"POST", "/api/v1/auth/passkey", Open, showPasskey},
		{"POST", "/api/v1/auth/refresh", Open, refresh},
		{"POST", "/api/v1/auth/logout", Open, logout},
		{"POST", "/api/v1/auth/setup", Open, setup},
		{"POST", "/api/v1/auth/link", Open, look},
		{"POST", "/api/v1/auth/accept", Open, accept},
		{"POST", "/api/v1/auth/address", Open, confirmAddress},
		{"POST", "/api/v1/auth/decline", Open, declineByLink},
		{"POST", "/api/v1/auth/forgot", Open, forgot},
		{"POST", ticketPath, Read, ticket},
		{"POST", "/api/v1/webhooks/clerk", Public, clerk},

		{"GET", "/.well-known/jwks.json", Public, jwks},
		{"GET", "/api/openapi.json", Public, openapi},
		{"GET", "/api/docs", Public, docs},

		{"GET", "/api/v1/hostnames/ask", Public, askHostname},

		{"GET", "/api/v1/public/:slug/status", Public, publicStatus},
		{"GET", "/api/v1/public/:slug/metrics", Public, publicMetrics},
		{"GET", "/api/v1/public/:slug/uptime", Public, publicUptime},
		{"GET", "/api/v1/public/:slug/summary", Public, publicSummary},
		{"POST", "/api/v1/public/:slug/subscribe", Public, subscribe},
	}
}

// Mount adds the routes to an application whose error handler is Problem. What answers GET answers HEAD.
func (s *Server) Mount(app fiber.Router) {
	for _, r := range Routes() {
		handle := func(c *fiber.Ctx) error { return s.serve(c, r) }
		app.Add(r.Method, r.Path, handle)
		if r.Method == fiber.MethodGet {
			app.Add(fiber.MethodHead, r.Path, handle)
		}
	}
	app.All("/api/*", s.other)
	app.All("/.well-known/*", s.other)
}

// budget is how long a request may take at the database.
const budget = 10 * time.Second

func (s *Server) serve(c *fiber.Ctx, r Route) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), budget)
	defer cancel()
	s.guard(c)
	call := &call{Ctx: c, Server: s, ctx: ctx}
	if err := call.admit(r.Access); err != nil {
		return err
	}
	return call.answerAll(r)
}
