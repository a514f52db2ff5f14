package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"statuspage/server/config"
)

// flyFile is what both fly.toml files say, as far as it is looked at.
type flyFile struct {
	App           string            `toml:"app"`
	PrimaryRegion string            `toml:"primary_region"`
	Env           map[string]string `toml:"env"`
	Service       struct {
		Port   int    `toml:"internal_port"`
		Stop   string `toml:"auto_stop_machines"`
		Start  *bool  `toml:"auto_start_machines"`
		Checks []struct {
			Path string `toml:"path"`
		} `toml:"checks"`
	} `toml:"http_service"`
	Services []map[string]any `toml:"services"`
	service  bool             // there is one
}

func readFile(path string) (flyFile, error) {
	var f flyFile
	meta, err := toml.DecodeFile(path, &f)
	f.service = meta.IsDefined("http_service") || len(f.Services) > 0
	return f, err
}

// files holds both fly.toml files against each other and against what the regions say. A file that is not there is not
// looked at.
func files(o Options, up []*region) []Finding {
	var out []Finding
	app, haveApp := open(o.App, &out)
	db, haveDB := open(o.DatabaseFile, &out)
	if haveApp {
		out = append(out, wrong(o.App, append(ofPrimary(app, up), ofApp(app)...)))
	}
	if haveDB {
		problems := ofPrimary(db, up)
		if db.service {
			problems = append(problems, "it has a public service: anybody could reach the database")
		}
		out = append(out, wrong(o.DatabaseFile, problems))
	}
	if haveApp && haveDB {
		if host := databaseHost(app); host != "" && !strings.HasSuffix(host, "."+db.App+".internal") {
			out = append(out, Finding{Level: Fail, Check: "fly.toml", Says: "DATABASE_URL in " + o.App + " names " +
				host + ", and the database's app is " + db.App,
				Do: "let DATABASE_URL name {region}." + db.App + ".internal"})
		}
	}
	return out
}

func open(path string, out *[]Finding) (flyFile, bool) {
	if path == "" {
		return flyFile{}, false
	}
	f, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, false
	}
	if err != nil {
		*out = append(*out, Finding{Level: Fail, Check: "fly.toml", Says: err.Error(), Do: "mend the file"})
	}
	return f, err == nil
}

func wrong(path string, problems []string) Finding {
	if len(problems) == 0 {
		return Finding{Level: OK, Check: "fly.toml", Says: path + " agrees with what runs"}
	}
	return Finding{Level: Fail, Check: "fly.toml", Says: path + ": " + strings.Join(problems, "; "),
		Do: "mend the file, or deploy it: fly deploy"}
}

// ofPrimary are the disagreements about who writes.
func ofPrimary(f flyFile, up []*region) []string {
	var out []string
	if env := f.Env["PRIMARY_REGION"]; env != f.PrimaryRegion {
		out = append(out, fmt.Sprintf("primary_region is %s and PRIMARY_REGION %s", f.PrimaryRegion, env))
	}
	for _, r := range up {
		if r.PrimaryRegion != f.PrimaryRegion {
			out = append(out, fmt.Sprintf("primary_region is %s, and %s runs with %s", f.PrimaryRegion, r.name(),
				r.PrimaryRegion))
		}
	}
	return out
}

// ofApp are what Fly would do to the program that it does not bear.
func ofApp(f flyFile) []string {
	var out []string
	for name := range f.Env {
		if !slices.Contains(variables(), name) && !strings.HasPrefix(name, "GO") {
			out = append(out, "nobody reads "+name)
		}
	}
	slices.Sort(out)
	if mode := f.Env["WRITE_FORWARD"]; mode != "" && mode != "fly-replay" {
		out = append(out, "WRITE_FORWARD is "+mode+", where Fly's proxy replays")
	}
	if f.Service.Stop != "off" || f.Service.Start == nil || *f.Service.Start {
		out = append(out, "auto_stop_machines must be \"off\" and auto_start_machines false: a Machine that sleeps "+
			"hears no event, and a lost primary must not come back")
	}
	for _, c := range f.Service.Checks {
		if c.Path == "/readyz" {
			out = append(out, "visitors are routed by /readyz: when the primary is gone nobody would see a page")
		}
	}
	listen := config.Config{Addr: f.Env["ADDR"], Port: f.Env["PORT"]}.Listen()
	if _, port, err := net.SplitHostPort(listen); err != nil || port != fmt.Sprint(f.Service.Port) {
		out = append(out, fmt.Sprintf("internal_port is %d, and the server listens on %s", f.Service.Port, listen))
	}
	return out
}

// databaseHost is the host of DATABASE_URL in a file, for any region.
func databaseHost(f flyFile) string {
	u, err := url.Parse(strings.ReplaceAll(f.Env["DATABASE_URL"], "{region}", "ams"))
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// variables are the names that the server reads.
func variables() []string {
	var out []string
	var of func(reflect.Type)
	of = func(t reflect.Type) {
		for i := range t.NumField() {
			if f := t.Field(i); f.Type.Kind() == reflect.Struct {
				of(f.Type)
			} else if name := f.Tag.Get("env"); name != "" {
				out = append(out, name)
			}
		}
	}
	of(reflect.TypeFor[config.Config]())
	return out
}
