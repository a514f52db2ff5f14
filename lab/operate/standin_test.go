package operate_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// documentedUse is what the programs that a test has not got take, by their own documentation: a command and its flags
// as one pattern. A program without patterns has a function of its own in doesInstead.
var documentedUse = map[string][]string{
	"fly": {
		`apps create [a-z-]+`,
		`secrets set -a [a-z-]+( [A-Z_]+=\S+)+`,
		`deploy( [a-z/]+)?( --ha=false| --build-arg [A-Z_]+=\S+| --regions \S+| --exclude-regions \S+)*`,
		`certs add [a-z.]+ -a [a-z-]+`,
		`proxy \d+:\d+ [a-z.-]+ -a [a-z-]+`,
		`scale count \d+ --region [a-z]{3} -a [a-z-]+`,
	},
	"docker":     {`compose up( --build)?`, `run -t -p \d+:\d+ -v statuspage:/srv/data statuspage`},
	"make":       {`[a-z-]+`},
	"go":         {`test( -v| -timeout \d+[hms]| -run \S+)* \./[a-z/]+`},
	"systemctl":  {`(enable --now|start|stop) statuspage`},
	"useradd":    {`--system statuspage`},
	"turso":      {`db create [a-z]+`, `db show [a-z]+ --url`, `db tokens create [a-z]+`},
	"litestream": {`replicate -config \S+`, `restore -o \S+ s3://\S+`},
	"runuser":    {`--preserve-environment -u statuspage -- .+`},
	"install":    {`( ?-o [a-z]+| ?-m \d+| ?-d)+( [\w./-]+)+`},
	"promote.sh": {`--to [a-z]{3}( --run)?`},
	"curl":       nil,
	"statuspage": nil,
}

// doesInstead is what a stand-in does once its use is found to be a documented one.
var doesInstead = map[string]func(args []string) error{
	"make":       isTarget,
	"go":         isTest,
	"systemctl":  hasUnit,
	"turso":      answersTurso,
	"litestream": litestreamed,
	"runuser":    func(args []string) error { return becomes(args[4], args[5:]) },
	"install":    installed,
	"curl":       curled,
	"statuspage": ran,
}

// standIn is a program of documentedUse, in its role. What it refuses is written down, too: a shell does not notice the
// failure of what it runs in the background or before a pipe.
func standIn(args []string) int {
	name, args := args[0], args[1:]
	err := documented(name, args)
	if do := doesInstead[name]; err == nil && do != nil {
		err = do(args)
	}
	if err == nil {
		return 0
	}
	line := fmt.Sprintf("%s %s: %v\n", name, strings.Join(args, " "), err)
	_, _ = os.Stderr.WriteString(line)
	if f, err := os.OpenFile(kept("refused"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		_, _ = f.WriteString(line)
		_ = f.Close()
	}
	return 1
}

func kept(name string) string { return filepath.Join(os.Getenv("STAGE"), name) }

func documented(name string, args []string) error {
	patterns := documentedUse[name]
	if patterns == nil || slices.ContainsFunc(patterns, func(p string) bool {
		return regexp.MustCompile(`\A(?:` + p + `)\z`).MatchString(strings.Join(args, " "))
	}) {
		return nil
	}
	return errors.New("this use is not documented")
}

func repository(path ...string) string {
	return filepath.Join(append([]string{os.Getenv("REPOSITORY")}, path...)...)
}

// isTarget looks for what make is told to make. Made it is by the other parts of `make test`.
func isTarget(args []string) error {
	text, err := os.ReadFile(repository("Makefile"))
	if err == nil && !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(args[0])+`:`).Match(text) {
		return errors.New("the Makefile has no such target")
	}
	return err
}

// isTest looks for the package, for the test that -run names, and whether the package's tests read the variables.
func isTest(args []string) error {
	files, err := filepath.Glob(repository(args[len(args)-1], "*_test.go"))
	if err != nil || len(files) == 0 {
		return errors.New("there are no such tests")
	}
	want := []string{"func Test"}
	if i := slices.Index(args, "-run"); i >= 0 {
		want[0] += `\w*` + args[i+1]
	}
	for _, variable := range []string{"LAB_SEED", "SIM_LOG", "SIM_FIRST", "SIM_SEEDS"} {
		if os.Getenv(variable) != "" && variable != "LAB_SEED" { // which lab/seed reads
			want = append(want, `"`+variable+`"`)
		}
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		all.Write(text)
	}
	for _, w := range want {
		if !regexp.MustCompile(w).MatchString(all.String()) {
			return fmt.Errorf("its tests have no %s", w)
		}
	}
	return nil
}

