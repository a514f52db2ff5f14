package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
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
}

// poster sends requests to addresses that strangers chose.
type poster struct {
	loopback bool
	client   *http.Client
	dialer   *net.Dialer
	now      func() time.Time
}

// newPoster makes one that goes to public addresses only, by whatever name, and nowhere else than it was sent: no proxy, no redirect.
func newPoster(allowLoopback bool, now func() time.Time) *poster {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: control(allowLoopback)}
	return &poster{loopback: allowLoopback, now: now, dialer: dialer, client: &http.Client{
		Timeout: hookDeadline,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConns: 64, MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// mostWait is how long a receiver may ask us to stay away.
const mostWait = time.Hour

func (p *poster) send(ctx context.Context, x *post, channel store.Channel) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.URL, bytes.NewReader(x.Body))
	if err != nil {
		return final{err}
	}
	// An IPv4 address in an IPv6 spelling would be dialled as what it stands for.
	if ip, no := netip.ParseAddr(req.URL.Hostname()); no == nil && refuse(ip, p.loopback) != nil {
		return final{errNotPublic}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "StatusPage/1")
	if x.Secret != "" {
		if err := p.sign(req, x); err != nil {
			return final{err}
		}
	}
	res, err := p.client.Do(req)
	if errors.Is(err, errNotPublic) {
		return final{errNotPublic}
	}
	if err != nil {
		return withoutURL(err)
	}
	defer func() { _ = res.Body.Close() }()
	words, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10)) // what it says is only shown
	return verdict(res, channel, words)
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

// verdict is what an answer means: 2xx is done, 410 ends the subscription, as does the 404 by which Slack and Discord say that a webhook was
// deleted; everything else is tried again.
func verdict(res *http.Response, channel store.Channel, words []byte) error {
	code := res.StatusCode
	switch {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusGone, code == http.StatusNotFound && (channel == store.Slack || channel == store.Discord):
		return errGone
	}
	err := fmt.Errorf("it answered %d %s", code, short(words))
	if wait, no := strconv.ParseFloat(res.Header.Get("Retry-After"), 64); no == nil && wait > 0 && (code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable) {
		return later{err, time.Duration(min(wait, mostWait.Seconds()) * float64(time.Second))}
	}
	return err
}

// short is the beginning of what a receiver said, fit to be shown.
func short(words []byte) string {
	line := oneLine(strings.ToValidUTF8(string(words), ""))
	if r := []rune(line); len(r) > 120 {
		line = string(r[:120]) + "…"
	}
	return line
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
