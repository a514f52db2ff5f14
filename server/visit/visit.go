// Package visit finds the page that a public request is about: by the slug in its path, or by the host name that it came to.
package visit

import (
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
	"statuspage/server/serve"
	"statuspage/shared/fault"
	"statuspage/shared/page"
)

// mostBases is how many addresses of ours documents are kept for.
const mostBases = 8

// Pages finds organisations' pages, at least as new as what the caller has seen. A slug or host that nobody has is a fault.NotFound.
type Pages interface {
	Page(c *fiber.Ctx, slug string) (*relay.Page, error)
	PageByHost(c *fiber.Ctx, host string) (*relay.Page, error)
}

// Desk receives what is asked about a page: it counts the request, finds the page and knows under which address it came.
type Desk struct {
	Pages   Pages
	Limit   func(*fiber.Ctx) error // counts a request of an address; nil where that has been done
	BaseURL string                 // of absolute links; "" takes each request's own

	mu    sync.Mutex
	bases map[string]bool
}

// Visit is one request for something of one organisation.
type Visit struct {
	*relay.Page
	Ctx  *fiber.Ctx
	Base string // scheme and host of absolute links
	Path string // where the page's addresses begin: "/status/acme", or "" on its own host
	Keep bool   // documents that name Base may be kept: whoever asks under made-up host names fills no memory
}

// Finder is BySlug or ByHost.
type Finder func(*fiber.Ctx) (*Visit, error)

// On makes a handler: it finds the page and answers for it.
func On(find Finder, give func(*Visit) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, err := find(c)
		if err != nil {
			return err
		}
		return give(v)
	}
}

// Home is the absolute address of the page.
func (v *Visit) Home() string { return v.Base + v.Path }

// BySlug finds the page of /status/:slug.
func (d *Desk) BySlug(c *fiber.Ctx) (*Visit, error) {
	slug := strings.ToLower(c.Params("slug"))
	if !page.ValidSlug(slug) {
		return nil, noPage()
	}
	return d.visit(c, "/status/"+slug, func() (*relay.Page, error) { return d.Pages.Page(c, slug) })
}

// ByHost finds the page that is served under the request's host name.
func (d *Desk) ByHost(c *fiber.Ctx) (*Visit, error) {
	host := hostname(string(c.Context().Host()))
	_, own, _ := strings.Cut(d.BaseURL, "://")
	if !strings.Contains(host, ".") || host == hostname(own) {
		return nil, noPage()
	}
	return d.visit(c, "", func() (*relay.Page, error) { return d.Pages.PageByHost(c, host) })
}

func (d *Desk) visit(c *fiber.Ctx, path string, find func() (*relay.Page, error)) (*Visit, error) {
	if d.Limit != nil {
		if err := d.Limit(c); err != nil {
			return nil, err
		}
	}
	p, err := find()
	if err != nil {
		return nil, err
	}
	v := &Visit{Page: p, Ctx: c, Path: path}
	v.Base, v.Keep = d.base(v)
	return v, nil
}

// base is where absolute links begin.
func (d *Desk) base(v *Visit) (base string, keep bool) {
	host := strings.ToLower(string(v.Ctx.Context().Host()))
	switch {
	case v.Path == "":
		return serve.Scheme(v.Ctx) + "://" + v.State.Org.Hostname, true
	case d.BaseURL != "":
		return d.BaseURL, true
	case !plainHost(host):
		return "http://localhost", true
	}
	base = serve.Scheme(v.Ctx) + "://" + host
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bases == nil {
		d.bases = map[string]bool{}
	}
	if len(d.bases) < mostBases {
		d.bases[base] = true
	}
	return base, d.bases[base]
}

// Open lets other sites' scripts read the answer.
func Open(c *fiber.Ctx) {
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	c.Set(fiber.HeaderAccessControlExposeHeaders, "ETag, Status-Seq, Status-Region, Status-Lag, Retry-After")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// Preflight answers a browser that asks whether it may send headers of its own.
func Preflight(c *fiber.Ctx) error {
	Open(c)
	c.Set(fiber.HeaderAccessControlAllowMethods, "GET, HEAD")
	c.Set(fiber.HeaderAccessControlAllowHeaders, "*")
	c.Set(fiber.HeaderAccessControlMaxAge, "86400")
	return c.SendStatus(fiber.StatusNoContent)
}

// Document answers with a document that is made once for this state of the page and address, and again when it is older than maxAge.
func (v *Visit) Document(name string, maxAge time.Duration, make func() (mediaType string, body []byte, err error)) error {
	if !v.Keep {
		mediaType, body, err := make()
		if err != nil {
			return err
		}
		return serve.Doc(v.Ctx, relay.NewDoc(mediaType, body))
	}
	doc, err := v.Doc(name+"@"+v.Home(), maxAge, make)
	if err != nil {
		return err
	}
	return serve.Doc(v.Ctx, doc)
}

func noPage() error { return fault.New(fault.NotFound, "There is no status page at this address.") }

// hostname is a Host header without its port, in lower case.
func hostname(host string) string {
	host = strings.ToLower(host)
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return strings.TrimSuffix(host, ".")
}

// plainHost says whether a Host header may stand in a link.
func plainHost(host string) bool {
	for _, r := range host {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-.:[]", r) {
			return false
		}
	}
	return host != "" && len(host) <= 260
}
