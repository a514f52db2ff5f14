package cluster

import (
	"path/filepath"
	"sync"
	"time"

	"statuspage/lab/link"
)

// Region is one place: an app, a database, and the ways from there to the others.
type Region struct {
	Name string
	App  *Process
	DB   *Process

	cluster *Cluster
	url     string
	// toDB is the app's way to its database, toPrimaryDB the replica's to the primary, toPrimaryApp that of PRIMARY_URL.
	toDB, toPrimaryDB, toPrimaryApp *link.Relay

	mu                              sync.Mutex
	app, metrics, database, primary string // the addresses of the current processes; primary is where replicas connect

	// faults, guarded by the cluster's mu
	lag         time.Duration
	slow        time.Duration
	paused      bool
	partitioned bool
}

func (c *Cluster) addRegion(name string) error {
	r := &Region{Name: name, cluster: c}
	r.App = &Process{Name: name + " app", prepare: r.appCommand, ready: r.appReady, logFile: c.logFile(name, "app")}
	r.DB = &Process{Name: name + " database", prepare: r.dbCommand, ready: r.dbReady, logFile: c.logFile(name, "db")}
	c.Regions = append(c.Regions, r)
	if name == c.opts.Primary {
		c.primary = r
	}
	for _, relay := range []**link.Relay{&r.toDB, &r.toPrimaryDB, &r.toPrimaryApp} {
		var err error
		if *relay, err = link.NewRelay("127.0.0.1:1"); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) logFile(region, what string) string {
	return filepath.Join(c.opts.Dir, region+"-"+what+".log")
}

func (r *Region) isPrimary() bool { return r.Name == r.cluster.opts.Primary }

// URL is the proxy's edge in the region: what its visitors use.
func (r *Region) URL() string { return r.url }

// AppURL is the app itself, past the proxy; empty before the first start.
func (r *Region) AppURL() string { return r.address(&r.app) }

// DBURL is the database itself, past the link of the app.
func (r *Region) DBURL() string { return r.address(&r.database) }

func (r *Region) address(which *string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if *which == "" {
		return ""
	}
	return "http://" + *which
}

// moved notes where a process listens now and leads the relays there.
func (r *Region) moved(which *string, addr string, relays ...*link.Relay) {
	r.mu.Lock()
	*which = addr
	r.mu.Unlock()
	for _, relay := range relays {
		relay.SetTarget(addr)
	}
}

func (r *Region) closeLinks() {
	for _, relay := range []*link.Relay{r.toDB, r.toPrimaryDB, r.toPrimaryApp} {
		if relay != nil {
			relay.Close()
		}
	}
}

// relaysTo collects one relay of every region.
func (c *Cluster) relaysTo(pick func(*Region) *link.Relay) []*link.Relay {
	var out []*link.Relay
	for _, r := range c.Regions {
		out = append(out, pick(r))
	}
	return out
}
