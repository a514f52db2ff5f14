package flyctl

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// parsed are a command's flags, by their long names, and its arguments.
type parsed struct {
	flags map[string]string
	args  []string
}

// command is one of flyctl's, with those of its flags that are used here: a value says that the flag takes none.
var commands = []struct {
	name  string
	flags map[string]bool
	run   func(*Fly, string, parsed, *answer) error
}{
	{"machine list", map[string]bool{"app": false, "json": true}, list},
	{"machine destroy", map[string]bool{"app": false, "force": true}, destroy},
	{"deploy", map[string]bool{"regions": false, "exclude-regions": false, "build-arg": false, "ha": false}, deploy},
	{"proxy", map[string]bool{"app": false}, proxy},
}

var short = map[string]string{"-a": "--app", "-f": "--force", "-j": "--json"}

func parse(args []string, known map[string]bool) (parsed, error) {
	p := parsed{flags: map[string]string{}}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if long, is := short[arg]; is {
			arg = long
		}
		name, value, given := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !strings.HasPrefix(arg, "-") {
			p.args = append(p.args, arg)
			continue
		}
		bare, is := known[name]
		if !is {
			return p, fmt.Errorf("unknown flag: %s", arg)
		}
		if !bare && !given {
			if i++; i == len(args) {
				return p, fmt.Errorf("flag needs an argument: %s", arg)
			}
			value = args[i]
		}
		p.flags[name] = value
	}
	return p, nil
}

func list(f *Fly, _ string, p parsed, a *answer) error {
	all, err := f.machines(p.flags["app"])
	if err != nil {
		return err
	}
	out, err := json.Marshal(all)
	a.Out = string(out) + "\n"
	return err
}

// destroy needs --force of a Machine that runs, and tells of one that is not there.
func destroy(f *Fly, _ string, p parsed, _ *answer) error {
	all, err := f.machines(p.flags["app"])
	if err != nil {
		return err
	}
	for _, id := range p.args {
		i := slices.IndexFunc(all, func(m machine) bool { return m.ID == id })
		if i < 0 {
			return fmt.Errorf("machine %s was not found", id)
		}
		if _, force := p.flags["force"]; all[i].State == "started" && !force {
			return fmt.Errorf("machine %s currently started, either stop first or use --force", id)
		}
		f.mu.Lock()
		f.gone[id] = true
		f.mu.Unlock()
		r := f.cluster.Region(all[i].Region)
		if p.flags["app"] == f.database {
			r.DB.Kill()
		} else {
			r.DestroyApp()
		}
	}
	return nil
}

// deploy starts the Machines of a folder's fly.toml anew, one after the other, and waits for each, as members of the
// region that writes by that file. Fly names no order: the one in that region comes last here.
func deploy(f *Fly, dir string, p parsed, _ *answer) error {
	if len(p.args) > 0 {
		dir = filepath.Join(dir, p.args[0])
	}
	file, err := settingsIn(dir)
	if err != nil {
		return err
	}
	if file.App == f.database && !strings.HasPrefix(p.flags["build-arg"], "SQLD_IMAGE=") {
		return fmt.Errorf("failed to build: SQLD_IMAGE has no default")
	}
	all, err := f.machines(file.App)
	if err != nil {
		return err
	}
	if err := f.cluster.Promote(file.PrimaryRegion); err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b machine) int {
		return rank(a, file.PrimaryRegion) - rank(b, file.PrimaryRegion)
	})
	only, without := regions(p.flags["regions"]), regions(p.flags["exclude-regions"])
	for _, m := range all {
		if len(only) > 0 && !slices.Contains(only, m.Region) || slices.Contains(without, m.Region) {
			continue
		}
		process := f.cluster.Region(m.Region).App
		if file.App == f.database {
			process = f.cluster.Region(m.Region).DB
		}
		process.Stop(grace)
		if err := process.Start(); err != nil {
			return fmt.Errorf("machine %s did not come up: %w", m.ID, err)
		}
	}
	return nil
}

func regions(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

func rank(m machine, first string) int {
	if m.Region == first {
		return 1
	}
	return 0
}

// proxy leads a port of this machine to a region's database.
func proxy(f *Fly, _ string, p parsed, a *answer) error {
	if len(p.args) != 2 {
		return fmt.Errorf("fly proxy takes ports and a host, not %v", p.args)
	}
	local, remote, _ := strings.Cut(p.args[0], ":")
	region, app, _ := strings.Cut(strings.TrimSuffix(p.args[1], ".internal"), ".")
	r := f.cluster.Region(region)
	if r == nil || app != f.database || p.flags["app"] != f.database || remote != "8080" {
		return fmt.Errorf("host was not found in DNS: %s port %s", p.args[1], remote)
	}
	a.Forward = [2]string{"127.0.0.1:" + local, strings.TrimPrefix(r.DBURL(), "http://")}
	return nil
}
