package app_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"statuspage/server/auth"
	"statuspage/server/racetest"
	"statuspage/server/usecase"
)

// access is who may use a route: the classes of callers are in `verdicts`. A path's or a body's {service} and so on is
// an object of the organisation acme, made anew for every request that may change it.
type access struct {
	class string
	body  any
	ok    int // what who may is answered
}

const (
	anybody  = "anybody"  // whoever they are
	signedIn = "signedIn" // also who has chosen no organisation
	person   = "person"   // also who has chosen no organisation, and no key
	reads    = "reads"    // the page: members, and keys of any scope
	inside   = "inside"   // people, keys, the audit log: members, and keys that may read or administer
	writes   = "writes"   // the page: admins, and keys that may write
	governs  = "governs"  // people, keys, settings: admins, and keys that may administer
	notes    = "notes"    // what people tell each other: members, and keys that read and write
	leads    = "leads"    // what people are asked for: admins, and no key
	shown    = "shown"    // of the site: the API's tokens mean nothing to it
	socket   = "socket"   // has a table of its own
	nothing  = "nothing"  // is there to say that there is nothing
)

// table is every route of the router but the pages. A route that is not here fails the test, and so does one that is
// not there.
var table = map[string]access{
	"GET /api/v1/services": {reads, nil, 200}, "POST /api/v1/services": {writes, j{"name": "New"}, 201},
	"GET /api/v1/services/{service}": {reads, nil, 200}, "PATCH /api/v1/services/{service}": {writes,
		j{"description": "x"}, 200}, "DELETE /api/v1/services/{service}": {writes, nil, 204},
	"GET /api/v1/incidents": {reads, nil, 200},
	"POST /api/v1/incidents": {writes, `{"title":"Down","service":"{service}","to_state":"major_outage"}`,
		201},
	"GET /api/v1/incidents/{incident}": {reads, nil, 200}, "PATCH /api/v1/incidents/{incident}": {writes,
		j{"title": "x"}, 200}, "DELETE /api/v1/incidents/{incident}": {writes, nil, 204},
	"GET /api/v1/incidents/{incident}/updates": {reads, nil, 200}, "POST /api/v1/incidents/{incident}/updates": {writes,
		j{"body": "x"}, 201},
	"PATCH /api/v1/incidents/{incident}/updates/{update}":  {writes, j{"body": "x"}, 200},
	"DELETE /api/v1/incidents/{incident}/updates/{newest}": {writes, nil, 200},
	"GET /api/v1/incidents/{incident}/notes":               {inside, nil, 200},
	"POST /api/v1/incidents/{incident}/notes":              {notes, j{"body": "x"}, 201},
	"PATCH /api/v1/incidents/{incident}/notes/{note}":      {notes, j{"body": "x"}, 404},
	"DELETE /api/v1/incidents/{incident}/notes/{note}":     {notes, nil, 404},
	"GET /api/v1/drafts":                                   {inside, nil, 200},
	"POST /api/v1/drafts":                                  {writes, j{"command": j{"kind": "open_incident"}}, 201},
	"GET /api/v1/drafts/{draft}":                           {inside, nil, 200},
	"PATCH /api/v1/drafts/{draft}":                         {writes, j{"note": "x"}, 200},
	"DELETE /api/v1/drafts/{draft}":                        {writes, nil, 204},
	"POST /api/v1/drafts/{draft}/review":                   {writes, nil, 200},
	"POST /api/v1/drafts/{theirs}/approve":                 {leads, j{"version": 2}, 200},
	"POST /api/v1/drafts/{draft}/schedule":                 {writes, j{"due_at": time.Now().Add(99 * time.Hour)}, 200},
	"POST /api/v1/drafts/{draft}/publish":                  {writes, nil, 200},
	"GET /api/v1/reports":                                  {reads, nil, 200},
	"POST /api/v1/public/{slug}/report":                    {anybody, `{"service":"{service}"}`, 202},
	"GET /api/v1/templates":                                {reads, nil, 200},
	"POST /api/v1/templates":                               {writes, j{"name": "New"}, 201},
	"GET /api/v1/templates/{template}":                     {reads, nil, 200},
	"PATCH /api/v1/templates/{template}":                   {writes, j{"title": "x"}, 200},
	"DELETE /api/v1/templates/{template}":                  {writes, nil, 204},
	"GET /api/v1/maintenances":                             {reads, nil, 200},
	"POST /api/v1/maintenances": {writes,
		`{"title":"Work","services":["{service}"],"scheduled_for":"2036-01-01T00:00:00Z","scheduled_until":"2036-01-01T01:00:00Z"}`, 201},
	"GET /api/v1/maintenances/{window}": {reads, nil, 200}, "PATCH /api/v1/maintenances/{window}": {writes,
		j{"title": "x"}, 200}, "DELETE /api/v1/maintenances/{window}": {writes, nil, 204},
	"GET /api/v1/recurring-maintenances": {reads, nil, 200}, "POST /api/v1/recurring-maintenances": {writes,
		j{"title": "Weekly", "services": []string{"{service}"}, "rrule": "FREQ=WEEKLY;COUNT=1",
			"starts_at": "2036-01-01T00:00", "duration_minutes": 5}, 201},
	"GET /api/v1/recurring-maintenances/{series}":    {reads, nil, 200},
	"PATCH /api/v1/recurring-maintenances/{series}":  {writes, j{"title": "x"}, 200},
	"DELETE /api/v1/recurring-maintenances/{series}": {writes, nil, 204},
	"GET /api/v1/organization":                       {reads, nil, 200},
	"PATCH /api/v1/organization":                     {governs, j{"description": "x"}, 200},
	"PUT /api/v1/organization/logo":                  {governs, "no picture", 422},
	"DELETE /api/v1/organization/logo":               {governs, nil, 200},
	"PUT /api/v1/organization/logo-dark": {governs, "no picture",
		422}, "DELETE /api/v1/organization/logo-dark": {governs, nil, 200},
	"PUT /api/v1/organization/favicon": {governs, "no picture", 422}, "DELETE /api/v1/organization/favicon": {governs,
		nil, 200},
	"GET /api/v1/organization/hostname": {reads, nil, 200}, "POST /api/v1/organization/hostname/verify": {governs, nil,
		409}, "GET /api/v1/hostnames/ask": {anybody, nil, 404},
	"GET /api/v1/organizations": {signedIn, nil, 200}, "GET /api/v1/users/me": {signedIn, nil, 200},
	"GET /api/v1/snapshot": {reads, nil, 200},
	"GET /api/v1/members":  {inside, nil, 200}, "POST /api/v1/members": {governs, j{"email": "{email}"}, 201},
	"PATCH /api/v1/members/{member}":     {governs, j{"role": "admin"}, 200},
	"DELETE /api/v1/members/{member}":    {governs, nil, 204},
	"POST /api/v1/organization/deletion": {governs, j{"slug": "another"}, 422},
	"PATCH /api/v1/users/me":             {person, j{"name": "x"}, 200}, "POST /api/v1/users/me/password": {person,
		j{"password": "wrong", "new_password": "long enough to be one"}, 422},
	"POST /api/v1/users/me/address":  {person, j{"email": "{email}", "password": "wrong"}, 404},
	"POST /api/v1/users/me/deletion": {person, j{"email": "{email}", "password": "wrong"}, 422},
	"GET /api/v1/users/me/sessions":  {person, nil, 200}, "DELETE /api/v1/users/me/sessions/{none}": {person, nil, 404},
	"GET /api/v1/users/me/organizations": {person, nil, 200}, "DELETE /api/v1/users/me/organizations/{none}": {person,
		nil, 404}, "DELETE /api/v1/users/me/organizations/{none}/deletion": {person, nil, 404},
	"GET /api/v1/users/me/offers": {person, nil, 200}, "POST /api/v1/users/me/offers/{none}/accept": {person, nil, 404},
	"POST /api/v1/users/me/offers/{none}/decline": {person, nil, 404},
	"GET /api/v1/users/me/factors":                {person, nil, 200}, "POST /api/v1/users/me/factors": {person,
		j{"challenge": "x", "code": "000000"}, 403}, "DELETE /api/v1/users/me/factors/{none}": {person, nil, 403},
	"POST /api/v1/users/me/authenticator": {person, nil, 403}, "POST /api/v1/users/me/passkey": {person, nil, 403},
	"POST /api/v1/users/me/recovery-codes":         {person, nil, 403},
	"POST /api/v1/users/me/confirmation":           {person, j{"password": "wrong"}, 422},
	"POST /api/v1/users/me/confirmation/challenge": {person, nil, 201},
	"POST /api/v1/auth/factor":                     {anybody, j{"challenge": "x", "code": "000000"}, 401},
	"POST /api/v1/auth/passkey/options":            {anybody, nil, 409},
	"POST /api/v1/auth/passkey":                    {anybody, j{"challenge": "x"}, 401},
	"GET /api/v1/organization/security":            {inside, nil, 200}, "PATCH /api/v1/organization/security": {leads,
		j{"second_factor": false}, 200},
	"POST /api/v1/auth/link": {anybody, j{"token": "x"}, 403}, "POST /api/v1/auth/address": {anybody, j{"token": "x"},
		403}, "POST /api/v1/auth/decline": {anybody, j{"token": "x"}, 403},
	"GET /api/v1/api-keys": {inside, nil, 200}, "POST /api/v1/api-keys": {governs, j{"name": "New"}, 201},
	"DELETE /api/v1/api-keys/{key}":        {governs, nil, 204},
	"POST /api/v1/api-keys/{key}/handover": {governs, `{"owner":"{colleague}"}`, 200},
	"GET /api/v1/audit-log":                {inside, nil, 200},
	"GET /api/v1/subscribers":              {reads, nil, 200}, "POST /api/v1/subscribers": {writes,
		j{"email": "{email}"}, 201}, "GET /api/v1/subscribers/{subscriber}": {reads, nil, 200},
	"PATCH /api/v1/subscribers/{subscriber}":  {writes, j{"services": []string{}}, 200},
	"DELETE /api/v1/subscribers/{subscriber}": {writes, nil, 204},
	"GET /api/v1/stats":                       {reads, nil, 200}, "GET /api/v1/deliveries": {reads, nil, 200},
	"POST /api/v1/deliveries/retry": {writes, nil, 200}, "POST /api/v1/deliveries/{delivery}/retry": {writes, nil, 409},
	"GET /api/v1/mail": {governs, nil, 200}, "POST /api/v1/mail/test": {governs, nil, 200},
	"POST /api/v1/auth/login":   {anybody, j{"email": "a@b.example", "password": "wrong"}, 401},
	"POST /api/v1/auth/refresh": {anybody, nil, 403}, "POST /api/v1/auth/logout": {anybody, nil, 403},
	"POST /api/v1/auth/setup":     {anybody, j{"token": "x"}, 403},
	"POST /api/v1/auth/accept":    {anybody, j{"token": "x", "password": "long enough to be one"}, 403},
	"POST /api/v1/auth/forgot":    {anybody, j{"email": "{email}"}, 202},
	"POST /api/v1/auth/ticket":    {reads, nil, 201},
	"POST /api/v1/webhooks/clerk": {anybody, j{}, 404}, "POST /api/v1/members/{offer}/invitation": {governs, nil, 201},
	"GET /.well-known/jwks.json": {anybody, nil, 200}, "GET /api/openapi.json": {anybody, nil, 200},
	"GET /api/docs":                      {anybody, nil, 200},
	"GET /api/v1/public/{slug}/services": {anybody, nil, 200}, "GET /api/v1/public/{slug}/incidents": {anybody, nil,
		200}, "GET /api/v1/public/{slug}/maintenances": {anybody, nil, 200},
	"GET /api/v1/public/{slug}/status": {anybody, nil, 200}, "GET /api/v1/public/{slug}/uptime": {anybody, nil, 200},
	"GET /api/v1/public/{slug}/summary":    {anybody, nil, 200},
	"POST /api/v1/public/{slug}/subscribe": {anybody, j{"email": "nobody"}, 422},
	"GET /ws/status/org/{org}":             {socket, nil, 0}, "GET /ws/status/public/{slug}": {socket, nil, 0},
	"GET /api/v1/monitors":           {reads, nil, 200},
	"POST /api/v1/monitors":          {writes, j{"name": "Site", "target": "https://example.com/"}, 201},
	"GET /api/v1/monitors/{monitor}": {reads, nil, 200}, "PATCH /api/v1/monitors/{monitor}": {writes, j{"name": "x"},
		200},
	"DELETE /api/v1/monitors/{monitor}": {writes, nil, 204}, "POST /api/v1/monitors/{monitor}/test": {writes, nil, 200},
	"POST /api/v1/monitors/test":              {writes, j{"target": "http://127.0.0.1:9/"}, 200},
	"POST /api/v1/monitors/{monitor}/preview": {writes, j{"failures": 1}, 200},
	"GET /api/v1/monitors/{monitor}/results":  {reads, nil, 200}, "GET /api/v1/monitors/{monitor}/metrics": {reads, nil,
		200},
	"GET /api/v1/heartbeats/{none}": {anybody, nil, 404}, "POST /api/v1/heartbeats/{none}": {anybody, nil, 404},
	"POST /api/v1/ingest/{source}": {writes, j{"alerts": []j{}}, 200}, "GET /api/v1/proposals": {reads, nil, 200},
	"POST /api/v1/proposals/{proposal}/accept":  {writes, nil, 200},
	"POST /api/v1/proposals/{proposal}/dismiss": {writes, nil, 200},
	"GET /api/v1/public/{slug}/metrics":         {anybody, nil, 200}, "POST /internal/looks": {shown, nil, 401},
	"GET /api/v1/destinations": {inside, nil, 200},
	"POST /api/v1/destinations": {governs, j{"name": "New", "kind": "ntfy",
		"address": "ntfy://ntfy.example/topic"}, 201},
	"GET /api/v1/destinations/{destination}": {inside, nil, 200}, "PATCH /api/v1/destinations/{destination}": {governs,
		j{"name": "x"}, 200},
	"DELETE /api/v1/destinations/{destination}":    {governs, nil, 204},
	"POST /api/v1/destinations/{destination}/test": {governs, nil, 202},
	"GET /healthz": {shown, nil, 200}, "GET /readyz": {shown, nil, 200},
	// Whoever holds the link of a subscription is the subscriber.
	"POST /subscription": {shown, nil, 0}, "POST /status/{slug}/subscription": {shown, nil, 0},
	// How somebody gets in to a page that is not public.
	"POST /access": {shown, nil, 0}, "POST /status/{slug}/access": {shown, nil, 0}, "POST /access/password": {shown,
		nil, 0}, "POST /status/{slug}/access/password": {shown, nil, 0},
}

