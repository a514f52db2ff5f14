package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/status"
	"statuspage/shared/wire"
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

func createDraft(c *call) error { return create(c, c.UseCases.CreateDraft, showDraft) }

func editDraft(c *call) error { return edit(c, "draft", c.UseCases.EditDraft, showDraft) }

func showDraft(_ *call, x *store.Draft) (int64, wire.Object) { return x.Version, x }

func deleteDraft(c *call) error { return c.deleted("draft", c.UseCases.DeleteDraft) }

// stepsDraft is a step that a draft takes. Its body, which may be left out, has a version and one member more.
func stepsDraft(member string, take func(*usecase.UseCases, context.Context, usecase.Caller, string, string,
	usecase.DraftStep) (store.Draft, error)) func(*call) error {
	return func(c *call) error {
		step := usecase.DraftStep{Member: member}
		var body wire.Object
		if len(c.Body()) > 0 {
			body = &step
		}
		id, version, err := c.target("draft", body)
		if err != nil {
			return err
		}
		step.IfMatch(version)
		return carryOut(c, fiber.StatusOK, showDraft, func(by usecase.Caller) (store.Draft, error) {
			return take(c.UseCases, c.ctx, by, c.who.OrgID, id, step)
		})
	}
}

func publishDraft(u *usecase.UseCases, ctx context.Context, by usecase.Caller, org, id string,
	step usecase.DraftStep) (store.Draft, error) {
	return u.PublishDraft(ctx, by, org, id, step.Version)
}
