package socket

import (
	"statuspage/server/relay"
	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// views are the frames of one event, as each view of the room's clients is told it.
type views struct {
	r    *Rooms
	news *news
	made map[string]frame // by relay.ViewKey
}

// views makes the frames that the clients of a room need.
func (r *Rooms) views(rm *room, n *news) *views {
	v := &views{r: r, news: n, made: map[string]frame{}}
	needed := map[string]*client{}
	rm.mu.Lock()
	for c := range rm.clients {
		if c.Viewed {
			needed[relay.ViewKey(c.Audiences)] = c
		}
	}
	rm.mu.Unlock()
	for _, c := range needed {
		v.of(c)
	}
	return v
}

// of is the frame that a client is told.
func (v *views) of(c *client) frame {
	if !c.Viewed {
		return v.news.frame
	}
	key := relay.ViewKey(c.Audiences)
	f, there := v.made[key]
	if !there {
		f = newFrame(v.news.seq, v.body(c.Audiences))
		f.of.take(&v.r.backlogs.queued)
		v.made[key] = f
	}
	return f
}

// body is the event as a view is told it: the event itself as far as it is seen, nothing but its number, or the whole
// view where it has become another one.
func (v *views) body(audiences []string) []byte {
	before, after := v.news.before.View(audiences), v.news.after.View(audiences)
	told, whole := v.news.event.In(&before.State, &after.State)
	switch {
	case whole:
		return wire.Marshal(snapshot{&after.State, after.Epoch})
	case told == nil:
		return wire.Marshal(nothing{v.news.event})
	}
	return told.Frame()
}

// drop lets go of the frames, which those who wait for them hold.
func (v *views) drop() {
	for _, f := range v.made {
		f.of.drop(&v.r.backlogs.queued)
	}
}

// nothing is an event that a view does not show.
type nothing struct{ event *page.Event }

func (n nothing) Wire(f *wire.Fields) {
	f.Derived("type", "nothing")
	f.Int("seq", &n.event.Seq)
}

// newFrame is a frame that many are sent.
func newFrame(seq int64, body []byte) frame {
	f := frame{seq: seq, wire: encoded(body), of: &held{size: int64(len(body))}}
	f.bytes = f.wire[len(f.wire)-len(body):]
	return f
}
