// Package docs_test holds the documents to the code: what they promise is kept, and what they say to type works.
package docs_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unbuilt are the sections of the contract that nothing keeps yet. A section that is cited is left out here.
var unbuilt = map[string]string{}

// contract is the digest of docs/contract.md. The contract is others' to change: whoever puts a newer one here puts its
// digest here, too.
const contract = "ae17e851ae2429d97756385e218308d12554cd479942091ce7282d90f02d4981"

// sources are the files whose comments say which promise they keep.
func sources(t *testing.T, see func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if path != ".." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "dist" ||
				name == "vendor" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		case strings.HasSuffix(name, "_test.go"):
			return nil
		}
		switch filepath.Ext(name) {
		case ".go", ".js", ".sql", ".html", ".css":
		default:
			if name != "Makefile" {
				return nil
			}
		}
		text, err := os.ReadFile(filepath.Clean(path))
		see(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEverySectionOfTheContractIsKeptAndEveryReferenceExists(t *testing.T) {
	text := read(t, "contract.md")
	if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) != contract {
		t.Errorf("contract.md is not the contract: its digest is %x", sum)
	}
	kept := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^## (\d+)\. `).FindAllStringSubmatch(text, -1) {
		kept[m[1]] = false
	}
	if len(kept) != 9 {
		t.Fatalf("%d sections are found", len(kept))
	}
	cites := regexp.MustCompile(`CONTRACT (\d+)`)
	sources(t, func(path, text string) {
		if strings.Contains(text, "CONTRACT.md") {
			t.Errorf("%s: a section of the contract is cited as CONTRACT 3", path)
		}
		for _, m := range cites.FindAllStringSubmatch(text, -1) {
			if _, there := kept[m[1]]; !there {
				t.Errorf("%s: the contract has no section %s", path, m[1])
			}
			kept[m[1]] = true
		}
	})
	for section, is := range kept {
		if !is && unbuilt[section] == "" {
			t.Errorf("no line says that it keeps CONTRACT %s", section)
		}
	}
}

func TestEveryStandardThatIsNamedIsListedAndTheOtherWayRound(t *testing.T) {
	name := regexp.MustCompile(`RFC (\d+)`)
	listed, cited := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(read(t, "standards.md")) {
		if strings.HasPrefix(line, "| RFC") {
			for _, m := range name.FindAllStringSubmatch(line, -1) {
				listed[m[1]] = true
			}
			for _, m := range regexp.MustCompile("`([a-z0-9/]+)`").FindAllStringSubmatch(line, -1) {
				if _, err := os.Stat("../" + m[1]); err != nil {
					t.Error(err)
				}
			}
		}
	}
	section := regexp.MustCompile(`RFC \d+,? section`)
	sources(t, func(path, text string) {
		for _, m := range name.FindAllStringSubmatch(text, -1) {
			if cited[m[1]] = true; !listed[m[1]] {
				t.Errorf("%s names RFC %s, which is not in docs/standards.md", path, m[1])
			}
		}
		if section.MatchString(text) {
			t.Errorf("%s: a section of a standard is cited as RFC 9457 3.1", path)
		}
	})
	for rfc := range listed {
		if !cited[rfc] {
			t.Errorf("docs/standards.md lists RFC %s, which no code names", rfc)
		}
	}
}
