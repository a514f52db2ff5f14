package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"statuspage/server/api"
)

// The rules of openapi-spec-validator, of which the JSON Schema of OpenAPI says nothing. That program is Python; here
// they run wherever Go does.

// rules goes through one OpenAPI document.
type rules struct {
	doc      j
	compiler *jsonschema.Compiler
	broken   []string
}

// breaks lists the rules that a document breaks.
func breaks(t *testing.T, doc j) []string {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("mem:///openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	r := &rules{doc: doc, compiler: c}
	r.operations()
	r.schemas("", doc)
	sort.Strings(r.broken)
	return r.broken
}

func (r *rules) say(format string, args ...any) {
	r.broken = append(r.broken, fmt.Sprintf(format, args...))
}

// resolved follows a reference to another part of the document.
func (r *rules) resolved(x any) j {
	object, _ := x.(j)
	ref, is := object["$ref"].(string)
	if !is {
		return object
	}
	to, _ := at(r.doc, strings.ReplaceAll(strings.TrimPrefix(ref, "#/"), "/", ".")).(j)
	return to
}

var variables = regexp.MustCompile(`\{([^}]*)\}`)

func (r *rules) operations() {
	ids, tags := map[any]bool{}, map[any]bool{}
	listed, _ := r.doc["tags"].([]any)
	for _, tag := range listed {
		name := tag.(j)["name"]
		if tags[name] {
			r.say("the tag %v is there twice", name)
		}
		tags[name] = true
	}
	for path, item := range r.doc["paths"].(j) {
		for method, o := range item.(j) {
			operation := o.(j)
			if ids[operation["operationId"]] {
				r.say("operationId %v is there twice", operation["operationId"])
			}
			ids[operation["operationId"]] = true
			r.parameters(method+" "+path, operation)
		}
	}
}

// parameters holds that the variables of a path and its parameters are the same, and no parameter is there twice.
func (r *rules) parameters(of string, operation j) {
	var want, have []string
	for _, v := range variables.FindAllStringSubmatch(of, -1) {
		want = append(want, v[1])
	}
	listed, _ := operation["parameters"].([]any)
	seen := map[string]bool{}
	for _, p := range listed {
		p := r.resolved(p)
		key := fmt.Sprint(p["in"], " ", p["name"])
		if seen[key] {
			r.say("%s: the parameter %s is there twice", of, key)
		}
		seen[key] = true
		if p["in"] == "path" {
			have = append(have, fmt.Sprint(p["name"]))
		}
	}
	sort.Strings(want)
	sort.Strings(have)
	if !slices.Equal(slices.Compact(want), slices.Compact(have)) {
		r.say("%s: the path has the variables %q, declared are %q", of, want, have)
	}
}

// schemas finds every schema of the document: what is called so, and what is listed as one.
func (r *rules) schemas(at string, x any) {
	switch x := x.(type) {
	case j:
		for name, child := range x {
			below := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			if name == "schema" || at == "/components/schemas" {
				r.schema(below, child)
			}
			r.schemas(below, child)
		}
	case []any:
		for i, child := range x {
			r.schemas(fmt.Sprintf("%s/%d", at, i), child)
		}
	}
}

// schema holds one to its own language, what it requires to what it knows, and defaults to what is allowed.
func (r *rules) schema(at string, x any) {
	if _, err := r.compiler.Compile("mem:///openapi.json#" + at); err != nil {
		r.say("%s is no schema: %v", at, err)
		return
	}
	r.inside(at, x)
}

func (r *rules) inside(at string, x any) {
	s, is := x.(j)
	if !is {
		return
	}
	if value, there := s["default"]; there {
		if compiled, err := r.compiler.Compile("mem:///openapi.json#" + at); err != nil ||
			compiled.Validate(value) != nil {
			r.say("%s: the default %v is not allowed", at, value)
		}
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if !r.knows(s, fmt.Sprint(name)) {
			r.say("%s: %v is required and not defined", at, name)
		}
	}
	for name, child := range s {
		switch child := child.(type) {
		case j:
			if name == "properties" {
				for key, one := range child {
					r.inside(at+"/properties/"+key, one)
				}
				continue
			}
			r.inside(at+"/"+name, child)
		case []any:
			for i, one := range child {
				r.inside(fmt.Sprintf("%s/%s/%d", at, name, i), one)
			}
		}
	}
}

// knows says whether a schema, or one that it is made of, has a property. One that names none is a condition on
// another.
func (r *rules) knows(s j, name string) bool {
	properties, _ := s["properties"].(j)
	if _, there := properties[name]; there {
		return true
	}
	parts, any := s["allOf"].([]any)
	for _, part := range parts {
		if r.knows(r.resolved(part), name) {
			return true
		}
	}
	return !any && properties == nil
}

func parsed(t *testing.T, raw []byte) j {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(j)
}

func TestTheDocumentKeepsTheRulesOfOpenAPISpecValidator(t *testing.T) {
	for _, broken := range breaks(t, parsed(t, api.OpenAPI())) {
		t.Error(broken)
	}
}

func TestEachRuleFindsWhatBreaksIt(t *testing.T) {
	const whole = `{"openapi": "3.1.0", "tags": [{"name": "a"}], "paths": {"/x/{id}/": {"get": {"operationId": "x", "parameters":
		[{"name": "id", "in": "path", "schema": {"type": "string"}}, {"name": "n", "in": "query", "schema": {"type": "integer", "default": 3}}]}}},
		"components": {"schemas": {"A": {"allOf": [{"properties": {"b": {}}}], "required": ["b"]}}}}`
	if got := breaks(t, parsed(t, []byte(whole))); len(got) > 0 {
		t.Fatalf("nothing is wrong with it: %q", got)
	}
	for _, row := range []struct{ from, to, says string }{
		{`/x/{id}/`, `/x/`, "variables"},
		{`/x/{id}/`, `/x/{id}/{other}/`, "variables"},
		{`"name": "id", "in": "path"`, `"name": "ID", "in": "path"`, "variables"},
		{`"name": "n", "in": "query"`, `"name": "id", "in": "path"`, "twice"},
		{`[{"name": "a"}]`, `[{"name": "a"}, {"name": "a"}]`, "twice"},
		{`"paths": {`, `"paths": {"/y/": {"get": {"operationId": "x"}}, `, "twice"},
		{`"default": 3`, `"default": "three"`, "default"},
		{`"required": ["b"]`, `"required": ["c"]`, "not defined"},
		{`"type": "integer"`, `"type": "whole"`, "no schema"},
	} {
		text := strings.Replace(whole, row.from, row.to, 1)
		if !json.Valid([]byte(text)) || text == whole {
			t.Fatal(row.from)
		}
		if got := strings.Join(breaks(t, parsed(t, []byte(text))), "; "); !strings.Contains(got, row.says) {
			t.Errorf("%s instead of %s: it says %q", row.to, row.from, got)
		}
	}
}
