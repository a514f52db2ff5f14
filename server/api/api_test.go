package api

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

func TestEveryErrorBecomesWhatItsCallerMayRead(t *testing.T) {
	secret := errors.New("disk of customer 7 at 10.0.0.1")
	for _, c := range []struct {
		err   error
		code  fault.Code
		retry bool
	}{
		{fault.New(fault.NotFound, "No."), fault.NotFound, false},
		{fmt.Errorf("in a batch: %w", fault.New(fault.Conflict, "No.")), fault.Conflict, false},
		{fiber.ErrRequestEntityTooLarge, fault.TooLarge, false},
		{fiber.ErrRequestHeaderFieldsTooLarge, fault.Malformed, false},
		{fiber.ErrNotFound, fault.NotFound, false},
		{fiber.ErrTeapot, fault.Malformed, false},
		{context.DeadlineExceeded, fault.Unavailable, true},
		{fmt.Errorf("%w: %w", secret, context.Canceled), fault.Unavailable, true},
		{secret, fault.Internal, false},
	} {
		app := fiber.New(fiber.Config{DisableStartupMessage: true})
		app.Get("/", func(ctx *fiber.Ctx) error {
			f := AsFault(ctx, c.err)
			if f.Code != c.code || strings.Contains(f.Error(), "customer 7") || (f.RetryAfter > 0) != c.retry {
				t.Errorf("%v is told as %+v, not %s", c.err, f, c.code)
			}
			return nil
		})
		res, err := app.Test(httptest.NewRequest("GET", "/", nil), -1)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
}

func TestAMonthIsOneInWhichThereWasAPage(t *testing.T) {
	at := func(text string) status.Time {
		when, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return status.Time(when.UnixMilli())
	}
	state := page.State{Org: page.Org{ID: "x", Slug: "acme", CreatedAt: at("2026-09-10")}}
	// December in UTC
	p, now := relay.NewPage(state, "e"), time.Date(2026, 11, 30, 23, 0, 0, 0, time.FixedZone("", -2*3600))
	for text, good := range map[string]bool{
		"2026-09": true, "2026-11": true, "2026-12": true, "2026-08": false, "2027-01": false, "2026-13": false,
		"2026-9": false, "": false, "x": false,
	} {
		month, err := monthOf(text, p, now)
		var f *fault.Error
		switch {
		case good && (err != nil || month.Format(monthForm) != text):
			t.Errorf("%s: %s, %v", text, month, err)
		case !good && (!errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Name != "month"):
			t.Errorf("%q: %v", text, err)
		}
	}
	// A record that was brought along begins with its service.
	state.Services = []status.Service{{ID: "s", StartDate: "2025-02-03", CreatedAt: at("2026-09-11")}}
	if _, err := monthOf("2025-02", relay.NewPage(state, "e"), now); err != nil {
		t.Error(err)
	}
	if _, err := monthOf("2025-01", relay.NewPage(state, "e"), now); err == nil {
		t.Error("a month before the record is taken")
	}
}

func TestNamesOfVariablesMakeNoOtherRoute(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/services/:id/": "/api/v1/services/*", "/api/v1/services/{id}": "/api/v1/services/*",
		"/api/v1/incidents/:id/updates/:update/": "/api/v1/incidents/*/updates/*", "/": "",
	} {
		if got := unnamed(path); got != want {
			t.Errorf("%s: %q, not %q", path, got, want)
		}
	}
}

func TestOnlyTheVersionOfARulesCoreIsLogged(t *testing.T) {
	for header, want := range map[string]string{"abc123": "abc123", "": "", "x y": "", "A": "",
		strings.Repeat("a", 33): ""} {
		app := fiber.New(fiber.Config{DisableStartupMessage: true})
		app.Get("/", func(c *fiber.Ctx) error {
			if got := coreOf(c); got != want {
				t.Errorf("%q is %q", header, got)
			}
			return nil
		})
		req := httptest.NewRequest("GET", "/", nil)
		req.Header.Set("Status-Core", header)
		res, err := app.Test(req, -1)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
}
