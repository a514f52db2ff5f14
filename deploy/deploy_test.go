// Package deploy holds what puts Status Page on other people's machines. Its tests hold the files against Fly's
// reference, against the server's own configuration, and the database's start script against a database server; flyctl
// itself is not run.
package deploy

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"

	"statuspage/server/config"
)

const (
	appFile      = "../fly.toml"
	databaseFile = "libsql/fly.toml"
)

func read(t *testing.T, name string) map[string]any {
	t.Helper()
	var file map[string]any
	if _, err := toml.DecodeFile(name, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// at follows a path of keys.
func at(t *testing.T, file map[string]any, keys ...string) any {
	t.Helper()
	var v any = file
	for _, key := range keys {
		table, _ := v.(map[string]any)
		if v = table[key]; v == nil {
			t.Fatalf("there is no %s", strings.Join(keys, "."))
		}
	}
	return v
}

func TestEveryKeyIsOneThatFlyDocuments(t *testing.T) {
	for _, name := range []string{appFile, databaseFile} {
		for _, fault := range faults(read(t, name)) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

func TestAWrongFileIsFound(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{`kill_signal = "SIGHUP"`, "kill_signal"},
		{`kill_timeout = 400`, "kill_timeout"},
		{"[http_service]\nauto_stop_machines = true", "http_service.auto_stop_machines"},
		{"[http_service]\ninternal-port = 8080", "http_service.internal-port"},
		{"[http_service.concurrency]\ntype = \"sockets\"", "http_service.concurrency.type"},
		{"[[http_service.checks]]\ninterval = 10", "http_service.checks[].interval"},
		{"[env]\nPORT = 8080", "env.PORT"},
		{"[checks.ready]\nport = \"8080\"", "checks.ready.port"},
		{"[checks.ready]\nurl = \"/\"", "checks.ready.url"},
		{"[deploy]\nstrategy = \"all-at-once\"", "deploy.strategy"},
		{"[mounts]\nsnapshot_retention = 61", "mounts.snapshot_retention"},
		{"[[vm]]\nmemory = \"1 gig\"", "vm[].memory"},
		{"[service]\ninternal_port = 1", "service.internal_port"},
	} {
		var file map[string]any
		if _, err := toml.Decode(c.file, &file); err != nil {
			t.Fatal(err)
		}
		if got := faults(file); len(got) != 1 || !strings.HasPrefix(got[0], c.want+": ") {
			t.Errorf("%s: faults %q", c.file, got)
		}
	}
}

// in is the server's configuration as a Machine of a region has it.
func in(t *testing.T, flyRegion string) config.Config {
	t.Helper()
	file := read(t, appFile)
	env, _ := at(t, file, "env").(map[string]any)
	for name, value := range env {
		t.Setenv(name, value.(string))
	}
	t.Setenv("PRIMARY_REGION", at(t, file, "primary_region").(string)) // Fly sets it from there, whatever [env] says
	t.Setenv("FLY_REGION", flyRegion)
	t.Setenv("DATABASE_AUTH_TOKEN", "may write")
	t.Setenv("DATABASE_READ_TOKEN", "may read")
	var cli struct {
		config.Config `embed:""`
	}
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(nil); err != nil {
		t.Fatal(err)
	}
	if err := cli.Validate(); err != nil {
		t.Fatal(err)
	}
	return cli.Config
}

func TestTheServerTakesWhatFlyTomlGivesIt(t *testing.T) {
	file, database := read(t, appFile), read(t, databaseFile)
	primary := at(t, file, "primary_region").(string)
	home, away := in(t, primary), in(t, "fra")
	if !home.Primary() || away.Primary() {
		t.Errorf("who writes: %s %v, fra %v", primary, home.Primary(), away.Primary())
	}
	if home.Token() != "may write" || away.Token() != "may read" {
		t.Errorf("tokens %q and %q", home.Token(), away.Token())
	}
	if want := "http://fra." + at(t, database, "app").(string) + ".internal:8080"; away.URL() != want {
		t.Errorf("the database of fra is at %s, want %s", away.URL(), want)
	}
	if away.WriteForward != "fly-replay" {
		t.Errorf("writes are forwarded by %s", away.WriteForward)
	}
	for _, c := range []struct {
		what, addr string
		port       any
	}{
		{"the service", home.Listen(), at(t, file, "http_service", "internal_port")},
		{"the check of readiness", home.Listen(), at(t, file, "checks", "ready", "port")},
		{"metrics", home.MetricsAddr, at(t, file, "metrics", "port")},
	} {
		host, number, err := net.SplitHostPort(c.addr)
		if err != nil || host != "" || number != itoa(c.port) {
			t.Errorf("%s asks port %v, the server listens on %q", c.what, c.port, c.addr)
		}
	}
}

func itoa(v any) string {
	n, _ := v.(int64)
	return strconv.FormatInt(n, 10)
}

// ours are the names that the server reads.
func ours() []string {
	var names []string
	var of func(reflect.Type)
	of = func(t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Type.Kind() == reflect.Struct {
				of(f.Type)
			} else if name := f.Tag.Get("env"); name != "" {
				names = append(names, name)
			}
		}
	}
	of(reflect.TypeFor[config.Config]())
	return names
}

func TestTheEnvironmentHasNoNameThatNobodyReads(t *testing.T) {
	env, _ := at(t, read(t, appFile), "env").(map[string]any)
	known := append(ours(), "GOMEMLIMIT") // the Go runtime's
	for name := range env {
		if !slices.Contains(known, name) {
			t.Errorf("%s: the server does not read %s", appFile, name)
		}
	}
	script, err := os.ReadFile("libsql/start.sh")
	if err != nil {
		t.Fatal(err)
	}
	env, _ = at(t, read(t, databaseFile), "env").(map[string]any)
	for name := range env {
		if !strings.Contains(string(script), name) && name != "SQLD_SHUTDOWN_TIMEOUT" { // sqld's own
			t.Errorf("%s: nobody reads %s", databaseFile, name)
		}
	}
}

func TestEveryVariableIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range ours() {
		hidden := name == "DELIVERY_LEASE" // for tests
		if strings.Contains(string(text), "`"+name+"`") == hidden {
			t.Errorf("docs/operations.md and %s", name)
		}
	}
}

func TestBothAppsAgreeOnWhoWrites(t *testing.T) {
	file, database := read(t, appFile), read(t, databaseFile)
	home := at(t, file, "primary_region")
	for _, other := range []any{at(t, file, "env", "PRIMARY_REGION"), at(t, database, "primary_region"),
		at(t, database, "env", "PRIMARY_REGION")} {
		if other != home {
			t.Errorf("primary regions %v and %v", home, other)
		}
	}
}

func TestADeadPrimaryKeepsNobodyFromThePages(t *testing.T) {
	file := read(t, appFile)
	checks, _ := at(t, file, "http_service", "checks").([]map[string]any)
	if len(checks) != 1 || checks[0]["path"] != "/healthz" {
		t.Errorf("what routes visitors must not ask for the primary: %v", checks)
	}
	if at(t, file, "checks", "ready", "path") != "/readyz" {
		t.Error("nothing asks whether a new version is ready")
	}
	if at(t, file, "http_service", "auto_stop_machines") != "off" {
		t.Error("a Machine that is stopped cuts its sockets")
	}
}

// Fly puts the release command in the place of CMD, behind ENTRYPOINT.
func TestTheReleaseCommandIsOneOfTheProgram(t *testing.T) {
	image, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{`ENTRYPOINT ["statuspage"]`, `CMD ["serve"]`} {
		if !strings.Contains(string(image), line) {
			t.Errorf("the image has no %s", line)
		}
	}
	if command := at(t, read(t, appFile), "deploy", "release_command"); command != "migrate" {
		t.Errorf("the release command is %v", command)
	}
}

func TestTheDatabaseIsOnNoPublicAddress(t *testing.T) {
	file := read(t, databaseFile)
	if file["http_service"] != nil || file["services"] != nil {
		t.Error("the database has a public service")
	}
	if dir := at(t, file, "mounts", "destination").(string); dir != "/var/lib/sqld" {
		t.Errorf("the volume is at %s, start.sh writes to /var/lib/sqld", dir)
	}
}

// byDigest is an image whose bytes are named, whatever its tag says later.
var byDigest = regexp.MustCompile(`^[a-z][a-z0-9/]*:[a-z0-9.-]+@sha256:[0-9a-f]{64}$`)

func TestTheImageStandsOnBasesThatAreNamedByDigest(t *testing.T) {
	text, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	bases := regexp.MustCompile(`(?m)^FROM (?:--\S+ )*(\S+)`).FindAllStringSubmatch(string(text), -1)
	if len(bases) != 2 {
		t.Fatalf("%d bases", len(bases))
	}
	for _, base := range bases {
		if !byDigest.MatchString(base[1]) {
			t.Errorf("%s is named by a tag alone", base[1])
		}
	}
}

// hostName is anything that looks like a registry's host before an image.
var hostName = regexp.MustCompile(`(?m)^(FROM|ARG \w+=)\s*\S*[a-z]\.[a-z]{2,}/`)

func TestNoImageIsNamedByAHost(t *testing.T) {
	for _, name := range []string{"../Dockerfile", "libsql/Dockerfile"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := hostName.Find(text); found != nil {
			t.Errorf("%s: %s", name, found)
		}
	}
}

// flyCommand is a fly command of a page or a comment, up to the end of its line or what follows it in the shell.
var flyCommand = regexp.MustCompile("(?m)(?:^|[`# +(\"])fly ((?:apps|certs|checks|console|deploy|machine|proxy|scale|secrets|ssh|volumes)\\b[^`#;&|)\\n]*)")

// quoted is what the shell puts into a command.
var quoted = regexp.MustCompile(`\$\([^()]*\)`)

// TestTheDatabaseIsDeployedFromItsOwnFolder holds every fly command of the documents and scripts: flyctl builds in the
// working directory that `fly deploy` is given, whatever --config names, so that the database's Dockerfile finds
// start.sh in its own folder alone.
func TestTheDatabaseIsDeployedFromItsOwnFolder(t *testing.T) {
	deploys := 0
	for _, name := range []string{"../docs/deploy.md", "../docs/operations.md", "../docs/architecture.md",
		"../README.md", "../fly.toml", "libsql/fly.toml", "promote.sh"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range flyCommand.FindAllStringSubmatch(
			quoted.ReplaceAllString(strings.ReplaceAll(string(text), "\\\n", " "), "…"), -1) {
			words := strings.Fields(found[1])
			if slices.ContainsFunc(words, func(w string) bool {
				return strings.HasPrefix(w, "--config") ||
					w == "-c"
			}) {
				t.Errorf("%s: fly %s: --config changes no build context", name, found[1])
			}
			if flag := unknownFlag(words); flag != "" {
				t.Errorf("%s: fly %s: Fly documents no %s there", name, found[1], flag)
			}
			if words[0] != "deploy" {
				continue
			}
			deploys++
			ofDatabase := len(words) > 1 && words[1] == "deploy/libsql"
			if ofDatabase != strings.Contains(found[1], "SQLD_IMAGE") {
				t.Errorf("%s: fly %s: the database is deployed from deploy/libsql with its image, the program from "+
					"the root without", name, found[1])
			}
		}
	}
	if deploys < 7 {
		t.Errorf("%d deploys", deploys)
	}
}

// flyFlags are the flags that Fly documents for each command, as far as they are used here.
var flyFlags = map[string][]string{
	"apps create": {}, "certs add": {"-a"}, "checks list": {"-a"}, "console": {"-a"},
	"deploy":          {"--ha", "--build-arg", "--regions", "--exclude-regions"},
	"machine destroy": {"--force", "-a"}, "machine list": {"-a", "--json"}, "machine restart": {"--force-stop", "-a"},
	"proxy": {"-a"}, "scale count": {"--region", "-a"}, "secrets set": {"-a"},
	"ssh sftp": {"-a"}, "volumes snapshots": {"-a"}, "volumes create": {"--snapshot-id", "--region", "-a"},
	"secrets": {},
}

// unknownFlag is the first flag of a command that Fly does not document for it, or the command itself.
func unknownFlag(words []string) string {
	known, is := flyFlags[strings.Join(words[:min(2, len(words))], " ")]
	if !is {
		if known, is = flyFlags[words[0]]; !is {
			return "fly " + words[0]
		}
	}
	for _, w := range words {
		flag, _, _ := strings.Cut(w, "=")
		if strings.HasPrefix(flag, "-") && !slices.Contains(known, flag) {
			return flag
		}
	}
	return ""
}

func TestTheScriptsPassShellcheck(t *testing.T) {
	scripts, err := filepath.Glob("libsql/*.sh")
	if err != nil {
		t.Fatal(err)
	}
	scripts = append(scripts, "promote.sh")
	if len(scripts) < 3 {
		t.Fatalf("scripts %v", scripts)
	}
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil || !strings.HasPrefix(string(text), "#!/bin/sh\n") {
			t.Errorf("%s is not for every shell: %v", name, err)
		}
		if out, err := exec.CommandContext(t.Context(), "shellcheck", name).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s (make tools installs shellcheck)", name, err, out)
		}
	}
}
