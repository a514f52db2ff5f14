package site

import (
	"errors"
	"log/slog"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/lang"
	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/shared/fault"
)

// problemView is a page that says what went wrong and what to do now.
type problemView struct {
	Status int
	Title  string
	Text   string
	Again  bool // trying again may help
}

// Problem answers an error with a page. It stands in for the API's problem+json where a person is reading.
func Problem(c *fiber.Ctx, err error) error {
	secure(c)
	view := refused(c, err)
	in := tongue(c)
	view.Title = in.Say(view.Title)
	mediaType, body, err := render(in, "problem", view)
	if err != nil {
		return err
	}
	c.Set("Content-Type", mediaType)
	return c.Status(view.Status).Send(body)
}

// tongue is the language of a page that is no organisation's: as ?lang= or the browser asks.
func tongue(c *fiber.Ctx) lang.In {
	tag := lang.Choose(c.Query("lang"), serve.Language(c), c.Get(fiber.HeaderAcceptLanguage), "", nil)
	c.Set(fiber.HeaderContentLanguage, tag)
	c.Vary(fiber.HeaderAcceptLanguage, fiber.HeaderCookie)
	return lang.In(tag)
}

// refused notes an error in the log where it is ours, and in the headers.
func refused(c *fiber.Ctx, err error) problemView {
	view := explain(err)
	if view.Status >= fiber.StatusInternalServerError && view.Status != fiber.StatusServiceUnavailable {
		slog.ErrorContext(c.UserContext(), "page", "path", c.Path(), "error", err)
	}
	var refusal *fault.Error
	if errors.As(err, &refusal) && refusal.RetryAfter > 0 {
		c.Set("Retry-After", strconv.Itoa(refusal.RetryAfter))
	}
	c.Set("Cache-Control", "no-store")
	return view
}

func explain(err error) problemView {
	status, text := fiber.StatusInternalServerError, ""
	var refusal *fault.Error
	var plain *fiber.Error
	switch {
	case errors.As(err, &refusal):
		status, text = refusal.Code.Status(), refusal.Message
	case errors.As(err, &plain):
		status = plain.Code
	}
	switch status {
	case fiber.StatusNotFound:
		return problemView{status, "Not found", or(text, "There is nothing at this address."), false}
	case fiber.StatusTooManyRequests:
		return problemView{status, "Too many requests", or(text, "Your network asks very often. Please wait a moment."),
			true}
	case fiber.StatusServiceUnavailable:
		return problemView{status, "Not now", or(text, "We cannot show this page at the moment."), true}
	case fiber.StatusInternalServerError:
		return problemView{status, "Something broke", "The fault is ours, and it was noted.", true}
	}
	return problemView{status, "This did not work", or(text, "The server did not understand the request."), false}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func noPage() error { return fault.New(fault.NotFound, "There is nothing at this address.") }

func notFound(err error) bool {
	var refusal *fault.Error
	return errors.As(err, &refusal) && refusal.Code == fault.NotFound
}

// serveOnce answers with something that was rendered for this request alone.
func serveOnce(c *fiber.Ctx) func(mediaType string, body []byte, err error) error {
	return func(mediaType string, body []byte, err error) error {
		if err != nil {
			return err
		}
		return serve.Doc(c, relay.NewDoc(mediaType, body))
	}
}
