package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"

	"statuspage/server/api"
)

// described is the OpenAPI document as the program serves it, with what holds answers to it.
type described struct {
	validator validator.Validator
	paths     map[string]map[string]operation // path → method
	templates [][]string                      // the paths, split
}

type operation struct {
	OperationID string `json:"operationId"`
	Responses   map[string]struct {
		Ref     string `json:"$ref"`
		Content map[string]any
	}
	Security   *[]map[string][]string
	Parameters []any
}

var description = sync.OnceValues(func() (*described, error) {
	document, err := libopenapi.NewDocument(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(document, config.WithoutSecurityValidation(), config.WithFormatAssertions(),
		config.WithStrictMode(), config.WithStrictIgnoredHeadersExtra(everywhere...),
		config.WithStrictIgnorePaths(open...))
	if len(errs) > 0 {
		return nil, errs[0]
	}
	d := &described{validator: v}
	var read struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal(api.OpenAPI(), &read); err != nil {
		return nil, err
	}
	d.paths = read.Paths
	for path := range read.Paths {
		d.templates = append(d.templates, strings.Split(strings.Trim(path, "/"), "/"))
	}
	return d, nil
})

func describes(t testing.TB) *described {
	t.Helper()
	d, err := description()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// everywhere are the headers that any answer may have; the introduction of the document tells of those that matter.
var everywhere = []string{"Strict-Transport-Security", "Status-Region", "Status-Primary", "Status-Lag", "X-Request-Id",
	"RateLimit", "RateLimit-Policy", "Vary", "X-Content-Type-Options", "Content-Security-Policy",
	"Cross-Origin-Resource-Policy", "Referrer-Policy", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers",
	"Www-Authenticate", "X-Robots-Tag", "Content-Language"}

// open are objects that are described elsewhere.
var open = []string{"$.body.current.**", "$.body.results[*].before.**", "$.body.results[*].after.**",
	"$.body.keys[*].*", "$.body.passkey.**", "$.body.second_factor.passkey.**", "$.body.last.**", "$.body.command.**", "$.body.results[*].command.**",

	"$.body.results[*].last.**"}

// find answers the document's own spelling of a path, or "" when it describes no such path. One that is there as it is
// comes before one with a parameter.
func (d *described) find(path string) string {
	for _, spelling := range []string{path, strings.TrimSuffix(path, "/") + "/"} {
		if _, there := d.paths[spelling]; there {
			return strings.TrimSuffix(spelling, "/")
		}
	}
	have := strings.Split(strings.Trim(path, "/"), "/")
	for _, want := range d.templates {
		if len(want) != len(have) {
			continue
		}
		fits := true
		for i := range want {
			fits = fits && (want[i] == have[i] || want[i][0] == '{' && have[i] != "")
		}
		if fits {
			return "/" + strings.Join(want, "/")
		}
	}
	return ""
}

func (d *described) operation(method, path string) (operation, bool) {
	for _, spelling := range []string{path, path + "/"} {
		if o, there := d.paths[spelling][strings.ToLower(method)]; there {
			return o, true
		}
	}
	return operation{}, false
}

// conforms holds an answer to the OpenAPI document: its status, type and every member, none of which may be unknown to
// it.
func conforms(t testing.TB, req *http.Request, res *http.Response, raw []byte) {
	t.Helper()
	d := describes(t)
	path := d.find(req.URL.EscapedPath())
	if path == "" || res.StatusCode == http.StatusMethodNotAllowed ||
		slices.Contains([]string{"HEAD", "OPTIONS"}, req.Method) {
		return
	}
	o, there := d.operation(req.Method, path)
	if !there {
		t.Errorf("%s %s: the document does not describe it", req.Method, path)
		return
	}
	seen.note(o.OperationID, res.StatusCode)
	if res.StatusCode < 400 && !declares(o, res) {
		t.Errorf("%s %s: the document knows no answer %d of type %q", req.Method, path, res.StatusCode,
			res.Header.Get("Content-Type"))
		return
	}
	if o.OperationID == "openapi" {
		return // it is held to its own specification
	}
	// The validator knows each path in one spelling only, and ids have nothing to do with the answer.
	asked := &http.Request{Method: req.Method, URL: &url.URL{Path: concrete(d, path)}, Header: http.Header{}}
	got := &http.Response{StatusCode: res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(raw))}
	if ok, errs := d.validator.ValidateHttpResponse(asked, got); !ok {
		for _, e := range errs {
			why := e.Message + ": " + e.Reason
			for _, s := range e.SchemaValidationErrors {
				why += "\n\t" + s.FieldPath + " " + s.Reason
			}
			t.Errorf("%s %s %d does not conform: %s\n%.500s", req.Method, path, res.StatusCode, why, raw)
		}
	}
}

func declares(o operation, res *http.Response) bool {
	code := http.StatusText(res.StatusCode)
	for status, r := range o.Responses {
		if status == "default" || code == "" || !strings.HasPrefix(res.Status, status) {
			continue
		}
		kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
		_, there := r.Content[kind]
		return there || len(r.Content) == 0 && (kind == "" || res.StatusCode == http.StatusNotModified || r.Ref != "")
	}
	return false
}

func concrete(d *described, path string) string {
	path = strings.NewReplacer("{id}", "0197a1de-3c00-7000-8000-000000000001", "{org_slug}", "acme", "{update}",
		"0197a1de-3c00-7000-8000-000000000002", "{note}", "0197a1de-3c00-7000-8000-000000000003").Replace(path)
	if _, there := d.paths[strings.Replace(path, "acme", "{org_slug}", 1)]; !there &&
		strings.HasPrefix(path, "/api/v1/") {
		path += "/"
	}
	return path
}

// seen is which answers the tests of this package got.
var seen answers

type answers struct {
	mu   sync.Mutex
	told map[string]map[int]int
}

func (a *answers) note(operation string, code int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.told == nil {
		a.told = map[string]map[int]int{}
	}
	if a.told[operation] == nil {
		a.told[operation] = map[int]int{}
	}
	a.told[operation][code]++
}

// untried fails a whole run in which some operation was never seen to succeed: nobody knows then whether it is
// described as it is.
func untried() int {
	d, err := description()
	if err != nil {
		return 1
	}
	missing := 0
	for path, methods := range d.paths {
		for method, o := range methods {
			succeeded := false
			for code := range seen.told[o.OperationID] {
				succeeded = succeeded || code < 400
			}
			if !succeeded {
				fmt.Printf("%s %s was never seen to succeed\n", method, path)
				missing++
			}
		}
	}
	return min(missing, 1)
}

func TestTheDocumentDescribesEveryRouteAndNoOther(t *testing.T) {
	d := describes(t)
	var routes, described []string
	for _, r := range api.Routes() {
		routes = append(routes, r.Method+" "+spelled(r.Path))
		o, there := d.operation(r.Method, strings.TrimSuffix(spelled(r.Path), "/"))
		if !there {
			continue // said below
		}
		// Who may call is described as it is.
		open := o.Security != nil && len(*o.Security) == 0
		cookie := o.Security != nil && len(*o.Security) > 0
		switch {
		case open != (r.Access == api.Public || r.Access == api.Open && !cookie):
			t.Errorf("%s %s is for %s, and described otherwise", r.Method, r.Path, r.Access)
		case cookie && r.Access != api.Open:
			t.Errorf("%s %s takes no cookie", r.Method, r.Path)
		}
	}
	for path, methods := range d.paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	sort.Strings(routes)
	sort.Strings(described)
	for _, r := range routes {
		if !slices.Contains(described, r) {
			t.Errorf("%s is not described", r)
		}
	}
	for _, r := range described {
		if !slices.Contains(routes, r) {
			t.Errorf("%s is described, and not there", r)
		}
	}
}

// spelled is a route's path as the document writes it.
func spelled(path string) string {
	path = strings.NewReplacer(":id", "{id}", ":slug", "{org_slug}", ":update", "{update}", ":note", "{note}").
		Replace(path)
	if strings.HasPrefix(path, "/api/v1/") {
		path += "/"
	}
	return path
}

func TestTheDocumentIsValidAndServedToAnybody(t *testing.T) {
	if ok, errs := describes(t).validator.ValidateDocument(); !ok {
		for _, e := range errs {
			t.Errorf("%s: %s %v", e.Message, e.Reason, e.SchemaValidationErrors)
		}
	}
	nobody := world(t).nobody()
	document := nobody.get("/api/openapi.json").has("openapi", "3.1.0")
	if document.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(document.str("info.description"),
		"Idempotency-Key") {
		t.Errorf("%v", document.header)
	}
	nobody.do("GET", "/api/openapi.json", nil, "If-None-Match", document.header.Get("ETag")).is(304)
	names := map[string]bool{}
	for _, methods := range describes(t).paths {
		for _, o := range methods {
			if o.OperationID == "" || names[o.OperationID] {
				t.Errorf("the operation %q has no name of its own", o.OperationID)
			}
			names[o.OperationID] = true
		}
	}
}

func TestTheDocumentCanBeReadAsAPage(t *testing.T) {
	a := world(t).nobody().get("/api/docs/")
	if policy := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy,
		"default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	text := string(a.raw)
	for _, forbidden := range []string{"<script", "http://", "style=", "ZgotmplZ", "<no value>"} {
		if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org", ""), forbidden) {
			t.Errorf("the page has %q", forbidden)
		}
	}
	for path, methods := range describes(t).paths {
		for _, o := range methods {
			if !strings.Contains(text, `id="`+o.OperationID+`"`) || !strings.Contains(text, path) {
				t.Errorf("the page does not show %s", o.OperationID)
			}
		}
	}
}
