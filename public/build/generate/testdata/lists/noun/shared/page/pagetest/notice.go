package pagetest

import (
	"pgregory.net/rapid"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

func init() {
	plot = append(plot, many(
		times{2, func(a *Author, t *rapid.T, _ *page.State, _ status.Time) page.Command {
			return &page.AddNotice{ID: a.ID(), Title: text(t, titles, "title"), Body: text(t, bodies, "body")}
		}},
		times{2, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command {
			id, version := a.notice(t, s)
			body := text(t, bodies, "body")
			return &page.EditNotice{ID: id, Version: version, Body: &body}
		}},
		times{1, func(a *Author, t *rapid.T, s *page.State, _ status.Time) page.Command {
			c := &page.DeleteNotice{}
			c.Remove(a.notice(t, s))
			return c
		}},
	)...)
}

func (a *Author) notice(t *rapid.T, s *page.State) (string, *int64) {
	return pick(a, t, s.Notices, func(x *status.Notice) (string, int64) { return x.ID, x.Version }, "notice")
}
