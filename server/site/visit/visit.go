// Package visit finds the page that a public request is about: by the slug in its path, or by the host name that it
// came to.
package visit

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/lang"
	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// maxBases is how many addresses of ours documents are kept for.
const maxBases = 8

// Pages finds organisations' pages, at least as new as what the caller has seen. A slug or host that nobody has is a
// fault.NotFound, a page that the caller may not see is Locked.
type Pages interface {
	Page(c *fiber.Ctx, slug string) (*relay.Page, error)
	PageByHost(c *fiber.Ctx, host string) (*relay.Page, error)
}

// Locked is the refusal of a page that is there, and not for whoever asks. It is a fault.Unauthenticated. CONTRACT 8.
type Locked struct {
	Page  *relay.Page
	Visit *Visit // where a Directory was asked
}

func (l *Locked) Error() string { return "the page is not public" }

// Unwrap is what the caller may read.
func (l *Locked) Unwrap() error {
	return fault.New(fault.Unauthenticated, "This page is not public. Show that you may see it.")
}

// Directory receives what is asked about a page: it counts the request, finds the page and knows under which address it
// came.
type Directory struct {
	Pages Pages
	Limit func(*fiber.Ctx) error // counts a request of an address; nil where that has been done
	// of absolute links; "" takes each request's own, and no page has a host name of its own
	BaseURL string
	// says of a host name that it is the installation's; nil where BaseURL names the only one
	Own func(host string) bool

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

	tongue lang.In     // what Language or Spoken chose
	told   *page.State // what Told made
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

// Language is what the answer is written in: as ?lang= asks, as its reader chose before, as the browser asks, or the
// page's own. The answer says so, and that it depends on it.
func (v *Visit) Language() lang.In {
	if v.tongue == "" {
		v.speak(serve.Language(v.Ctx))
		v.Ctx.Vary(fiber.HeaderCookie)
		if tag := string(v.tongue); v.Ctx.Query("lang") == tag {
			serve.SetLanguage(v.Ctx, tag)
		}
	}
	return v.tongue
}

// Spoken is Language for what other sites and programs show: no cookie goes there, and none decides or is set.
func (v *Visit) Spoken() lang.In {
	if v.tongue == "" {
		v.speak("")
	}
	return v.tongue
}

// Told is the page's state with what the organisation wrote in the reader's language, where it is there in that. It
// makes no other choice than Language or Spoken, one of which must have been asked.
func (v *Visit) Told() *page.State {
	if v.told == nil {
		v.told = v.tongue.State(&v.State)
	}
	return v.told
}

func (v *Visit) speak(chosen string) {
	style := &v.State.Org.Style
	asked, accept := v.Ctx.Query("lang"), v.Ctx.Get(fiber.HeaderAcceptLanguage)
	tag := lang.Choose(asked, chosen, accept, style.Language, style.Languages)
	v.Ctx.Set(fiber.HeaderContentLanguage, tag)
	v.Ctx.Vary(fiber.HeaderAcceptLanguage)
	v.tongue = lang.In(tag)
}

// Home is the absolute address of the page.
func (v *Visit) Home() string { return v.Base + v.Path }

// BySlug finds the page of /status/:slug.
func (d *Directory) BySlug(c *fiber.Ctx) (*Visit, error) {
	return d.Named(c.Params("slug"))(c)
}

// Named finds the page of a slug.
func (d *Directory) Named(slug string) Finder {
	slug, _ = page.Slug(slug)
	return func(c *fiber.Ctx) (*Visit, error) {
		return d.visit(c, "/status/"+slug, func() (*relay.Page, error) { return d.Pages.Page(c, slug) })
	}
}

// ByHost finds the page that is served under the request's host name.
func (d *Directory) ByHost(c *fiber.Ctx) (*Visit, error) {
	host := hostname(string(c.Context().Host()))
	if !strings.Contains(host, ".") || d.ours(host) {
		return nil, noPage()
	}
	return d.visit(c, "", func() (*relay.Page, error) { return d.Pages.PageByHost(c, host) })
}

// ours says that no organisation's page can stand under a host name.
func (d *Directory) ours(host string) bool {
	_, own, _ := strings.Cut(d.BaseURL, "://")
	return own == "" || host == hostname(own) || d.Own != nil && d.Own(host)
}

func (d *Directory) visit(c *fiber.Ctx, path string, find func() (*relay.Page, error)) (*Visit, error) {
	if d.Limit != nil {
		if err := d.Limit(c); err != nil {
			return nil, err
		}
	}
	p, err := find()
	var locked *Locked
	if errors.As(err, &locked) {
		locked.Visit = &Visit{Page: locked.Page, Ctx: c, Path: path}
		locked.Visit.Base, _ = d.base(locked.Visit)
		return nil, locked
	}
	if err != nil {
		return nil, err
	}
	if p.State.Org.Style.Hidden {
		c.Set("X-Robots-Tag", "noindex")
	}
	v := &Visit{Page: p, Ctx: c, Path: path}
	v.Base, v.Keep = d.base(v)
	c.Set(fiber.HeaderContentLanguage, lang.English)
	return v, nil
}

// base is where absolute links begin.
func (d *Directory) base(v *Visit) (base string, keep bool) {
	host := strings.ToLower(string(v.Ctx.Context().Host()))
	switch {
	case v.Path == "":
		return serve.Scheme(v.Ctx) + "://" + v.State.Org.OwnHost(), true
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
	if len(d.bases) < maxBases {
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

// Shared answers the preflight of addresses that scripts of any site may read: names under a page's slug, and on its
// own host name.
func Shared(app fiber.Router, names ...string) {
	app.Use(func(c *fiber.Ctx) error {
		if c.Method() != fiber.MethodOptions {
			return c.Next()
		}
		path := strings.Trim(c.Path(), "/")
		if slug, within := strings.CutPrefix(path, "status/"); within {
			_, path, _ = strings.Cut(slug, "/")
		}
		if !slices.Contains(names, path) {
			return c.Next()
		}
		return Preflight(c)
	})
}

// Document answers with a document that is made once for this state of the page and address, and again when it is older
// than maxAge.
func (v *Visit) Document(name string, maxAge time.Duration,
	make func() (mediaType string, body []byte, err error)) error {
	// A view's moment goes back where what was said last is deleted, so it is no date to ask by.
	if !v.Viewed() && unchanged(v.Ctx, v.State.At, time.Now()) {
		return nil
	}
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
	if !lastModified(v.State.At).After(time.Now()) {
		serve.Keep(v.Ctx, v.Page, doc.Made.Add(maxAge))
	}
	return serve.Doc(v.Ctx, doc)
}

// unchanged says when the page's last event was (Last-Modified), and answers who asks by time alone and has what was
// made after it. A date has whole seconds: one is told as the newest only when its second is over, and nothing else is
// taken for it, since a page that was restored is older than what somebody may have seen (RFC 9110 8.8.2 and 13.1.3).
func unchanged(c *fiber.Ctx, at status.Time, now time.Time) bool {
	over := lastModified(at)
	if over.After(now) {
		c.Set(fiber.HeaderLastModified, time.UnixMilli(int64(at)).UTC().Format(http.TimeFormat))
		return false
	}
	date := over.Format(http.TimeFormat)
	c.Set(fiber.HeaderLastModified, date)
	if c.Get(fiber.HeaderIfNoneMatch) != "" || c.Get(fiber.HeaderIfModifiedSince) != date {
		return false
	}
	c.Vary(fiber.HeaderAcceptEncoding)
	c.Status(fiber.StatusNotModified)
	return true
}

// lastModified is the end of an event's second.
func lastModified(at status.Time) time.Time {
	return time.UnixMilli(int64(at)).UTC().Add(time.Second - time.Nanosecond).Truncate(time.Second)
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
