// Package public is what browsers get, inside the binary: the bundled scripts and styles, the service worker and the
// rules as WebAssembly. They are made by `go run ./public/build`; before that the package holds nothing, and says so.
package public

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"path"
	"strings"
	"sync"
)

//go:embed all:dist all:wasm
var files embed.FS

// Prefix is where the server serves the files that are named by their content: they may be kept for ever.
const Prefix = "/assets/"

// Languages are those of the interface beside English, which is in its code: the catalogues in words.
var Languages = []string{"de", "fr", "es", "ja"}

// manifest is logical name → address.
var manifest = sync.OnceValue(func() map[string]string {
	list := map[string]string{}
	if text, err := files.ReadFile("dist/manifest.json"); err == nil {
		if err := json.Unmarshal(text, &list); err != nil {
			panic("public: dist/manifest.json: " + err.Error()) // made by our own build
		}
	}
	return list
})

// Asset gives the address of "dashboard.js", "status.css", "core.wasm", "sw.js"; false when the build did not make it.
func Asset(logical string) (address string, ok bool) {
	address, ok = manifest()[logical]
	return address, ok
}

// File is an asset in the forms in which it can be sent. Nothing in it may be changed.
type File struct {
	Name      string
	Type      string // media type
	Body      []byte
	Gzip      []byte // nil when there is none
	Brotli    []byte // nil when there is none
	ETag      string // strong, quoted, of Body
	Immutable bool   // the name changes with the content
}

var opened sync.Map // name → *File

// Open gives an asset by its address: what Asset said, with or without Prefix.
func Open(address string) (*File, bool) {
	name := strings.TrimPrefix(strings.TrimPrefix(address, Prefix), "/")
	if f, ok := opened.Load(name); ok {
		return f.(*File), true
	}
	kind, known := types[path.Ext(name)]
	if !known || strings.ContainsRune(name, '/') || name == "manifest.json" {
		return nil, false
	}
	dir := "dist/"
	if path.Ext(name) == ".wasm" {
		dir = "wasm/"
	}
	body, err := files.ReadFile(dir + name)
	if err != nil {
		return nil, false
	}
	sum := sha256.Sum256(body)
	f := &File{Name: name, Type: kind, Body: body, ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
		Immutable: name != "sw.js" && name != "push.js"}
	f.Gzip, _ = files.ReadFile(dir + name + ".gz")
	f.Brotli, _ = files.ReadFile(dir + name + ".br")
	kept, _ := opened.LoadOrStore(name, f)
	return kept.(*File), true
}

// types is what is served: not as the machine's own list has it, which differs.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".wasm": "application/wasm",
	".svg": "image/svg+xml", ".json": "application/json", ".png": "image/png", ".woff2": "font/woff2",
}
