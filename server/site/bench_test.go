package site

import (
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"statuspage/server/relay"
	"statuspage/server/site/visit"
	"statuspage/shared/page"
)

func benchStates(b *testing.B) map[string]page.State {
	t := &testing.T{} // stories fail by it; these do not
	return map[string]page.State{"10 services": trouble(t), "60 services": awkward(t)}
}

// BenchmarkRender makes the page and its compressed forms: what the first reader after an event waits for.
func BenchmarkRender(b *testing.B) {
	s := newSite(Deps{Now: func() time.Time { return utc(today) }})
	for name, state := range benchStates(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				v := &visit.Visit{Page: relay.NewPage(state, "e"), Path: "/status/x", Ctx: someone()}
				mediaType, body, err := render("en", "page", s.pageView(v, false, time.Time{}))
				if err != nil {
					b.Fatal(err)
				}
				relay.NewDoc(mediaType, body)
			}
		})
	}
}

// BenchmarkServe answers from memory: what every other reader waits for.
func BenchmarkServe(b *testing.B) {
	s := &shelf{pages: map[string]*relay.Page{}}
	s.put(benchStates(b)["10 services"])
	app := fiber.New(fiber.Config{Immutable: true})
	Routes(app, Deps{Pages: s, Now: func() time.Time { return utc(today) }})
	handle := app.Handler()
	var ctx fasthttp.RequestCtx
	ctx.Request.SetRequestURI("/status/acme")
	ctx.Request.Header.Set("Accept-Encoding", "gzip, br")
	b.ReportAllocs()
	for b.Loop() {
		ctx.Response.Reset()
		handle(&ctx)
	}
	if ctx.Response.StatusCode() != 200 {
		b.Fatal(ctx.Response.StatusCode())
	}
}
