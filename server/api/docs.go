package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/markdown"
	"statuspage/server/relay"
	"statuspage/server/site/serve"
)

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS string

// docs is the OpenAPI document as a page: no script, no request to anybody else.
func docs(c *call) error {
	page := docsPage()
	c.Set(fiber.HeaderContentSecurityPolicy, page.policy)
	return serve.Doc(c.Ctx, page.doc)
}

type renderedDocs struct {
	doc    *relay.Doc
	policy string
}

var docsPage = sync.OnceValue(func() renderedDocs {
	var d document
	if err := json.Unmarshal(OpenAPI(), &d); err != nil {
		panic("openapi.json: " + err.Error())
	}
	var out bytes.Buffer
	t := template.Must(template.New("docs").Funcs(template.FuncMap{
		"markdown": prose, "words": words, "upper": strings.ToUpper, "name": schemaName,
		"operations": d.operations,
		"parameter":  func(p parameter) parameter { return deref(p, p.Ref, d.Components.Parameters) },
		"response":   func(r response) response { return deref(r, r.Ref, d.Components.Responses) },
		"css":        func() template.CSS { return template.CSS(docsCSS) }, // #nosec G203 -- it is part of the program
	}).Parse(docsHTML))
	if err := t.Execute(&out, d); err != nil {
		panic("docs.html: " + err.Error())
	}
	sum := sha256.Sum256([]byte(docsCSS))
	return renderedDocs{relay.NewDoc("text/html; charset=utf-8", out.Bytes()),
		"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
})

// codeAlone is a paragraph that is code and nothing else.
var codeAlone = regexp.MustCompile(`<p><code>([^<]*)</code></p>`)

// prose is Markdown as HTML; code that is a paragraph of its own is a block, code within a sentence is not.
func prose(text string) template.HTML {
	out := codeAlone.ReplaceAllString(string(markdown.HTML(text)), "<pre><code>$1</code></pre>")
	return template.HTML(out) // #nosec G203 -- what markdown.HTML made safe
}

// document is as much of OpenAPI as the page shows.
type document struct {
	Info  struct{ Title, Summary, Description, Version string }
	Tags  []struct{ Name, Description string }
	Paths ordered[map[string]operation]

	Components struct {
		Parameters map[string]parameter
		Responses  map[string]response
		Schemas    ordered[schema]
	}
}

type operation struct {
	Tags                 []string
	Summary, Description string
	OperationID          string `json:"operationId"`
	Parameters           []parameter
	RequestBody          struct{ Content map[string]media }
	Responses            ordered[response]
	Security             *[]map[string][]string
	Method, Path         string `json:"-"`
}

type parameter struct {
	Ref                   string `json:"$ref"`
	Name, In, Description string
	Required              bool
	Schema                schema
}

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]media
}

type media struct{ Schema schema }

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Description, Format  string
	Enum                 []string
	Const                string
	Properties           ordered[schema]
	Required             []string
	Items                *schema
	OneOf                []schema
	Minimum, Maximum     json.Number
	MinLength, MaxLength json.Number
	Default              any
}

// Needs says whether a property must be there.
func (s schema) Needs(name string) bool { return slices.Contains(s.Required, name) }

// ordered is an object whose members stay in the order in which they were written.
type ordered[T any] []member[T]

type member[T any] struct {
	Name  string
	Value T
}

func (o *ordered[T]) UnmarshalJSON(in []byte) error {
	d := json.NewDecoder(bytes.NewReader(in))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		m := member[T]{Name: name.(string)}
		if err := d.Decode(&m.Value); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	return nil
}

// operations are those of a tag, in the order of the paths.
func (d document) operations(tag string) []operation {
	var found []operation
	for _, p := range d.Paths {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if o, there := p.Value[method]; there && slices.Contains(o.Tags, tag) {
				o.Method, o.Path = method, p.Name
				found = append(found, o)
			}
		}
	}
	return found
}

// Who says who may call.
func (o operation) Who() string {
	switch {
	case o.Security == nil:
		return ""
	case len(*o.Security) == 0:
		return "anybody"
	}
	return "by cookie"
}

func deref[T any](x T, ref string, in map[string]T) T {
	if ref == "" {
		return x
	}
	return in[schemaName(ref)]
}

func schemaName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// words is a type in a few words, for what has no name of its own.
func words(s schema) string {
	var out string
	switch {
	case s.Const != "":
		return `"` + s.Const + `"`
	case len(s.Enum) > 0:
		return strings.Join(s.Enum, " | ")
	case len(s.OneOf) > 0:
		for i, one := range s.OneOf {
			if i > 0 {
				out += " or "
			}
			out += words(one)
		}
		return out
	case s.Ref != "":
		return schemaName(s.Ref)
	case s.Items != nil:
		return "list of " + words(*s.Items)
	case s.Format != "":
		return s.Format
	}
	switch t := s.Type.(type) {
	case string:
		out = t
	case []any:
		for i, one := range t {
			if i > 0 {
				out += " or "
			}
			out += one.(string)
		}
	}
	if s.MaxLength != "" {
		out += ", at most " + s.MaxLength.String() + " characters"
	}
	if s.Minimum != "" && s.Maximum != "" {
		out += ", " + s.Minimum.String() + " to " + s.Maximum.String()
	}
	return out
}
