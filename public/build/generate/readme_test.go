package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The files that README.md names in its lists of what a change touches are there.
func TestTheListsOfTheReadmeNameFilesThatAreThere(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, lists, found := strings.Cut(string(text), "### A new field")
	lists, _, ends := strings.Cut(lists, "That they never see")
	if !found || !ends {
		t.Fatal("the lists are not there")
	}
	paths := regexp.MustCompile("`((?:shared|server|public|wasm)/[a-z0-9_/]+\\.[a-z]+)`").FindAllStringSubmatch(lists,
		-1)
	if len(paths) < 15 {
		t.Errorf("only %d files are named", len(paths))
	}
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join("../../..", path[1])); err != nil {
			t.Errorf("README.md: %v", err)
		}
	}
}
