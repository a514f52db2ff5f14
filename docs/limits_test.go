package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// unset are numbers of the table of limits that no constant holds, by the beginning of their row.
var unset = map[string]string{
	"open sockets of an organisation in a process: 1,800":  "a tenth of ORG_SOCKETS",
	"a list of the audit log: 127":                         "one less than auditEvents",
	"tickets that a process remembers as used: 40 seconds": "for which a ticket is good, and the leeway of clocks",
	"tries of one message to a subscriber: 8":              "the length of a list of pauses",
	"tries of one message to a subscriber: 31":             "that, and moreTries",
	"verified tokens that are remembered: 10 MB":           "as measured",
	"pages held in memory: 10,000":                         "crowd times maxPages",
}

// TestEveryLimitInTheDocsIsItsConstant takes each number of the table of limits, with its unit, and looks for it in
// what is named as setting it: a constant, a file, or a variable of the environment.
func TestEveryLimitInTheDocsIsItsConstant(t *testing.T) {
	_, rest, _ := strings.Cut(read(t, "operations.md"), "| what | limit | set by |\n")
	table, _, _ := strings.Cut(rest, "\n\n")
	rows := strings.Split(table, "\n")[1:]
	if len(rows) < 50 {
		t.Fatalf("%d limits", len(rows))
	}
	excused := map[string]bool{}
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if len(cells) == 2 { // the system's
			continue
		}
		if len(cells) != 3 {
			t.Errorf("%d cells: %s", len(cells), row)
			continue
		}
		held := map[int64]bool{}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1) {
			set(t, m[1], held)
		}
		for _, m := range quantity.FindAllStringSubmatch(statuses.ReplaceAllString(cells[1], ""), -1) {
			if means(m[1], m[2], held) || unset[cells[0]+": "+m[0]] != "" {
				excused[cells[0]+": "+m[0]] = true
				continue
			}
			t.Errorf("%q: %s is not in %s", cells[0]+": "+m[0], m[0], cells[2])
		}
	}
	for what := range unset {
		if !excused[what] {
			t.Errorf("%q is no limit of the table", what)
		}
	}
}

var statuses = regexp.MustCompile(`\b(408|413|503|4408)\b`)

var quantity = regexp.MustCompile(`(\d+(?:,\d{3})*)( (?:KB|MB|MiB|ms|s|seconds?|minutes?|hours?|days?)\b)?`)

// units are what one of each is worth, in the ways in which a constant may say it.
var units = map[string][]int64{
	"": {1}, "KB": {1 << 10, 1000}, "MB": {1 << 20, 1_000_000}, "MiB": {1 << 20, 1 << 10}, "ms": {1e6, 1}, "s": {1e9, 1, 1000}, "second": {1e9, 1, 1000},
	"minute": {60e9, 60, 1}, "hour": {3600e9, 3600, 1}, "day": {24 * 3600e9, 1},
}

func means(number, unit string, held map[int64]bool) bool {
	n, err := strconv.ParseInt(strings.ReplaceAll(number, ",", ""), 10, 64)
	unit = strings.TrimSpace(unit)
	if len(unit) > 2 {
		unit = strings.TrimSuffix(unit, "s")
	}
	for _, factor := range units[unit] {
		if held[n*factor] {
			return err == nil
		}
	}
	return false
}

// set gathers the numbers that a name of the last column stands for.
func set(t *testing.T, name string, held map[int64]bool) {
	t.Helper()
	if strings.ToUpper(name) == name {
		for line := range strings.Lines(read(t, "../server/config/config.go")) {
			if strings.Contains(line, `env:"`+name+`"`) {
				for _, m := range regexp.MustCompile(`\d+`).FindAllString(line, -1) {
					n, _ := strconv.ParseInt(m, 10, 64)
					held[n] = true
				}
			}
		}
		if len(held) == 0 {
			t.Errorf("%s is no variable with a number", name)
		}
		return
	}
	var files []string
	only := ""
	if path := strings.TrimPrefix(name, "server/"); strings.HasSuffix(name, ".go") {
		files = []string{"../server/" + path}
		if strings.HasPrefix(name, "shared/") {
			files = []string{"../" + name}
		}
	} else {
		folder, constant, _ := strings.Cut(name, ".")
		only = constant
		for _, root := range []string{"../server/", "../shared/"} {
			found, _ := filepath.Glob(root + folder + "/*.go")
			files = append(files, found...)
		}
	}
	known := map[string]int64{}
	for _, file := range files {
		numbers(t, file, known, held, only)
	}
	if n, there := known[only]; only != "" && there {
		held[n] = true
	} else if only != "" {
		t.Errorf("there is no constant %s", name)
	}
}

// numbers gathers the constants of a file by name and, unless only one of them is asked for, every number that stands
// in it.
func numbers(t *testing.T, file string, known map[string]int64, held map[int64]bool, only string) {
	t.Helper()
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
		return
	}
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a constant may be made of one that comes later
		ast.Inspect(tree, func(n ast.Node) bool {
			if spec, is := n.(*ast.ValueSpec); is {
				for i, value := range spec.Values {
					if v, ok := worth(value, known); ok {
						known[spec.Names[i].Name] = v
					}
				}
			}
			if e, is := n.(ast.Expr); is && only == "" {
				if v, ok := worth(e, known); ok {
					held[v] = true
				}
			}
			return true
		})
	}
}

var durations = map[string]int64{"Nanosecond": 1, "Microsecond": 1e3, "Millisecond": 1e6, "Second": 1e9, "Minute": 60e9,
	"Hour": 3600e9}

// worth evaluates what constants are made of.
func worth(e ast.Expr, known map[string]int64) (int64, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		n, err := strconv.ParseInt(strings.ReplaceAll(e.Value, "_", ""), 0, 64)
		return n, err == nil && e.Kind == token.INT
	case *ast.Ident:
		n, is := known[e.Name]
		return n, is
	case *ast.ParenExpr:
		return worth(e.X, known)
	case *ast.SelectorExpr:
		if from, is := e.X.(*ast.Ident); is && from.Name == "time" {
			n, is := durations[e.Sel.Name]
			return n, is
		}
	case *ast.BinaryExpr:
		a, ok := worth(e.X, known)
		b, fine := worth(e.Y, known)
		if !ok || !fine {
			return 0, false
		}
		switch e.Op {
		case token.ADD:
			return a + b, true
		case token.SUB:
			return a - b, true
		case token.MUL:
			return a * b, true
		case token.SHL:
			return a << min(b, 40), true
		}
	}
	return 0, false
}
