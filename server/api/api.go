// Package api is the REST interface: CONTRACT.md, section 3. A handler parses, asks, answers; what may change is decided in shared/,
// and written by the desk.
package api

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/desk"
	"statuspage/server/region"
	"statuspage/server/relay"
	"statuspage/server/store"
)

// Server answers the API.
type Server struct {
	DB       *store.DB
	Desk     *desk.Desk
	Relay    *relay.Relay
	Verifier *auth.Verifier
	Tickets  *auth.Tickets
	Local    *auth.Local  // nil with an external issuer
	Client   *auth.Client // of an external issuer whose own pages sign people in; else nil
	Region   *region.Region
	Limits   *Limits
	BaseURL  string // of absolute links; "" takes each request's own
	Mails    bool   // mail leaves this machine; else it is written to the log
	Kick     func(orgID, userID string)
	// KeyUsed hears of each use of a key. Where the request can be brought to the primary, true says that it should be, to be heard of there.
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
	Read   Access = "read"   // members, admins, keys that may read
	Write  Access = "write"  // admins, keys that may write
)

// Route is one line of the interface.
type Route struct {
	Method, Path string
	Access       Access
	handle       func(*call) error
}

// Routes is the whole interface, as the OpenAPI document and the tests of access read it.
func Routes() []Route {
	return []Route{
		{"GET", "/api/v1/services", Read, listServices},
		{"POST", "/api/v1/services", Write, createService},
		{"GET", "/api/v1/services/:id", Read, getService},
		{"PATCH", "/api/v1/services/:id", Write, editService},
		{"DELETE", "/api/v1/services/:id", Write, deleteService},

		{"GET", "/api/v1/incidents", Read, listIncidents},
		{"POST", "/api/v1/incidents", Write, openIncident},
		{"GET", "/api/v1/incidents/:id", Read, getIncident},
		{"PATCH", "/api/v1/incidents/:id", Write, editIncident},
		{"DELETE", "/api/v1/incidents/:id", Write, deleteIncident},
		{"GET", "/api/v1/incidents/:id/updates", Read, listUpdates},
		{"POST", "/api/v1/incidents/:id/updates", Write, addUpdate},
		{"PATCH", "/api/v1/incidents/:id/updates/:update", Write, correctUpdate},

		{"GET", "/api/v1/templates", Read, listTemplates},
		{"POST", "/api/v1/templates", Write, createTemplate},
		{"GET", "/api/v1/templates/:id", Read, getTemplate},
		{"PATCH", "/api/v1/templates/:id", Write, editTemplate},
		{"DELETE", "/api/v1/templates/:id", Write, deleteTemplate},

		{"GET", "/api/v1/maintenances", Read, listMaintenances},
		{"POST", "/api/v1/maintenances", Write, planMaintenance},
		{"GET", "/api/v1/maintenances/:id", Read, getMaintenance},
		{"PATCH", "/api/v1/maintenances/:id", Write, editMaintenance},
		{"DELETE", "/api/v1/maintenances/:id", Write, deleteMaintenance},

		{"GET", "/api/v1/recurring-maintenances", Read, listSeries},
		{"POST", "/api/v1/recurring-maintenances", Write, createSeries},
		{"GET", "/api/v1/recurring-maintenances/:id", Read, getSeries},
		{"PATCH", "/api/v1/recurring-maintenances/:id", Write, editSeries},
		{"DELETE", "/api/v1/recurring-maintenances/:id", Write, deleteSeries},

		{"GET", "/api/v1/organization", Read, getOrganization},
		{"PATCH", "/api/v1/organization", Write, editOrganization},
		{"PUT", "/api/v1/organization/logo", Write, putLogo},
		{"DELETE", "/api/v1/organization/logo", Write, removeLogo},
		{"GET", "/api/v1/members", Read, listMembers},
		{"POST", "/api/v1/members", Write, addMember},
		{"PATCH", "/api/v1/members/:id", Write, editMember},
		{"DELETE", "/api/v1/members/:id", Write, removeMember},
		{"POST", "/api/v1/members/:id/invitation", Write, inviteMember},
		{"GET", "/api/v1/users/me", Self, me},
		{"GET", "/api/v1/organizations", Self, listOrganizations},
		{"GET", "/api/v1/api-keys", Read, listKeys},
		{"POST", "/api/v1/api-keys", Write, createKey},
		{"DELETE", "/api/v1/api-keys/:id", Write, revokeKey},
		{"GET", "/api/v1/audit-log", Read, listAudit},
		{"GET", "/api/v1/snapshot", Read, snapshot},

		{"GET", "/api/v1/subscribers", Read, listSubscribers},
		{"POST", "/api/v1/subscribers", Write, addSubscriber},
		{"GET", "/api/v1/subscribers/:id", Read, getSubscriber},
		{"PATCH", "/api/v1/subscribers/:id", Write, editSubscriber},
		{"DELETE", "/api/v1/subscribers/:id", Write, removeSubscriber},
		{"GET", "/api/v1/deliveries", Read, listDeliveries},
		{"POST", "/api/v1/deliveries/retry", Write, retryDeliveries},
		{"POST", "/api/v1/deliveries/:id/retry", Write, retryDelivery},

		{"POST", "/api/v1/auth/login", Open, login},
		{"POST", "/api/v1/auth/refresh", Open, refresh},
		{"POST", "/api/v1/auth/logout", Open, logout},
		{"POST", "/api/v1/auth/setup", Open, setup},
		{"POST", "/api/v1/auth/accept", Open, accept},
		{"POST", "/api/v1/auth/forgot", Open, forgot},
		{"POST", ticketPath, Read, ticket},
		{"POST", "/api/v1/webhooks/clerk", Public, clerk},

		{"GET", "/.well-known/jwks.json", Public, jwks},
		{"GET", "/api/openapi.json", Public, openapi},
		{"GET", "/api/docs", Public, docs},

		{"GET", "/api/v1/public/:slug/services", Public, publicServices},
		{"GET", "/api/v1/public/:slug/incidents", Public, publicIncidents},
		{"GET", "/api/v1/public/:slug/maintenances", Public, publicMaintenances},
		{"GET", "/api/v1/public/:slug/status", Public, publicStatus},
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
	return r.handle(call)
}
