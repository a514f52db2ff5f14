package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Whoever adds or updates a module runs `make notices`.
func TestTheNoticesAreOfWhatIsLinked(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f",
		"{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", ".")
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1", "GOFLAGS=")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" {
			linked[line] = true
		}
	}
	if len(linked) < 20 {
		t.Fatalf("only %d modules are linked", len(linked))
	}
	for module := range linked {
		if !strings.Contains(notices, "\n"+module+" (") {
			t.Errorf("there is no notice of %s: make notices", module)
		}
	}
	for _, other := range []string{"Go's standard library and runtime (", "SQLite (", "lit-html ("} {
		if !strings.Contains(notices, "\n"+other) {
			t.Errorf("there is no notice of %s", other)
		}
	}
	const heading = "\n" + "================================================================================\n"
	for _, part := range strings.Split(notices, heading) {
		name, _, _ := strings.Cut(part, " (")
		if strings.Count(name, " v") == 1 && !strings.Contains(name, "\n") && !strings.HasPrefix(name, "NOTICE of ") &&
			!linked[name] {
			t.Errorf("%s is not linked any more: make notices", name)
		}
	}
}
