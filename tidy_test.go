// Package statuspage_test holds the whole tree to a few rules that no linter knows.
package statuspage_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// Ratchets: what is longest may get shorter, and then its number goes down with it.
const (
	maxLines       = 600 // of a file of Go that is no test
	maxScript      = 390 // of a file of JavaScript, as the formatter breaks its lines
	maxFunction    = 120 // lines of a function that is no test
	maxSleeps      = 90  // of tests, between two looks at something that tells nobody when it changes
	maxBlindSleeps = 18  // of those, in no loop
)

// maxLongLines is how many lines of more than 120 columns there are, by the ending of their files, tests left out. What
// is left of Go are tags of flags and texts of others, of the rest templates, in which a break is a blank to a reader.
var maxLongLines = map[string]int{".go": 16, ".js": 609, ".css": 2, ".html": 114}

// banned are words that say nothing, or that promise to say it later.
var banned = regexp.MustCompile(
	`\b(TODO|FIXME|XXX|HACK)\b|(?i)\b(obviously|seamless(ly)?|blazing(ly)?|leverag(e|es|ing)|utili[sz](e|es|ing)|cutting-edge|robustly|effortless(ly)?)\b`)

// tracked are the files that git knows and that people write, by their endings.
func tracked(t *testing.T, endings ...string) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skip("this is no clone:", err)
	}
	var files []string
	for path := range strings.FieldsSeq(string(out)) {
		if strings.Contains(path, "vendor/") || strings.Contains(path, "testdata/") ||
			strings.Contains(path, "/dist/") {
			continue
		}
		for _, e := range endings {
			if _, err := os.Stat(path); strings.HasSuffix(path, e) && err == nil {
				files = append(files, path)
			}
		}
	}
	if len(files) < 10 {
		t.Fatalf("%d files of %v", len(files), endings)
	}
	return files
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestLinesAreShort(t *testing.T) {
	for ending, most := range maxLongLines {
		long := 0
		for _, path := range tracked(t, ending) {
			text := read(t, path)
			if strings.HasSuffix(path, "_test.go") || ending == ".go" && ast.IsGenerated(parsed(t, path).tree) {
				continue
			}
			for line := range strings.Lines(text) {
				if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > 120 {
					long++
				}
			}
		}
		if t.Logf("%d lines of %s have more than 120 columns", long, ending); long > most {
			t.Errorf("%d lines of %s have more than 120 columns, and %d is the most", long, ending, most)
		}
	}
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	for _, path := range tracked(t, ".go", ".js") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text := read(t, path)
		limit := maxLines
		if strings.HasSuffix(path, ".js") {
			limit = maxScript
		}
		if n := strings.Count(text, "\n"); n > limit {
			t.Errorf("%s has %d lines, and %d is the most", path, n, limit)
		}
		if !strings.HasSuffix(path, ".go") {
			continue
		}
		file := parsed(t, path)
		if ast.IsGenerated(file.tree) {
			continue
		}
		for _, d := range file.tree.Decls {
			if f, is := d.(*ast.FuncDecl); is {
				if n := file.set.Position(f.End()).Line - file.set.Position(f.Pos()).Line + 1; n > maxFunction {
					t.Errorf("%s: %s has %d lines, and %d is the most", path, f.Name.Name, n, maxFunction)
				}
			}
		}
	}
}

type file struct {
	set  *token.FileSet
	tree *ast.File
}

func parsed(t *testing.T, path string) file {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return file{set, tree}
}

func TestNobodySaysWhatSaysNothing(t *testing.T) {
	for _, path := range tracked(t, ".go", ".js", ".md", ".sql", ".css", ".html", ".sh") {
		if path == "tidy_test.go" || path == "docs/contract.md" {
			continue
		}
		for i, line := range strings.Split(read(t, path), "\n") {
			if word := banned.FindString(line); word != "" {
				t.Errorf("%s:%d: %q", path, i+1, word)
			}
		}
	}
}

// TestTestsSleepNoMoreThanTheyDid: a test waits for the thing itself. In a bubble of testing/synctest a sleep takes no
// time and is not counted. A sleep in no loop looks at nothing before or after it: what it waits for may come later on
// a slow machine.
func TestTestsSleepNoMoreThanTheyDid(t *testing.T) {
	total, blind := 0, 0
	for _, path := range tracked(t, "_test.go") {
		if text := read(t, path); path == "tidy_test.go" || strings.Contains(text, "synctest") ||
			strings.Contains(text, "package simulation") {
			continue
		}
		var loops []ast.Node
		ast.Inspect(parsed(t, path).tree, func(n ast.Node) bool {
			for len(loops) > 0 && n != nil && n.Pos() >= loops[len(loops)-1].End() {
				loops = loops[:len(loops)-1]
			}
			switch n := n.(type) {
			case *ast.ForStmt, *ast.RangeStmt:
				loops = append(loops, n)
			case *ast.CallExpr:
				if f, is := n.Fun.(*ast.SelectorExpr); is && f.Sel.Name == "Sleep" && isNamed(f.X, "time") {
					if total++; len(loops) == 0 {
						blind++
					}
				}
			}
			return true
		})
	}
	if t.Logf("%d sleeps, %d of them in no loop", total, blind); total > maxSleeps {
		t.Errorf("tests sleep in %d places, and %d is the most: wait for the thing itself", total, maxSleeps)
	}
	if blind > maxBlindSleeps {
		t.Errorf("tests sleep in %d places outside a loop, and %d is the most: wait for the thing itself", blind,
			maxBlindSleeps)
	}
}

func isNamed(x ast.Expr, name string) bool {
	id, is := x.(*ast.Ident)
	return is && id.Name == name
}