// pages is what the site shows, to anybody alike. {slug} is acme's; what stands on an organisation's own host name is
// not found here.
var pages = strings.Fields(
	`/ /login /setup /setup/slug /accept /forgot /dashboard /dashboard/* /assets/* /favicon.ico /icon.svg /robots.txt /llms.txt /embed.js /install/icon-192.png /install/icon-512.png
	/install/icon-maskable.png /install/icon.svg /manifest.webmanifest /sw.js /push.js
	/report /status/{slug} /status/{slug}/report /status/{slug}/history /status/{slug}/incidents/{incident} /status/{slug}/share.png /status/{slug}/incidents/{incident}/share.png /status/{slug}/theme.css /status/{slug}/logo/{logo} /status/{slug}/feed.atom /status/{slug}/feed.rss
	/status/{slug}/history.atom /status/{slug}/history.rss /status/{slug}/badge.svg /status/{slug}/icon.svg /status/{slug}/app.webmanifest /app.webmanifest /status/{slug}/calendar.ics /status/{slug}/shields.json
	/status/{slug}/sitemap.xml /sitemap.xml /status/{slug}/access /access /status/{slug}/embed /status/{slug}/embed.js /status/{slug}/llms.txt /status/{slug}/subscription
	/status/{slug}/services/{service} /status/{slug}/services/{service}/feed.atom /status/{slug}/services/{service}/feed.rss
	/services/{service} /services/{service}/feed.atom /services/{service}/feed.rss
	/history /incidents/{incident} /share.png /incidents/{incident}/share.png /theme.css /custom.css /logo/{logo} /feed.atom /feed.rss /history.atom /history.rss /badge.svg /calendar.ics /shields.json /embed /subscription
	/status/{slug}/api/v2/components.json /status/{slug}/api/v2/incidents.json /status/{slug}/api/v2/incidents/unresolved.json /status/{slug}/api/v2/scheduled-maintenances.json
	/status/{slug}/api/v2/scheduled-maintenances/active.json /status/{slug}/api/v2/scheduled-maintenances/upcoming.json /status/{slug}/api/v2/status.json /status/{slug}/api/v2/summary.json
	/api/v2/components.json /api/v2/incidents.json /api/v2/incidents/unresolved.json /api/v2/scheduled-maintenances.json /api/v2/scheduled-maintenances/active.json
	/api/v2/scheduled-maintenances/upcoming.json /api/v2/status.json /api/v2/summary.json`)

