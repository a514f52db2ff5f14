// Package bridge is the rules as the browser calls them: one JSON message in, {"value": …} or {"error": …} out.
//
// It is plain Go, so that the server's tests run it beside the shipped WebAssembly and compare every byte.
//
//	{"op":"load","state":S}                  the server's snapshot becomes the base
//	{"op":"fold","frame":F}                  a WebSocket message is folded into the base; a gap is a conflict: load again
//	{"op":"queue","at":T,"queue":[Q…]}       what waits to be sent is decided again on top of the base, in order
//	{"op":"decide","at":T,"command":C}       what would happen now, on top of the queue; changes nothing
//	{"op":"uptime","at":T,"service":ID,"days":N}
//
// Q is {id, at, command}. queue answers {view, verdicts: [{id, events}|{id, error}]}, decide {events, view}.
package bridge

import (
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Core is one dashboard's copy of the page. The zero value is empty; it is not safe for concurrent use.
type Core struct {
	base page.State // what the server has said
	top  page.State // base with the queue on top
}

// Call answers one message. It never panics on any input.
func (c *Core) Call(in []byte) (out []byte) {
	defer func() {
		if recover() != nil {
			out = answer(nil, fault.New(fault.Internal, "The rules failed on this message."))
		}
	}()
	var m message
	if err := wire.Unmarshal(in, &m); err != nil {
		return answer(nil, err)
	}
	switch m.op {
	case "load":
		return answer(c.load(m.state))
	case "fold":
		return answer(c.fold(m.frame))
	case "queue":
		return answer(c.queue(&m))
	case "decide":
		return answer(c.decide(&m))
	case "uptime":
		return answer(c.uptime(&m))
	}
	return answer(nil, fault.OnField("op", "There is no operation named %s.", m.op))
}

type message struct {
	op, id, service string
	at              status.Time
	days            int64
	state           *page.State
	frame, command  wire.JSON
	items           []queued
}

func (m *message) Wire(f *wire.Fields) {
	f.Str("op", &m.op)
	f.Str("id", &m.id)
	f.Str("service", &m.service)
	f.Time("at", &m.at)
	f.Int("days", &m.days)
	wire.Opt(f, "state", &m.state, (*page.State).Wire)
	f.JSON("frame", &m.frame)
	f.JSON("command", &m.command)
	wire.List(f, "queue", &m.items, (*queued).Wire)
}

type queued struct {
	id      string
	at      status.Time
	command wire.JSON
}

func (q *queued) Wire(f *wire.Fields) {
	f.Str("id", &q.id)
	f.Time("at", &q.at)
	f.JSON("command", &q.command)
}

func (c *Core) load(s *page.State) (wire.Object, *fault.Error) {
	if s == nil {
		return nil, fault.OnField("state", "state is missing.")
	}
	c.base, c.top = *s, *s
	return object(func(f *wire.Fields) { f.Int("seq", &c.base.Seq) }), nil
}

func (c *Core) fold(frame []byte) (wire.Object, *fault.Error) {
	e, err := page.FromFrame(frame)
	if err != nil {
		return nil, err
	}
	if e.Seq > c.base.Seq+1 {
		return nil, fault.New(fault.Conflict, "Event %s is missing.", wire.Itoa(c.base.Seq+1))
	}
	if e.Seq == c.base.Seq+1 {
		c.base = page.Evolve(c.base, e)
		c.top = c.base
	}
	return object(func(f *wire.Fields) { f.Int("seq", &c.base.Seq) }), nil
}

func (c *Core) queue(m *message) (wire.Object, *fault.Error) {
	c.top = c.base
	verdicts := make([]verdict, len(m.items))
	for i, q := range m.items {
		v := &verdicts[i]
		v.id = q.id
		if v.events, v.err = decide(c.top, q.command, q.at, q.id); v.err == nil {
			c.top = evolve(c.top, v.events)
		}
	}
	return object(func(f *wire.Fields) {
		wire.One(f, "view", &view{&c.top}, (*view).Wire)
		wire.List(f, "verdicts", &verdicts, (*verdict).Wire)
	}), nil
}

func (c *Core) decide(m *message) (wire.Object, *fault.Error) {
	events, err := decide(c.top, m.command, m.at, m.id)
	if err != nil {
		return nil, err
	}
	after := evolve(c.top, events)
	return object(func(f *wire.Fields) {
		wire.List(f, "events", &events, (*page.Event).Wire)
		wire.One(f, "view", &view{&after}, (*view).Wire)
	}), nil
}

func decide(s page.State, command []byte, at status.Time, id string) ([]page.Event, *fault.Error) {
	c, err := page.UnmarshalCommand(command)
	if err != nil {
		return nil, err
	}
	return page.DecideAs(s, c, at, id)
}

func evolve(s page.State, events []page.Event) page.State {
	for i := range events {
		s = page.Evolve(s, &events[i])
	}
	return s
}

func (c *Core) uptime(m *message) (wire.Object, *fault.Error) {
	svc, there := c.top.Service(m.service)
	if !there || m.days < 1 || m.days > status.KeepDays {
		return nil, fault.New(fault.NotFound, "There is no such service or span.")
	}
	days, percent := status.Uptime(svc, m.days, m.at, c.top.Org.UptimeWeights())
	return object(func(f *wire.Fields) {
		f.Derived("uptime", status.PercentText(percent))
		wire.List(f, "days", &days, func(d *status.DayUptime, f *wire.Fields) {
			f.Derived("date", wire.Date(d.Day))
			f.Bool("no_data", &d.NoData)
			f.Str("worst", (*string)(&d.Worst))
			f.Derived("uptime", status.PercentText(d.Percent))
		})
	}), nil
}

type verdict struct {
	id     string
	events []page.Event
	err    *fault.Error
}

func (v *verdict) Wire(f *wire.Fields) {
	f.Str("id", &v.id)
	if v.err != nil {
		wire.Opt(f, "error", &v.err, wireFault)
		return
	}
	wire.List(f, "events", &v.events, (*page.Event).Wire)
}

// object makes a wire.Object of a mapping.
type object func(*wire.Fields)

func (o object) Wire(f *wire.Fields) { o(f) }

func answer(value wire.Object, err *fault.Error) []byte {
	return wire.Marshal(object(func(f *wire.Fields) {
		if err != nil {
			wire.Opt(f, "error", &err, wireFault)
			return
		}
		wire.One(f, "value", &value, func(v *wire.Object, f *wire.Fields) { (*v).Wire(f) })
	}))
}

// wireFault writes the members of a problem document that the rules know (RFC 9457).
func wireFault(e *fault.Error, f *wire.Fields) {
	f.Str("code", (*string)(&e.Code))
	f.Derived("detail", e.Message)
	wire.List(f, "errors", &e.Fields, func(p *fault.Field, f *wire.Fields) {
		f.Str("field", &p.Name)
		f.Str("message", &p.Message)
	})
	if e.Allowed != nil {
		f.Strings("allowed", &e.Allowed)
	}
	if e.Current != nil {
		f.Raw("current", e.Current)
	}
}
