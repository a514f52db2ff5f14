// Package region knows who writes, and brings to the primary what only the primary can answer.
//
// Who is primary comes from the environment alone: a header can be forged. A request that was brought once is never
// brought again.
package region

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"statuspage/shared/fault"
)

// MaxBody is what Fly's proxy replays at most, in bytes; it is this program's limit everywhere.
const MaxBody = 1 << 20

// Replayed marks a request that another region has forwarded, so that it can go wrong once but never in a circle.
const Replayed = "Status-Forwarded-By"

// ErrAskPrimary says that only the primary can answer this request: what it needs has to be written down first.
var ErrAskPrimary = errors.New("only the primary can answer this")

// Region is where this process stands.
type Region struct {
	Name, PrimaryName string
	Primary           bool
	proxied           bool // by ourselves
	forward           func(*fiber.Ctx) error
}

// New makes a region that forwards by fly-replay, or through a proxy of our own to primaryURL.
func New(name, primaryName string, primary bool, mode, primaryURL string) *Region {
	if primaryName == "" {
		primaryName = name // of one region alone
	}
	r := &Region{Name: name, PrimaryName: primaryName, Primary: primary}
	r.forward = r.flyReplay
	if mode == "proxy" && !primary {
		p := &proxy{base: strings.TrimSuffix(primaryURL, "/"), from: name, client: &fasthttp.Client{
			Name: "statuspage", MaxIdleConnDuration: 30 * time.Second, ReadTimeout: 20 * time.Second,
			WriteTimeout:        20 * time.Second,
			MaxResponseBodySize: 64 << 20, NoDefaultUserAgentHeader: true, DisablePathNormalizing: true,
			DialTimeout: func(addr string, _ time.Duration) (net.Conn, error) {
				return fasthttp.DialTimeout(addr,
					3*time.Second)
			},
		}}
		r.forward, r.proxied = p.forward, true
	}
	return r
}

// Writes sends a mutating request to the primary, before anything of it is looked at.
func (r *Region) Writes(c *fiber.Ctx) error {
	if r.Primary || isRead(c.Method()) {
		return c.Next()
	}
	return r.ToPrimary(c)
}

func isRead(method string) bool {
	return method == fiber.MethodGet || method == fiber.MethodHead || method == fiber.MethodOptions
}

// Brings says whether a request that could be answered here may go to the primary instead: with fly-replay only one
// that came through Fly's proxy, since whoever reaches this process directly would be left with the instruction.
func (r *Region) Brings(c *fiber.Ctx) bool {
	return !r.Primary && (r.proxied || c.Get("Fly-Request-Id") != "")
}

// ToPrimary answers with what the primary answers. At the primary, or when it was brought here already, it is an error
// and no loop.
func (r *Region) ToPrimary(c *fiber.Ctx) error {
	if r.Primary || c.Get(Replayed) != "" || c.Get("fly-replay-src") != "" || c.Get("fly-replay-failed") != "" {
		return away()
	}
	if len(c.Request().Body()) > MaxBody {
		return fault.New(fault.TooLarge, "A request may have 1 MB at most.")
	}
	return r.forward(c)
}

func away() *fault.Error {
	e := fault.New(fault.Unavailable, "The region that writes cannot be reached. What you see stays up; please try "+
		"the change again.")
	e.RetryAfter = 5
	return e
}

// flyReplay asks Fly's proxy to bring the request, untouched, to the primary, and back here when it cannot: then it
// carries fly-replay-failed, and this region says so in its own words.
func (r *Region) flyReplay(c *fiber.Ctx) error {
	c.Set("fly-replay", "region="+r.PrimaryName+";timeout=5s;fallback=force_self")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.SendStatus(http.StatusConflict)
}

type proxy struct {
	base, from string
	client     *fasthttp.Client
}

// hop are the headers of one connection (RFC 9110 7.6.1).
var hop = []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te",
	"Trailer", "Transfer-Encoding", "Upgrade"}

func (p *proxy) forward(c *fiber.Ctx) error {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	c.Request().CopyTo(req)
	for _, h := range hop {
		req.Header.Del(h)
	}
	req.SetRequestURI(p.base + string(c.Request().RequestURI()))
	req.UseHostHeader = true
	req.Header.SetHost(string(c.Request().Host()))
	req.Header.Set(Replayed, p.from)
	if err := p.client.Do(req, res); err != nil {
		return errors.Join(away(), fmt.Errorf("forward to the primary: %w", err))
	}
	for _, h := range hop {
		res.Header.Del(h)
	}
	res.CopyTo(c.Response())
	return nil
}
