package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/status"
)

// draftRoutes are for the people of an organisation alone: no public document has a draft.
func draftRoutes() []Route {
	return []Route{
		{"GET", "/api/v1/drafts", Inside, listDrafts},
		{"POST", "/api/v1/drafts", Write, createDraft},
		{"GET", "/api/v1/drafts/:id", Inside, getDraft},
		{"PATCH", "/api/v1/drafts/:id", Write, editDraft},
		{"DELETE", "/api/v1/drafts/:id", Write, deleteDraft},
		{"POST", "/api/v1/drafts/:id/review", Write, stepsDraft("", (*usecase.UseCases).AskReview)},
		{"POST", "/api/v1/drafts/:id/approve", Write, stepsDraft("words", (*usecase.UseCases).ApproveDraft)},
		{"POST", "/api/v1/drafts/:id/publish", Write, stepsDraft("", publishDraft)},
		{"POST", "/api/v1/drafts/:id/schedule", Write, stepsDraft("due_at", (*usecase.UseCases).ScheduleDraft)},
	}
}

func listDrafts(c *call) error {
	state, err := c.oneOf("state", status.Names(store.DraftStates))
	if err != nil {
		return err
	}
	return stored(c, func(ctx context.Context, s store.Span) ([]store.Draft, int, error) {
		return c.org().Drafts(ctx, state, s)
	}, (*store.Draft).Wire)
}

func getDraft(c *call) error {
	x, err := storedOne(c, "draft", c.org().Draft)
	if err != nil {
		return err
	}
	return c.written(fiber.StatusOK, x.Version, &x)
}

func createDraft(c *call) error {
	var text usecase.DraftText
	if err := c.read(&text); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	x, err := c.UseCases.CreateDraft(c.ctx, by, c.who.OrgID, text)
	if err != nil {
		return err
	}
	return c.written(fiber.StatusCreated, x.Version, &x)
}

// draft is the id that the path has, with the version that If-Match names and who asks.
func (c *call) draft() (id string, version *int64, by usecase.Caller, err error) {
	if id, err = c.id("draft"); err != nil {
		return
	}
	if version, err = c.ifMatch(); err != nil {
		return
	}
	by, err = c.caller()
	return
}

func editDraft(c *call) error {
	id, version, by, err := c.draft()
	if err != nil {
		return err
	}
	var text usecase.DraftText
	if err := c.read(&text); err != nil {
		return err
	}
	either(&text.Version, version)
	x, err := c.UseCases.EditDraft(c.ctx, by, c.who.OrgID, id, text)
	if err != nil {
		return err
	}
	return c.written(fiber.StatusOK, x.Version, &x)
}

func deleteDraft(c *call) error {
	id, version, by, err := c.draft()
	if err != nil {
		return err
	}
	if err := c.UseCases.DeleteDraft(c.ctx, by, c.who.OrgID, id, version); err != nil {
		return err
	}
	c.asOf()
	return c.json(fiber.StatusNoContent, nil)
}

// stepsDraft is a step that a draft takes. Its body, which may be left out, has a version and one member more.
func stepsDraft(member string, take func(*usecase.UseCases, context.Context, usecase.Caller, string, string,
	usecase.DraftStep) (store.Draft, error)) func(*call) error {
	return func(c *call) error {
		id, version, by, err := c.draft()
		if err != nil {
			return err
		}
		step := usecase.DraftStep{Member: member}
		if len(c.Body()) > 0 {
			if err := c.read(&step); err != nil {
				return err
			}
		}
		either(&step.Version, version)
		x, err := take(c.UseCases, c.ctx, by, c.who.OrgID, id, step)
		if err != nil {
			return err
		}
		return c.written(fiber.StatusOK, x.Version, &x)
	}
}

func publishDraft(u *usecase.UseCases, ctx context.Context, by usecase.Caller, org, id string,
	step usecase.DraftStep) (store.Draft, error) {
	return u.PublishDraft(ctx, by, org, id, step.Version)
}
