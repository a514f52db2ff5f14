package auth

import (
	"encoding/json"
	"strings"
	"testing"
)

// The document and most rows are RFC 6901's own, section 5.
func TestPointersFindWhatRFC6901Says(t *testing.T) {
	const document = `{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7,
		"m~n": 8, "~1": 9, "deep": {"er": {"still": "here"}}, "none": null}`
	var doc any
	if err := json.Unmarshal([]byte(document), &doc); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"/foo": `["bar","baz"]`, "/foo/0": `"bar"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/e^f": "3", "/g|h": "4",
		`/i\j`: "5",
		`/k"l`: "6", "/ ": "7", "/m~0n": "8", "/~01": "9", "/deep/er/still": `"here"`, "/none": "null",
		"/foo/2": "", "/foo/00": "", "/foo/01": "", "/foo/-": "", "/foo/-1": "", "/foo/+0": "", "/foo/": "",
		"/foo/9999999999": "",
		"/absent":         "", "/deep/er/still/more": "", "/none/x": "", "/foo/bar": "",
	} {
		p, err := ParsePointer(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		found, ok := p.Find(doc)
		got, _ := json.Marshal(found)
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%s: %s, %v, want %s", text, got, ok, want)
		}
	}
	whole, err := ParsePointer("")
	if found, ok := whole.Find(doc); err != nil || !ok || found == nil {
		t.Errorf("the empty pointer finds %v, %v", found, err)
	}
	if _, ok := (Pointer{}).Find(doc); ok {
		t.Error("a pointer that was never set finds something")
	}
}

func TestWhatIsNoPointerIsRefused(t *testing.T) {
	for _, text := range []string{"org_id", "o/id", "#/o", "/a~", "/a~2", "/~/b", " /a"} {
		if p, err := ParsePointer(text); err == nil {
			t.Errorf("%q is taken as %v", text, p)
		}
	}
}

func FuzzPointer(f *testing.F) {
	for _, text := range []string{"", "/", "/o/id", "/a~1b/~0", "/urn:zitadel:iam:org:project:roles", "/foo/0", "~",
		"/~2"} {
		f.Add(text, `{"o":{"id":"x"},"foo":[1],"a/b":{"~":2}}`)
	}
	f.Fuzz(func(t *testing.T, text, document string) {
		p, err := ParsePointer(text)
		if err != nil {
			return
		}
		if p.String() != text {
			t.Errorf("%q is written back as %q", text, p.String())
		}
		if n := strings.Count(text, "/"); len(p.path) != n {
			t.Errorf("%q has %d parts, not %d", text, len(p.path), n)
		}
		var doc map[string]any
		if json.Unmarshal([]byte(document), &doc) != nil {
			return
		}
		for _, form := range []Form{FormString, FormList, FormMapKeys, FormMapKeysOfOrg, FormAny} {
			for _, value := range (Claim{p, form}).values(doc, "x") {
				if value == "" {
					t.Error("an empty value was found")
				}
			}
		}
		// Whatever a pointer finds must be where the pointer says.
		doc = map[string]any{}
		at := doc
		for i, name := range p.path {
			if i == len(p.path)-1 {
				at[name] = "here"
				break
			}
			next := map[string]any{}
			at[name] = next
			at = next
		}
		if found, ok := p.Find(doc); len(p.path) > 0 && (!ok || found != "here") {
			t.Errorf("%q does not find what was put there", text)
		}
	})
}
