package public_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"statuspage/public"
)

// What is there depends on what was built; whatever is there keeps its promises.
func TestEveryBuiltAssetOpensInAllItsForms(t *testing.T) {
	for _, logical := range []string{"core.wasm", "dashboard.js", "dashboard.css", "status.js", "status.css",
		"login.js", "sw.js"} {
		address, ok := public.Asset(logical)
		if !ok {
			continue
		}
		f, ok := public.Open(address)
		if !ok {
			t.Errorf("%s is said to be at %s, and is not", logical, address)
			continue
		}
		if len(f.Body) == 0 || f.Type == "" || len(f.ETag) < 10 || f.Immutable == (logical == "sw.js") {
			t.Errorf("%s: %d bytes, %q, ETag %s, immutable %v", logical, len(f.Body), f.Type, f.ETag, f.Immutable)
		}
		if f.Immutable != strings.HasPrefix(address, public.Prefix) {
			t.Errorf("%s is served at %s", logical, address)
		}
		same(t, logical+" in brotli", f.Body, brotli.NewReader(bytes.NewReader(f.Brotli)))
		if f.Gzip != nil {
			z, err := gzip.NewReader(bytes.NewReader(f.Gzip))
			if err != nil {
				t.Fatal(err)
			}
			same(t, logical+" in gzip", f.Body, z)
		}
		if again, _ := public.Open(strings.TrimPrefix(address, public.Prefix)); again != f {
			t.Errorf("%s is read twice", logical)
		}
	}
}

func same(t *testing.T, what string, want []byte, r io.Reader) {
	t.Helper()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes of %d, %v", what, len(got), len(want), err)
	}
}

func TestOnlyAssetsAreOpened(t *testing.T) {
	for _, address := range []string{"", "/", "manifest.json", "/assets/manifest.json", ".gitkeep", ".built",
		"/assets/../embed.go", "dist/manifest.json", "wasm/.built", "x.js", "core.wasm.br"} {
		if f, ok := public.Open(address); ok {
			t.Errorf("%q opens %s", address, f.Name)
		}
	}
	if _, ok := public.Asset("nothing.js"); ok {
		t.Error("an asset that was never built has an address")
	}
}
