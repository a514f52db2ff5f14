package pagetest

import (
	"strings"

	"pgregory.net/rapid"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

var (
	titles = []string{"API", "Payments fail", "Checkout", "Dashboard", "E-Mail <b>queue</b>", "Zahlungen – Übersicht",
		"数据库", "🚒 fire"}
	bodies = []string{"We are looking into it.", "**Fixed.**\n\nWatching it now.", "", "<script>alert(1)</script>",
		"a\tb\r\nc & d", "שלום \u2028 x"}
	wrongs = []string{"", "   ", "a\x00b", "a\u202eb", strings.Repeat("x", status.TitleMax+1)}
	huge   = strings.Repeat("é", status.BodyMax+1)
)

func text(t *rapid.T, right []string, what string) string {
	if oneIn(t, 40, what+" is wrong") {
		if oneIn(t, 20, what+" is huge") { // rarely, since it takes its time everywhere
			return huge
		}
		return one(t, wrongs, what)
	}
	return one(t, right, what)
}

// choice draws one of the words that are allowed; sometimes one of all there are, or none of them.
func choice[T ~string](t *rapid.T, allowed, all []T, what string) T {
	switch {
	case oneIn(t, 50, what+" is no word"):
		return "broken"
	case len(allowed) == 0 || oneIn(t, 8, what+" may be forbidden"):
		return one(t, all, what)
	}
	return one(t, allowed, what)
}

// pick draws an object's id and the version that the caller says to have read: mostly none or the right one.
func pick[T any](a *Author, t *rapid.T, list []T, of func(*T) (string, int64), what string) (string, *int64) {
	if len(list) == 0 || oneIn(t, 40, "no such "+what) {
		return a.ID(), nil
	}
	id, version := of(&list[die(t, len(list), what)])
	if oneIn(t, 20, "stale") {
		version--
	}
	return id, maybe(t, func() int64 { return version }, "If-Match")
}

func (a *Author) service(t *rapid.T, s *page.State) (string, *int64) {
	return pick(a, t, s.Services, func(x *status.Service) (string, int64) { return x.ID, x.Version }, "service")
}

func (a *Author) incident(t *rapid.T, s *page.State) (string, *int64) {
	return pick(a, t, s.Incidents, func(x *status.Incident) (string, int64) { return x.ID, x.Version }, "incident")
}

func (a *Author) maintenance(t *rapid.T, s *page.State) (string, *int64) {
	return pick(a, t, s.Maintenances, func(x *status.Maintenance) (string, int64) { return x.ID, x.Version },
		"maintenance")
}

// newID is mostly new; sometimes an id that is taken, or none at all.
func (a *Author) newID(t *rapid.T, s *page.State) string {
	switch {
	case oneIn(t, 60, "bad id"):
		return "7"
	case len(s.Incidents) > 0 && oneIn(t, 60, "taken id"):
		return s.Incidents[0].ID
	}
	return a.ID()
}

func (a *Author) createService(t *rapid.T, s *page.State) page.Command {
	c := &page.CreateService{
		ID: a.newID(t, s), Name: text(t, titles, "name"), Description: text(t, bodies, "description"),
		Position: maybe(t, func() int64 { return int64(die(t, 20, "position")) - 1 }, "has position"),
		Group:    one(t, []string{"", "Core", "Edge"}, "group"),
	}
	if oneIn(t, 5, "has start_date") {
		c.StartDate = startDate(t, s)
	}
	if oneIn(t, 4, "not well from the start") {
		c.Status = choice(t, status.ServiceStatuses, status.ServiceStatuses, "status")
	}
	return c
}

func (a *Author) editService(t *rapid.T, s *page.State) page.Command {
	id, version := a.service(t, s)
	c := &page.EditService{
		ID: id, Version: version,
		Name:        maybe(t, func() string { return text(t, titles, "name") }, "has name"),
		Description: maybe(t, func() string { return text(t, bodies, "description") }, "has description"),
		Position:    maybe(t, func() int64 { return int64(die(t, 10, "position")) }, "has position"),
		Group:       maybe(t, func() string { return one(t, []string{"", "Core", "Edge"}, "group") }, "has group"),
	}
	if oneIn(t, 5, "has start_date") {
		date := startDate(t, s)
		c.StartDate = &date
	}
	var next []status.ServiceStatus
	if svc, there := s.Service(id); there {
		next = svc.Status.Next(s.Cause(id))
	}
	c.Status = maybe(t, func() string { return string(choice(t, next, status.ServiceStatuses, "status")) },
		"has status")
	return c
}

func startDate(t *rapid.T, s *page.State) string {
	return pickOf(t, wire.Date(s.At.DayNumber()-int64(die(t, 60, "days"))), "", "9999-01-01", "soon")
}

func (a *Author) openIncident(t *rapid.T, s *page.State, at status.Time) page.Command {
	c := &page.OpenIncident{
		ID: a.newID(t, s), UpdateID: a.newID(t, s), Title: text(t, titles, "title"),
		Description: text(t, bodies, "description"),
		Notify:      maybe(t, func() bool { return rapid.Bool().Draw(t, "notify") }, "says notify"),
	}
	c.Language = language(t)
	c.Translations = translations(t, c.Title, c.Description)
	if oneIn(t, 4, "dated back") {
		a.dateBack(t, c, at)
	}
	if rapid.Bool().Draw(t, "in short") {
		id, _ := a.service(t, s)
		c.Service, c.ToState = &id, a.worse(t, s, id)
		return c
	}
	named := map[string]bool{}
	for range few(t) {
		id, _ := a.service(t, s)
		if named[id] && !oneIn(t, 5, "twice") {
			continue
		}
		named[id] = true
		c.Services = append(c.Services, page.Move{ID: id, To: a.worse(t, s, id)})
	}
	return c
}

// dateBack makes an incident one that began before now, and that may be over.
func (a *Author) dateBack(t *rapid.T, c *page.OpenIncident, at status.Time) {
	started := at - one(t, []status.Time{wire.Minute, wire.Hour, wire.Day}, "ago")*status.Time(die(t, 40, "times")-1)
	c.StartedAt = &started
	if rapid.Bool().Draw(t, "is over") {
		end := started + wire.Minute*status.Time(die(t, 3000, "lasted")-5)
		c.ResolvedAt, c.ResolutionID, c.Resolution = &end, a.ID(), text(t, bodies, "resolution")
	}
}

// grips draws which of an incident's services are in another state now.
func (a *Author) grips(t *rapid.T, s *page.State, id string) []page.Move {
	in, there := s.Incident(id)
	if !there || !oneIn(t, 3, "changes services") {
		return nil
	}
	var out []page.Move
	for _, x := range in.Services {
		if rapid.Bool().Draw(t, "this one") {
			out = append(out, page.Move{ID: x.ID, To: choice(t, status.ServiceStatuses[:4], status.ServiceStatuses,
				"to_state")})
		}
	}
	if oneIn(t, 20, "one that is not there") {
		out = append(out, page.Move{ID: a.ID(), To: status.Operational})
	}
	return out
}

func (a *Author) correctUpdate(t *rapid.T, s *page.State) page.Command {
	id, version := a.incident(t, s)
	c := &page.CorrectUpdate{ID: id, UpdateID: a.ID(), Version: version, Body: text(t, bodies, "body")}
	c.Translations = translations(t, "", "", c.Body)
	if in, there := s.Incident(id); there && !oneIn(t, 10, "no such update") {
		c.UpdateID = one(t, in.Updates, "update").ID
	}
	return c
}

func (a *Author) withdrawUpdate(t *rapid.T, s *page.State) page.Command {
	id, version := a.incident(t, s)
	c := &page.WithdrawUpdate{ID: id, UpdateID: a.ID(), Version: version}
	if in, there := s.Incident(id); there && !oneIn(t, 10, "no such update") {
		c.UpdateID = in.Updates[len(in.Updates)-1].ID
		if oneIn(t, 5, "an older update") {
			c.UpdateID = one(t, in.Updates, "update").ID
		}
	}
	return c
}

// few is how many services somebody names: hardly ever none.
func few(t *rapid.T) int {
	if oneIn(t, 20, "no services") {
		return 0
	}
	return 1 + die(t, 3, "services")
}

func (a *Author) worse(t *rapid.T, s *page.State, id string) status.ServiceStatus {
	var next []status.ServiceStatus
	if svc, there := s.Service(id); there {
		next = svc.Status.Next(status.ByIncident)
	}
	return choice(t, next, status.ServiceStatuses, "to_state")
}

// onward draws where an incident goes; "" stays.
func onward(t *rapid.T, s *page.State, id string) string {
	in, there := s.Incident(id)
	if !there || oneIn(t, 3, "stays") {
		return ""
	}
	return string(choice(t, in.Status.Next(), status.IncidentStatuses, "status"))
}

func (a *Author) updateIncident(t *rapid.T, s *page.State) page.Command {
	if len(s.Incidents) == 0 && !oneIn(t, 10, "of no incident") {
		return a.openIncident(t, s, s.At)
	}
	id, version := a.incident(t, s)
	c := &page.UpdateIncident{ID: id, UpdateID: a.newID(t, s), Version: version, Status: onward(t, s, id),
		Body: text(t, bodies, "body"), Services: a.grips(t, s, id)}
	c.Translations = translations(t, "", "", c.Body)
	return c
}

func (a *Author) editIncident(t *rapid.T, s *page.State) page.Command {
	if len(s.Incidents) == 0 && !oneIn(t, 10, "of no incident") {
		return a.openIncident(t, s, s.At)
	}
	id, version := a.incident(t, s)
	if oneIn(t, 3, "afterwards") {
		return &page.EditIncident{
			ID: id, UpdateID: a.newID(t, s), Version: version,
			Postmortem: maybe(t, func() string { return text(t, bodies, "postmortem") }, "has postmortem"),
			Excluded: maybe(t, func() string { return pickOf(t, "A customer's own fault.", "") },
				"has excluded_reason"),
		}
	}
	c := &page.EditIncident{
		ID: id, UpdateID: a.newID(t, s), Version: version,
		Title:       maybe(t, func() string { return text(t, titles, "title") }, "has title"),
		Description: maybe(t, func() string { return text(t, bodies, "description") }, "has description"),
		Status:      maybe(t, func() string { return onward(t, s, id) }, "has status"),
		Message:     maybe(t, func() string { return text(t, bodies, "message") }, "has message"),
		Services:    a.grips(t, s, id),
	}
	if oneIn(t, 8, "is in another language") {
		tag := language(t)
		c.Language = &tag
	}
	c.Translations = translations(t, given(c.Title), given(c.Description))
	c.MessageTranslations = translations(t, "", "", given(c.Message))
	return c
}

// given is a text of a command, or some text that was there before.
func given(text *string) string {
	if text == nil {
		return "x"
	}
	return *text
}

// language is what something is written in: mostly what the organisation speaks.
func language(t *rapid.T) string {
	if oneIn(t, 8, "speaks another language") {
		return one(t, []string{"fr", "de", "en", "xx"}, "language")
	}
	return ""
}

// translations are, sometimes, some of a title, a description and a body, of those of them that say something; now and
// then wrong ones.
func translations(t *rapid.T, of ...string) (list []status.Translation) {
	if !oneIn(t, 4, "is translated") {
		return nil
	}
	list = []status.Translation{}
	for range die(t, 3, "languages") {
		x := status.Translation{Language: one(t, []string{"de", "ja", "he", "pt-BR", "fr", "de"}, "into")}
		if oneIn(t, 40, "into nothing") {
			x.Language = "xx"
		}
		for k, into := range []*string{&x.Title, &x.Description, &x.Body} {
			if k < len(of) && (k == 2) == (len(of) == 3) && (of[k] != "" || oneIn(t, 30, "of nothing")) &&
				oneIn(t, 2, "this text") {
				*into = text(t, [][]string{titles, bodies, bodies}[k], "translation") + one(t, []string{"", " (2)"}, "as")
			}
		}
		list = append(list, x)
	}
	return list
}

func (a *Author) planMaintenance(t *rapid.T, s *page.State, at status.Time) page.Command {
	c := &page.PlanMaintenance{ID: a.newID(t, s), Title: text(t, titles, "title"),
		Description: text(t, bodies, "description"), Language: language(t)}
	c.Translations = translations(t, c.Title, c.Description)
	named := map[string]bool{}
	for range few(t) {
		id, _ := a.service(t, s)
		if named[id] && !oneIn(t, 5, "twice") {
			continue
		}
		named[id] = true
		c.Services = append(c.Services, id)
	}
	c.ScheduledFor, c.ScheduledUntil = window(t, at)
	return c
}

func window(t *rapid.T, at status.Time) (from, until status.Time) {
	from = at + wire.Hour*status.Time(die(t, 50, "starts in")-2)
	return from, from + wire.Hour*status.Time(die(t, 13, "lasts"))
}

func (a *Author) editMaintenance(t *rapid.T, s *page.State, at status.Time) page.Command {
	if len(s.Maintenances) == 0 && !oneIn(t, 10, "of no maintenance") {
		return a.planMaintenance(t, s, at)
	}
	id, version := a.maintenance(t, s)
	c := &page.EditMaintenance{
		ID: id, UpdateID: a.newID(t, s), Version: version,
		Title:       maybe(t, func() string { return text(t, titles, "title") }, "has title"),
		Description: maybe(t, func() string { return text(t, bodies, "description") }, "has description"),
		Message:     maybe(t, func() string { return text(t, bodies, "message") }, "has message"),
	}
	c.Translations = translations(t, given(c.Title), given(c.Description))
	c.MessageTranslations = translations(t, "", "", given(c.Message))
	if oneIn(t, 5, "about other services") {
		list := make([]string, few(t))
		for i := range list {
			list[i], _ = a.service(t, s)
		}
		c.Services = &list
	}
	if oneIn(t, 5, "at another time") {
		from, until := window(t, at)
		c.ScheduledFor, c.ScheduledUntil = &from, &until
	}
	var next []status.MaintenanceStatus
	if m, there := s.Maintenance(id); there {
		next = m.Status.Next()
	}
	c.Status = maybe(t, func() string { return string(choice(t, next, status.MaintenanceStatuses, "status")) },
		"has status")
	return c
}

func (a *Author) editPage(t *rapid.T, s *page.State) page.Command {
	c := &page.EditPage{
		Name:        maybe(t, func() string { return text(t, titles, "name") }, "has name"),
		Description: maybe(t, func() string { return text(t, bodies, "description") }, "has description"),
		URL: maybe(t, func() string { return pickOf(t, "https://acme.example", "", "javascript:alert(1)") },
			"has url"),
		Hostname: maybe(t, func() string { return pickOf(t, "status.acme.example", "", "acme", "a..b") },
			"has hostname"),
		TimeZone: maybe(t, func() string { return pickOf(t, "Europe/Paris", "UTC", "", "/etc/passwd") },
			"has time_zone"),
		Accent: maybe(t, func() string { return pickOf(t, "#0a66c2", "", "red") }, "has accent"),
		Logo: maybe(t, func() string { return pickOf(t, "0123456789abcdef01234567-320x80.png", "", "logo.svg") },
			"has logo"),
	}
	c.Announcement = maybe(t, func() string { return text(t, bodies, "announcement") }, "has announcement")
	c.AnnouncementUntil = maybe(t, func() status.Time { return s.At + wire.Hour*status.Time(die(t, 50, "until")-1) },
		"has announcement_until")
	c.Weights = maybe(t, func() status.Weights {
		return status.Weights{Degraded: 10 * int64(die(t, 103, "degraded")-1), Partial: 500,
			Major: 10 * int64(die(t, 101, "major"))}
	}, "has uptime_weights")
	if oneIn(t, 4, "If-Match") {
		version := s.Org.Version - int64(die(t, 2, "stale"))
		c.Version = &version
	}
	return c
}

// pickOf draws the first of the words twice as often as each of the others.
func pickOf(t *rapid.T, words ...string) string {
	return one(t, append(words, words[0]), "word")
}
