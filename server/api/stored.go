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

// body is what somebody writes of a stored object, with the version that they have read.
type body[T any] interface {
	*T
	wire.Object
	IfMatch(version *int64)
}

// shown is the version of a stored object, and what the caller sees of it.
type shown[X any] func(c *call, x *X) (version int64, object wire.Object)

// create makes the stored object that the body describes.
func create[X, T any, B body[T]](c *call,
	write func(ctx context.Context, by usecase.Caller, orgID string, text T) (X, error), show shown[X]) error {
	var text T
	if err := c.read(B(&text)); err != nil {
		return err
	}
	return carryOut(c, fiber.StatusCreated, show, func(by usecase.Caller) (X, error) {
		return write(c.ctx, by, c.who.OrgID, text)
	})
}

// edit changes the path's object as the body says; what says what it is.
func edit[X, T any, B body[T]](c *call, what string,
	write func(ctx context.Context, by usecase.Caller, orgID, id string, text T) (X, error), show shown[X]) error {
	var text T
	id, version, err := c.target(what, B(&text))
	if err != nil {
		return err
	}
	B(&text).IfMatch(version)
	return carryOut(c, fiber.StatusOK, show, func(by usecase.Caller) (X, error) {
		return write(c.ctx, by, c.who.OrgID, id, text)
	})
}

// carryOut writes as the caller, and answers with what is there now.
func carryOut[X any](c *call, code int, show shown[X], write func(by usecase.Caller) (X, error)) error {
	by, err := c.caller()
	if err != nil {
		return err
	}
	x, err := write(by)
	if err != nil {
		return err
	}
	version, object := show(c, &x)
	return c.written(code, version, object)
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
