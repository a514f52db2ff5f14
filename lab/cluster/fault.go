package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"statuspage/lab/hrana"
	"statuspage/lab/link"
)

// Partition cuts the region off from all others, silently and in both directions: the proxies from each other's
// machines, the replica from the primary, the app from PRIMARY_URL. Clients still reach their own edge and its app.
func (r *Region) Partition() { r.change(func() { r.partitioned = true }) }

// Heal ends Partition and Slow.
func (r *Region) Heal() { r.change(func() { r.partitioned, r.slow = false, 0 }) }

// Slow adds a delay, each way, to everything between the region and the others.
func (r *Region) Slow(delay time.Duration) { r.change(func() { r.slow = delay }) }

// Partitioned says whether the region is cut off.
func (r *Region) Partitioned() bool {
	r.cluster.mu.Lock()
	defer r.cluster.mu.Unlock()
	return r.partitioned
}

// CutDB cuts the app off from its own database; HealDB ends that.
func (r *Region) CutDB() { r.toDB.Cut(link.Both) }

// HealDB ends CutDB.
func (r *Region) HealDB() { r.toDB.Heal() }

// Lag keeps the region's replica behind the primary; 0 is as fresh as can be. With the real server it is a delay on the
// way to the primary, which forwarded writes feel as well.
func (r *Region) Lag(lag time.Duration) error {
	r.change(func() { r.lag = lag })
	return r.applyReplication()
}

// Pause stops the replication to the region until Resume.
func (r *Region) Pause() error {
	r.change(func() { r.paused = true })
	return r.applyReplication()
}

// Resume ends Pause.
func (r *Region) Resume() error {
	r.change(func() { r.paused = false })
	return r.applyReplication()
}

// PowerCut cuts the power of the region's database: it ends, and up to so many of its newest commits are gone, although
// they were acknowledged. It answers how many; the database is started again. Those before its last start and those
// that a checkpoint has copied cannot be lost, so that it may be fewer, or none: ask again after some writes. With the
// real server it goes by the files, too.
//
// Heartbeats and leases are commits as well: what is lost of the log is what its end says.
func (r *Region) PowerCut(commits int) (lost int, err error) { return r.PowerCutLook(commits, nil) }

// PowerCutLook is PowerCut with a look at a copy of the database's file as it was left, before anybody writes to it
// again.
func (r *Region) PowerCutLook(commits int, look func(file string) error) (lost int, err error) {
	r.DB.Kill()
	if c := r.cluster; c.opts.Durable && c.opts.SQLD != "" {
		return 0, r.DB.Start() // the real one leaves no mark of what it synced, which was everything
	}
	lost, err = hrana.PowerCut(r.dbPath(), commits)
	if err == nil && look != nil {
		err = r.lookAt(look)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: cut the power: %w", r.Name, err)
	}
	return lost, r.DB.Start()
}

// Forget deletes the files of the region's database, which must not run: it is a new machine.
func (r *Region) Forget() error { return os.RemoveAll(r.dbPath()) }

// lookAt shows a copy: opening the file itself would fold its WAL.
func (r *Region) lookAt(look func(file string) error) error {
	dir, err := os.MkdirTemp(r.cluster.opts.Dir, "look-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(filepath.Join(dir, "db"), os.DirFS(r.dbPath())); err != nil {
		return err
	}
	return look(filepath.Join(dir, "db", "dbs", "default", "data"))
}

// change sets a fault and brings all links in line.
func (r *Region) change(set func()) {
	c := r.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	set()
	primary := c.Primary()
	for _, a := range c.Regions {
		for _, b := range c.Regions {
			if a != b {
				adjust(c.Proxy.Wire(a.Name, b.Name), a.partitioned || b.partitioned, a.slow+b.slow)
			}
		}
		if a.isPrimary() {
			continue
		}
		cut, slow := a.partitioned || primary.partitioned, a.slow+primary.slow
		adjust(a.toPrimaryApp.Wire, cut, slow)
		if c.opts.SQLD != "" {
			cut, slow = cut || a.paused, slow+a.lag
		}
		adjust(a.toPrimaryDB.Wire, cut, slow)
	}
}

func adjust(w *link.Wire, cut bool, delay time.Duration) {
	w.SetDelay(delay)
	switch {
	case cut && w.Whole():
		w.Cut(link.Both)
	case !cut && !w.Whole():
		w.Heal()
	}
}

// applyReplication tells the stand-in its lag; a replica that was restarted has to hear it again.
func (r *Region) applyReplication() error {
	c := r.cluster
	c.mu.Lock()
	lag, paused := r.lag.Milliseconds(), r.paused
	c.mu.Unlock()
	if c.opts.SQLD != "" || r.isPrimary() || !r.DB.Alive() {
		return nil
	}
	body, err := json.Marshal(hrana.Replication{LagMS: &lag, Paused: &paused})
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Post(r.DBURL()+"/lab/replication", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: the replica says %s", r.Name, res.Status)
	}
	return nil
}
