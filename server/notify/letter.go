package notify

import (
	"html/template"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // an organisation's zone is known on every machine

	"statuspage/server/lang"
	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// letter is a notice in words, for one subscriber and any channel.
type letter struct {
	Notice  *Notice
	Org     page.Org
	Page    string // address of the page
	Link    string // address of what it is about
	Manage  string // address that changes or ends the subscription; "" when it comes of none
	Button  string // what Link is called
	Subject string
	Heading string
	State   status.ServiceStatus // whose colour it has
	Step    string               // "Identified", "Planned maintenance has started"
	Facts   []fact
	Body    string // Markdown, as somebody typed it
	Say     string // a sentence of our own
	Why     string // the last line: why this came

	In lang.In // the language that it is written in

	HeadingIn, BodyIn string // the languages of these, where they are others
	parts             int    // of Body
}

type fact struct{ Name, Value string }

// write puts a notice into words.
func write(n *Notice, org page.Org, to *store.Subscriber, base string) *letter {
	in := lang.In(lang.Choose(to.Language, "", "", org.Style.Language, org.Style.Languages))
	l := &letter{Notice: n, Org: org, Page: pageURL(to, &org, base), In: in}
	n = l.told(n)
	l.Heading = n.title()
	l.Button = in.Say("Read more")
	l.Manage, l.Link = manageURL(l.Page, to.Token), l.Page
	l.Why = in.Say("You get this because you subscribed to {site}.", "site", l.Sender())
	zone := location(org.TimeZone)
	switch {
	case n.Incident != nil:
		l.incident(n, zone)
	case n.Maintenance != nil:
		l.maintenance(n, zone)
	case n.Service != nil:
		l.service(n, zone)
	default:
		l.subscription(n, to)
		when := in.Say("Asked for")
		if n.Kind == Stranded {
			when = in.Say("Since")
		}
		l.Facts = append(l.Facts, fact{when, l.clock(n.At, zone)})
	}
	return l
}

// told is a notice in the letter's language, as far as the organisation wrote it in that. What programs are told
// (Notice) stays as it is.
func (l *letter) told(n *Notice) *Notice {
	out := *n
	if in := n.Incident; in != nil {
		out.Incident = l.In.Incident(in, &l.Org)
		l.HeadingIn = lang.Title.Of(out.Incident.Language, out.Incident.Translations)
		out.Earlier, out.Update = entries(n.Earlier, n.Update, func(u *status.Update) *status.Update {
			u = l.In.Update(u, in, &l.Org)
			l.says(lang.Body.Of(out.Incident.Language, u.Translations))
			return u
		})
	}
	if m := n.Maintenance; m != nil {
		out.Maintenance = l.In.Maintenance(m, &l.Org)
		l.HeadingIn = lang.Title.Of(out.Maintenance.Language, out.Maintenance.Translations)
		out.EarlierSteps, out.MaintenanceUpdate = entries(n.EarlierSteps, n.MaintenanceUpdate,
			func(u *status.MaintenanceUpdate) *status.MaintenanceUpdate {
				u = l.In.Step(u, m, &l.Org)
				l.says(lang.Body.Of(out.Maintenance.Language, u.Translations))
				return u
			})
		if n.MaintenanceUpdate == nil {
			l.says(lang.Description.Of(out.Maintenance.Language, out.Maintenance.Translations))
		}
	}
	return &out
}

// entries are those of a timeline as they are told: the earlier ones, then the newest, which may be nil.
func entries[T any](earlier []*T, newest *T, tell func(*T) *T) ([]*T, *T) {
	earlier = slices.Clone(earlier)
	for i, u := range earlier {
		earlier[i] = tell(u)
	}
	if newest != nil {
		newest = tell(newest)
	}
	return earlier, newest
}

// says notes the language of a part of the body; of parts in several languages nothing is said.
func (l *letter) says(language string) {
	switch {
	case l.parts == 0:
		l.BodyIn = language
	case l.BodyIn != language:
		l.BodyIn = ""
	}
	l.parts++
}

// Lang is the attribute of a text in another language than the letter.
func (l *letter) Lang(language string) template.HTMLAttr { return lang.Attribute(language) }

func location(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// clock is a moment in the organisation's zone, with its offset, so that the hour that comes twice is told apart.
func (l *letter) clock(t status.Time, zone *time.Location) string {
	at := time.UnixMilli(int64(t)).In(zone)
	return l.moment(at) + at.Format(" MST (UTC-07:00)")
}

// moment is a date with its time of day.
func (l *letter) moment(at time.Time) string {
	if l.In == lang.English || l.In == "" {
		return at.Format("Mon 2 Jan 2006, 15:04")
	}
	return l.In.Moment(at)
}

// span is a window in one line.
func (l *letter) span(from, until status.Time, zone *time.Location) string {
	a, b := time.UnixMilli(int64(from)).In(zone), time.UnixMilli(int64(until)).In(zone)
	if a.Format(time.DateOnly+" -07:00") == b.Format(time.DateOnly+" -07:00") {
		return l.moment(a) + " – " + b.Format("15:04 MST (UTC-07:00)")
	}
	return l.clock(from, zone) + " – " + l.clock(until, zone)
}

func (l *letter) incident(n *Notice, zone *time.Location) {
	in := n.Incident
	l.Link = l.Page + "/incidents/" + in.ID
	l.State, l.Step = worst(in.Services), l.In.Say(in.Status.Display())
	if n.Update != nil {
		l.Body = n.Update.Body
		if in.Active() {
			l.Step = l.In.Say(n.Update.Status.Display())
		}
	}
	verb := l.Step
	for _, u := range n.Earlier {
		l.earlier(l.In.Say(u.Status.Display()), u.CreatedAt, u.Body, zone)
	}
	services := make([]string, len(in.Services))
	for i, s := range in.Services {
		services[i] = s.Name
		if in.Active() && n.Kind != IncidentDeleted {
			services[i] += " (" + l.In.Say(s.To.Display()) + ")"
		}
	}
	switch n.Kind {
	case IncidentOpened:
		verb = l.In.Say("New incident")
	case IncidentResolved:
		l.State = status.Operational
	case IncidentDeleted:
		verb, l.Link, l.State = l.In.Say("Withdrawn"), l.Page, ""
		l.Step, l.Body, l.Say = verb, "", l.In.Say("This incident was taken off the page. You need not do anything.")
	}
	l.Subject = subject(l.Org.Name, verb, in.Title)
	l.Facts = append(l.Facts, fact{l.In.Say("Affected"), strings.Join(services, ", ")})
	if in.ResolvedAt != nil {
		l.Facts = append(l.Facts, fact{l.In.Say("From"), l.clock(in.CreatedAt, zone)},
			fact{l.In.Say("Until"), l.clock(*in.ResolvedAt, zone)})
	} else {
		l.Facts = append(l.Facts, fact{l.In.Say("Since"), l.clock(in.CreatedAt, zone)})
	}
	l.Facts = append(l.Facts, l.posted(zone), fact{l.In.Say("The whole page"), l.In.Say(n.pageNow())})
}

// posted says when what is told happened, which is not when it arrives.
func (l *letter) posted(zone *time.Location) fact {
	return fact{l.In.Say("Posted"), l.clock(l.Notice.At, zone)}
}

// pageNow is the page's state in words, as it is when it is told.
func (n *Notice) pageNow() string {
	if n.Now != "" {
		return n.Now
	}
	return n.Words
}

// earlier adds an entry that was not told before, with its step and time, under what is newer.
func (l *letter) earlier(step string, at status.Time, body string, zone *time.Location) {
	if l.Body != "" {
		l.Body += "\n\n"
	}
	l.Body += "**" + step + "**, " + l.clock(at, zone) + ":\n\n" + body
}

func worst(services []status.Affected) status.ServiceStatus {
	out := status.Degraded
	for _, s := range services {
		if s.To == status.Major || s.To == status.Partial && out == status.Degraded {
			out = s.To
		}
	}
	return out
}

// maintenanceSteps is a window's kind in words.
var maintenanceSteps = map[Kind]string{
	MaintenancePlanned: "Planned maintenance", MaintenanceRescheduled: "Maintenance has a new time",
	MaintenanceReminder: "Maintenance is near",
	MaintenanceStarted:  "Maintenance has started", MaintenanceUpdated: "Maintenance update",
	MaintenanceCompleted: "Maintenance is completed",
	MaintenanceCancelled: "Maintenance is cancelled", MaintenanceDeleted: "Maintenance is cancelled",
}

func (l *letter) maintenance(n *Notice, zone *time.Location) {
	m := n.Maintenance
	l.Link = l.Page + "/incidents/" + m.ID
	l.State, l.Step, l.Body = status.UnderMaintenance, l.In.Say(maintenanceSteps[n.Kind]), m.Description
	if n.MaintenanceUpdate != nil {
		l.Body = n.MaintenanceUpdate.Body
	}
	for _, u := range n.EarlierSteps {
		l.earlier(l.In.Say(u.Status.Display()), u.CreatedAt, u.Body, zone)
	}
	switch n.Kind {
	case MaintenanceReminder:
		l.Step = l.In.Say("Maintenance begins in {x}", "x", l.hours(n.Minutes))
	case MaintenanceCompleted:
		l.State = status.Operational
	case MaintenanceDeleted:
		l.Link, l.State, l.Body = l.Page, "", ""
		l.Say = l.In.Say("This maintenance was taken off the page and will not take place.")
	case MaintenanceCancelled:
		l.State = ""
	}
	l.Subject = subject(l.Org.Name, l.Step, m.Title)
	services := make([]string, len(m.Services))
	for i, s := range m.Services {
		services[i] = s.Name
	}
	l.Facts = []fact{{l.In.Say("When"), l.span(m.ScheduledFor, m.ScheduledUntil, zone)},
		{l.In.Say("Services"), strings.Join(services, ", ")}, l.posted(zone)}
}

// hours is a span in the letter's language.
func (l *letter) hours(minutes int64) string {
	switch {
	case l.In == lang.English:
		return hours(minutes)
	case minutes >= 60:
		return l.In.Lasting((minutes+30)/60, "hour")
	}
	return l.In.Lasting(minutes, "minute")
}

func hours(minutes int64) string {
	switch {
	case minutes == 60:
		return "an hour"
	case minutes >= 90:
		return wire.Itoa((minutes+30)/60) + " hours"
	}
	return wire.Itoa(minutes) + " minutes"
}

func (l *letter) service(n *Notice, zone *time.Location) {
	l.State, l.Step = n.Service.Status, l.In.Say(n.Service.Status.Display())
	l.Subject = subject(l.Org.Name, l.Step, n.Service.Name)
	l.Facts = []fact{l.posted(zone), {l.In.Say("The whole page"), l.In.Say(n.pageNow())}}
}

func (l *letter) subscription(n *Notice, to *store.Subscriber) {
	in, name, site := l.In, l.Org.Name, l.Sender()
	what := in.Say("everything on the page")
	switch {
	case n.Gone:
		what = in.Say("nothing, as the services that were chosen are not on the page any more: choose others")
	case n.Once:
		what = in.Say("one incident, until it is over")
	case len(n.Services) > 0:
		names := make([]string, len(n.Services))
		for i, s := range n.Services {
			names[i] = s.Name
		}
		what = strings.Join(names, ", ")
	}
	l.Link, l.Why = l.Manage, in.Say("If you did not ask for this, do nothing: you will hear no more of it.")
	switch {
	case n.Kind == Stranded:
		l.Heading, l.Button = in.Say("What do you want to hear of?"), in.Say("Choose services")
		l.Say = in.Say("None of the services that you chose is on the page of {name} any more, so you would hear of "+
			"nothing. Choose others, or end the subscription.", "name", name)
		l.Why = in.Say("You get this once, because you subscribed to {site}.", "site", site)
	case n.Kind == Reminded:
		l.Heading, l.Button = in.Say("You are subscribed already"), in.Say("Manage your subscription")
		l.Say =
			in.Say("Somebody, most likely you, asked to subscribe this address to {site}. It is subscribed already.",
				"site", site)
	case to.Channel == store.Email:
		l.Heading, l.Button = in.Say("Confirm your subscription"), in.Say("Confirm")
		l.Say = in.Say("Please confirm that you want to hear of incidents and maintenance at {name}.", "name", name)
		l.Facts = []fact{{in.Say("You will hear of"), what}}
	default:
		l.Heading, l.Button, l.Link = in.Say("Subscribed to {site}", "site", site), in.Say("See the page"), l.Page
		l.Say = in.Say("Incidents and maintenance at {name} are told here from now on.", "name", name)
		l.Facts = []fact{{in.Say("You will hear of"), what}}
		l.Why = in.Say("Anybody here can change or end it.")
	}
	l.Subject = subject(l.Org.Name, "", l.Heading)
}

func subject(org, verb, title string) string {
	if verb != "" {
		title = verb + ": " + title
	}
	return "[" + org + "] " + title
}
