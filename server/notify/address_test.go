package notify

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"statuspage/server/notify/notifytest"
	"statuspage/server/store"
)

// names is a DNS server that gives one address for every name.
func names(t *testing.T, v4 [4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.RCode, m.Additionals = true, dnsmessage.RCodeSuccess, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type,
					Class: q.Class, TTL: 1}, Body: &dnsmessage.AResource{A: v4}}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(out, from) // who asked asks again
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// forbidden are spellings of addresses that a webhook must not reach.
var forbidden = []string{
	"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
	"169.254.170.2", "100.64.0.1",
	"100.127.255.255", "192.0.0.192", "198.18.0.1", "192.0.2.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
	"240.0.0.1", "255.255.255.255",
	"[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]",
	"[::ffff:8.8.8.8]", "[::127.0.0.1]",
	"[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[2002:7f00:1::1]", "[2001::1]", "[2001:db8::1]", "[fe80::1]",
	"[fe80::1%25lo]", "[fec0::1]",
	"[fc00::1]", "[fd00:ec2::254]", "[fdaa::3]", "[ff02::1]", "[100::1]", "[3fff::1]",
}

func TestAWebhookReachesNoAddressThatIsNotPublic(t *testing.T) {
	hooks := notifytest.StartHooks(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(hooks.URL, "http://"))
	p := newPoster(false, time.Now)
	for _, host := range forbidden {
		err := p.send(context.Background(), &post{URL: "http://" + host + ":" + port + "/"}, store.Webhook)
		if !errors.Is(err, errNotPublic) || !errors.As(err, new(final)) {
			t.Errorf("%s: %v", host, err)
		}
		if _, _, no := checkURL("webhook_url", store.Webhook, "https://"+host+"/", false); no == nil {
			t.Errorf("%s can be subscribed", host)
		}
	}
	if got := hooks.Got("/"); len(got) != 0 {
		t.Errorf("%d requests came through", len(got))
	}
}

// Names are judged by what they resolve to, at the moment of the connection; so are the spellings of an address that
// some resolvers take.
func TestAWebhookIsJudgedAfterDNS(t *testing.T) {
	hooks := notifytest.StartHooks(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(hooks.URL, "http://"))
	p := newPoster(false, time.Now)
	p.dialer.Resolver = names(t, [4]byte{127, 0, 0, 1})
	for _, host := range []string{"hooks.example.com", "localhost", "LOCALHOST", "localhost.", "127.0.0.1.nip.io",
		"metadata.google.internal"} {
		err := p.send(context.Background(), &post{URL: "http://" + host + ":" + port + "/"}, store.Webhook)
		if !errors.Is(err, errNotPublic) {
			t.Errorf("%s: %v", host, err)
		}
	}
	// What some resolvers take for an address, and Go's does not, must not get through either.
	for _, host := range []string{"127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.0.0.1.",
		"①②⑦.0.0.1"} {
		if p.send(context.Background(), &post{URL: "http://" + host + ":" + port + "/"}, store.Webhook) == nil {
			t.Errorf("%s was reached", host)
		}
	}
	if got := hooks.Got("/"); len(got) != 0 {
		t.Errorf("%d requests came through", len(got))
	}
	// The same name goes through where a test allows it: it is the check that refused.
	q := newPoster(true, time.Now)
	q.dialer.Resolver = p.dialer.Resolver
	if err := q.send(context.Background(), &post{URL: "http://hooks.example.com:" + port + "/"},
		store.Webhook); err != nil || len(hooks.Got("/")) != 1 {
		t.Errorf("with loopback allowed: %v, %d came", err, len(hooks.Got("/")))
	}
}

