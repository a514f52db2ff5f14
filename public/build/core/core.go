// Package core builds the rules for the browser: public/wasm/core-<content hash>.wasm and the same, compressed.
package core

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/andybalholm/brotli"
)

// Flags are how the core is built; -trimpath and no VCS stamp make it the same on every machine with the same Go.
// Without inlining (-gcflags=all=-l) it has 42 KB less in brotli, and a decision takes a third longer.
var Flags = []string{"-buildmode=c-shared", "-ldflags=-s -w", "-trimpath", "-buildvcs=false"}

// Experiments leave out what one thread and a small heap have no use for: allocators for each size, 7 KB in brotli, and
// the newest collector, 3 KB.
const Experiments = "nosizespecializedmalloc,nogreenteagc"

// MaxBrotli is how many bytes the core may have in brotli; a test holds it. It goes down when the core does.
const MaxBrotli = 455_000

// built names the file that says from which sources the core beside it was made.
const built = ".built"

// Build makes the core in public/wasm of the module at root and gives the name of its file. It does nothing when that
// file was made from the sources as they are.
func Build(root string) (name string, err error) {
	dir := filepath.Join(root, "public", "wasm")
	print, err := fingerprint(root)
	if err != nil {
		return "", err
	}
	if name, fresh := current(dir, print); fresh {
		return name, nil
	}
	wasm, err := Compile(root)
	if err != nil {
		return "", err
	}
	name = "core-" + hash(wasm)[:10] + ".wasm"
	if err := empty(dir); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, name), wasm, 0o644); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, name+".br"), Brotli(wasm), 0o644); err != nil {
		return "", err
	}
	return name, os.WriteFile(filepath.Join(dir, built), []byte(print+" "+name+"\n"), 0o644)
}

// Current gives the path of the built core, if it was made from the sources as they are.
func Current(root string) (path string, fresh bool) {
	print, err := fingerprint(root)
	if err != nil {
		return "", false
	}
	dir := filepath.Join(root, "public", "wasm")
	name, fresh := current(dir, print)
	return filepath.Join(dir, name), fresh
}

func current(dir, print string) (name string, fresh bool) {
	record, err := os.ReadFile(filepath.Join(dir, built))
	if err != nil {
		return "", false
	}
	of, name, _ := strings.Cut(strings.TrimSpace(string(record)), " ")
	if of != print {
		return "", false
	}
	for _, file := range []string{name, name + ".br"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			return "", false
		}
	}
	return name, true
}

// Compile gives the core of the module at root, slimmed.
func Compile(root string) ([]byte, error) {
	tmp, err := os.MkdirTemp("", "core")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	out := filepath.Join(tmp, "core.wasm")
	// #nosec G204 -- our own words
	cmd := exec.Command("go", append(append([]string{"build"}, Flags...), "-o", out, "./wasm")...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "GOWASM=",
		"GOEXPERIMENT="+Experiments)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compile the core: %w\n%s", err, text)
	}
	linked, err := os.ReadFile(out) // #nosec G304 -- made above
	if err != nil {
		return nil, err
	}
	return slim(linked)
}

// Brotli compresses as far as it goes: done once at build time, read by every admin.
func Brotli(in []byte) []byte {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, brotli.BestCompression)
	_, _ = w.Write(in) // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// fingerprint is of all that the core is made from.
func fingerprint(root string) (string, error) {
	sum := sha256.New()
	_, _ = fmt.Fprintln(sum, runtime.Version(), Flags, Experiments)
	for _, top := range []string{"shared", "wasm", "public/build/core"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "pagetest" || entry.Name() == "testdata"):
				return filepath.SkipDir
			case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			text, err := os.ReadFile(path) // #nosec G304 G122 -- the module's own sources
			if err == nil {
				short, _ := filepath.Rel(root, path)
				_, _ = fmt.Fprintln(sum, filepath.ToSlash(short), hash(text))
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// empty leaves nothing of an older core.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == ".gitkeep" {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
