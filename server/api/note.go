package api

import (
	"context"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// noteRoutes are for the people of an organisation alone: no public document has a note.
func noteRoutes() []Route {
	return []Route{
		{"GET", "/api/v1/incidents/:id/notes", Inside, listNotes},
		{"POST", "/api/v1/incidents/:id/notes", Inside, addNote},
		{"PATCH", "/api/v1/incidents/:id/notes/:note", Inside, editNote},
		{"DELETE", "/api/v1/incidents/:id/notes/:note", Inside, deleteNote},
	}
}

func listNotes(c *call) error {
	in, err := c.incident() // waits for what the caller has seen
	if err != nil {
		return err
	}
	return spanned(c, func(_ context.Context, s store.Span) ([]store.Note, int, error) {
		return c.org().Notes(c.ctx, in.ID, s)
	},
		(*store.Note).Wire)
}

// note is the id of the path's note, with its incident's.
func (c *call) note() (incident, id string, err error) {
	if incident, err = c.id("incident"); err != nil {
		return "", "", err
	}
	if id = c.Params("note"); !status.ValidID(id) {
		return "", "", fault.New(fault.NotFound, "There is no such note.")
	}
	return incident, id, nil
}

func showNote(_ *call, x *store.Note) (int64, wire.Object) { return x.Version, x }

func addNote(c *call) error {
	incident, err := c.id("incident")
	if err != nil {
		return err
	}
	return create(c, func(ctx context.Context, by usecase.Caller, orgID string,
		text usecase.NoteText) (store.Note, error) {
		return c.UseCases.AddNote(ctx, by, orgID, incident, text)
	}, showNote)
}

func editNote(c *call) error {
	incident, id, err := c.note()
	if err != nil {
		return err
	}
	return edit(c, "incident", func(ctx context.Context, by usecase.Caller, orgID, _ string,
		text usecase.NoteText) (store.Note, error) {
		return c.UseCases.EditNote(ctx, by, orgID, incident, id, text)
	}, showNote)
}

func deleteNote(c *call) error {
	incident, id, err := c.note()
	if err != nil {
		return err
	}
	return c.deleted("incident", func(ctx context.Context, by usecase.Caller, orgID, _ string, version *int64) error {
		return c.UseCases.DeleteNote(ctx, by, orgID, incident, id, version)
	})
}
