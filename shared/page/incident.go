package page

import (
	"slices"

	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func (c *OpenIncident) decide(d *draft) *fault.Error {
	in := status.Incident{
		ID: c.ID, Title: c.Title, Description: c.Description, Status: status.Investigating,
		CreatedAt: d.at, UpdatedAt: d.at, Version: 1, Source: c.Source, Language: c.Language,
	}
	moves := c.moves()
	if err := joined(c.check(&in, moves), c.checkPast(d.at, len(moves))); err != nil {
		return err
	}
	var err *fault.Error
	if in.Translations, err = d.translated("translations", c.Translations, in.Original(), in.Language); err != nil {
		return err
	}
	if c.StartedAt != nil && *c.StartedAt < d.at {
		in.CreatedAt, in.RecordedAt = *c.StartedAt, &d.at
	}
	if _, there := d.state.Incident(c.ID); there {
		return taken("an incident", "id")
	}
	if c.ResolvedAt == nil && d.active() >= MaxActive {
		return tooMany("active incidents", MaxActive)
	}
	for i, m := range moves {
		a, err := d.affect(m, c.ResolvedAt != nil, c.field(i, "id"), c.field(i, "to_state"))
		if err != nil {
			return err
		}
		in.Services = append(in.Services, a)
	}
	in.Impact = status.ImpactOf(in.Services)
	if c.ResolvedAt == nil {
		for _, a := range in.Services {
			d.moveService(a.ID, a.To)
		}
	}
	first := status.Update{ID: c.UpdateID, Status: in.Status, Body: in.Description, CreatedAt: in.CreatedAt,
		Services: in.Services, Translations: described(in.Translations)}
	opened := Event{Type: IncidentOpened, Incident: &in, Update: &first}
	if in.RecordedAt != nil {
		known := in
		known.Updates, known.ResolvedAt = []status.Update{first}, c.ResolvedAt
		opened.Days = d.recount(known)
	}
	d.emit(opened)
	if c.ResolvedAt != nil {
		c.conclude(d, in)
	}
	return nil
}

// conclude ends an incident that was over before it was written down; nothing that is now changes.
func (c *OpenIncident) conclude(d *draft, in status.Incident) {
	last := &status.Update{ID: c.ResolutionID, Status: status.Resolved, Body: c.Resolution, CreatedAt: *c.ResolvedAt}
	for _, a := range in.Services {
		last.Services = append(last.Services, status.Affected{ID: a.ID, Name: a.Name, From: a.To, To: a.From})
	}
	in.Status, in.ResolvedAt = status.Resolved, c.ResolvedAt
	d.emitIncident(IncidentResolved, in, last)
}

// checkPast: what is told later must have begun, and may have ended, before now.
func (c *OpenIncident) checkPast(now status.Time, services int) *fault.Error {
	var list status.Checks
	if c.StartedAt != nil {
		end := now
		edit(&end, c.ResolvedAt)
		days := (end.DayNumber() - c.StartedAt.DayNumber() + 1) * int64(services)
		list.That(days <= MaxServiceDays, "started_at", "This corrects too many days of too many services at once.")
		list.That(*c.StartedAt <= now, "started_at", "An incident cannot start in the future.")
		list.That(*c.StartedAt > now-MaxBack*wire.Day, "started_at",
			"An incident may be dated back by %s days at most.", wire.Itoa(MaxBack))
	}
	if c.ResolvedAt != nil {
		list.ID("resolution_id", c.ResolutionID)
		list.Text("resolution", c.Resolution, status.BodyMax, false)
		list.That(c.StartedAt != nil, "resolved_at", "Say when the incident started, too.")
		list.That(*c.ResolvedAt <= now, "resolved_at", "An incident cannot be resolved in the future.")
		list.That(c.StartedAt == nil || *c.ResolvedAt > *c.StartedAt, "resolved_at", "The end must be after the start.")
	} else {
		list.That(c.Resolution == "", "resolution", "Say when the incident was resolved, too.")
	}
	return list.Err()
}

// joined is both refusals of one input in one: of each field what was found first.
func joined(a, b *fault.Error) *fault.Error {
	if a == nil {
		return b
	}
	if b != nil {
		for _, more := range b.Fields {
			if !slices.ContainsFunc(a.Fields, func(f fault.Field) bool { return f.Name == more.Name }) {
				a.Fields = append(a.Fields, more)
			}
		}
	}
	return a
}

// visible refuses names with characters that nobody sees, of which each is given as field, what it is and what it was:
// one that was there before this was refused may stay, and keeps nobody from other changes.
func visible(names ...string) *fault.Error {
	var list status.Checks
	for ; len(names) >= 3; names = names[3:] {
		if names[1] != names[2] {
			list.Seen(names[0], names[1])
		}
	}
	return list.Err()
}

// moves is Services with the short forms filled in.
func (c *OpenIncident) moves() []Move {
	list := append([]Move(nil), c.Services...)
	if c.Service != nil && (len(list) == 0 || list[0].ID != *c.Service) {
		list = append([]Move{{ID: *c.Service}}, list...)
	}
	for i := range list {
		if list[i].To == "" {
			list[i].To = c.ToState
		}
	}
	return list
}

// field is how the caller wrote member i.
func (c *OpenIncident) field(i int, name string) string {
	if len(c.Services) == 0 || c.Service != nil && c.Services[0].ID != *c.Service {
		if i == 0 {
			if name == "id" {
				return "service"
			}
			return name
		}
		i--
	}
	return "services[" + wire.Itoa(int64(i)) + "]." + name
}

// looked are the members of a list that are looked at: beyond the limit none is, since each costs time and a sentence.
func looked(list []Move) []Move { return list[:min(len(list), MaxAffected)] }

func (c *OpenIncident) check(in *status.Incident, moves []Move) *fault.Error {
	var list status.Checks
	list.ID("id", c.ID)
	list.ID("update_id", c.UpdateID)
	list.That(len(moves) > 0, "service", "Say which service is affected.")
	list.That(len(moves) <= MaxAffected, "services", "An incident may affect %s services at most.",
		wire.Itoa(MaxAffected))
	if c.ToState != "" && !c.ToState.Valid() {
		list.OneOf("to_state", string(c.ToState), false, status.Names(status.ServiceStatuses))
	}
	seen := make(map[string]bool, len(looked(moves)))
	for i, m := range looked(moves) {
		list.That(!seen[m.ID], c.field(i, "id"), "This service is named twice.")
		seen[m.ID] = true
		if m.To == "" {
			list.That(false, c.field(i, "to_state"), "Say what state the service is in now.")
		} else if m.To != c.ToState {
			list.OneOf(c.field(i, "to_state"), string(m.To), m.To.Valid(), status.Names(status.ServiceStatuses))
		}
	}
	return joined(joined(list.Err(), in.Check()), visible("title", in.Title, ""))
}

// affect takes a service into an incident. Of one that is over already, the table says nothing: what the service was is
// gone.
func (d *draft) affect(m Move, over bool, idField, toField string) (status.Affected, *fault.Error) {
	svc, there := d.state.Service(m.ID)
	if !there {
		return status.Affected{}, notFound("service").With(idField, "There is no such service.")
	}
	if over {
		if !status.Operational.CanMove(m.To, status.ByIncident) {
			return status.Affected{}, forbidden(toField, svc.Name, string(status.Operational), string(m.To),
				status.Names(status.Operational.Next(status.ByIncident)))
		}
		return status.Affected{ID: svc.ID, Name: svc.Name, From: status.Operational, To: m.To}, nil
	}
	if !svc.Status.CanMove(m.To, status.ByIncident) {
		return status.Affected{}, forbidden(toField, svc.Name, string(svc.Status), string(m.To),
			status.Names(svc.Status.Next(status.ByIncident)))
	}
	return status.Affected{ID: svc.ID, Name: svc.Name, From: svc.Status, To: m.To}, nil
}

func (d *draft) active() int {
	n := 0
	for i := range d.state.Incidents {
		if d.state.Incidents[i].Active() {
			n++
		}
	}
	return n
}

func (c *EditIncident) decide(d *draft) *fault.Error {
	in, there := d.state.Incident(c.ID)
	if !there {
		return notFound("incident")
	}
	if err := stale("incident", c.Version, in.Version, in); err != nil {
		return err
	}
	next := *in
	edit(&next.Title, c.Title)
	edit(&next.Description, c.Description)
	edit(&next.Postmortem, c.Postmortem)
	edit(&next.Excluded, c.Excluded)
	edit(&next.Language, c.Language)
	if err := joined(next.Check(), visible("title", next.Title, in.Title)); err != nil {
		return err
	}
	if err := afterwards(in, &next); err != nil {
		return err
	}
	var err *fault.Error
	next.Translations, err = d.retold(c.Translations, in.Translations, in.Original(), next.Original(), next.Language)
	if err != nil {
		return err
	}
	if c.Message == nil && len(c.MessageTranslations) == 0 && c.Services == nil &&
		(c.Status == nil || *c.Status == string(in.Status)) {
		d.editIncident(in, next)
		return nil
	}
	move := UpdateIncident{ID: c.ID, UpdateID: c.UpdateID, Services: c.Services, Translations: c.MessageTranslations}
	edit(&move.Status, c.Status)
	edit(&move.Body, c.Message)
	return move.onto(d, next, "update_id", "message", "message_translations")
}

// afterwards: an incident is explained, and its time forgiven, once it is over.
func afterwards(was, next *status.Incident) *fault.Error {
	if !was.Active() {
		return nil
	}
	var list status.Checks
	list.That(next.Postmortem == was.Postmortem, "postmortem",
		"A post-mortem is written when the incident is resolved.")
	list.That(next.Excluded == was.Excluded, "excluded_reason", "An incident is excluded when it is resolved.")
	err := list.Err()
	if err != nil {
		err.Code = fault.Conflict
	}
	return err
}

// editIncident corrects what is told of an incident, where that is something else.
func (d *draft) editIncident(was *status.Incident, next status.Incident) {
	kind := IncidentEdited
	if next.Postmortem != was.Postmortem {
		if next.PostmortemAt = nil; next.Postmortem != "" {
			next.PostmortemAt = &d.at
		}
		if was.Postmortem == "" {
			kind = IncidentExplained
		} else if next.Postmortem != "" {
			next.PostmortemAt = was.PostmortemAt
		}
	}
	switch {
	case (next.Excluded == "") != (was.Excluded == ""):
		d.correctDays(kind, next, d.recount(next))
	case next.Title != was.Title || next.Description != was.Description || next.Postmortem != was.Postmortem ||
		next.Excluded != was.Excluded || next.Language != was.Language ||
		!slices.Equal(next.Translations, was.Translations):
		d.emitIncident(kind, next, nil)
	}
}

// correctDays is emitIncident with what becomes of the past.
func (d *draft) correctDays(kind EventType, next status.Incident, days []status.ServiceDay) {
	next.Updates = nil
	next.Version++
	next.UpdatedAt = d.at
	d.emit(Event{Type: kind, Incident: &next, Days: days})
}

func (c *CorrectUpdate) decide(d *draft) *fault.Error {
	in, there := d.state.Incident(c.ID)
	if !there {
		return notFound("incident")
	}
	if err := stale("incident", c.Version, in.Version, in); err != nil {
		return err
	}
	for i := range in.Updates {
		u := in.Updates[i]
		if u.ID != c.UpdateID {
			continue
		}
		var list status.Checks
		list.Text("body", c.Body, status.BodyMax, c.silent)
		if err := list.Err(); err != nil {
			return err
		}
		was := u
		u.Body = c.Body
		var err *fault.Error
		u.Translations, err = d.retold(c.Translations, u.Translations, entryText(was.Body), entryText(u.Body),
			in.Language)
		if err != nil || u.Body == was.Body && slices.Equal(u.Translations, was.Translations) {
			return err
		}
		if u.Body != was.Body {
			u.EditedAt = &d.at
		}
		d.emitIncident(IncidentEdited, *in, &u)
		return nil
	}
	return notFound("update")
}

func (c *UpdateIncident) decide(d *draft) *fault.Error {
	in, there := d.state.Incident(c.ID)
	if !there {
		return notFound("incident")
	}
	if err := stale("incident", c.Version, in.Version, in); err != nil {
		return err
	}
	return c.onto(d, *in, "id", "body", "translations")
}

// onto adds the update to an incident whose text may have been corrected in the same breath.
func (c *UpdateIncident) onto(d *draft, next status.Incident, idField, bodyField, toldField string) *fault.Error {
	to := status.IncidentStatus(c.Status)
	if to == "" {
		to = next.Status
	}
	var list status.Checks
	list.ID(idField, c.UpdateID)
	list.OneOf("status", string(to), to.Valid(), status.Names(status.IncidentStatuses))
	list.Text(bodyField, c.Body, status.BodyMax, to == next.Status && len(c.Services) == 0)
	if err := list.Err(); err != nil {
		return err
	}
	if !next.Active() {
		return forbidden("status", "A resolved incident", string(next.Status), string(to), nil)
	}
	if to != next.Status && !contains(next.Status.Next(), to) {
		return forbidden("status", "An incident", string(next.Status), string(to), status.Names(next.Status.Next()))
	}
	for i := range next.Updates {
		if next.Updates[i].ID == c.UpdateID {
			return taken("an update", idField)
		}
	}
	// The last place is kept for the resolution, so that an incident can always be ended.
	if n := len(next.Updates); n >= MaxUpdates-1 && to != status.Resolved {
		return tooMany("updates on this incident", MaxUpdates-1)
	}
	changes, err := c.regrip(d, &next, to)
	if err != nil {
		return err
	}
	update := &status.Update{ID: c.UpdateID, Status: to, Body: c.Body, CreatedAt: d.at, Services: changes}
	if update.Translations, err = d.translated(toldField, c.Translations, entryText(c.Body),
		next.Language); err != nil {
		return err
	}
	next.Status = to
	if to != status.Resolved {
		d.emitIncident(IncidentUpdated, next, update)
		d.follow(changes)
		return nil
	}
	next.ResolvedAt = &d.at
	update.Services = d.release(&next)
	d.emitIncident(IncidentResolved, next, update)
	return nil
}

// regrip changes what the incident holds, as the update says, and lists the changes. A resolution lets everything go by
// itself.
func (c *UpdateIncident) regrip(d *draft, next *status.Incident,
	to status.IncidentStatus) ([]status.Affected, *fault.Error) {
	var list status.Checks
	var changes []status.Affected
	held := append([]status.Affected(nil), next.Services...)
	allowed := status.ServiceStatuses[:len(status.ServiceStatuses)-1] // no incident puts anything under maintenance
	seen := map[string]bool{}
	list.That(len(c.Services) <= MaxAffected, "services", "An incident may affect %s services at most.",
		wire.Itoa(MaxAffected))
	for i, m := range looked(c.Services) {
		field := "services[" + wire.Itoa(int64(i)) + "]."
		k := at(held, m.ID)
		list.That(k >= 0, field+"id", "This service is not part of the incident.")
		list.That(!seen[m.ID], field+"id", "This service is named twice.")
		list.OneOf(field+"to_state", string(m.To), contains(allowed, m.To), status.Names(allowed))
		list.That(to != status.Resolved || m.To == status.Operational, field+"to_state",
			"A resolved incident lets go of its services.")
		seen[m.ID] = true
		if _, there := d.state.Service(m.ID); k >= 0 && !there {
			list.That(false, field+"id", "This service is gone.")
		}
		if k >= 0 && held[k].To != m.To && to != status.Resolved {
			changes = append(changes, status.Affected{ID: m.ID, Name: held[k].Name, From: held[k].To, To: m.To})
			held[k].To = m.To
		}
	}
	if err := list.Err(); err != nil {
		return nil, err
	}
	if len(changes) > 0 {
		next.Services = held
		next.Impact = next.Impact.Worse(status.ImpactOf(held))
	}
	return changes, nil
}

// follow brings services to where an update puts them: a worse state is as when an incident opens; with a better one
// the service is where the most recently opened incident that holds it says. One under maintenance stays there.
func (d *draft) follow(changes []status.Affected) {
	for _, a := range changes {
		svc, there := d.state.Service(a.ID)
		switch {
		case !there || svc.Status == status.UnderMaintenance:
		case svc.Status.CanMove(a.To, status.ByIncident):
			d.moveService(a.ID, a.To)
		default:
			d.moveService(a.ID, d.state.settled(a.ID, ""))
		}
	}
}

// release recalculates the services that an incident held, and lists them; one under maintenance stays there.
func (d *draft) release(in *status.Incident) []status.Affected {
	var out []status.Affected
	for _, a := range in.Services {
		if a.To == status.Operational {
			continue
		}
		to := status.Operational
		if svc, there := d.state.Service(a.ID); there {
			if to = svc.Status; to != status.UnderMaintenance {
				to = d.state.settled(a.ID, in.ID)
				d.moveService(a.ID, to)
			}
		}
		out = append(out, status.Affected{ID: a.ID, Name: a.Name, From: a.To, To: to})
	}
	return out
}

func at(list []status.Affected, id string) int {
	for i := range list {
		if list[i].ID == id {
			return i
		}
	}
	return -1
}

func (d *draft) emitIncident(kind EventType, next status.Incident, u *status.Update) {
	next.Updates = nil
	next.Version++
	next.UpdatedAt = d.at
	d.emit(Event{Type: kind, Incident: &next, Update: u})
}

func (c *DeleteIncident) decide(d *draft) *fault.Error {
	in, there := d.state.Incident(c.ID)
	if !there {
		return notFound("incident")
	}
	if err := stale("incident", c.Version, in.Version, in); err != nil {
		return err
	}
	gone := *in
	if gone.Active() {
		d.release(&gone)
	}
	if gone.RecordedAt == nil && gone.Excluded == "" && !d.state.Past.excludes() {
		d.emitIncident(IncidentDeleted, gone, nil)
		return nil
	}
	untold := gone // what it added to the record, or took from it, goes with it
	untold.Services = nil
	d.correctDays(IncidentDeleted, gone, d.recount(untold))
	return nil
}

func contains[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// incident puts in all words of it; whoever adds a text adds it here.
func (r rewriter) incident(i, now *status.Incident) {
	r.text(&i.Title, now.Title)
	r.text(&i.Description, now.Description)
	r.text(&i.Postmortem, now.Postmortem)
	r.text(&i.Excluded, now.Excluded)
	r.translations(&i.Translations, now.Translations)
}
