package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	jsComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	jsImport  = regexp.MustCompile(`(?m)^(?:import|export)\b[^;]*?["'](\.[^"']+)["']`)
)

// A module that imports itself by way of others may find them not run yet.
func TestNoScriptImportsItself(t *testing.T) {
	imports := map[string][]string{}
	err := filepath.WalkDir("../js", func(path string, f os.DirEntry, err error) error {
		if err != nil || f.IsDir() || filepath.Ext(path) != ".js" {
			return err
		}
		text, err := os.ReadFile(path) // #nosec G304 G122 -- our own source
		for _, m := range jsImport.FindAllStringSubmatch(jsComment.ReplaceAllString(string(text), ""), -1) {
			imports[path] = append(imports[path], filepath.Join(filepath.Dir(path), m[1]))
		}
		return err
	})
	if err != nil || len(imports) < 40 {
		t.Fatalf("%d scripts import others: %v", len(imports), err)
	}
	done := map[string]bool{}
	var visit func(path string, from []string)
	visit = func(path string, from []string) {
		if i := slices.Index(from, path); i >= 0 {
			t.Errorf("a circle: %s", strings.Join(append(from[i:], path), " → "))
			return
		}
		if done[path] {
			return
		}
		for _, next := range imports[path] {
			visit(next, append(slices.Clone(from), path))
		}
		done[path] = true
	}
	for path := range imports {
		visit(path, nil)
	}
}