// verdicts is what each class answers to each caller; 0 is the row's own. Another organisation's admin finds nothing of
// acme's.
var verdicts = map[string]map[string]int{
	anybody: {"nobody": 0, "member": 0, "admin": 0, "another's admin": 0, "key that reads": 0, "key that writes": 0,
		"key that only writes": 0, "key that administers": 0,
		"key of all scopes": 0, "legacy key": 0, "expired token": 0, "another issuer": 0, "forged token": 0,
		"revoked key": 0, "expired key": 0, "removed member": 0},
	signedIn: {"nobody": 401, "member": 0, "admin": 0, "another's admin": 0, "key that reads": 0, "key that writes": 0,
		"key that only writes": 0, "key that administers": 0,
		"key of all scopes": 0, "legacy key": 0, "expired token": 401, "another issuer": 401, "forged token": 401,
		"revoked key": 401, "expired key": 401, "removed member": 403},
	person: {"nobody": 401, "member": 0, "admin": 0, "another's admin": 0, "key that reads": 403,
		"key that writes": 403, "key that only writes": 403, "key that administers": 403,
		"key of all scopes": 403, "legacy key": 403, "expired token": 401, "another issuer": 401, "forged token": 401,
		"revoked key": 401, "expired key": 401, "removed member": 403},
	reads: {"nobody": 401, "member": 0, "admin": 0, "another's admin": 404, "key that reads": 0, "key that writes": 0,
		"key that only writes": 0, "key that administers": 0,
		"key of all scopes": 0, "legacy key": 0, "expired token": 401, "another issuer": 401, "forged token": 401,
		"revoked key": 401, "expired key": 401, "removed member": 403},
	inside: {"nobody": 401, "member": 0, "admin": 0, "another's admin": 404, "key that reads": 0, "key that writes": 0,
		"key that only writes": 403, "key that administers": 0,
		"key of all scopes": 0, "legacy key": 0, "expired token": 401, "another issuer": 401, "forged token": 401,
		"revoked key": 401, "expired key": 401, "removed member": 403},
	writes: {"nobody": 401, "member": 403, "admin": 0, "another's admin": 404, "key that reads": 403,
		"key that writes": 0, "key that only writes": 0, "key that administers": 403,
		"key of all scopes": 0, "legacy key": 0, "expired token": 401, "another issuer": 401, "forged token": 401,
		"revoked key": 401, "expired key": 401, "removed member": 403},
	notes: {"nobody": 401, "member": 0, "admin": 0, "another's admin": 404, "key that reads": 403, "key that writes": 0,
		"key that only writes": 403, "key that administers": 403, "key of all scopes": 0, "legacy key": 0,
		"expired token":  401,
		"another issuer": 401, "forged token": 401, "revoked key": 401, "expired key": 401, "removed member": 403},
	leads: {"nobody": 401, "member": 403, "admin": 0, "another's admin": 404, "key that reads": 403,
		"key that writes": 403, "key that only writes": 403, "key that administers": 403,
		"key of all scopes": 403, "legacy key": 403, "expired token": 401, "another issuer": 401, "forged token": 401,
		"revoked key": 401, "expired key": 401, "removed member": 403},
	governs: {"nobody": 401, "member": 403, "admin": 0, "another's admin": 404, "key that reads": 403,
		"key that writes": 403, "key that only writes": 403, "key that administers": 0,
		"key of all scopes": 0, "legacy key": 0, "expired token": 401, "another issuer": 401, "forged token": 401,
		"revoked key": 401, "expired key": 401, "removed member": 403},
}

