package cluster

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"statuspage/lab/flyproxy"
)

// Cluster is a running set of regions.
type Cluster struct {
	Regions []*Region // in the order of the options
	Proxy   *flyproxy.Proxy

	opts    Options
	keys    *keys
	primary atomic.Pointer[Region]
	servers []*http.Server
	url     string

	mu sync.Mutex // guards the faults of the regions
}

// Start starts the databases, then the apps, primary first, and returns when all are ready. On an error nothing is left
// running; otherwise whoever starts a cluster must Stop or Kill it.
func Start(opts Options) (*Cluster, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	c := &Cluster{opts: opts, Proxy: flyproxy.New(opts.Proxy)}
	if err := c.start(); err != nil {
		c.Kill()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start() (err error) {
	if c.opts.Auth {
		if c.keys, err = newKeys(); err != nil {
			return err
		}
	}
	for _, name := range c.opts.Regions {
		if err := c.addRegion(name); err != nil {
			return err
		}
	}
	if err := c.startDatabases(); err != nil {
		return err
	}
	if err := c.startApps(); err != nil {
		return err
	}
	return c.listen()
}

func (c *Cluster) startDatabases() error {
	if err := c.Primary().DB.Start(); err != nil {
		return err
	}
	return c.others(func(r *Region) error { return r.DB.Start() })
}

func (c *Cluster) startApps() error {
	if len(c.opts.App.Args) == 0 {
		return nil
	}
	if err := c.Primary().App.Start(); err != nil {
		return err
	}
	return c.others(func(r *Region) error { return r.App.Start() })
}

// others does the same in every region but the primary's, at once.
func (c *Cluster) others(do func(*Region) error) error {
	errs := make(chan error, len(c.Regions))
	for _, r := range c.Regions {
		go func() {
			if r.isPrimary() {
				errs <- nil
				return
			}
			errs <- do(r)
		}()
	}
	var first error
	for range c.Regions {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// listen opens an edge per region and one for all, which takes X-Lab-Region.
func (c *Cluster) listen() error {
	for i, r := range c.Regions {
		addr := "127.0.0.1:0"
		if i < len(c.opts.Listen) {
			addr = c.opts.Listen[i]
		}
		url, err := c.serve(addr, c.Proxy.Edge(r.Name))
		if err != nil {
			return err
		}
		r.url = url
	}
	url, err := c.serve("127.0.0.1:0", c.Proxy)
	c.url = url
	return err
}

func (c *Cluster) serve(addr string, handler http.Handler) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("the proxy: %w", err)
	}
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	c.servers = append(c.servers, srv)
	go srv.Serve(l)
	return "http://" + l.Addr().String(), nil
}

// URL is the proxy for clients anywhere: the header X-Lab-Region says which edge is theirs.
func (c *Cluster) URL() string { return c.url }

// Region finds a region by name; nil when there is none.
func (c *Cluster) Region(name string) *Region {
	for _, r := range c.Regions {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// Primary is the region that writes.
func (c *Cluster) Primary() *Region { return c.primary.Load() }

// Token is a database token as the region's app has it; "" without Auth.
func (c *Cluster) Token(r *Region) (string, error) {
	if r.isPrimary() {
		return c.keys.token("rw")
	}
	return c.keys.token("ro")
}

// RestartAll kills every process and starts them all again in order.
func (c *Cluster) RestartAll() error {
	c.each(func(p *Process) { p.Kill() })
	if err := c.startDatabases(); err != nil {
		return err
	}
	return c.startApps()
}

// Stop lets every program end in its own way, apps before databases, and then kills what is left.
func (c *Cluster) Stop() {
	var apps sync.WaitGroup
	for _, r := range c.Regions {
		apps.Go(func() { r.App.Stop(6 * time.Second) })
	}
	apps.Wait()
	for _, r := range c.Regions {
		r.DB.Stop(3 * time.Second)
	}
	c.Kill()
}

// Kill ends everything at once. When it returns nothing of the cluster runs.
func (c *Cluster) Kill() {
	for _, srv := range c.servers {
		srv.Close()
	}
	c.each(func(p *Process) { p.Kill() })
	c.Proxy.Close()
	for _, r := range c.Regions {
		r.closeLinks()
	}
}

func (c *Cluster) each(do func(*Process)) {
	for _, r := range c.Regions {
		do(r.App)
		do(r.DB)
	}
}
