package notify

import (
	"sync"
	"time"

	"statuspage/server/store"
)

// bounds are those of a class of messages: how many may be under way before they are found to be slow, how many in all,
// and how long a try may take before it is. One that takes much longer is parked: it waits for its answer beside the
// others, as far as there is room.
type bounds struct {
	quick, all, parked int
	patience           time.Duration
}

// parkAfter is how long a try may hold a place that others need.
const parkAfter = time.Second

// classes share senders: a lane and the one in which its slow receivers wait.
var classes = map[store.Lane]bounds{
	store.Prompt: {quick: 4, all: 24, parked: 256, patience: 250 * time.Millisecond},
	store.Mail:   {quick: 8, all: 64, parked: 192, patience: 250 * time.Millisecond},
	store.Hook:   {quick: 64, all: 384, parked: 1024, patience: 400 * time.Millisecond},
}

// classOf finds the class of a lane.
var classOf = map[store.Lane]store.Lane{store.Prompt: store.Prompt, store.SlowPrompt: store.Prompt,
	store.Mail: store.Mail, store.SlowMail: store.Mail,
	store.Hook: store.Hook, store.Slow: store.Hook}

// Senders is how many messages of a lane are under way at most to receivers that answer: so many a kill can cause to be
// sent twice.
func Senders(lane store.Lane) int {
	b := classes[classOf[lane]]
	if lane.Apart() {
		return b.all - b.quick
	}
	return b.quick
}

// gate decides what of a class may begin. A try that takes longer than the patience is slow from then on: it goes on,
// and another takes its place. Slow ones leave a quarter of the room free for others. No organisation has more than
// twice of what is left, and none begins another slow one, nor any host, beyond what is left: so there is room for
// another organisation, and for its own other receivers.
type gate struct {
	bounds
	mu          sync.Mutex
	quickN      int // under way and not slow
	slowN       int
	parkedN     int
	orgs, hosts map[string]int
	parkedOrgs  map[string]int
	slowHosts   map[string]time.Time // hosts that made a try slow or fail, and when
	last        map[store.Lane]store.Turn
}

func newGate(b bounds) *gate {
	return &gate{bounds: b, orgs: map[string]int{}, hosts: map[string]int{}, parkedOrgs: map[string]int{},
		slowHosts: map[string]time.Time{},
		last:      map[store.Lane]store.Turn{}}
}

// try is one that has begun.
type try struct {
	g         *gate
	org, host string
	slow      bool
	over      bool // its patience has ended
	parked    bool
	ended     bool
}

// share says how many of each turn may begin, one after another, and which was the last that got any.
func (g *gate) share(turns []store.Turn, apart bool) (granted []store.Turn, last store.Turn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	room := g.quick - g.quickN
	if apart {
		room = g.all*3/4 - g.slowN
	}
	room = min(room, g.all-g.quickN-g.slowN)
	if !apart && room < max(1, g.quick/4) {
		return nil, last
	}
	orgs, hosts, total := map[string]int{}, map[string]int{}, g.quickN+g.slowN
	for more := true; more && room > 0; {
		more = false
		for i := range turns {
			t := &turns[i]
			most := 2 * (g.all - total)
			if apart {
				most = g.all - total
			}
			if room == 0 || g.orgs[t.OrgID]+orgs[t.OrgID] >= most || apart && g.hosts[t.Host]+hosts[t.Host] >= most {
				continue
			}
			t.N++
			orgs[t.OrgID]++
			hosts[t.Host]++
			room, total, more, last = room-1, total+1, true, *t
		}
	}
	for _, t := range turns {
		if t.N > 0 {
			granted = append(granted, t)
		}
	}
	return granted, last
}

// begin notes a try. One to a host that is known to be slow is slow from the start.
func (g *gate) begin(j *store.Job) *try {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := &try{g: g, org: j.OrgID, host: j.Host, slow: j.Lane.Apart()}
	if _, known := g.slowHosts[j.Host]; known {
		t.slow = true
	}
	g.orgs[t.org]++
	g.hosts[t.host]++
	g.count(t, 1)
	return t
}

func (g *gate) count(t *try, n int) {
	if t.slow {
		g.slowN += n
	} else {
		g.quickN += n
	}
}

// overrun says that a try takes long; news says that its host was not known to be slow.
func (t *try) overrun(now time.Time) (news bool) {
	g := t.g
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.ended {
		return false
	}
	t.over = true
	if !t.slow {
		g.count(t, -1)
		t.slow = true
		g.count(t, 1)
	}
	return g.mark(t.host, now)
}

// park lets a try wait beside the others: an organisation may have as many there as are free.
func (t *try) park() {
	g := t.g
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.ended || t.parked || g.parkedOrgs[t.org] >= g.parked-g.parkedN {
		return
	}
	t.parked = true
	g.parkedN++
	g.parkedOrgs[t.org]++
	g.leave(t)
}

// leave frees a try's place.
func (g *gate) leave(t *try) {
	g.count(t, -1)
	drop(g.orgs, t.org)
	drop(g.hosts, t.host)
}

func (g *gate) mark(host string, now time.Time) (news bool) {
	_, known := g.slowHosts[host]
	g.slowHosts[host] = now
	return !known
}

// end notes what became of a try. A host that answered in time is not slow any more; one that could not be reached is.
func (t *try) end(reached bool, now time.Time) (news bool) {
	g := t.g
	g.mu.Lock()
	defer g.mu.Unlock()
	t.ended = true
	if t.parked {
		g.parkedN--
		drop(g.parkedOrgs, t.org)
	} else {
		g.leave(t)
	}
	if !reached {
		return g.mark(t.host, now)
	}
	if !t.over {
		delete(g.slowHosts, t.host)
	}
	return false
}

func drop(counts map[string]int, key string) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}

// slowFor is for how long a host is believed to be slow that nothing was sent to since.
const slowFor = 5 * time.Minute

// slowNow lists the hosts that are slow.
func (g *gate) slowNow(now time.Time) (out []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for host, at := range g.slowHosts {
		if now.Sub(at) > slowFor {
			delete(g.slowHosts, host)
			continue
		}
		out = append(out, host)
	}
	return out
}

// busy says that something is under way.
func (g *gate) busy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.quickN+g.slowN+g.parkedN > 0
}