// callers of every kind, by the names of the verdicts.
func callers(acme *caller) map[string]*caller {
	s := acme.site
	as := func(token string) *caller { return &caller{site: s, org: acme.org, slug: acme.slug, token: token} }
	revoked, ending := acme.key("write"), acme.key("write")
	acme.do("DELETE", "/api/v1/api-keys/"+revoked.id, nil).is(204)
	s.sql(`UPDATE api_keys SET expires_at = ? WHERE id = ?`, time.Now().Add(-time.Minute).UnixMilli(), ending.id)
	removed := acme.join(auth.Admin)
	acme.do("DELETE", "/api/v1/members/"+removed.id, nil).is(204)
	legacy := acme.key("write")
	s.sql(`UPDATE api_keys SET legacy = 1 WHERE id = ?`, legacy.id)
	return map[string]*caller{"key that only writes": acme.key("write"), "key that administers": acme.key("admin"),
		"key of all scopes": acme.key("read", "write", "admin"), "legacy key": legacy, "nobody": s.nobody(),
		"member": acme.join(auth.Member), "admin": acme.join(auth.Admin), "another's admin": s.org(),
		"key that reads": acme.key("read"), "key that writes": acme.key("read", "write"),
		"expired token":  as(minted(acme, time.Now().Add(-time.Hour))),
		"another issuer": as(foreign(acme, "https://issuer.example")),
		"forged token":   as(foreign(acme, auth.LocalIssuer)), "revoked key": revoked, "expired key": ending,
		"removed member": removed}
}

