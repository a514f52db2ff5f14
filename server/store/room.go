package store

import "context"

// Counted are rows of an organisation of which there may be so many: a FROM clause with the organisation as its
// parameter.
type Counted string

const (
	// CountTemplates and the others are what has a limit that is looked at with the write itself.
	CountTemplates    Counted = `templates WHERE org_id = ? AND deleted_at IS NULL`
	CountDrafts       Counted = `drafts WHERE org_id = ? AND published_at IS NULL`
	CountSeries       Counted = `maintenance_series WHERE org_id = ? AND deleted_at IS NULL`
	CountMonitors     Counted = `monitors WHERE org_id = ? AND deleted_at IS NULL`
	CountDestinations Counted = `destinations WHERE org_id = ?`
	CountKeys         Counted = `api_keys WHERE org_id = ? AND revoked_at IS NULL`
	CountSubscribers  Counted = `subscribers WHERE org_id = ?`
	countNotes        Counted = `incident_notes WHERE org_id = ?`
)

// Otherwise lets a batch say why the schema refused it, for what was not looked at before: so a write that is not
// refused needs no read. why looks, and gives nil when nothing of what it knows is in the way.
func (b *Batch) Otherwise(why func(ctx context.Context, c *Constraint) error) {
	b.reasons = append(b.reasons, why)
}

// Why is the reason for which the schema refused the batch; refusal is what the schema said. It is nil when what was
// required is so by now: the batch may be tried again.
func (b *Batch) Why(ctx context.Context, c *Constraint, refusal error) error {
	for _, why := range b.reasons {
		if no := why(ctx, c); no != nil {
			return no
		}
	}
	if len(b.reasons) > 0 && Overtaken(refusal) {
		return nil
	}
	return refusal
}

// refuses undoes the whole batch with no when a condition holds.
func (o *Org) refuses(b *Batch, condition string, no error, args ...any) {
	b.Require(`NOT (`+condition+`)`, args...)
	b.Otherwise(func(ctx context.Context, c *Constraint) error {
		if !c.On(Requirement) {
			return nil
		}
		holds := false
		if err := o.db.row(ctx, `SELECT (`+condition+`)`, args, &holds); err != nil || !holds {
			return err
		}
		return no
	})
}

// Room undoes the whole batch with full when there are most such rows already. They are counted in an index: 100,000,
// which is the most that any of them may be, take the writer about 4 ms, a few hundred nothing that can be measured.
func (o *Org) Room(b *Batch, what Counted, most int, full error) {
	o.refuses(b, `(SELECT count(*) FROM `+string(what)+`) >= ?`, full, o.id, most)
}

// Needs undoes the whole batch with missing when there is no such row. what is a FROM clause.
func (o *Org) Needs(b *Batch, what string, missing error, args ...any) {
	o.refuses(b, `NOT EXISTS (SELECT 1 FROM `+what+`)`, missing, args...)
}

// RoomForNote undoes the whole batch with full when an incident has most notes already.
func (o *Org) RoomForNote(b *Batch, incident string, most int, full error) {
	o.refuses(b, `(SELECT count(*) FROM `+string(countNotes)+` AND incident_id = ?) >= ?`, full, o.id, incident, most)
}

// unchanged undoes the whole batch unless an object is there and has the version that was read. The batch may be tried
// again then, on what is there (see Why).
func (o *Org) unchanged(b *Batch, in Counted, id string, version int64) {
	b.Require(`EXISTS (SELECT 1 FROM `+string(in)+` AND id = ? AND version = ?)`, o.id, id, version)
	b.Otherwise(func(context.Context, *Constraint) error { return nil })
}

// NeedsTemplate undoes the batch unless there is a template.
func (o *Org) NeedsTemplate(b *Batch, id string, missing error) {
	o.Needs(b, `templates WHERE org_id = ? AND id = ? AND deleted_at IS NULL`, missing, o.id, id)
}

// NeedsMember undoes the batch unless somebody is a member.
func (o *Org) NeedsMember(b *Batch, userID string, missing error) {
	o.Needs(b, `members WHERE org_id = ? AND user_id = ?`, missing, o.id, userID)
}

// NeedsFactor undoes the batch unless a user's session, which goes on, has shown a second factor.
func (o *Org) NeedsFactor(b *Batch, userID, sessionID string, missing error) {
	o.Needs(b, `sessions WHERE id = ? AND user_id = ? AND revoked_at IS NULL AND factor <> ''`, missing, sessionID,
		userID)
}

// Taken says of a refusal by a unique column, such as "templates.id", what it means.
func (b *Batch) Taken(column string, taken error) {
	b.Otherwise(func(_ context.Context, c *Constraint) error {
		if c.Kind == "UNIQUE" && c.On(column) {
			return taken
		}
		return nil
	})
}
