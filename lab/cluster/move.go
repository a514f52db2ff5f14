package cluster

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// orderly is how long a database has to end by itself: only then may its folder be copied.
const orderly = 10 * time.Second

// Backup stops the primary's database in its own way, copies its folder, and starts it again; meanwhile there are no
// writes. The real server takes such a copy back as well.
func (c *Cluster) Backup(to string) error {
	r := c.Primary()
	r.DB.Stop(orderly)
	if err := os.CopyFS(to, os.DirFS(r.dbPath())); err != nil {
		return errors.Join(fmt.Errorf("back up %s: %w", r.Name, err), r.DB.Start())
	}
	return r.DB.Start()
}

// Restore puts a Backup in the place of the primary's database, as docs/deploy.md has it: everything ends, the other
// regions begin without a database. prepare runs when the primary's database answers and nothing serves it yet: that is
// where the epoch is renewed.
func (c *Cluster) Restore(from string, prepare func() error) error {
	c.each(func(p *Process) { p.Kill() })
	r := c.Primary()
	if err := os.RemoveAll(r.dbPath()); err != nil {
		return err
	}
	if err := os.CopyFS(r.dbPath(), os.DirFS(from)); err != nil {
		return fmt.Errorf("restore %s: %w", r.Name, err)
	}
	return c.startAround(r, prepare)
}

// LosePrimary ends the primary region and makes another one the one that writes, by the steps of docs/deploy.md. Its
// copy is the truth from here on; what had not reached it is lost. The region of the old primary comes back as any
// other, without its database.
func (c *Cluster) LosePrimary(to *Region, prepare func() error) error {
	if to.isPrimary() {
		return fmt.Errorf("%s is the primary region already", to.Name)
	}
	lost := c.Primary()
	lost.App.Kill()
	lost.DB.Kill()
	c.each(func(p *Process) { p.Stop(orderly) })
	if err := c.Promote(to.Name); err != nil {
		return err
	}
	return c.startAround(to, prepare)
}

// startAround starts everything from one region's database.
func (c *Cluster) startAround(r *Region, prepare func() error) error {
	for _, o := range c.Regions {
		if o != r {
			if err := os.RemoveAll(o.dbPath()); err != nil {
				return err
			}
		}
	}
	if err := r.DB.Start(); err != nil {
		return err
	}
	if prepare != nil {
		if err := prepare(); err != nil {
			return err
		}
	}
	if err := c.startDatabases(); err != nil {
		return err
	}
	return c.startApps()
}
