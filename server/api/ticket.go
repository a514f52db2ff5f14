package api

import (
	"strings"
	"time"

	"statuspage/shared/wire"
)

const ticketPath = "/api/v1/auth/ticket"

// ChangesNothing says of a path that whatever is sent there is answered in the region that it reached.
func ChangesNothing(path string) bool {
	path = strings.TrimSuffix(path, "/")
	return path == ticketPath || strings.HasPrefix(path, "/api/v1/monitors/") &&
		(strings.HasSuffix(path, "/test") || strings.HasSuffix(path, "/preview"))
}

// ticket answers with what opens a private socket, once.
func ticket(c *call) error {
	text, expires, err := c.Tickets.Issue(c.ctx, c.who, time.Now())
	if err != nil {
		return err
	}
	return c.made(mapping(func(f *wire.Fields) {
		f.Derived("ticket", text)
		f.Derived("expires_at", expires.UTC().Format(time.RFC3339))
	}))
}
