package serve

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/region"
	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// SeqCookie remembers in a browser what its last write was: "<organisation>.<seq>".
const SeqCookie = "status_seq"

// Wait is how long a region waits for an event that the caller has seen.
const Wait = 500 * time.Millisecond

// maxSeq is the largest whole number that every JSON reader keeps as it is (RFC 8259 6).
const maxSeq = 1<<53 - 1

// ErrElsewhere says that the request has been answered by the primary: there is nothing left to say.
var ErrElsewhere = errors.New("answered by the primary")

// Newest is the organisation's page, at least as new as what the caller has seen (Status-Min-Seq, or the cookie): the
// region waits for it, then lets the primary answer, then says that it cannot.
func Newest(ctx context.Context, c *fiber.Ctx, r *relay.Relay, here *region.Region, orgID string) (*relay.Page, error) {
	seq, err := minSeq(c, orgID)
	if err != nil {
		return nil, err
	}
	var p *relay.Page
	if seq > 0 {
		waiting, cancel := context.WithTimeout(ctx, Wait)
		defer cancel()
		p, err = r.PageAt(waiting, orgID, seq)
	} else {
		p, err = r.Page(ctx, orgID)
	}
	switch {
	case errors.Is(err, relay.ErrBehind):
		if err := here.ToPrimary(c); err != nil {
			return nil, behind(seq)
		}
		return nil, ErrElsewhere
	case errors.Is(err, store.ErrNone):
		return nil, fault.New(fault.NotFound, "There is no such page.")
	case err != nil:
		return nil, err
	}
	c.Set("Status-Seq", strconv.FormatInt(p.State.Seq, 10))
	return p, nil
}

func behind(seq int64) *fault.Error {
	e := fault.New(fault.Unavailable, "Event %s has not arrived in this region yet. Please try again.", wire.Itoa(seq))
	e.RetryAfter = 1
	return e
}

// minSeq is the event that the caller has seen; 0 is any.
func minSeq(c *fiber.Ctx, orgID string) (int64, error) {
	if text := c.Get("Status-Min-Seq"); text != "" {
		seq, ok := wire.Atoi(text)
		if !ok || seq < 0 || seq > maxSeq {
			return 0, fault.OnField("Status-Min-Seq", "Status-Min-Seq must be a whole number from 0 to "+
				"9007199254740991.")
		}
		return seq, nil
	}
	if org, text, found := strings.Cut(c.Cookies(Cookie(c, SeqCookie)), "."); found && org == orgID {
		seq, _ := wire.Atoi(text) // what cannot be read asks for nothing
		return seq, nil
	}
	return 0, nil
}
