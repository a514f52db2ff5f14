package certificate

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

// Plain is a connection without TLS, where https is served as well.
type Plain struct{ net.Conn }

// Lead answers what comes without TLS where https is served: challenges of the certificate authority, whether the
// program lives, and for all else the address of https. base is the installation's own address (BASE_URL). It asks
// for the keeper when the first request comes.
func Lead(keeper func() *Keeper, base string, next fasthttp.RequestHandler) fasthttp.RequestHandler {
	challenge := fasthttpadaptor.NewFastHTTPHandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !keeper().Challenge(w, r) {
			http.NotFound(w, r)
		}
	})
	return func(ctx *fasthttp.RequestCtx) {
		if _, is := ctx.Conn().(Plain); !is {
			next(ctx)
			return
		}
		switch path := string(ctx.Path()); {
		case strings.HasPrefix(path, "/.well-known/acme-challenge/"):
			challenge(ctx)
		case path == "/healthz" || path == "/readyz":
			next(ctx)
		default:
			ctx.Response.Header.Set(fasthttp.HeaderLocation, keeper().secured(base, string(ctx.Host()))+
				string(ctx.RequestURI()))
			ctx.SetStatusCode(fasthttp.StatusPermanentRedirect)
			ctx.SetConnectionClose() // a body that may follow is not read
		}
	}
}

// secured is where https begins for a host: on the same name if it is served, else on the installation's own. The port
// is that of the latter.
func (k *Keeper) secured(own, host string) string {
	base, err := url.Parse(own)
	if err != nil {
		return own // Validate has refused it
	}
	if name, _, _ := strings.Cut(host, ":"); k.Serves(name) {
		port := base.Port()
		if base.Host = strings.ToLower(name); port != "" {
			base.Host = net.JoinHostPort(base.Host, port)
		}
	}
	return "https://" + base.Host
}
