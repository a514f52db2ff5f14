package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"statuspage/server/config"
)

func TestAPortThatIsTakenSaysWhichVariableChangesIt(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	for _, x := range []struct {
		env, want string
	}{
		{"ADDR=127.0.0.1:" + port, "set ADDR to another, such as ADDR=127.0.0.1:"},
		{"PORT=" + port, "set PORT to another, such as PORT="},
	} {
		o := &operator{t: t, file: filepath.Join(t.TempDir(), "status.db")}
		cmd := o.command(t.Context(), "serve")
		cmd.Env = append(cmd.Env, x.env)
		if x.env[:4] == "PORT" { // of this machine alone, as the test's own listener is
			cmd.Env = append(cmd.Env, "DEMO=true")
		}
		out, err := cmd.CombinedOutput()
		taken := "port " + port + " is taken by another program"
		if err == nil || !strings.Contains(string(out), taken) || !strings.Contains(string(out), x.want) {
			t.Errorf("%s: %v, and says %s", x.env, err, out)
		}
	}
}

// Two servers on one machine, with databases elsewhere: neither link takes the other's place.
func TestEachProcessKeepsItsOwnSetupLink(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	files := map[string]bool{}
	for _, text := range []string{"one", "two"} {
		file, err := keepSetup("", text)
		if err != nil {
			t.Fatal(err)
		}
		files[file] = true
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if raw, err := os.ReadFile(file); err != nil || string(raw) != text {
			t.Errorf("it says %q, %v", raw, err)
		}
	}
	if len(files) != 2 {
		t.Errorf("they share %v", files)
	}
}

func TestHealthIsWhetherTheServerAnswers(t *testing.T) {
	o := &operator{t: t, file: filepath.Join(t.TempDir(), "status.db")}
	base, _ := o.served()
	host := strings.TrimPrefix(base, "http://")
	if err := (&health{Addr: host}).Run(t.Context()); err != nil {
		t.Error(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := ln.Addr().String()
	_ = ln.Close()
	if err := (&health{Addr: nobody}).Run(t.Context()); err == nil {
		t.Error("a server that is not there is well")
	}
	if at := (config.Config{Port: "9"}).Listen(); at != ":9" {
		t.Errorf("PORT means %s", at)
	}
}
