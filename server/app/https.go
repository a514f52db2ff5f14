package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"statuspage/server/certificate"
	"statuspage/server/hostname"
)

// settle is for how long a challenge waits for the replicas, where there are other regions.
const settle = 2 * time.Second

// plain is a connection without TLS, where https is served as well.
type plain struct{ net.Conn }

// serveHTTPS answers on TLS_ADDR, and on ln with what leads there. failed hears of the end of either.
func (a *App) serveHTTPS(ctx context.Context, ln net.Listener, failed chan<- error) error {
	secure, err := net.Listen("tcp", a.cfg.TLSAddr)
	if err != nil {
		return fmt.Errorf("TLS_ADDR: %w", err)
	}
	sealer, err := sealer(a.cfg, a.DB)
	if err != nil {
		return err
	}
	d := certificate.Deps{DB: a.DB, Sealer: sealer, Primary: a.cfg.Primary(), Email: a.cfg.TLSEmail,
		Directory: a.cfg.TLSDirectory, Roots: a.cfg.Host.Roots, Plain: ln.Addr(), Secure: secure.Addr(), Now: a.now,
		Own: []string{hostname.Of(a.cfg.BaseURL)}}
	if strings.HasPrefix(a.cfg.PrimaryURL, "https://") {
		d.Own = append(d.Own, hostname.Of(a.cfg.PrimaryURL))
	}
	if a.cfg.PrimaryRegion != "" {
		d.Settle = settle
	}
	if a.keeper, err = certificate.New(d); err != nil {
		return err
	}
	a.challenge = fasthttpadaptor.NewFastHTTPHandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.keeper.Challenge(w, r) {
			http.NotFound(w, r)
		}
	})
	a.Fiber.Handler() // prepares the routes, for two listeners
	go func() {
		failed <- a.Fiber.Server().Serve(steady{tls.NewListener(secure, a.keeper.TLS()), a.front.Conn})
	}()
	go func() {
		failed <- a.Fiber.Server().Serve(steady{ln, func(conn net.Conn) net.Conn { return plain{conn} }})
	}()
	a.every(ctx, 0, a.keeper.Run)
	return nil
}

// led answers what comes without TLS where https is served: challenges of the certificate authority, whether the
// program lives, and for all else the address of https.
func (a *App) led(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if _, is := ctx.Conn().(plain); !is {
			next(ctx)
			return
		}
		switch path := string(ctx.Path()); {
		case strings.HasPrefix(path, "/.well-known/acme-challenge/"):
			a.challenge(ctx)
		case path == "/healthz" || path == "/readyz":
			next(ctx)
		default:
			ctx.Response.Header.Set(fasthttp.HeaderLocation, a.secured(string(ctx.Host()))+string(ctx.RequestURI()))
			ctx.SetStatusCode(fasthttp.StatusPermanentRedirect)
			ctx.SetConnectionClose() // a body that may follow is not read
		}
	}
}

// secured is where https begins for a host: on the same name if it is served, else on the installation's own. The port
// is that of BASE_URL.
func (a *App) secured(host string) string {
	base, err := url.Parse(a.cfg.BaseURL)
	if err != nil {
		return a.cfg.BaseURL // Validate has refused it
	}
	if name, _, _ := strings.Cut(host, ":"); a.keeper.Serves(name) {
		port := base.Port()
		if base.Host = strings.ToLower(name); port != "" {
			base.Host = net.JoinHostPort(base.Host, port)
		}
	}
	return "https://" + base.Host
}
