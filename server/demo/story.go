package demo

import (
	"time"

	"statuspage/shared/status"
)

type product struct{ group, name, description string }

var catalogue = []product{
	{"Applications", "Web App", "app.acme.example"},
	{"Applications", "Mobile App", "iOS and Android"},
	{"Applications", "AI Assistant", "Answers about your own data"},
	{"Platform", "REST API", "api.acme.example"},
	{"Platform", "Webhooks", "Delivery of events to your systems"},
	{"Platform", "Sign-in", "Passwords, passkeys and single sign-on"},
	{"Platform", "Search", ""},
	{"Infrastructure", "File Storage", "Uploads and downloads"},
	{"Infrastructure", "Email Delivery", "Invitations and notifications"},
	{"Infrastructure", "CDN", "Static files, worldwide"},
}

type affected struct {
	service string
	to      status.ServiceStatus
}

// past is an incident, a maintenance window (maintained) or a launch, oldest first.
type past struct {
	ago, lasted time.Duration
	title       string
	affected    []affected
	words       []string
	maintained  []string
	launch      string
	open        bool
}

var history = []past{
	{ago: 84*day + 3*hour, lasted: 52 * min, title: "Elevated errors on the REST API",
		affected: []affected{{"REST API", status.Partial}, {"Webhooks", status.Degraded}},
		words: []string{
			"About 8 % of requests to the REST API fail with status 502. We are looking into it.",
			"A deployment at 09:41 UTC raised the memory use of our gateways. We are rolling it back.",
			"The roll-back is complete and error rates are back to normal. We keep watching.",
			"No errors for 30 minutes. The faulty release is blocked, and a test for it was added."}},
	{ago: 71*day + 8*hour, lasted: 35 * min, title: "Slow search results",
		affected: []affected{{"Search", status.Degraded}},
		words: []string{
			"Searches take up to ten seconds.",
			"One search node had a failing disk and was replaced. Response times are normal again."}},
	{ago: 63 * day, lasted: 90 * min, title: "Network upgrade in Frankfurt",
		maintained: []string{"CDN", "File Storage"},
		words: []string{"Our network provider replaces routers. Short interruptions are possible.",
			"The new routers are in place. Nothing was interrupted."}},
	{ago: 57*day + 15*hour, lasted: 3*hour + 10*min, title: "Email delivery is delayed",
		affected: []affected{{"Email Delivery", status.Partial}},
		words: []string{
			"Invitations and notifications arrive late.",
			"Our mail provider throttles us after a burst of sign-ups. We are moving traffic to a second provider.",
			"The queue is being worked off; mail that waited is on its way.",
			"All delayed mail was delivered. Nothing was lost."}},
	{ago: 49 * day, launch: "AI Assistant"},
	{ago: 41*day + 20*hour, lasted: 24 * min, title: "Sign-in is unavailable",
		affected: []affected{{"Sign-in", status.Major}, {"Web App", status.Partial}, {"Mobile App", status.Partial}},
		words: []string{
			"Nobody can sign in. People who are signed in are not affected.",
			"An expired certificate between two of our services was the cause. It is being renewed.",
			"Sign-in works again. We are watching.",
			"Resolved. Certificates of this kind are now renewed automatically, and we are alerted 14 days before " +
				"one ends."}},
	{ago: 33*day + 5*hour, lasted: 70 * min, title: "AI Assistant answers slowly",
		affected: []affected{{"AI Assistant", status.Degraded}},
		words: []string{
			"Answers take longer than usual.",
			"We added capacity. Answers are quick again."}},
	{ago: 26 * day, lasted: 45 * min, title: "Storage cluster expansion", maintained: []string{"File Storage"},
		words: []string{"We are adding disks to the storage cluster.", "Done, a quarter of an hour early."}},
	{ago: 19*day + 11*hour, lasted: 48 * min, title: "Webhooks are delayed",
		affected: []affected{{"Webhooks", status.Partial}},
		words: []string{
			"Webhooks arrive up to 20 minutes late.",
			"One tenant's endpoint timed out and held up the others' deliveries. It now has a queue of its own.",
			"The backlog is worked off."}},
	{ago: 9*day + 14*hour, lasted: 31 * min, title: "Images load slowly in South America",
		affected: []affected{{"CDN", status.Degraded}},
		words: []string{
			"Images and scripts load slowly for visitors in South America.",
			"Traffic is routed around a congested link in São Paulo. Loading times are normal."}},
	{ago: 4*day + 6*hour, lasted: 22 * min, title: "Mobile app cannot refresh",
		affected: []affected{{"Mobile App", status.Partial}},
		words: []string{
			"Pull-to-refresh fails on iOS and Android.",
			"A cache served an outdated answer. It was cleared.",
			"Resolved."}},
	{ago: 68 * min, title: "Slow uploads to file storage", open: true,
		affected: []affected{{"File Storage", status.Degraded}},
		words: []string{
			"Uploads take longer than usual. Downloads are not affected. We are looking into it.",
			"One storage zone is overloaded. We are moving traffic to the others; uploads of up to **50 MB** are " +
				"already at full speed."}},
}
