// Package flyctl is `fly` for a cluster of the laboratory: the commands that deploy/ and docs/deploy.md use, with the
// flags that Fly documents, do to the cluster's processes what they would do to Machines. A flag or an argument that
// flyctl would refuse is refused here, too.
package flyctl

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"statuspage/lab/cluster"
)

// Fly obeys commands for one cluster, which is two apps: the program and its database.
type Fly struct {
	cluster       *cluster.Cluster
	app, database string
	server        *http.Server
	url           string

	mu   sync.Mutex
	said []string            // the commands, in order
	gone map[string]bool     // Machines that were destroyed
	fail map[string]struct{} // commands that must fail, by their beginning
}

// New listens for the commands of Install's script. Close ends it.
func New(c *cluster.Cluster, app, database string) (*Fly, error) {
	f := &Fly{cluster: c, app: app, database: database, gone: map[string]bool{}, fail: map[string]struct{}{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f.url = "http://" + l.Addr().String()
	f.server = &http.Server{Handler: f}
	go f.server.Serve(l)
	return f, nil
}

// Close ends it.
func (f *Fly) Close() { f.server.Close() }

// Said lists the commands so far.
func (f *Fly) Said() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.said)
}

// Fail lets every command that begins so fail from now on.
func (f *Fly) Fail(beginning string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail[beginning] = struct{}{}
}

// Install writes the program `fly` into a folder. The executable that runs must have the role "fly" (Main) among its
// roles.
func (f *Fly) Install(dir string) error {
	role := cluster.Role("fly")
	script := "#!/bin/sh\n" + strings.Join(role.Env, " ") + " LAB_FLY=" + f.url + " exec '" + role.Args[0] +
		"' \"$@\"\n"
	return os.WriteFile(filepath.Join(dir, "fly"), []byte(script), 0o755)
}

// call is a command as it was typed; answer what comes of it.
type call struct {
	Args []string
	Dir  string
}

type answer struct {
	Out     string
	Wrong   string
	Forward [2]string // from, to: fly proxy
}

func (f *Fly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var c call
	var a answer
	err := json.NewDecoder(r.Body).Decode(&c)
	if err == nil {
		err = f.obey(c, &a)
	}
	if err != nil {
		a.Wrong = err.Error()
	}
	json.NewEncoder(w).Encode(a)
}

func (f *Fly) obey(c call, a *answer) error {
	line := strings.Join(c.Args, " ")
	f.mu.Lock()
	f.said = append(f.said, line)
	for beginning := range f.fail {
		if strings.HasPrefix(line, beginning) {
			f.mu.Unlock()
			return errors.New("it does not work today")
		}
	}
	f.mu.Unlock()
	for _, x := range commands {
		if rest, is := after(c.Args, x.name); is {
			p, err := parse(rest, x.flags)
			if err != nil {
				return err
			}
			return x.run(f, c.Dir, p, a)
		}
	}
	return fmt.Errorf("unknown command %q", line)
}

func after(args []string, name string) ([]string, bool) {
	words := strings.Fields(name)
	if len(args) < len(words) || !slices.Equal(args[:len(words)], words) {
		return nil, false
	}
	return args[len(words):], true
}

// machine is one of the list, as `fly machine list --json` has it.
type machine struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Region string `json:"region"`
}

func (f *Fly) idOf(app, region string) string {
	if app == f.database {
		return "d-" + region
	}
	return f.cluster.Region(region).MachineID()
}

func (f *Fly) machines(app string) ([]machine, error) {
	if app != f.app && app != f.database {
		return nil, fmt.Errorf("could not find App %q", app)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []machine{}
	for _, r := range f.cluster.Regions {
		p := r.App
		if app == f.database {
			p = r.DB
		}
		if id := f.idOf(app, r.Name); !f.gone[id] {
			out = append(out, machine{id, map[bool]string{true: "started", false: "stopped"}[p.Alive()], r.Name})
		}
	}
	return out, nil
}

// settings are what a deploy reads in fly.toml.
type settings struct {
	App           string `toml:"app"`
	PrimaryRegion string `toml:"primary_region"`
}

func settingsIn(dir string) (settings, error) {
	var s settings
	_, err := toml.DecodeFile(filepath.Join(dir, "fly.toml"), &s)
	return s, err
}
