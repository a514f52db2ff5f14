package public_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"statuspage/public"
	"statuspage/server/lang/langtest"
)

// template reads what stands between two backticks from a place in a script, with {0}, {1}, … for its expressions.
func template(script string, from int) (text string, ok bool) {
	var out strings.Builder
	for i, hole := from, 0; i < len(script); i++ {
		switch {
		case script[i] == '`':
			return out.String(), true
		case strings.HasPrefix(script[i:], "${"):
			end := closing(script, i+2)
			if end < 0 {
				return "", false
			}
			out.WriteString("{" + strconv.Itoa(hole) + "}")
			hole++
			i = end
		default:
			out.WriteByte(script[i])
		}
	}
	return "", false
}

// closing is where the brace stands that ends an expression, or -1. Texts and templates in it are stepped over.
func closing(script string, from int) int {
	for i, depth := from, 0; i < len(script); i++ {
		switch c := script[i]; c {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return i
			}
			depth--
		case '\'', '"':
			for i++; i < len(script) && script[i] != c; i++ {
				if script[i] == '\\' {
					i++
				}
			}
		case '`':
			for i++; i < len(script) && script[i] != '`'; i++ {
				if strings.HasPrefix(script[i:], "${") {
					if i = closing(script, i+2); i < 0 {
						return -1
					}
				}
			}
		}
	}
	return -1
}