// minted is a token of the built-in issuer for an admin of acme, made at another time.
func minted(acme *caller, at time.Time) string {
	acme.t.Helper()
	token, _, err := acme.app.Local.Mint(context.Background(), auth.Subject{UserID: acme.id, OrgID: acme.org,
		OrgSlug: acme.slug, Role: auth.Admin}, 0, at)
	if err != nil {
		acme.t.Fatal(err)
	}
	return token
}

// foreign is a token with all the right words, signed by somebody else.
func foreign(acme *caller, issuer string) string {
	acme.t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(acme.token, jwt.MapClaims{})
	if err != nil {
		acme.t.Fatal(err)
	}
	parsed.Claims.(jwt.MapClaims)["iss"] = issuer
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		acme.t.Fatal(err)
	}
	token, err := parsed.SignedString(key)
	if err != nil {
		acme.t.Fatal(err)
	}
	return token
}

// thing makes an object of acme and answers its id.
func thing(acme *caller, name string) string {
	acme.t.Helper()
	made := fmt.Sprintf("thing %d", common.made.Add(1))
	switch name {
	case "slug":
		return acme.slug
	case "org":
		return acme.org
	case "email":
		return strings.ReplaceAll(made, " ", "-") + "@visitors.example"
	case "service":
		return acme.service(made)
	case "incident":
		return acme.incident(made)
	case "window":
		return acme.window(made)
	case "template":
		return acme.post("/api/v1/templates", j{"name": made}).str("id")
	case "monitor":
		return acme.post("/api/v1/monitors", j{"name": made, "target": "http://127.0.0.1:9/", "paused": true}).str("id")
	case "destination":
		return acme.post("/api/v1/destinations", j{"name": made, "kind": "ntfy", "address": "ntfy://ntfy.example/t"}).
			str("id")
	case "draft":
		return acme.post("/api/v1/drafts", j{"command": j{"kind": "update_incident", "body": "x",
			"incident": acme.incident(made)}}).str("id")
	case "theirs": // a draft of somebody else's, in review
		id := acme.join(auth.Admin).post("/api/v1/drafts", j{"command": j{"kind": "open_incident"}}).str("id")
		acme.do("POST", "/api/v1/drafts/"+id+"/review", nil).is(200)
		return id
	case "source":
		return "alertmanager"
	case "proposal":
		alert := j{"fingerprint": made, "title": made, "service": acme.service(made)}
		return acme.do("POST", "/api/v1/ingest/generic?action=propose", alert).is(200).str("results.0.proposal")
	case "series":
		return acme.post("/api/v1/recurring-maintenances", j{"title": made, "services": []string{acme.service(made)},
			"rrule": "FREQ=DAILY;COUNT=1", "starts_at": "2036-01-01T00:00", "duration_minutes": 5}).str("id")
	case "member":
		m, err := acme.app.UseCases.AddMember(context.Background(), usecase.Caller{System: true}, acme.org,
			usecase.NewMember{Email: thing(acme, "email"), Role: auth.Member})
		if err != nil {
			acme.t.Fatal(err)
		}
		return m.UserID
	case "offer":
		return acme.post("/api/v1/members", j{"email": thing(acme, "email")}).str("id")
	case "none", "note":
		return "0197a1de-3c00-7000-8000-000000000001"
	case "key":
		return acme.key().id
	case "colleague":
		return acme.join(auth.Admin).id
	case "subscriber":
		return acme.post("/api/v1/subscribers", j{"email": thing(acme, "email"), "consent": true}).str("id")
	case "delivery":
		return fmt.Sprint(acme.get("/api/v1/deliveries").int("results.0.id"))
	}
	acme.t.Fatalf("nothing is named %s", name)
	return ""
}