// hasUnit looks for the unit, and makes the folder that systemd makes by it.
func hasUnit([]string) error {
	home := os.Getenv("HOME")
	if _, err := os.Stat(filepath.Join(home, "etc/systemd/system/statuspage.service")); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(home, "var/lib/statuspage"), 0o700)
}

func answersTurso(args []string) error {
	switch args[1] {
	case "show":
		fmt.Println("libsql://statuspage-acme.turso.io")
	case "tokens":
		fmt.Println("token")
	}
	return nil
}

// litestreamed restores the database of the machine, as it is. A copy is restored when the machine is another one,
// which has no database.
func litestreamed(args []string) error {
	if args[0] == "replicate" {
		_, err := os.Stat(args[2])
		return err
	}
	db := "DATABASE_URL=file:" + filepath.Join(os.Getenv("HOME"), "var/lib/statuspage/status.db")
	backup := exec.Command(os.Getenv("PROGRAM"), "backup", args[2]) // #nosec G702 -- ours
	out, err := with(backup, db).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return os.RemoveAll(filepath.Join(os.Getenv("HOME"), "var/lib/statuspage"))
}

func with(cmd *exec.Cmd, env ...string) *exec.Cmd {
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

// installed gives nothing to another user, since there is none.
func installed(args []string) error {
	if i := slices.Index(args, "-o"); i >= 0 {
		args = slices.Delete(slices.Clone(args), i, i+2)
	}
	return becomes("/usr/bin/install", args)
}

// curled fails for an answer that is no success, or not the refusal that is spoken of. It finds the demonstration where
// an installation is meant.
func curled(args []string) error {
	flags, want := []string{"--silent", "--show-error", "--max-time", "20"}, os.Getenv("ANSWER")
	if want == "" {
		flags = append(flags, "--fail-with-body")
	} else {
		flags = append(flags, "--output", os.DevNull, "--write-out", "%{http_code}")
	}
	for _, a := range args {
		flags = append(flags, strings.ReplaceAll(a, "https://status.example.com", "http://127.0.0.1:"+
			os.Getenv("PORT")))
	}
	if want == "" {
		return becomes("/usr/bin/curl", flags)
	}
	code, err := exec.Command("/usr/bin/curl", flags...).Output() // #nosec G204 G702 -- what a document says
	if err == nil && string(code) != want {
		err = fmt.Errorf("the answer is %s, not %s", code, want)
	}
	return err
}

func becomes(program string, args []string) error {
	cmd := exec.Command(program, args...) // #nosec G204 G702 -- what a document says
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

// ran is the program itself. A server is left running, once it answers.
func ran(args []string) error {
	program := os.Getenv("PROGRAM")
	switch args[0] {
	case "serve":
		_, err := serving(exec.Command(program, args...), os.Getenv("ADDR")) // #nosec G702 -- ours
		return err
	case "starts": // a word of this test: a server starts with the settings that there are
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		addr := ln.Addr().String()
		_ = ln.Close()
		cmd := exec.Command(program, "serve") // #nosec G702 -- ours
		cmd = with(cmd, "ADDR="+addr, "DATABASE_URL=file:./settings.db", "BASE_URL=https://status.example.com",
			"HTTPS_PROXY=http://127.0.0.1:9") // so that the issuer is asked nothing
		server, err := serving(cmd, addr)
		if server != nil {
			_ = server.Kill()
		}
		return err
	case "doctor": // finds enough in one region that is said to be three; but it finds it
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "https://status.example.com", "http://127.0.0.1:"+os.Getenv("PORT"))
		}
		out, err := exec.Command(program, args...).CombinedOutput() // #nosec G702 -- ours
		if err != nil && !strings.Contains(string(out), "fra") {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	return becomes(program, args)
}

// serving starts a server and waits until it answers.
func serving(cmd *exec.Cmd, addr string) (*os.Process, error) {
	log, err := os.OpenFile(kept("serve.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if pids, err := os.OpenFile(kept("pids"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		_, _ = fmt.Fprintln(pids, cmd.Process.Pid)
		_ = pids.Close()
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		select {
		case err := <-ended:
			text, _ := os.ReadFile(kept("serve.log")) // the error is told without it, too
			return nil, fmt.Errorf("the server ended: %w: %s", err, text[max(0, len(text)-2000):])
		case <-time.After(20 * time.Millisecond):
		}
		res, err := http.Get("http://" + addr + "/healthz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return cmd.Process, nil
			}
		}
	}
	return cmd.Process, errors.New("the server did not answer")
}
