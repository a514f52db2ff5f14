package api

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/hostname"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// getHostname is the organisation's host name with what proves it.
func getHostname(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	body, err := c.host(&p.State.Org)
	if err != nil {
		return err
	}
	return c.json(fiber.StatusOK, body)
}

// proveHostname looks for the proof now.
func proveHostname(c *call) error {
	by, err := c.caller()
	if err != nil {
		return err
	}
	told, err := c.UseCases.ProveHost(c.ctx, by, c.who.OrgID, c.host)
	if err != nil {
		return err
	}
	if p, err := c.Relay.Page(c.ctx, c.who.OrgID); err == nil {
		c.sawSeq(p.State.Seq)
	}
	return c.json(int(told.Status), []byte(told.Body))
}

// host is a host name, how it stands, and what has to be where.
func (c *call) host(o *page.Org) ([]byte, error) {
	check, err := c.DB.Org(o.ID).HostCheck(c.ctx, o.Hostname)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return nil, err
	}
	return wire.Marshal(mapping(func(f *wire.Fields) {
		f.Str("hostname", &o.Hostname)
		f.Derived("state", hostState(o))
		wireMoment(f, "proved_at", o.HostProvedAt)
		wireMoment(f, "until", o.HostUntil)
		wireMoment(f, "checked_at", check.CheckedAt)
		wireMoment(f, "missing_since", check.MissingSince)
		if o.Hostname == "" {
			f.Raw("record", []byte("null"))
			f.Raw("file", []byte("null"))
			return
		}
		text := hostname.Text(o.ID, o.Hostname)
		wire.One(f, "record", &text, func(text *string, f *wire.Fields) {
			f.Derived("type", "TXT")
			f.Derived("name", hostname.Record(o.Hostname))
			f.Str("value", text)
		})
		wire.One(f, "file", &text, func(text *string, f *wire.Fields) {
			f.Derived("url", "https://"+o.Hostname+hostname.FilePath)
			f.Str("content", text)
		})
	})), nil
}

// wireMoment writes a time, or null where there is none.
func wireMoment(f *wire.Fields, key string, t status.Time) {
	var at *status.Time
	if t != 0 {
		at = &t
	}
	f.NullTime(key, &at)
}

// hostState is how far a host name has come.
func hostState(o *page.Org) string {
	switch {
	case o.Hostname == "":
		return "none"
	case o.HostProvedAt != 0:
		return "proved"
	case o.HostUntil != 0:
		return "unproved_until"
	}
	return "unproved"
}

// askHostname answers whoever makes certificates on demand: whether there is something to be served under a name.
func askHostname(c *call) error {
	name := c.Query("domain")
	if c.UseCases.Hosts.On && c.UseCases.Hosts.Base == name {
		return c.allowed(name)
	}
	if !c.UseCases.Hosts.On || c.UseCases.Hosts.Own.Has(name) || len(name) > 253 {
		return nobodysHost()
	}
	if _, err := c.Relay.ByHost(c.ctx, name); errors.Is(err, store.ErrNone) {
		return nobodysHost()
	} else if err != nil {
		return err
	}
	return c.allowed(name)
}

func nobodysHost() error { return fault.New(fault.NotFound, "Nothing is served under this name.") }

func (c *call) allowed(name string) error {
	return c.object(mapping(func(f *wire.Fields) { f.Str("domain", &name) }))
}
