package api

import (
	"strings"
	"unicode/utf8"

	"statuspage/server/relay"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func init() {
	reads[page.ServiceNoun] = []Route{
		{"GET", "/api/v1/services", Read, listServices},
		{"GET", "/api/v1/services/:id", Read, getService},
		{"GET", "/api/v1/public/:slug/services", Public, publicServices},
	}
}

func listServices(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	return c.services(p)
}

func (c *call) services(p *relay.Page) error {
	want, err := c.oneOf("status", status.Names(status.ServiceStatuses))
	if err != nil {
		return err
	}
	search, err := c.search()
	if err != nil {
		return err
	}
	found := make([]status.Service, 0, len(p.State.Services))
	for i, s := range p.State.Services {
		if (want == "" || string(s.Status) == want) && (search == "" || strings.Contains(p.Folded()[i], search)) {
			found = append(found, s)
		}
	}
	return inMemory(c, found, (*status.Service).Wire)
}

// maxSearch is how many characters are searched for: as many as an e-mail address has at the most.
const maxSearch = 254

// search reads ?search=, in lower case.
func (c *call) search() (string, error) {
	text := strings.ToLower(strings.TrimSpace(c.Query("search")))
	if utf8.RuneCountInString(text) > maxSearch {
		return "", c.refuse(fault.OnField("search", "search may have %s characters at most.", wire.Itoa(maxSearch)))
	}
	return text, nil
}

func getService(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	s, there := p.State.Service(c.Params("id"))
	if !there {
		return fault.New(fault.NotFound, "There is no such service.")
	}
	return c.versioned(s.Version, s)
}

// target is the path's object and the version of it that If-Match names, once the body, if it matters, is read.
func (c *call) target(what string, body wire.Object) (id string, version *int64, err error) {
	if id, err = c.id(what); err != nil {
		return "", nil, err
	}
	if body != nil {
		if err = c.read(body); err != nil {
			return "", nil, err
		}
	}
	version, err = c.ifMatch()
	return id, version, err
}
