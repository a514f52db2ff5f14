package openid

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

//go:embed strict.mjs
var strictScript []byte

// strictVersion is that of package.json.
const strictVersion = "9.13.3"

// Strict is a provider that takes the standard at its word: oidc-provider, in Node.
type Strict struct {
	Issuer   string // its iss
	Audience string // of its access tokens
}

// StartStrict starts it until the test ends, for an application that comes back to callback. With refresh the
// application may have refresh tokens; access tokens last so long.
func StartStrict(t testing.TB, callback string, refresh bool, lasts time.Duration) *Strict {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(modules(t), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "strict.mjs")
	if err := os.WriteFile(file, strictScript, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Strict{Audience: "https://status.example"}
	options, err := json.Marshal(map[string]any{"client": ClientID, "secret": Secret, "callback": callback,
		"audience": s.Audience,
		"refresh":  refresh, "seconds": int(lasts.Seconds())})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	node := exec.CommandContext(ctx, "node", "--preserve-symlinks", file, string(options))
	stderr := &strings.Builder{}
	node.Stderr = stderr
	stdin, err := node.StdinPipe() // it ends with its standard input
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		stop()
		_ = node.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the provider did not start: %v\n%s", err, stderr)
	}
	s.Issuer = strings.TrimSpace(line)
	return s
}

// Keys is where its keys are.
func (s *Strict) Keys() string { return s.Issuer + "/jwks" }

// modules is a folder node_modules with the provider: the repository's, or a new one.
func modules(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		raw, err := os.ReadFile(filepath.Join(dir, "node_modules", "oidc-provider", "package.json"))
		if err == nil && strings.Contains(string(raw), `"version": "`+strictVersion+`"`) {
			return filepath.Join(dir, "node_modules")
		}
	}
	dir = t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "install", "--prefix", dir, "--no-audit", "--no-fund",
		"--ignore-scripts", "oidc-provider@"+strictVersion)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v\n%s", err, out)
	}
	return filepath.Join(dir, "node_modules")
}
