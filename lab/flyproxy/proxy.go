// Package flyproxy stands in for Fly's proxy: an edge in every region that sends requests to the nearest machine of one
// app and obeys the fly-replay header of its answers, as docs "Dynamic Request Routing" and "Request headers" describe
// it. Where they are silent it takes the less friendly reading. The JSON form of a replay, replay caches, other apps
// and the geographic aliases but `any` are left out.
package flyproxy

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"statuspage/lab/link"
)

// Machine is one instance of the app.
type Machine struct{ ID, Region, Addr string }

// Config of a proxy.
type Config struct {
	Regions []string // the first one takes requests that name none
	// Patience is how long the proxy tries to reach a machine before it gives up with 502; 5 s when 0.
	Patience time.Duration
	// DialTimeout is how long one attempt to connect may take; 500 ms when 0.
	DialTimeout time.Duration
	// Dial connects an edge to a machine; over the proxy's own wires when nil.
	Dial func(ctx context.Context, edge string, to Machine) (net.Conn, error)
}

// Counts are what a proxy did since it was made.
type Counts struct{ Requests, Replays, Fallbacks, Refused int64 }

// Proxy is all edges together.
type Proxy struct {
	cfg   Config
	edges map[string]*edge
	wires map[[2]string]*link.Wire

	requests, replays, fallbacks, refused atomic.Int64

	mu       sync.Mutex
	machines []Machine
}

// New returns a proxy without machines.
func New(cfg Config) *Proxy {
	if cfg.Patience == 0 {
		cfg.Patience = 5 * time.Second
	}
	if cfg.DialTimeout == 0 {
		cfg.DialTimeout = 500 * time.Millisecond
	}
	p := &Proxy{cfg: cfg, edges: map[string]*edge{}, wires: map[[2]string]*link.Wire{}}
	for _, from := range cfg.Regions {
		p.edges[from] = newEdge(p, from)
		for _, to := range cfg.Regions {
			p.wires[[2]string{from, to}] = link.NewWire()
		}
	}
	return p
}

// Place adds a machine, or moves the one with this ID to another address.
func (p *Proxy) Place(m Machine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.machines {
		if p.machines[i].ID == m.ID {
			p.machines[i] = m
			return
		}
	}
	p.machines = append(p.machines, m)
}

// Remove forgets a machine, as if it were destroyed.
func (p *Proxy) Remove(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.machines = slices.DeleteFunc(slices.Clone(p.machines), func(m Machine) bool { return m.ID == id })
}

// Wire is the way from an edge to the machines of a region; nil for a region that does not exist.
func (p *Proxy) Wire(edge, region string) *link.Wire { return p.wires[[2]string{edge, region}] }

// Counts says what the proxy did so far.
func (p *Proxy) Counts() Counts {
	return Counts{p.requests.Load(), p.replays.Load(), p.fallbacks.Load(), p.refused.Load()}
}

// Edge takes the requests of those who are nearest to region.
func (p *Proxy) Edge(region string) http.Handler { return p.edges[region] }

// ServeHTTP takes a request at the edge that the header X-Lab-Region names, else at the first.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	region := r.Header.Get("X-Lab-Region")
	if region == "" {
		region = p.cfg.Regions[0]
	}
	e, ok := p.edges[region]
	if !ok {
		http.Error(w, "no such region: "+region, http.StatusBadRequest)
		return
	}
	e.ServeHTTP(w, r)
}

// Close ends all connections to machines.
func (p *Proxy) Close() {
	for _, e := range p.edges {
		e.transport.CloseIdleConnections()
	}
	for _, w := range p.wires {
		w.Break()
	}
}

func (p *Proxy) machine(id string) (Machine, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.machines, func(m Machine) bool { return m.ID == id })
	if i < 0 {
		return Machine{}, false
	}
	return p.machines[i], true
}

// candidates are the machines of the regions, in the order of the regions.
func (p *Proxy) candidates(regions []string, except string) []Machine {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Machine
	for _, region := range regions {
		for _, m := range p.machines {
			if m.Region == region && m.ID != except {
				out = append(out, m)
			}
		}
	}
	return out
}

// near lists all regions, nearest first: the edge's own, then the others as they were given.
func (p *Proxy) near(edge string) []string {
	out := []string{edge}
	for _, region := range p.cfg.Regions {
		if region != edge {
			out = append(out, region)
		}
	}
	return out
}
