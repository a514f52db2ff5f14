package operate_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"statuspage/lab/cluster"
	"statuspage/server/racetest"
)

// served are the documents that speak of a server that runs already, with the demonstration in it.
var served = map[string]bool{"api.md": true, "operations.md": true, "deploy.md": true, "monitors.md": true}

// notRun are blocks of commands that run nowhere, by document and language, with the reason. Nobody needs one yet.
var notRun = map[string]string{}

// blocks finds what a document says to type, with the line on which each begins.
var (
	blocks   = regexp.MustCompile("(?ms)^ *```(sh|bash|shell|console|text)\n(.*?)^ *```$")
	settings = regexp.MustCompile(`\A((AUTH|CLERK)_[A-Z_]+=\S+ *(#.*\n)?\s*)+\z`)
	ports    = regexp.MustCompile(`\b(8080|8081|8082|8001|8002|5001|9000)\b`)
	// answers are of what is refused on purpose, which says so.
	answers = regexp.MustCompile(`(?m)^(curl .*\S) +# (4\d\d)$`)
	paths   = regexp.MustCompile(`(^|[\s:=])(/(?:etc|usr/local|var/lib|backup)\b)`)
)

// TestTheCommandsOfTheDocumentsRunAsTheyStand types the blocks of each document into one shell, in a fresh directory
// with the program that was built. Ports are others, and what is the machine's own (/etc, /var/lib) is in the
// directory. Where a command asks for what a test has not got, such as Fly or systemd, a stand-in holds it against what
// is documented (documentedUse) and does what the next command needs.
func TestTheCommandsOfTheDocumentsRunAsTheyStand(t *testing.T) {
	racetest.Outside(t, "bin/statuspage")
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	documents, err := filepath.Glob(filepath.Join(root(), "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, path := range append(documents, filepath.Join(root(), "README.md")) {
		name := filepath.Base(path)
		text, err := os.ReadFile(path) // #nosec G304 -- of the repository
		if err != nil {
			t.Fatal(err)
		}
		var script strings.Builder
		for _, at := range blocks.FindAllSubmatchIndex(text, -1) {
			language, block := string(text[at[2]:at[3]]), string(text[at[4]:at[5]])
			if language != "sh" {
				if notRun[name+" "+language] == "" {
					t.Errorf("%s has a block of %s: commands are in blocks of sh, which are run", name, language)
				}
				continue
			}
			count++
			if settings.MatchString(block) {
				block = "(set -a\n" + block + "statuspage starts)\n"
			}
			line := 1 + strings.Count(string(text[:at[0]]), "\n")
			fmt.Fprintf(&script, "echo '## %s:%d' >>\"$STAGE/said\"\n%s", name, line, block)
		}
		if script.Len() > 0 {
			t.Run(name, func(t *testing.T) { typed(t, binary, name, script.String()) })
		}
	}
	if count < 35 {
		t.Errorf("only %d blocks were found", count)
	}
}

// desk is where somebody types: a directory with the program and what belongs to it, and a PATH of stand-ins.
type desk struct {
	t        *testing.T
	dir, own string // own is for what the stand-ins keep
	ports    map[string]string
	env      []string
}

// typed runs a script.
func typed(t *testing.T, binary, name, script string) {
	d := &desk{t: t, dir: t.TempDir(), own: t.TempDir(), ports: map[string]string{}}
	d.set(binary)
	t.Cleanup(d.clear)
	script = ports.ReplaceAllStringFunc(script, d.port)
	script = paths.ReplaceAllString(script, "${1}"+d.dir+"$2")
	script = answers.ReplaceAllString(script, "ANSWER=$2 $1")
	if served[name] {
		// The dump is what a sentence of deploy.md asks sqld for, whose stand-in has none.
		d.run("DATABASE_URL=file:demo.db statuspage serve --demo\nsqlite3 demo.db .dump >status.sql\n")
	}
	d.run(script)
	refused, _ := os.ReadFile(filepath.Join(d.own, "refused")) // none where nothing was
	if len(refused) > 0 {
		t.Errorf("%s\n%s", refused, d.said())
	}
}

// port gives each port of the documents a free one of this machine.
func (d *desk) port(documented string) string {
	if d.ports[documented] == "" {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			d.t.Fatal(err)
		}
		defer func() { _ = ln.Close() }()
		_, d.ports[documented], _ = net.SplitHostPort(ln.Addr().String())
	}
	return d.ports[documented]
}

// set lays out the directory.
func (d *desk) set(binary string) {
	d.t.Helper()
	bin := filepath.Join(d.own, "bin")
	in := func(path string) string { return filepath.Join(d.dir, path) }
	for _, dir := range []string{bin, in("bin"), in("etc/systemd/system"), in("usr/local/bin"), in("var/lib")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := os.CopyFS(in("deploy"), os.DirFS(filepath.Join(root(), "deploy"))); err != nil {
		d.t.Fatal(err)
	}
	role := cluster.Role("documented")
	for path, what := range map[string]string{in("bin/statuspage"): "statuspage",
		in("deploy/promote.sh"): "promote.sh"} {
		d.script(path, role, what)
	}
	for program := range documentedUse {
		d.script(filepath.Join(bin, program), role, program)
	}
	d.script(filepath.Join(bin, "sqld"), cluster.Role("hrana"), "")
	d.env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + d.dir, "STAGE=" + d.own, "PROGRAM=" + binary,
		"REPOSITORY=" + root(), "PORT=" + d.port("8080"), "ADDR=127.0.0.1:" + d.port("8080")}
}

// script writes a program that is this executable in a role.
func (d *desk) script(path string, role cluster.Command, what string) {
	d.t.Helper()
	text := fmt.Sprintf("#!/bin/sh\nexec env %s '%s' %s \"$@\"\n", strings.Join(role.Env, " "), role.Args[0], what)
	_ = os.Remove(path)                                             // there is none, or that of the repository
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil { // #nosec G306 -- it is run
		d.t.Fatal(err)
	}
}

// run types lines into a shell that ends with the first one that fails.
func (d *desk) run(lines string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 2*time.Minute)
	defer cancel()
	file := filepath.Join(d.own, "typed")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		d.t.Fatal(err)
	}
	out, err := os.OpenFile(filepath.Join(d.own, "said"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-eu", file)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = d.dir, d.env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = cmd.Run()
	d.t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }) // what it left running
	if err != nil {
		d.t.Fatalf("%v\n%s", err, d.said())
	}
}

// said is the end of what was printed: the last line that begins with ## names the block.
func (d *desk) said() string {
	said, _ := os.ReadFile(filepath.Join(d.own, "said")) // "" is no more to tell
	return string(said[max(0, len(said)-3000):])
}

// clear ends the servers that were started.
func (d *desk) clear() {
	pids, _ := os.ReadFile(filepath.Join(d.own, "pids")) // none where none was started
	for line := range strings.Lines(string(pids)) {
		var pid int
		if _, err := fmt.Sscan(line, &pid); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
