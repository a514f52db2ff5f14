package cluster

import (
	"path/filepath"
	"strings"
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
	// toDB is the app's way to its database, toPrimaryDB the replica's to the primary, toPrimaryApp that of
	// PRIMARY_URL.
	toDB, toPrimaryDB, toPrimaryApp *link.Relay

	mu sync.Mutex
	// the addresses of the current processes; primary is where replicas connect
	app, metrics, database, primary, admin string
	dbFollows, appFollows                  *Region // the primary as each process was told at its start

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
		c.primary.Store(r)
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

func (r *Region) isPrimary() bool { return r == r.cluster.Primary() }

// URL is the proxy's edge in the region: what its visitors use.
func (r *Region) URL() string { return r.url }

// AppURL is the app itself, past the proxy; empty before the first start.
func (r *Region) AppURL() string { return r.address(&r.app) }

// MetricsURL is where the app says /metrics.
func (r *Region) MetricsURL() string { return r.address(&r.metrics) }

// DBURL is the database itself, past the link of the app.
func (r *Region) DBURL() string { return r.address(&r.database) }

// LinkURL is the database as the region's app reaches it: always the same address, and cut by CutDB.
func (r *Region) LinkURL() string { return "http://" + r.toDB.Addr() }

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

// follow tells a process that starts who is primary, and leads its relay there. It knows no other until it is started
// again.
func (r *Region) follow(told **Region, relay *link.Relay, of func(*Region) *string) {
	primary := r.cluster.Primary()
	addr := strings.TrimPrefix(primary.address(of(primary)), "http://")
	r.mu.Lock()
	*told = primary
	r.mu.Unlock()
	if addr != "" {
		relay.SetTarget(addr)
	}
}

// followers collects the relays of the regions whose process was told that r is primary.
func (r *Region) followers(pick func(*Region) (*Region, *link.Relay)) []*link.Relay {
	var out []*link.Relay
	for _, o := range r.cluster.Regions {
		o.mu.Lock()
		told, relay := pick(o)
		o.mu.Unlock()
		if told == r {
			out = append(out, relay)
		}
	}
	return out
}
