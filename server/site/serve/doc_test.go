package serve_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
	"statuspage/server/site/serve"
)

// start serves one document on a real socket and gives its address.
func start(t *testing.T, d *relay.Doc) string {
	t.Helper()
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	app.Get("/doc", func(c *fiber.Ctx) error { return serve.Doc(c, d) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = app.Listener(ln) }()
	t.Cleanup(func() { _ = app.Shutdown() })
	return "http://" + ln.Addr().String() + "/doc"
}

func get(t *testing.T, method, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

func TestAClientGetsTheFormItTakes(t *testing.T) {
	want := []byte(strings.Repeat("All Systems Operational. ", 100))
	url := start(t, relay.NewDoc("text/plain; charset=utf-8", want))
	tags := map[string]string{}
	for _, c := range []struct{ accept, coding string }{
		{"identity", ""}, {"gzip", "gzip"}, {"br", "br"}, {"gzip, deflate, br, zstd", "br"}, {"br;q=0, gzip", "gzip"},
		{"br;q=0.5, gzip;q=0.9", "gzip"}, {"gzip;q=0, br;q=0", ""}, {"*", "br"}, {"*;q=0", ""}, {"br;q=nonsense", ""},
		{"deflate", ""},
		{"GZIP", "gzip"}, {"br; q=1.000", "br"}, {"xbr, gzipped", ""},
	} {
		t.Run(c.accept, func(t *testing.T) {
			res, body := get(t, "GET", url, "Accept-Encoding", c.accept)
			if got := res.Header.Get("Content-Encoding"); got != c.coding {
				t.Fatalf("coding %q, want %q", got, c.coding)
			}
			if got := unpack(t, c.coding, body); !bytes.Equal(got, want) {
				t.Errorf("body of %d bytes, want %d", len(got), len(want))
			}
			if res.Header.Get("Vary") != "Accept-Encoding" || res.Header.Get("Cache-Control") != serve.Revalidate {
				t.Errorf("headers %v", res.Header)
			}
			tags[c.coding] = res.Header.Get("ETag")
		})
	}
	if tags[""] == tags["br"] || tags["br"] == tags["gzip"] || tags[""] == "" {
		t.Errorf("forms share a tag: %v", tags)
	}
}

func unpack(t *testing.T, coding string, body []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	switch coding {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		gz, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = gz
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhoHasADocumentIsToldSo(t *testing.T) {
	d := relay.NewDoc("text/plain", []byte(strings.Repeat("x", 300)))
	url := start(t, d)
	res, _ := get(t, "GET", url, "Accept-Encoding", "br")
	br := res.Header.Get("ETag")
	for _, c := range []struct {
		name, have string
		status     int
	}{
		{"the form it takes", br, 304}, {"another form", d.ETag, 304}, {"weakly", "W/" + br, 304},
		{"one of several", `"a", ` + br, 304},
		{"anything", "*", 304}, {"something else", `"a"`, 200}, {"nothing", "", 200}, {"half of it", br[:8], 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := get(t, "GET", url, "Accept-Encoding", "br", "If-None-Match", c.have)
			if res.StatusCode != c.status {
				t.Fatalf("status %d, want %d", res.StatusCode, c.status)
			}
			if c.status == 304 && (len(body) > 0 || res.Header.Get("ETag") != br || res.Header.Get("Vary") == "") {
				t.Errorf("%d bytes, headers %v", len(body), res.Header)
			}
		})
	}
}

func TestHeadIsGetWithoutTheBody(t *testing.T) {
	url := start(t, relay.NewDoc("text/plain", []byte(strings.Repeat("x", 300))))
	asked, _ := get(t, "GET", url)
	head, body := get(t, "HEAD", url)
	if head.StatusCode != 200 || len(body) != 0 || head.ContentLength != 300 ||
		head.Header.Get("ETag") != asked.Header.Get("ETag") {
		t.Errorf("status %d, %d bytes of %d, headers %v", head.StatusCode, len(body), head.ContentLength, head.Header)
	}
}
