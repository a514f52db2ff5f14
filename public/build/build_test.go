package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// site writes a module's public folder and bundles it.
func site(t *testing.T, root string, sources map[string]string) (map[string]string, error) {
	t.Helper()
	dist := filepath.Join(root, "public", "dist")
	if err := os.MkdirAll(dist, 0o750); err != nil {
		t.Fatal(err)
	}
	for name, text := range sources {
		path := filepath.Join(root, "public", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, manifest := newOutput(dist), map[string]string{"core.wasm": "/assets/core-1.wasm"}
	if err := bundle(root, out, manifest); err != nil {
		return nil, err
	}
	if err := worker(root, out, manifest); err != nil {
		return nil, err
	}
	return manifest, out.sweep()
}

func read(t *testing.T, root, address string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "public", "dist", filepath.Base(address))) // #nosec G304 -- a test's own file
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const someWorker = "const ASSETS = (/* assets */ []);\nconst V = /* version */ 'dev';\nself.x = [ASSETS, V];\n"

func TestPagesScriptsAreBundledAndTheirPartsAreNot(t *testing.T) {
	root := t.TempDir()
	manifest, err := site(t, root, map[string]string{
		"js/dashboard.js": "import {load} from './core.js';\nimport {word} from " +
			"'./dashboard/word.js';\nload(word);",
		"js/status.js":         "document.title = 'live';",
		"js/core.js":           "export const load = (x) => console.log(x);",
		"js/dashboard/word.js": "export const word = 'unmistakable';",
		"css/dashboard.css":    "@import './tokens.css';\nbody { color: var(--c); }",
		"css/tokens.css":       ":root { --c: red; }",
		"sw.js":                someWorker,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, there := range map[string]bool{
		"dashboard.js": true, "status.js": true, "dashboard.css": true, "sw.js": true, "core.wasm": true,
		"core.js": false, "word.js": false, "tokens.css": false,
	} {
		if _, is := manifest[name]; is != there {
			t.Errorf("%s in the manifest: %v", name, is)
		}
	}
	script := read(t, root, manifest["dashboard.js"])
	if !strings.Contains(script, "unmistakable") || strings.Contains(script, "import") {
		t.Errorf("not one file: %s", script)
	}
	if css := read(t, root, manifest["dashboard.css"]); !strings.Contains(css, "--c: red") {
		t.Errorf("not one file: %s", css)
	}
	unpacked, err := io.ReadAll(brotli.NewReader(
		bytes.NewReader([]byte(read(t, root, manifest["dashboard.js"]+".br")))))
	if err != nil || string(unpacked) != script {
		t.Errorf("the compressed form is another: %v", err)
	}
}

func TestTheWorkerKnowsWhatTheDashboardNeedsAndItsVersionFollows(t *testing.T) {
	root := t.TempDir()
	sources := map[string]string{"js/dashboard.js": "console.log(1)", "js/status.js": "console.log(2)",
		"css/dashboard.css": "a{color:red}", "sw.js": someWorker}
	first, err := site(t, root, sources)
	if err != nil {
		t.Fatal(err)
	}
	if first["sw.js"] != "/sw.js" {
		t.Errorf("the worker is at %s", first["sw.js"])
	}
	before := read(t, root, "sw.js")
	for _, name := range []string{"dashboard.js", "dashboard.css", "core.wasm"} {
		if address, _ := json.Marshal(first[name]); !strings.Contains(before, string(address)) {
			t.Errorf("the worker does not list %s: %s", name, before)
		}
	}
	if strings.Contains(before, "status") || strings.Contains(before, "dev") {
		t.Errorf("the worker lists a public script, or has no version: %s", before)
	}
	sources["js/dashboard.js"] = "console.log(3)"
	second, err := site(t, root, sources)
	if err != nil {
		t.Fatal(err)
	}
	if second["dashboard.js"] == first["dashboard.js"] || second["status.js"] != first["status.js"] {
		t.Errorf("names do not follow the content: %v, %v", first, second)
	}
	if after := read(t, root, "sw.js"); after == before {
		t.Error("the worker is the same although the dashboard changed")
	}
	if _, err := os.Stat(filepath.Join(root, "public", "dist", filepath.Base(first["dashboard.js"]))); err == nil {
		t.Error("the old script is still there")
	}
}

func TestWithoutSourcesThereIsNothingToBundle(t *testing.T) {
	manifest, err := site(t, t.TempDir(), nil)
	if err != nil || len(manifest) != 1 {
		t.Errorf("%v, %v", manifest, err)
	}
}

func TestABrokenSourceIsNamed(t *testing.T) {
	for name, text := range map[string]string{"js/dashboard.js": "import './missing.js';",
		"css/dashboard.css": "@import './missing.css';", "sw.js": "self.x = 1;"} {
		_, err := site(t, t.TempDir(), map[string]string{name: text})
		if err == nil || !strings.Contains(err.Error(), filepath.Base(name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The dashboard's script alone is split: what it asks for later, and what both share, are files that the worker keeps.
func TestWhatTheDashboardAsksForLaterIsAFileOfItsOwn(t *testing.T) {
	root := t.TempDir()
	manifest, err := site(t, root, map[string]string{
		"js/dashboard.js": "import {word} from './dashboard/word.js';\nimport('./dashboard/seldom.js')" +
			".then((m) => console.log(m.late, word));",
		"js/status.js":           "import {word} from './dashboard/word.js';\nconsole.log(word);",
		"js/dashboard/seldom.js": "import {word} from './word.js';\nexport const late = 'afterwards ' + word();",
		"js/dashboard/word.js":   "export const word = () => 'unmistakable';",
		"sw.js":                  someWorker,
	})
	if err != nil {
		t.Fatal(err)
	}
	kept := read(t, root, "sw.js")
	for name, text := range map[string]string{"dashboard.js": "console.log", "dashboard.chunk.js": "unmistakable",
		"dashboard.seldom.js": "afterwards"} {
		if address, _ := json.Marshal(manifest[name]); !strings.Contains(kept, string(address)) ||
			!strings.Contains(read(t, root, manifest[name]), text) {
			t.Errorf("%s is at %s, and the worker has %s", name, address, kept)
		}
	}
	if first := read(t, root, manifest["dashboard.js"]); strings.Contains(first, "afterwards") {
		t.Errorf("the first screen waits for all: %s", first)
	}
	if page := read(t, root, manifest["status.js"]); strings.Contains(page, "import") {
		t.Errorf("a page's script comes in parts: %s", page)
	}
}
