package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"statuspage/lab/flyproxy"
	"statuspage/lab/link"
)

// MachineID is the proxy's name for the region's app.
func (r *Region) MachineID() string { return "m-" + r.Name }

// appCommand places the app at a new address, with the environment that Fly and the operator would give it there.
func (r *Region) appCommand() (Command, error) {
	c := r.cluster
	addr, err := freeAddr()
	if err != nil {
		return Command{}, err
	}
	metrics, err := freeAddr()
	if err != nil {
		return Command{}, err
	}
	token, err := c.Token(r)
	if err != nil {
		return Command{}, err
	}
	r.moved(&r.metrics, metrics)
	if r.isPrimary() {
		r.moved(&r.app, addr, r.followers(func(o *Region) (*Region, *link.Relay) {
			return o.appFollows,
				o.toPrimaryApp
		})...)
	} else {
		r.moved(&r.app, addr)
	}
	r.follow(&r.appFollows, r.toPrimaryApp, func(p *Region) *string { return &p.app })
	c.Proxy.Place(flyproxy.Machine{ID: r.MachineID(), Region: r.Name, Addr: addr})
	env := []string{"ADDR=" + addr, "METRICS_ADDR=" + metrics,
		"FLY_REGION=" + r.Name, "PRIMARY_REGION=" + c.Primary().Name, "FLY_MACHINE_ID=" + r.MachineID(),
		"DATABASE_URL=http://" + r.toDB.Addr(),
		"WRITE_FORWARD=" + c.opts.Forward, "PRIMARY_URL=http://" + r.toPrimaryApp.Addr()}
	if token != "" {
		env = append(env, "DATABASE_AUTH_TOKEN="+token)
	}
	if c.opts.RelayInterval > 0 {
		env = append(env, "RELAY_INTERVAL="+c.opts.RelayInterval.String())
	}
	if c.opts.Env != nil {
		env = append(env, c.opts.Env(r.Name)...)
	}
	return Command{Args: c.opts.App.Args, Env: slices.Concat(c.opts.App.Env, env)}, nil
}

func (r *Region) appReady(p *Process) error {
	ask := r.cluster.opts.AppReady
	if ask == nil {
		ask = isReady
	}
	return r.cluster.until(p, func() error { return ask(r.AppURL()) })
}

func isReady(url string) error {
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Get(url + "/readyz")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz says %s", res.Status)
	}
	return nil
}

// until asks again and again, as long as the program lives and the time has not run out.
func (c *Cluster) until(p *Process, ask func() error) error {
	for deadline := time.Now().Add(c.opts.ReadyTimeout); ; time.Sleep(20 * time.Millisecond) {
		err := ask()
		switch {
		case err == nil:
			return nil
		case !p.Alive():
			return errors.New("ended at its start")
		case time.Now().After(deadline):
			return fmt.Errorf("not ready after %s: %w", c.opts.ReadyTimeout, err)
		}
	}
}
