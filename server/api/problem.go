package api

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/site/serve"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

func noSuchPath() *fault.Error {
	return fault.New(fault.NotFound, "There is nothing at this address.")
}

// AsFault turns any error into what the caller may read; what it may not is logged here, once.
func AsFault(c *fiber.Ctx, err error) *fault.Error {
	var f *fault.Error
	if errors.As(err, &f) {
		if f.Code == fault.Unavailable || f.Code == fault.Internal {
			slog.Warn("request refused", "request_id", requestID(c), "method", c.Method(), "path", c.Path(), "error",
				err)
		}
		if core := coreOf(c); core != "" && (f.Code == fault.Invalid || f.Code == fault.Conflict) {
			slog.Info("a browser's rules allowed what was refused", "request_id", requestID(c), "core", core, "method",
				c.Method(), "path", c.Path(), "error", err)
		}
		return f
	}
	var http *fiber.Error
	if errors.As(err, &http) {
		switch {
		case http.Code == fiber.StatusRequestEntityTooLarge:
			return fault.New(fault.TooLarge, "A request may have 1 MB at most.")
		case http.Code == fiber.StatusRequestHeaderFieldsTooLarge:
			return fault.New(fault.Malformed, "The headers of a request may have 16 KB at most, with its address and "+
				"its cookies.")
		case http.Code == fiber.StatusMethodNotAllowed:
			return noSuchMethod()
		case http.Code == fiber.StatusRequestTimeout:
			return fault.New(fault.Malformed, "This request did not arrive whole in time. It may be sent again.")
		case http.Code == fiber.StatusNotFound:
			return noSuchPath()
		case http.Code >= 400 && http.Code < 500:
			return fault.New(fault.Malformed, "This request cannot be read.")
		}
	}
	slog.Error("request failed", "request_id", requestID(c), "method", c.Method(), "path", c.Path(), "error", err)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		f = fault.New(fault.Unavailable, "The database did not answer in time. Please try again.")
		f.RetryAfter = 2
		return f
	}
	return fault.New(fault.Internal, "Something went wrong on our side. The request id helps us to find out what.")
}

// coreOf is the version of the rules that decided a command in a browser, as the dashboard's queue names it; "" when
// there is none.
func coreOf(c *fiber.Ctx) string {
	core := c.Get("Status-Core")
	if len(core) > 32 || strings.Trim(core, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return core
}

// finer are the statuses of HTTP itself that say more than their code's own.
var finer = []int{fiber.StatusRequestTimeout}

// Problem answers with a problem document.
// CONTRACT 3, RFC 9457 3.
func Problem(c *fiber.Ctx, err error) error {
	if errors.Is(err, serve.ErrElsewhere) {
		return nil
	}
	f := AsFault(c, err)
	code := f.Code.Status()
	var http *fiber.Error
	if errors.As(err, &http) && slices.Contains(finer, http.Code) {
		code = http.Code
	}
	c.Set(fiber.HeaderContentType, "application/problem+json")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Response().Header.Del(fiber.HeaderETag)
	untold(c, f)
	if f.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(f.RetryAfter))
	}
	if f.Code == fault.Unauthenticated {
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="statuspage"`)
	}
	return c.Status(code).Send(wire.Marshal(problem{f, code, c.Path(), requestID(c)}))
}

type problem struct {
	*fault.Error
	status            int
	instance, request string
}

var titles = map[fault.Code]string{
	fault.Invalid: "Invalid input", fault.Malformed: "Malformed request", fault.Unauthenticated: "Not signed in",
	fault.Forbidden: "Not allowed",
	fault.NotFound:  "Not found", fault.MethodNotAllowed: "Method not allowed", fault.Conflict: "Conflict",
	fault.PreconditionFailed: "Precondition failed", fault.TooLarge: "Too large",
	fault.RateLimited: "Too many requests", fault.Unavailable: "Unavailable", fault.Internal: "Internal error",
}

func (p problem) Wire(f *wire.Fields) {
	status := int64(p.status)
	f.Derived("type", "urn:statuspage:"+string(p.Code))
	f.Derived("title", titles[p.Code])
	f.Int("status", &status)
	f.Derived("detail", p.Message)
	f.Derived("instance", p.instance)
	f.Derived("code", string(p.Code))
	if p.Reason != "" {
		f.Derived("reason", p.Reason)
	}
	wire.List(f, "errors", &p.Fields, func(x *fault.Field, f *wire.Fields) {
		f.Str("field", &x.Name)
		f.Str("message", &x.Message)
	})
	if p.Allowed != nil {
		f.Strings("allowed", &p.Allowed)
	}
	if p.Current != nil {
		f.Raw("current", p.Current)
	}
	f.Derived("request_id", p.request)
}

// RequestIDKey is where the request's id stands in its locals.
const RequestIDKey = "request_id"

func requestID(c *fiber.Ctx) string {
	id, _ := c.Locals(RequestIDKey).(string)
	return id
}