func TestLoopbackAloneIsWhatATestMayAllow(t *testing.T) {
	allowed := control(true)
	for address, want := range map[string]bool{"127.0.0.1:8080": true, "[::1]:8080": true, "10.0.0.1:8080": false,
		"169.254.169.254:80": false, "[fd00::1]:443": false} {
		if err := allowed("tcp4", address, nil); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
	for address, want := range map[string]bool{"1.1.1.1:443": true, "8.8.8.8:80": true, "9.9.9.9:8443": true,
		"[2606:4700:4700::1111]:443": true,
		"1.1.1.1:25":                 false, "1.1.1.1:22": false, "1.1.1.1:0": false, "nonsense": false,
		"1.1.1.1": false} {
		if err := control(false)("tcp", address, nil); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
	if control(false)("udp4", "1.1.1.1:443", nil) == nil {
		t.Error("udp is let through")
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	hooks := notifytest.StartHooks(t)
	hooks.Answer(func(w http.ResponseWriter, r notifytest.Request) {
		if r.Path == "/from" {
			w.Header().Set("Location", hooks.URL+"/to")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	err := newPoster(true, time.Now).send(context.Background(), &post{URL: hooks.URL + "/from", Body: []byte("{}")},
		store.Webhook)
	if err == nil || errors.As(err, new(final)) || len(hooks.Got("/to")) != 0 || len(hooks.Got("/from")) != 1 {
		t.Errorf("%v; %d followed", err, len(hooks.Got("/to")))
	}
}

func TestAProxyOfTheEnvironmentIsNotAsked(t *testing.T) {
	hooks := notifytest.StartHooks(t)
	t.Setenv("HTTP_PROXY", hooks.URL)
	t.Setenv("HTTPS_PROXY", hooks.URL)
	p := newPoster(false, time.Now)
	if transport := p.client.Transport.(*http.Transport); transport.Proxy != nil {
		t.Error("a proxy would see every address, and reach private ones")
	}
	if err := p.send(context.Background(), &post{URL: "http://10.0.0.1:8080/"}, store.Webhook); !errors.Is(err,
		errNotPublic) {
		t.Error(err)
	}
}

func TestAnAnswerSaysWhatHappensNext(t *testing.T) {
	hooks := notifytest.StartHooks(t)
	var mu sync.Mutex // the receiver's goroutines read what it shall answer
	code, header := 0, http.Header{}
	after := func(seconds string) {
		mu.Lock()
		defer mu.Unlock()
		header.Set("Retry-After", seconds)
	}
	hooks.Answer(func(w http.ResponseWriter, _ notifytest.Request) {
		mu.Lock()
		defer mu.Unlock()
		for k, v := range header {
			w.Header()[k] = v
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte("no\x00 <b>\xff" + strings.Repeat("x", 10_000)))
	})
	p := newPoster(true, time.Now)
	send := func(c int, ch store.Channel) error {
		mu.Lock()
		code = c
		mu.Unlock()
		return p.send(context.Background(), &post{URL: hooks.URL + "/", Body: []byte("{}")}, ch)
	}
	for c, gone := range map[int]bool{410: true, 404: false, 400: false, 401: false, 500: false, 503: false,
		302: false} {
		if err := send(c, store.Webhook); err == nil || errors.Is(err, errGone) != gone {
			t.Errorf("%d: %v", c, err)
		} else if len(err.Error()) > 400 {
			t.Errorf("%d: a problem of %d bytes", c, len(err.Error()))
		}
	}
	if err := send(404, store.Slack); !errors.Is(err, errGone) {
		t.Errorf("a deleted Slack webhook: %v", err)
	}
	for _, c := range []int{200, 201, 202, 204} {
		if err := send(c, store.Teams); err != nil {
			t.Errorf("%d: %v", c, err)
		}
	}
	after("90")
	var wait later
	if err := send(429, store.Discord); !errors.As(err, &wait) || wait.wait != 90*time.Second {
		t.Errorf("Retry-After 90: %v", err)
	}
	after("999999999")
	if err := send(503, store.Discord); !errors.As(err, &wait) || wait.wait != maxWait {
		t.Errorf("Retry-After of a century: %v", wait.wait)
	}
}

func TestAReceiverThatNeverAnswersIsLeft(t *testing.T) {
	hooks := notifytest.StartHooks(t)
	release := make(chan struct{})
	hooks.Answer(func(http.ResponseWriter, notifytest.Request) { <-release })
	defer close(release)
	p := newPoster(true, time.Now)
	if p.client.Timeout != 10*time.Second {
		t.Errorf("a receiver has %s", p.client.Timeout)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if err := p.send(ctx, &post{URL: hooks.URL + "/secret-path", Body: []byte("{}")}, store.Webhook); err == nil ||
		strings.Contains(err.Error(), "secret-path") {
		t.Errorf("%v", err)
	}
}

func TestAddressesAreTakenInOneForm(t *testing.T) {
	for _, x := range []struct {
		channel  store.Channel
		in, kept string // "" is refused
		key      string
	}{
		{store.Email, " Ada@Example.COM ", "Ada@example.com", "ada@example.com"},
		{store.Email, "ada+status@example.com", "ada+status@example.com", "ada+status@example.com"},
		{store.Email, "ada@bücher.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"},
		{store.Email, "ada", "", ""}, {store.Email, "ada@", "", ""}, {store.Email, "@example.com", "", ""},
		{store.Email, "ada@localhost", "", ""},
		{store.Email, "Ada <ada@example.com>", "", ""}, {store.Email, "ada@example.com, eve@example.com", "", ""},
		{store.Email, "ada@example.com\nBcc: eve@example.com", "", ""},
		{store.Email, "ada@example.com\r\n", "ada@example.com", "ada@example.com"},
		{store.Email, "a b@example.com", "", ""}, {store.Email, "", "", ""},
		{store.Email, "\"a@b\"@example.com", "", ""}, {store.Email, strings.Repeat("a", 65) + "@example.com", "", ""},
		{store.Email, "ada@" + strings.Repeat("a.", 130) + "com", "", ""},
		{store.Email, "ada@BÜCHER.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"},
		{store.Email, "ada@bu\u0308cher.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"},
		{store.Email, "ada@exam\u200bple.com", "", ""}, {store.Email, "ada@example.com\u2060", "", ""},
		{store.Email, "ada@ｅxample.com", "", ""}, {store.Email, "ada@exam\ufe0fple.com", "", ""},
		{store.Email, "ada@[127.0.0.1]", "", ""},
		{store.Webhook, "https://Example.com/Hook?a=1#frag", "https://example.com/Hook?a=1",
			"https://example.com/Hook?a=1"},
		{store.Webhook, "http://example.com/", "", ""}, {store.Webhook, "ftp://example.com/", "", ""},
		{store.Webhook, "https://", "", ""}, {store.Webhook, "/hook", "", ""},
		{store.Webhook, "https://user:pw@example.com/", "", ""}, {store.Webhook, "https://example.com:22/", "", ""},
		{store.Webhook, "https://example.com:8443/", "https://example.com:8443/", "https://example.com:8443/"},
		{store.Webhook, "https://example.com:99999/", "", ""}, {store.Webhook, "https://example.com/a b", "", ""},
		{store.Webhook, "https://example.com/" + strings.Repeat("a", 2000), "", ""},
		{store.Webhook, "javascript:alert(1)", "", ""}, {store.Webhook, "https://example.com/\r\nHost: x", "", ""},
		{store.Slack, "https://hooks.slack.com/services/T0/B0/x", "https://hooks.slack.com/services/T0/B0/x",
			"https://hooks.slack.com/services/T0/B0/x"},
		// Mattermost takes Slack's payload
		{store.Slack, "https://chat.example.com/hooks/x", "https://chat.example.com/hooks/x",
			"https://chat.example.com/hooks/x"},
		{store.Slack, "https://discord.com/api/webhooks/1/x", "", ""},
		{store.Discord, "https://hooks.slack.com/services/T0/B0/x", "", ""},
		{store.Teams, "https://acme.webhook.office.com/webhookb2/x", "https://acme.webhook.office.com/webhookb2/x",
			"https://acme.webhook.office.com/webhookb2/x"},
		{store.Discord, "https://acme.webhook.office.com/webhookb2/x", "", ""},
	} {
		kept, key, err := CheckAddress("address", x.channel, x.in, false)
		if (err == nil) != (x.kept != "") || kept != x.kept || key != x.key {
			t.Errorf("%s %q: %q %q %v", x.channel, x.in, kept, key, err)
		}
		if err != nil && (len(err.Fields) != 1 || err.Fields[0].Name != "address") {
			t.Errorf("%q: the fault is on no field: %+v", x.in, err)
		}
	}
}

func TestEightTriesTakeAboutSixHours(t *testing.T) {
	var shortest, longest time.Duration
	for tries := int64(1); ; tries++ {
		low, high := time.Duration(1<<62), time.Duration(0)
		more := false
		for range 200 {
			d, ok := pause(tries)
			low, high, more = min(low, d), max(high, d), ok
		}
		if !more {
			if tries != 8 {
				t.Errorf("%d tries", tries)
			}
			break
		}
		if low == high {
			t.Error("there is no jitter")
		}
		shortest, longest = shortest+low, longest+high
	}
	if shortest < 4*time.Hour || longest > 8*time.Hour {
		t.Errorf("from %s to %s", shortest, longest)
	}
}
