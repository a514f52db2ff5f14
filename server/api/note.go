package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/status"
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

// note are the ids that the path has, with the version that If-Match names and who asks.
func (c *call) note() (incident, id string, version *int64, by usecase.Caller, err error) {
	if incident, err = c.id("incident"); err != nil {
		return
	}
	if id = c.Params("note"); !status.ValidID(id) {
		err = fault.New(fault.NotFound, "There is no such note.")
		return
	}
	if version, err = c.ifMatch(); err != nil {
		return
	}
	by, err = c.caller()
	return
}

func addNote(c *call) error {
	incident, err := c.id("incident")
	if err != nil {
		return err
	}
	var text usecase.NoteText
	if err := c.read(&text); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	n, err := c.UseCases.AddNote(c.ctx, by, c.who.OrgID, incident, text)
	if err != nil {
		return err
	}
	return c.written(fiber.StatusCreated, n.Version, &n)
}

func editNote(c *call) error {
	incident, id, version, by, err := c.note()
	if err != nil {
		return err
	}
	var text usecase.NoteText
	if err := c.read(&text); err != nil {
		return err
	}
	either(&text.Version, version)
	n, err := c.UseCases.EditNote(c.ctx, by, c.who.OrgID, incident, id, text)
	if err != nil {
		return err
	}
	return c.written(fiber.StatusOK, n.Version, &n)
}

func deleteNote(c *call) error {
	incident, id, version, by, err := c.note()
	if err != nil {
		return err
	}
	if err := c.UseCases.DeleteNote(c.ctx, by, c.who.OrgID, incident, id, version); err != nil {
		return err
	}
	c.asOf()
	return c.json(fiber.StatusNoContent, nil)
}
