// Command build makes what browsers get: the rules as WebAssembly into public/wasm, scripts and styles into
// public/dist. Files are named by their content, compressed beside, and listed in public/dist/manifest.json. It needs
// Go and nothing else:
//
//	go run ./public/build
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"statuspage/public/build/core"
)

func main() {
	root := flag.String("root", ".", "the module's folder")
	flag.Parse()
	began := time.Now()
	names, err := build(*root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
	fmt.Printf("%d assets in %d ms: %s\n", len(names), time.Since(began).Milliseconds(), strings.Join(names, ", "))
}

// prefix is where the server serves the files.
const prefix = "/assets/"

// build does everything and gives the logical names of what it made.
func build(root string) ([]string, error) {
	wasm, err := core.Build(root)
	if err != nil {
		return nil, err
	}
	manifest := map[string]string{"core.wasm": prefix + wasm}
	out := newOutput(filepath.Join(root, "public", "dist"))
	if err := bundle(root, out, manifest); err != nil {
		return nil, err
	}
	if err := catalogues(root, out, manifest); err != nil {
		return nil, err
	}
	if err := errors.Join(worker(root, out, manifest), pushWorker(root, out, manifest)); err != nil {
		return nil, err
	}
	list, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := out.plain("manifest.json", append(list, '\n')); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(manifest))
	for name := range manifest {
		names = append(names, name)
	}
	sort.Strings(names)
	return names, out.sweep()
}
