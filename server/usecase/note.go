package usecase

import (
	"context"
	"errors"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// MaxNotes bounds the notes on an incident.
const MaxNotes = 200

// NoteText is what somebody writes of a note; what is nil stays.
type NoteText struct {
	ReadVersion
	ID   *string
	Body *string
}

// Wire is the body of POST and PATCH notes.
func (t *NoteText) Wire(f *wire.Fields) {
	f.OptStr("id", &t.ID)
	f.OptInt("version", &t.Version)
	f.OptStr("body", &t.Body)
}

// mayNote lets every member write to the others, and keys that may write the page.
func (c Caller) mayNote(orgID string) error {
	if c.System {
		return nil
	}
	if c.Who.Kind == auth.KindUser {
		return c.Who.MayInspect(orgID)
	}
	if err := c.Who.MayInspect(orgID); err != nil {
		return err
	}
	return c.Who.MayEdit(orgID)
}

func (n *NoteText) check(id string) (string, *fault.Error) {
	body := ""
	if n.Body != nil {
		body = *n.Body
	}
	var c status.Checks
	c.Text("body", body, status.BodyMax, true)
	if id != "" {
		c.Made("id", id)
	}
	return body, c.Err()
}

// noted is the incident of a note, if it is there.
func (d *UseCases) noted(ctx context.Context, orgID, incident string) error {
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return err
	}
	if _, there := p.State.Incident(incident); there {
		return nil
	}
	_, err = d.db.Org(orgID).Object(ctx, page.IncidentNoun, incident)
	if errors.Is(err, store.ErrNone) {
		return fault.New(fault.NotFound, "There is no such incident.")
	}
	return err
}

// AddNote keeps a new note on an incident.
func (d *UseCases) AddNote(ctx context.Context, by Caller, orgID, incident string, text NoteText) (store.Note, error) {
	return onceIf(ctx, d, by, orgID, by.mayNote(orgID), func(b *store.Batch) (store.Note, error) {
		org, now := d.db.Org(orgID), status.Time(d.now().UnixMilli())
		n := store.Note{ID: newID(), Incident: incident, Author: by.actor(), AuthorName: by.name(), CreatedAt: now,
			UpdatedAt: now, Version: 1}
		if text.ID != nil {
			n.ID = *text.ID
		}
		var no *fault.Error
		if n.Body, no = text.check(n.ID); no != nil {
			return n, no
		}
		if err := d.noted(ctx, orgID, incident); err != nil {
			return n, err
		}
		org.RoomForNote(b, incident, MaxNotes, fault.New(fault.Conflict,
			"There are %s notes on this incident already, which is the limit.", wire.Itoa(MaxNotes)))
		b.Taken("incident_notes.id",
			fault.New(fault.Conflict, "There is a note with this id already.").With("id", "This id is taken."))
		org.AddNote(b, &n)
		org.AddAudit(b, by.audit("add_note", "note", n.ID, "", string(encode(&n)), d.now()))
		return n, nil
	})
}

// EditNote changes a note of the caller's own.
func (d *UseCases) EditNote(ctx context.Context, by Caller, orgID, incident, id string,
	text NoteText) (store.Note, error) {
	return onceIf(ctx, d, by, orgID, by.mayNote(orgID), func(b *store.Batch) (store.Note, error) {
		n, err := d.ownNote(ctx, by, orgID, incident, id, text.Version)
		if err != nil {
			return n, err
		}
		before := string(encode(&n))
		body, no := text.check("")
		if no != nil {
			return n, no
		}
		if body == n.Body {
			return n, nil
		}
		n.Body, n.UpdatedAt, n.Version = body, status.Time(d.now().UnixMilli()), n.Version+1
		org := d.db.Org(orgID)
		org.EditNote(b, &n)
		org.AddAudit(b, by.audit("edit_note", "note", id, before, string(encode(&n)), d.now()))
		return n, nil
	})
}

// DeleteNote takes a note of the caller's own away.
func (d *UseCases) DeleteNote(ctx context.Context, by Caller, orgID, incident, id string, version *int64) error {
	_, err := onceIf(ctx, d, by, orgID, by.mayNote(orgID), func(b *store.Batch) (store.Note, error) {
		n, err := d.ownNote(ctx, by, orgID, incident, id, version)
		if err != nil {
			return n, err
		}
		org := d.db.Org(orgID)
		org.DeleteNote(b, &n)
		org.AddAudit(b, by.audit("delete_note", "note", id, string(encode(&n)), "", d.now()))
		return n, nil
	})
	return err
}

// ownNote is the one that the caller means, if it is the caller's and as they read it.
func (d *UseCases) ownNote(ctx context.Context, by Caller, orgID, incident, id string,
	version *int64) (store.Note, error) {
	n, err := d.db.Org(orgID).Note(ctx, id)
	if errors.Is(err, store.ErrNone) || err == nil && n.Incident != incident {
		return n, fault.New(fault.NotFound, "There is no such note.")
	}
	if err == nil {
		err = d.noted(ctx, orgID, incident)
	}
	switch {
	case err != nil:
		return n, err
	case n.Author != by.actor():
		return n, fault.New(fault.Forbidden, "Only who wrote a note may change it.")
	case version != nil && *version != n.Version:
		no := fault.New(fault.Conflict, "This note was changed meanwhile: you read version %s, it is now at %s.",
			wire.Itoa(*version), wire.Itoa(n.Version))
		no.Current = encode(&n)
		return n, no
	}
	return n, nil
}