var blank = regexp.MustCompile(`\{([a-z]+)\}`)

// filled puts ids into the blanks; an update is one of the incident before it. Where nothing will change, what was made
// before serves.
func filled(acme *caller, text string, made map[string]string) string {
	incident := ""
	return blank.ReplaceAllStringFunc(text, func(b string) string {
		if b == "{update}" {
			return acme.get("/api/v1/incidents/" + incident).str("updates.0.id")
		}
		if b == "{newest}" {
			id := uuid.Must(uuid.NewV7()).String()
			acme.post("/api/v1/incidents/"+incident+"/updates", j{"id": id, "status": "identified", "body": "x"})
			return id
		}
		name := b[1 : len(b)-1]
		id := made[name]
		if id == "" {
			id = thing(acme, name)
		}
		if made != nil {
			made[name] = id
		}
		if b == "{incident}" {
			incident = id
		}
		return id
	})
}

// foreigner says whether a request is about something of acme's that another organisation's admin must not find.
func foreigner(path, body string) bool {
	return strings.Contains(strings.NewReplacer("{slug}", "", "{source}", "").Replace(path), "{") ||
		strings.Contains(strings.ReplaceAll(body, "{email}", ""), `"{`)
}

func TestEveryRouteIsOpenToThoseItIsForAndToNobodyElse(t *testing.T) {
	racetest.Plain(t, "its three thousand requests come one after the other")
	acme := world(t).org()
	acme.post("/api/v1/subscribers", j{"email": thing(acme, "email")}) // so that there is a delivery
	all, standing := callers(acme), map[string]string{}
	for route, row := range table {
		method, path, _ := strings.Cut(route, " ")
		verdict := verdicts[row.class]
		body, isText := row.body.(string)
		if row.body != nil && !isText {
			body = string(must(row.body))
		}
		for name, want := range verdict {
			if want == 0 || want == 404 && !foreigner(path, body) {
				want = row.ok
			}
			if want == 404 && strings.Contains(route, "POST /api/v1/recurring") {
				want = 422 // which says of the field that there is no such service
			}
			t.Run(name+" "+route, func(t *testing.T) {
				own, who := *acme, *all[name]
				site := *acme.site
				site.t = t
				own.site, who.site = &site, &site
				made := standing
				if want < 300 && method != "GET" {
					made = nil
				}
				var content any
				if body != "" {
					content = filled(&own, body, made)
				}
				address := filled(&own, path, made)
				before := own.get("/api/v1/audit-log").int("count")
				a := who.do(method, address, content)
				a.is(want)
				if want == 403 && !slices.Contains([]string{anybody, person, leads}, row.class) &&
					strings.Contains(name, "key") && !strings.Contains(a.str("detail"), "does not have the scope") {
					t.Errorf("it does not say which scope is missing: %s", a.raw)
				}
				changed := own.get("/api/v1/audit-log").int("count") - before
				if allowed := want < 300 && method != "GET" && name != "another's admin"; !allowed && changed != 0 {
					t.Errorf("%d changes were made", changed)
				}
				if name == "another's admin" && row.class != anybody &&
					(strings.Contains(string(a.raw), acme.slug+".example") ||
						strings.Contains(string(a.raw), acme.org)) {
					t.Errorf("it tells of acme: %s", a.raw)
				}
				if method == "GET" && row.class != anybody {
					who.do("HEAD", address, nil).is(want)
				}
			})
		}
	}
}

