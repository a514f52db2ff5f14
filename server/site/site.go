package site

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/shared/status"
)

// A document says nothing of "now" that is finer than a minute, so it is made again when it is older than that.
const fresh = 30 * time.Second

// site is the pages with what they stand on.
type site struct {
	Deps
	directory *visit.Directory
}

func newSite(d Deps) *site {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Lag == nil {
		d.Lag = func() (time.Duration, bool, time.Time) { return 0, false, time.Time{} }
	}
	return &site{d, &visit.Directory{Pages: d.Pages, BaseURL: strings.TrimRight(d.BaseURL, "/"), Own: d.Own}}
}

// on finds the organisation and answers for it; whatever goes wrong becomes a page, too.
func (s *site) on(find visit.Finder, give func(*visit.Visit) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		secure(c)
		v, err := find(c)
		if err == nil {
			s.aged(v)
			err = give(v)
		}
		switch {
		case err == nil || errors.Is(err, serve.ErrElsewhere):
			return nil
		case v != nil:
			return s.problem(v, err)
		}
		var locked *visit.Locked
		if errors.As(err, &locked) {
			return s.locked(locked.Visit, fiber.StatusUnauthorized, accessView{})
		}
		return Problem(c, err)
	}
}

// aged says how old the page is.
func (s *site) aged(v *visit.Visit) {
	h := &v.Ctx.Response().Header
	h.Set("Status-Seq", strconv.FormatInt(v.State.Seq, 10))
	h.Set("Status-Epoch", v.Epoch)
	h.Set("Status-Region", s.Region)
	lag, stale, since := s.age(v)
	h.Set("Status-Lag", strconv.FormatFloat(lag.Seconds(), 'f', 3, 64))
	if stale {
		h.Set("Status-Stale-Since", moment(since).String())
	}
}

// age is how old what is shown of a page may be: as old as the region's copy, or as long as the page is held.
func (s *site) age(v *visit.Visit) (lag time.Duration, stale bool, since time.Time) {
	lag, stale, since = s.Lag()
	if v.Held == nil {
		return lag, stale, since
	}
	if held := s.Now().Sub(v.HeldSince); held > lag || !stale {
		lag, since = max(held, lag), v.HeldSince
	}
	return lag, true, since
}

// key names a document by where it stands and the language that it is in: paths differ between an organisation's own
// host and ours.
func key(v *visit.Visit, name string) string {
	name += "/" + string(v.Language())
	if v.Path == "" {
		return "host/" + name
	}
	return "web/" + name
}

func (s *site) now() status.Time { return moment(s.Now()) }

func moment(t time.Time) status.Time { return status.Time(t.UnixMilli()) }
