package notify

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"statuspage/server/store"
)

// A receiver's address is anybody's choice: what becomes of it says nothing of the names that our resolver knows, nor
// of who answers within our network.
func TestADeliveryTellsNothingOfOurNetwork(t *testing.T) {
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(encrypted.Close)
	away := httptest.NewServer(http.RedirectHandler("http://10.1.2.3:8080/secret", http.StatusFound))
	t.Cleanup(away.Close)
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); silent.Close() })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := ln.Addr().String()
	_ = ln.Close()
	for name, x := range map[string]struct {
		url      string
		loopback bool
		want     string
	}{
		"nobody has the name":       {"https://nobody.invalid/", false, nowhere},
		"a name within our network": {"https://localhost/", false, nowhere},
		"a private address":         {"https://10.1.2.3/", false, "the address is not on the public internet"},
		"refused":                   {"http://" + nobody + "/", true, "it refused the connection"},
		"silent":                    {silent.URL, true, "it did not answer in time"},
		"no certificate of ours":    {encrypted.URL, true, "its certificate is of an authority that is not known"},
		"no TLS": {strings.Replace(away.URL, "http:", "https:", 1), true,
			"it does not speak TLS as it should"},
		"sent on to a private one": {away.URL, true, "it answered 302 Found"},
	} {
		p := newPoster(x.loopback, time.Now)
		if x.url == silent.URL {
			p.client.Timeout = 300 * time.Millisecond
		}
		err := p.send(context.Background(), &post{URL: x.url, ID: "msg_1", Body: []byte("{}")}, store.Slack)
		if err == nil || problem(err) != x.want {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if x.want == nowhere && (errors.As(err, new(final)) || !unreached(err)) {
			t.Errorf("%s: it is tried in another way: %#v", name, err)
		}
	}
}
