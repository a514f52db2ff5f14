package web

import (
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
	"statuspage/server/serve"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// A document says nothing of "now" that is finer than a minute, so it is made again when it is older than that.
const fresh = 30 * time.Second

// site is the pages with what they stand on.
type site struct {
	Deps
	productHost string                 // of BaseURL, "" when there is none
	learned     atomic.Pointer[string] // the first base that was taken from a request
}

func newSite(d Deps) *site {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Lag == nil {
		d.Lag = func() (time.Duration, bool, time.Time) { return 0, false, time.Time{} }
	}
	d.BaseURL = strings.TrimRight(d.BaseURL, "/")
	_, host, _ := strings.Cut(d.BaseURL, "://")
	return &site{Deps: d, productHost: hostname(host)}
}

// visit is one request for something of one organisation.
type visit struct {
	*relay.Page
	ctx  *fiber.Ctx
	path string // where the page's addresses begin: "/status/acme", or "" on its own host
}

type (
	finder func(c *fiber.Ctx) (*visit, error)
	answer func(v *visit) error
)

func (s *site) bySlug(c *fiber.Ctx) (*visit, error) {
	slug := strings.ToLower(c.Params("slug"))
	if !page.ValidSlug(slug) {
		return nil, fault.New(fault.NotFound, "There is no status page at this address.")
	}
	p, err := s.Pages.Page(c, slug)
	return &visit{p, c, "/status/" + slug}, err
}

func (s *site) byHost(c *fiber.Ctx) (*visit, error) {
	host := hostname(string(c.Context().Host()))
	if host == "" || host == s.productHost {
		return nil, fault.New(fault.NotFound, "There is no such page.")
	}
	p, err := s.Pages.PageByHost(c, host)
	return &visit{p, c, ""}, err
}

// on finds the organisation and answers for it; whatever goes wrong becomes a page, too.
func (s *site) on(find finder, give answer) fiber.Handler {
	return func(c *fiber.Ctx) error {
		secure(c)
		v, err := find(c)
		if err == nil {
			s.aged(v)
			err = give(v)
		}
		if err != nil && !errors.Is(err, serve.ErrElsewhere) {
			return Problem(c, err)
		}
		return nil
	}
}

// aged says how old the page is.
func (s *site) aged(v *visit) {
	h := &v.ctx.Response().Header
	h.Set("Status-Seq", strconv.FormatInt(v.State.Seq, 10))
	h.Set("Status-Epoch", v.Epoch)
	h.Set("Status-Region", s.Region)
	lag, stale, since := s.Lag()
	h.Set("Status-Lag", strconv.FormatFloat(lag.Seconds(), 'f', 3, 64))
	if stale {
		h.Set("Status-Stale-Since", moment(since).String())
	}
}

// base is where absolute links begin, and whether documents that hold it may be kept: whoever asks under many made-up host
// names fills no memory.
func (s *site) base(v *visit) (base string, keep bool) {
	switch host := string(v.ctx.Context().Host()); {
	case v.path == "":
		return scheme(v.ctx) + v.State.Org.Hostname, true
	case s.BaseURL != "":
		return s.BaseURL, true
	case !plainHost(host):
		return "http://localhost", true
	default:
		base = scheme(v.ctx) + host
	}
	s.learned.CompareAndSwap(nil, &base)
	return base, base == *s.learned.Load()
}

// key names a document by where it stands: paths differ between an organisation's own host and ours.
func (v *visit) key(name string) string {
	if v.path == "" {
		return "host/" + name
	}
	return "web/" + name
}

func (s *site) now() status.Time { return moment(s.Now()) }

func moment(t time.Time) status.Time { return status.Time(t.UnixMilli()) }

func scheme(c *fiber.Ctx) string {
	if c.Protocol() == "https" {
		return "https://"
	}
	return "http://"
}

// hostname is a Host header without its port, in lower case.
func hostname(host string) string {
	host = strings.ToLower(host)
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	host, _, _ = strings.Cut(host, "/")
	return strings.TrimSuffix(host, ".")
}

// plainHost says whether a Host header may stand in a link.
func plainHost(host string) bool {
	for i := 0; i < len(host); i++ {
		if c := host[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-.:[]", rune(c)) {
			return false
		}
	}
	return host != "" && len(host) <= 260
}
