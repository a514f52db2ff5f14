package api

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// stored lists what the database keeps of the caller's organisation, as far as the caller has seen changes to it.
func stored[T any](c *call, find func(context.Context, store.Span) ([]T, int, error),
	each func(*T, *wire.Fields)) error {
	if _, err := c.page(); err != nil {
		return err
	}
	return spanned(c, find, each)
}

// spanned lists a part of what a query finds.
func spanned[T any](c *call, find func(context.Context, store.Span) ([]T, int, error),
	each func(*T, *wire.Fields)) error {
	number, span, err := c.span()
	if err != nil {
		return err
	}
	found, count, err := find(c.ctx, span)
	if err != nil {
		return err
	}
	return paged(c, number, span, count, found, each)
}

// storedOne is the path's object in the database; what says what it is.
func storedOne[T any](c *call, what string, read func(context.Context, string) (T, error)) (found T, err error) {
	if _, err := c.page(); err != nil {
		return found, err
	}
	id, err := c.id(what)
	if err != nil {
		return found, err
	}
	found, err = read(c.ctx, id)
	if errors.Is(err, store.ErrNone) {
		err = fault.New(fault.NotFound, "There is no such %s.", what)
	}
	return found, err
}

// written answers a write with what is there now, under its ETag.
func (c *call) written(code int, version int64, x wire.Object) error {
	c.asOf()
	c.Set(fiber.HeaderETag, `"`+wire.Itoa(version)+`"`)
	return c.json(code, wire.Marshal(x))
}

// deleted deletes the path's object.
func (c *call) deleted(what string,
	remove func(ctx context.Context, by usecase.Caller, orgID, id string, version *int64) error) error {
	id, version, err := c.target(what, nil)
	if err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	if err := remove(c.ctx, by, c.who.OrgID, id, version); err != nil {
		return err
	}
	c.asOf()
	return c.json(fiber.StatusNoContent, nil)
}
