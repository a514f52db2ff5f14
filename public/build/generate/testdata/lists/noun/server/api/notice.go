package api

import (
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

func init() {
	reads[page.NoticeNoun] = []Route{
		{"GET", "/api/v1/notices", Read, listNotices},
		{"GET", "/api/v1/notices/:id", Read, getNotice},
	}
}

func listNotices(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	same := func(part []status.Notice) []status.Notice { return part }
	return inParts(c, p.State.Notices, same, (*status.Notice).Wire)
}

func getNotice(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	id, err := c.id("notice")
	if err != nil {
		return err
	}
	n, there := p.State.Notice(id)
	if !there {
		return fault.New(fault.NotFound, "There is no such notice.")
	}
	return c.versioned(n.Version, n)
}
