package app_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"statuspage/server/api"
	"statuspage/server/auth"
	"statuspage/server/racetest"
	"statuspage/server/usecase"
)

// The linters and generators that other people use, on the document as it is served. They are npm packages of
// package.json, and a Go module of its own, testdata/goclient; `make test` fetches both.

// document writes the OpenAPI document into a folder.
func document(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(dir, "openapi.json")
	if err := os.WriteFile(file, api.OpenAPI(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// program runs another program in a folder, and gives what it printed.
func program(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	racetest.Outside(t, "programs of others")
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", "GOFLAGS=-mod=mod",
		"GOWORK=off")
	var out, bad bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &bad
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out.Bytes(), bad.Bytes())
	}
	return out.String()
}

// packages is the repository's node_modules.
func packages(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../node_modules")
	if _, none := os.Stat(filepath.Join(dir, "openapi-typescript")); errors.Join(err, none) != nil {
		t.Fatalf("npm ci has not been run: %v", errors.Join(err, none))
	}
	return dir
}

func here(t *testing.T, path string) string {
	t.Helper()
	full, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return full
}

func TestTheDocumentIsValidByTheLintersThatPeopleUse(t *testing.T) {
	dir, modules := t.TempDir(), packages(t)
	file := document(t, dir)
	program(t, dir, "node", filepath.Join(modules, "@redocly/cli/bin/cli.js"), "lint", "--config",
		here(t, "testdata/openapi/redocly.yaml"), file)
	program(t, dir, "node", filepath.Join(modules, "@stoplight/spectral-cli/dist/index.js"), "lint", "--ruleset",
		here(t, "testdata/openapi/spectral.yaml"),
		"--fail-severity", "hint", file)
}

// somebody is a site with a service, and an admin with a password.
func somebody(t *testing.T) (s *site, email, password string) {
	s = startSite(t, nil)
	acme := s.tenant("acme")
	acme.service("API")
	email, password = "bot@acme.example", "a password for the bot"
	if _, err := s.app.UseCases.AddMember(t.Context(), usecase.Caller{System: true}, acme.id,
		usecase.NewMember{Email: email, Role: auth.Admin, Password: password}); err != nil {
		t.Fatal(err)
	}
	return s, email, password
}

func TestAGoClientThatIsGeneratedOpensAndResolvesAnIncident(t *testing.T) {
	racetest.Outside(t, "programs of others")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/goclient")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "client"), 0o700); err != nil {
		t.Fatal(err)
	}
	program(t, dir, "go", "tool", "oapi-codegen", "-generate", "types,client", "-package", "client", "-o",
		"client/client.go", document(t, dir))
	s, email, password := somebody(t)
	if got := program(t, dir, "go", "run", ".", "http://"+s.addr, email, password); got != "Down resolved\n" {
		t.Errorf("%q", got)
	}
}

func TestATypeScriptClientThatIsGeneratedOpensAndResolvesAnIncident(t *testing.T) {
	dir, modules := t.TempDir(), packages(t)
	if err := os.CopyFS(dir, os.DirFS("testdata/tsclient")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	program(t, dir, "node", filepath.Join(modules, "openapi-typescript/bin/cli.js"), document(t, dir), "-o", "api.ts")
	program(t, dir, "node", filepath.Join(modules, "typescript/bin/tsc"), "-p", ".")
	s, email, password := somebody(t)
	if got := program(t, dir, "node", "out/main.js", "http://"+s.addr, email, password); got != "Down resolved\n" {
		t.Errorf("%q", got)
	}
}
