package api

import (
	"net/url"
	"strconv"

	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

const (
	defaultPage = 25
	maxPage     = 100
	maxOffset   = 10_000_000
)

// span reads ?page= and ?page_size=.
func (c *call) span() (number int, s store.Span, err error) {
	number, err = c.count("page", 1, maxOffset/maxPage)
	if err != nil {
		return 0, s, err
	}
	s.Limit, err = c.count("page_size", defaultPage, maxPage)
	s.Offset = (number - 1) * s.Limit
	return number, s, err
}

func (c *call) count(name string, usual, most int) (int, error) {
	text := c.Query(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return usual, c.refuse(fault.OnField(name, "%s must be a whole number from 1 to %s.", name, strconv.Itoa(most)))
	}
	return n, nil
}

// paged answers {count, next, previous, results}. A page behind the last one is not found; the first is always there.
func paged[T any](c *call, number int, s store.Span, count int, results []T, each func(*T, *wire.Fields)) error {
	if number > 1 && s.Offset >= count {
		return fault.New(fault.NotFound, "There is no page %s.", strconv.Itoa(number)).
			With("page", "There is no page %s.", strconv.Itoa(number))
	}
	next, previous := "", ""
	if s.Offset+len(results) < count {
		next = c.pageURL(number + 1)
	}
	if number > 1 {
		previous = c.pageURL(number - 1)
	}
	return c.listed(mapping(func(f *wire.Fields) {
		n := int64(count)
		f.Int("count", &n)
		link(f, "next", next)
		link(f, "previous", previous)
		wire.List(f, "results", &results, each)
	}))
}

// listed answers a public list under an ETag: who polls it has it already, most of the time.
func (c *call) listed(x wire.Object) error {
	if c.who.Kind != "" {
		return c.object(x)
	}
	body := wire.Marshal(x)
	return serve.Doc(c.Ctx, &relay.Doc{Type: "application/json; charset=utf-8", Body: body, ETag: relay.ETag(body)})
}

// inMemory pages a list that is here already.
func inMemory[T any](c *call, all []T, each func(*T, *wire.Fields)) error {
	return inParts(c, all, func(part []T) []T { return part }, each)
}

// inParts is inMemory for objects of which a list shows a part.
func inParts[T any](c *call, all []T, part func([]T) []T, each func(*T, *wire.Fields)) error {
	number, s, err := c.span()
	if err != nil {
		return err
	}
	from, to := min(s.Offset, len(all)), min(s.Offset+s.Limit, len(all))
	return paged(c, number, s, len(all), part(all[from:to]), each)
}

func link(f *wire.Fields, key, address string) {
	if address == "" {
		f.Raw(key, []byte("null"))
		return
	}
	f.Derived(key, address)
}

func (c *call) pageURL(number int) string {
	query := url.Values{}
	for k, v := range c.Context().QueryArgs().All() {
		query.Add(string(k), string(v))
	}
	query.Set("page", strconv.Itoa(number))
	return c.BaseURL() + c.Path() + "?" + query.Encode()
}

// mapping makes a wire.Object of a function.
type mapping func(*wire.Fields)

func (m mapping) Wire(f *wire.Fields) { m(f) }