// scripts are those of the interface, without their comments.
func scripts(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	add := func(path string) {
		text, err := os.ReadFile(path) // #nosec G304 -- our own source
		if err != nil {
			t.Fatal(err)
		}
		out[path] = comments.ReplaceAllString(string(text), "")
	}
	err := filepath.WalkDir("js/dashboard", func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".js" && d.Name() != "markdown.js" { // which has words of others alone
			add(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dashboard", "speak", "login", "accept", "setup", "second", "webauthn", "clerk"} {
		add("js/" + name + ".js")
	}
	return out
}

const quoted = `'((?:[^'\\]|\\.)*)'`

var (
	comments  = regexp.MustCompile(`(?s:/\*.*?\*/)|(?m:^\s*//[^\n]*$)`)
	writtenAt = regexp.MustCompile(`\bt "([^"]+)"`) // in a template of Go
	saidAt    = regexp.MustCompile("\\bt`")
	manyAt    = regexp.MustCompile(`\bmany\(\s*[^;]*?,\s*` + quoted + `,\s*` + quoted)
	countAt   = regexp.MustCompile(`\bcount\([^;']*?, '(\w[^']*)'(?:, '([^']*)')?\)`)
	doesAt    = regexp.MustCompile(`does: ` + quoted + `, did: ` + quoted)
	rollUps   = regexp.MustCompile(`return \w+, "([^"]+)"`)
	happensA  = regexp.MustCompile(`(?m)^  [a-z_]+: ` + quoted + `,$`)
)

// said are the texts of the interface: what a catalogue has to have.
func said(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for path, script := range scripts(t) {
		for _, at := range saidAt.FindAllStringIndex(script, -1) {
			text, ok := template(script, at[1])
			if !ok {
				t.Fatalf("%s: a text without an end: %.60s", path, script[at[0]:])
			}
			out[text] = path
		}
		for _, m := range manyAt.FindAllStringSubmatch(script, -1) {
			out[m[2]] = path
		}
		for _, m := range countAt.FindAllStringSubmatch(script, -1) {
			several := m[2]
			if several == "" {
				several = m[1] + "s"
			}
			out["{0} "+several] = path
		}
	}
	for _, name := range []string{"login", "accept", "forgot", "setup", "door"} {
		text, err := os.ReadFile("templates/" + name + ".html") // #nosec G304 -- our own source
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range writtenAt.FindAllStringSubmatch(string(text), -1) {
			out[m[1]] = name + ".html"
		}
	}
	for _, path := range refusing {
		for _, text := range refused(t, path) {
			out[text] = path
		}
	}
	for _, text := range wrongs(t) {
		out[text] = "a field that is wrong"
	}
	for _, text := range deeds(t) {
		out[text] = "the audit log"
	}
	sentences, err := os.ReadFile("../shared/status/indicator.go") // of the banner
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range rollUps.FindAllStringSubmatch(string(sentences), -1) {
		out[m[1]] = "indicator.go"
	}
	commands := scripts(t)["js/dashboard/commands.js"]
	for _, m := range doesAt.FindAllStringSubmatch(commands, -1) {
		out[m[1]+" “{0}”"], out[m[2]] = "commands.js", "commands.js"
	}
	for _, m := range happensA.FindAllStringSubmatch(commands[strings.Index(commands, "const happened"):], -1) {
		out[m[1]] = "commands.js"
	}
	return out
}

var (
	must    = regexp.MustCompile(`^\S+ ((?:must|may|is|cannot|has) .+)$`)
	filled  = regexp.MustCompile(`\b9\b|is good;`) // a figure or a name stands in it, or it is two sentences
	audited = regexp.MustCompile(`\baudit\("([a-z_]+)"`)
)

// wrongs are what stands at a field for which speak.js has no better sentence.
func wrongs(t *testing.T) (out []string) {
	t.Helper()
	for _, said := range spoken(t, sentences(t)) {
		if strings.HasPrefix(said, "This ") && must.MatchString(said) && !filled.MatchString(said) {
			out = append(out, said)
		}
	}
	return out
}

// deeds are what the audit log says was done, beside the commands.
func deeds(t *testing.T) (out []string) {
	t.Helper()
	paths, err := filepath.Glob("../server/usecase/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path) // #nosec G304 -- our own source
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range audited.FindAllStringSubmatch(string(text), -1) {
			out = append(out, strings.ReplaceAll(strings.ToUpper(m[1][:1])+m[1][1:], "_", " "))
		}
	}
	return out
}

// refusing are the files whose sentences people read in the interface, and on the pages before it, beside "…must be…"
// (which speak.js has).
var refusing = []string{"server/auth/refusals.go", "server/auth/password.go", "server/auth/ask.go",
	"server/api/limits.go", "server/api/auth.go", "server/api/second.go", "server/app/first.go", "server/command.go",
	"server/usecase/link.go", "server/usecase/challenge.go", "server/usecase/offer.go", "server/usecase/login.go"}

var (
	joined   = regexp.MustCompile(`"\s*\+\s*"`)
	sentence = regexp.MustCompile(`(?:fault\.New\(fault\.\w+,\s*|: +|Rule = |Message = |(?:With|OnField)\("\w+",\s*|` +
		`accepted\(|elsewhere = |SetupIs\()"([A-Z][^"\\]* [^"\\]*\.)"`)
	programs = regexp.MustCompile(`^(?:The header|Sign-ins elsewhere|The organisation is chosen|Sign in to end|Give one of)`)
)

// refused are the whole sentences of a file, but those that only programs are told.
func refused(t *testing.T, path string) (out []string) {
	t.Helper()
	text, err := os.ReadFile("../" + path) // #nosec G304 -- our own source
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range sentence.FindAllStringSubmatch(joined.ReplaceAllString(string(text), ""), -1) {
		if !strings.Contains(m[1], "%") && !programs.MatchString(m[1]) {
			out = append(out, m[1])
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s says nothing", path)
	}
	return out
}

var blanks = regexp.MustCompile(`\{\d\}`)

// What the dashboard says, each catalogue has, with the same blanks, and it has nothing else.
func TestEveryTextOfTheInterfaceIsInEachLanguage(t *testing.T) {
	all := said(t)
	if len(all) < 500 {
		t.Fatalf("only %d texts were found", len(all))
	}
	for _, tag := range public.Languages {
		file := "words/" + tag + ".json"
		words := langtest.Catalogue(t, file)
		for key, path := range all {
			forms := words[key]
			if forms["other"] == "" {
				t.Errorf("%s has no %q (%s)", tag, key, path)
			}
			langtest.Filled(t, file, key, forms, blanks, "{0}")
		}
		for key := range words {
			if all[key] == "" {
				t.Errorf("%s has %q, which nothing says", tag, key)
			}
		}
	}
}

var (
	htmlAt    = regexp.MustCompile("\\bhtml`")
	tags      = regexp.MustCompile(`<[^>]*>`)
	readAloud = regexp.MustCompile(`(?:aria-label|title|placeholder|alt)="([^"]*)"`)
	letters   = regexp.MustCompile(`[A-Za-z]{2}`)
	// given are members and calls whose texts are read.
	given = regexp.MustCompile(`\b(?:name|kind|status):\s*'([A-Z][A-Z]*[a-z ][^']*)'|\b(?:label|title|hint|action|placeholder|text|about|detail):\s*'([^']*[a-z][^']*)'` +
		`|\b(?:toast|say|heading|empty|fail)\(\s*['\x60]([^'\x60]*[a-z]{2}[^'\x60]*)['\x60]`)
	// signs are the same in every language.
	signs = []string{"Authorization: Bearer …", "API", "fra, iad", "https://example.com", "status.example.com",
		"/status/ /feed.atom?key="}
)

// bare are the words in a text that are no signs.
func bare(text string) string {
	text = blanks.ReplaceAllString(text, " ")
	for _, sign := range signs {
		text = strings.ReplaceAll(text, sign, "")
	}
	if letters.MatchString(text) {
		return strings.Join(strings.Fields(text), " ")
	}
	return ""
}

// A text that is drawn without t`…` stays English in every language.
func TestNoTextOfTheInterfaceIsLeftInEnglish(t *testing.T) {
	for path, script := range scripts(t) {
		for _, at := range htmlAt.FindAllStringIndex(script, -1) {
			markup, ok := template(script, at[0]+len("html`"))
			if !ok {
				t.Fatalf("%s: a template without an end: %.60s", path, script[at[0]:])
			}
			for _, m := range readAloud.FindAllStringSubmatch(markup, -1) {
				if words := bare(m[1]); words != "" {
					t.Errorf("%s: %q is no t`…`", path, words)
				}
			}
			for _, between := range tags.Split(markup, -1) {
				if words := bare(between); words != "" {
					t.Errorf("%s: %q is no t`…`", path, words)
				}
			}
		}
		for _, m := range given.FindAllStringSubmatch(script, -1) {
			if words := bare(m[1] + m[2] + m[3]); words != "" {
				t.Errorf("%s: %q is no t`…`", path, words)
			}
		}
	}
}
