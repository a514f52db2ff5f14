package public_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sentences are what the server says of fields: every one that begins with a field's own name.
func sentences(t *testing.T) (out []string) {
	t.Helper()
	literal := regexp.MustCompile(`"((?:%s|[a-z][a-z0-9_.]*) (?:must|may|is|cannot|needs) [^"\\]*\.)"`)
	for _, root := range []string{"../shared", "../server"} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path) // #nosec G304 -- our own sources
			for _, m := range literal.FindAllSubmatch(text, -1) {
				sentence := string(m[1])
				if strings.HasPrefix(sentence, "%s ") {
					sentence = "some_field" + sentence[len("%s"):]
				}
				out = append(out, strings.ReplaceAll(sentence, "%s", "9"))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// People are not shown the names that the API has for fields.
func TestWhatIsWrongIsSaidInTheInterfacesWords(t *testing.T) {
	all := sentences(t)
	if len(all) < 20 {
		t.Fatalf("only %d sentences were found", len(all))
	}
	for i, s := range spoken(t, all) {
		if s == all[i] || regexp.MustCompile(`\b[a-z]+_[a-z_]+\b`).MatchString(s) {
			t.Errorf("%q is told as %q", all[i], s)
		}
	}
}

// spoken are the server's sentences as speak.js says them, in English.
func spoken(t *testing.T, all []string) (out []string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node")
	}
	given, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	// #nosec G204 -- our own script
	said, err := exec.Command(node, "--input-type=module", "-e",
		`import { speak } from "./js/speak.js"; console.log(JSON.stringify(JSON.parse(process.argv[1]).map((s) => speak(s))));`, string(given)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(said, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