func must(x any) []byte {
	b := make([]byte, 4096)
	n, err := content(x).Read(b)
	if err != nil {
		panic(err)
	}
	return b[:n]
}

func TestPagesAreTheSameForEverybody(t *testing.T) {
	acme := world(t).org()
	admin, nobody := acme, acme.nobody()
	incident := acme.incident("Trouble")
	for _, pattern := range append(slices.Clone(pages), "/healthz", "/readyz") {
		path := strings.NewReplacer("{slug}", acme.slug, "{incident}", incident, "*", "x").Replace(pattern)
		get := func(c *caller) (int, string) {
			req, err := http.NewRequestWithContext(context.Background(), "GET", "http://"+acme.addr+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.token != "" {
				req.Header.Set("Authorization", "Bearer "+c.token)
			}
			res, err := plain.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			text := make([]byte, 1<<20)
			n := 0
			for err = nil; err == nil && n < len(text); {
				var k int
				k, err = res.Body.Read(text[n:])
				n += k
			}
			return res.StatusCode, string(text[:n])
		}
		code, _ := get(nobody)
		again, text := get(admin)
		if code != again || code >= 500 || code == http.StatusUnauthorized {
			t.Errorf("%s answers nobody %d and an admin %d", pattern, code, again)
		}
		if strings.Contains(text, "admin@") || strings.Contains(text, admin.id) {
			t.Errorf("%s tells of a member", pattern)
		}
	}
}

// plain follows no redirect.
var plain = &http.Client{Timeout: 30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func TestEveryRouteOfTheRouterStandsInTheTable(t *testing.T) {
	fill := strings.NewReplacer("{slug}", ":slug", "{logo}", ":name", "{org}", ":id", "{update}", ":update", "{newest}",
		":update", "{note}", ":note")
	rest := regexp.MustCompile(`\{[a-z]+\}`)
	known := map[string]bool{}
	for route := range table {
		known[rest.ReplaceAllString(fill.Replace(route), ":id")] = true
	}
	for _, path := range pages {
		known["GET "+rest.ReplaceAllString(fill.Replace(path), ":id")] = true
	}
	found := map[string]bool{}
	for _, r := range world(t).app.Fiber.GetRoutes(true) {
		route := r.Method + " " + r.Path
		switch {
		case r.Path == "/api/*" || r.Path == "/.well-known/*": // what is there to say that there is nothing
			continue
		case r.Method == http.MethodHead && known["GET "+r.Path]: // as GET, which the table's test tries
			continue
		case r.Method == http.MethodOptions && known["GET "+r.Path] && strings.Contains(r.Path, "/api/v2/"): // CORS
			continue
		case !known[route]:
			t.Errorf("%s is not in the table: say there who may use it", route)
		}
		found[route] = true
	}
	for route := range known {
		if !found[route] {
			t.Errorf("%s is in the table, and not in the router", route)
		}
	}
}

func TestEverySocketIsOpenToThoseItIsForAndToNobodyElse(t *testing.T) {
	acme := world(t).org()
	verdict := map[string]int{"nobody": 4401, "member": 0, "admin": 0, "another's admin": 4403, "key that reads": 0,
		"key that writes": 0, "key that only writes": 0, "key that administers": 0, "key of all scopes": 0,
		"legacy key": 0, "expired token": 4401,
		"another issuer": 4401, "forged token": 4401, "revoked key": 4401, "expired key": 4401, "removed member": 4403}
	all := callers(acme)
	for name, want := range verdict {
		who := all[name]
		private, public := "/ws/status/org/"+acme.org+"/", "/ws/status/public/"+acme.slug+"/"
		ways := map[string]func() int{
			"?token=": func() int { return opened(t, acme.addr, private+"?token="+who.token) },
			"?ticket=": func() int {
				a := who.do("POST", "/api/v1/auth/ticket", nil)
				if a.code >= 400 { // there is none for whom the socket is not
					return 4000 + a.code
				}
				return opened(t, acme.addr, private+"?ticket="+a.str("ticket"))
			},
			"Sec-WebSocket-Protocol": func() int {
				if who.token == "" {
					return 4401
				}
				return opened(t, acme.addr, private, "bearer", who.token)
			},
		}
		for way, open := range ways {
			if got := open(); got != want {
				t.Errorf("%s by %s: closed with %d, not %d", name, way, got, want)
			}
		}
		if got := opened(t, acme.addr, public+"?token="+who.token); got != 0 {
			t.Errorf("%s on the public socket: closed with %d", name, got)
		}
	}
	for _, id := range []string{"0197a1de-3c00-7000-8000-000000000001", "x", acme.slug} {
		if got := opened(t, acme.addr, "/ws/status/org/"+id+"/?token="+acme.token); got != 4403 {
			t.Errorf("the socket of organisation %s: closed with %d", id, got)
		}
	}
}

// opened dials and answers 0 when the socket greets, or the code it was closed with.
func opened(t *testing.T, addr, path string, protocols ...string) int {
	t.Helper()
	ws := dial(t, addr, path, nil, protocols...)
	defer func() { _ = ws.Close() }()
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, text, err := ws.ReadMessage(); err == nil {
		if !strings.Contains(string(text), `"hello"`) {
			t.Errorf("%s: the first message is %s", path, text)
		}
		return 0
	}
	return closed(t, ws)
}
