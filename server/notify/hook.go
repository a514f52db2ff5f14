package notify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"statuspage/server/store"
)

// post is a request to a subscriber's address.
type post struct {
	URL    string
	ID     string // the same for every try
	Secret string // signs it; "" signs nothing
	Body   []byte
	Method string      // "" is POST
	Header http.Header // beside ours
}

// poster sends requests to addresses that strangers chose.
type poster struct {
	loopback bool
	client   *http.Client
	dialer   *net.Dialer
	now      func() time.Time
}

// newPoster makes one that goes to public addresses only, by whatever name, and nowhere else than it was sent: no
// proxy, no redirect.
func newPoster(allowLoopback bool, now func() time.Time) *poster {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: control(allowLoopback)}
	return &poster{loopback: allowLoopback, now: now, dialer: dialer, client: &http.Client{
		Timeout: hookDeadline,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConns: 64, MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// maxWait is how long a receiver may ask us to stay away.
const maxWait = time.Hour

func (p *poster) send(ctx context.Context, x *post, channel store.Channel) error {
	req, err := http.NewRequestWithContext(ctx, cmp.Or(x.Method, http.MethodPost), x.URL, bytes.NewReader(x.Body))
	if err != nil {
		return final{err}
	}
	maps.Copy(req.Header, x.Header)
	req.Header.Set("Content-Type", "application/json")
	if x.Secret != "" {
		if err := p.sign(req, x); err != nil {
			return final{err}
		}
	}
	return p.exchange(ctx, req, channel)
}

// exchange sends a request to where a stranger wants it, and says what its answer means.
func (p *poster) exchange(ctx context.Context, req *http.Request, channel store.Channel) error {
	// An IPv4 address in an IPv6 spelling would be dialled as what it stands for.
	if ip, no := netip.ParseAddr(req.URL.Hostname()); no == nil && refuse(ip, p.loopback) != nil {
		return final{errNotPublic}
	}
	req.Header.Set("User-Agent", "StatusPage/1")
	var handed atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(ctx,
		&httptrace.ClientTrace{WroteHeaders: func() { handed.Store(true) }}))
	res, err := p.client.Do(req) // #nosec G704 -- the client connects to public addresses alone
	if err != nil {
		return unanswered{network(withoutURL(err)), handed.Load()}
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return nil // whatever else it says, and however slowly
	}
	words, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10)) // what it says is only shown
	return verdict(res, channel, []byte(hidden(string(words), req.URL)), p.now())
}

// hidden leaves the receiver's own address, which may be a secret, out of what it says.
func hidden(words string, u *url.URL) string {
	for _, secret := range []string{u.String(), u.RequestURI(), u.EscapedPath(), u.Path, u.RawQuery} {
		if len(secret) > 3 {
			words = strings.ReplaceAll(words, secret, "…")
		}
	}
	return words
}

// sign adds the headers of Standard Webhooks.
func (p *poster) sign(req *http.Request, x *post) error {
	signer, err := standardwebhooks.NewWebhook(x.Secret)
	if err != nil {
		return fmt.Errorf("the webhook's secret: %w", err)
	}
	at := p.now()
	signature, err := signer.Sign(x.ID, at, x.Body)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	// Set would write Webhook-Id; header names are the same in any case.
	req.Header.Set(standardwebhooks.HeaderWebhookID, x.ID)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return nil
}

// goneBy404 are the channels that say so that there is no such address any more: a webhook that was deleted, a browser
// that ended its subscription.
var goneBy404 = []store.Channel{store.Slack, store.Discord, store.Push}

// verdict is what an answer means: 2xx is done, 410 ends the subscription, as does 404 of some; everything else is
// tried again, and not before the receiver wants it.
func verdict(res *http.Response, channel store.Channel, words []byte, now time.Time) error {
	code := res.StatusCode
	switch {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusGone, code == http.StatusNotFound && slices.Contains(goneBy404, channel):
		return errGone
	}
	said := clip(clean(string(words)), 120)
	if said == "" {
		said = http.StatusText(code)
	}
	err := fmt.Errorf("it answered %d %s", code, said)
	if wait := retryAfter(res.Header, now); wait > 0 {
		return later{err, min(wait, maxWait)}
	}
	return err
}

// retryAfter is how long a receiver wants to be left alone, in seconds or up to a date (RFC 9110 10.2.3); 0 when it
// does not say. A date is measured by the receiver's own clock, where it tells it.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, no := strconv.ParseFloat(text, 64); no == nil && seconds > 0 {
		return time.Duration(min(seconds, maxWait.Seconds()) * float64(time.Second))
	}
	until, no := http.ParseTime(text)
	if no != nil {
		return 0
	}
	if theirs, no := http.ParseTime(h.Get("Date")); no == nil {
		now = theirs
	}
	return until.Sub(now)
}

// withoutURL leaves the address out of an error: it may be a secret.
func withoutURL(err error) error {
	var u interface{ Unwrap() error }
	if errors.As(err, &u) {
		if inner := u.Unwrap(); inner != nil {
			return inner
		}
	}
	return err
}

var errGone = errors.New("it said that it is gone")

// later is a failure whose receiver said when to come back.
type later struct {
	error
	wait time.Duration
}

func (l later) Unwrap() error { return l.error }
