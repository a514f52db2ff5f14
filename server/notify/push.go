package notify

import (
	"context"
	"crypto/ecdh"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"statuspage/server/lang"
	"statuspage/server/store"
	"statuspage/shared/fault"
)

// Browsers are told by Web Push (RFC 8030), encrypted for the browser alone (RFC 8291) and signed with the
// installation's key (RFC 8292).

const (
	maxPushed   = 3993           // bytes of what is encrypted, one record of 4,096 with its header (RFC 8291 4)
	maxPushText = 300            // characters of its title, and of its text
	pushTTL     = 24 * time.Hour // that a push service keeps it for a browser which is away
)

// pushHosts are the push services of browsers: an address elsewhere is none that a browser gives. A service stands for
// the names below it, too.
var pushHosts = []string{"fcm.googleapis.com", "push.services.mozilla.com", "notify.windows.com", "push.apple.com"}

func isPushHost(host string, allowLoopback bool) bool {
	for _, known := range pushHosts {
		if host == known || strings.HasSuffix(host, "."+known) {
			return true
		}
	}
	ip, err := netip.ParseAddr(host)
	return allowLoopback && (host == "localhost" || err == nil && ip.IsLoopback())
}

// PushKeys are a browser's two keys as they are kept: its point on P-256 and its secret of 16 bytes. What is wrong with
// them is the fault of the field they came in.
func PushKeys(field, p256dh, auth string) (kept string, err *fault.Error) {
	point, no := base64.RawURLEncoding.DecodeString(strings.TrimRight(p256dh, "="))
	if no == nil {
		_, no = ecdh.P256().NewPublicKey(point)
	}
	secret, bad := base64.RawURLEncoding.DecodeString(strings.TrimRight(auth, "="))
	if no != nil || bad != nil || len(secret) != 16 {
		return "", fault.OnField(field, "%s must be the keys of a browser's push subscription.", field)
	}
	return base64.RawURLEncoding.EncodeToString(point) + "." + base64.RawURLEncoding.EncodeToString(secret), nil
}

// SameBrowser says whether two subscriptions are of one browser, which alone knows its keys.
func SameBrowser(a, b *store.Subscriber) bool {
	return a.Channel == store.Push && b.Channel == store.Push && a.Key == b.Key &&
		subtle.ConstantTimeCompare([]byte(a.Secret), []byte(b.Secret)) == 1
}

// pushed is what a browser's worker gets; public/push.js shows it.
type pushed struct {
	Title  string `json:"title"`
	Body   string `json:"body"`
	Tag    string `json:"tag"` // what is newer about the same thing takes the place of what is older
	URL    string `json:"url"`
	Manage string `json:"manage"`
	Stop   string `json:"stop"` // what the button for that is called
	Lang   string `json:"lang"`
	Dir    string `json:"dir"`
	Again  bool   `json:"again"` // also makes itself heard where it takes an older one's place
}

// pushBody is a letter as a browser shows it.
func pushBody(l *letter) []byte {
	n := l.Notice
	p := pushed{Title: l.Heading, Body: l.body(maxPushText), Tag: n.thread(), URL: l.Link, Manage: l.Manage,
		Stop: l.In.Say("Unsubscribe"),
		Lang: string(l.In), Dir: "ltr", Again: n.Kind != IncidentUpdated && n.Kind != MaintenanceUpdated}
	if lang.RightToLeft(p.Lang) {
		p.Dir = "rtl"
	}
	if p.Tag == "" {
		p.Tag = "subscription"
	} else {
		p.Body = strings.TrimSpace(strings.TrimPrefix(l.Step+" · ", " · ") + l.Org.Name + "\n" + p.Body)
	}
	p.Title = clip(p.Title, maxPushText)
	for limit := maxPushText; ; limit /= 2 {
		p.Body = clip(p.Body, limit)
		out, _ := json.Marshal(p) // strings always have a JSON form
		if len(out) <= maxPushed || limit < 8 {
			return out
		}
		p.Title = clip(p.Title, limit)
	}
}

// urgency is how soon a phone in a pocket should hear (RFC 8030 5.3).
func (n *Notice) urgency() webpush.Urgency {
	switch n.Kind {
	case IncidentOpened, IncidentResolved, MaintenanceStarted, Confirm:
		return webpush.UrgencyHigh
	case MaintenanceReminder, MaintenancePlanned, Stranded:
		return webpush.UrgencyLow
	}
	return webpush.UrgencyNormal
}

// pushTopic lets what is newer take the place of what the push service still keeps for a browser that is away
// (RFC 8030 5.4): 32 characters of base64url.
func pushTopic(n *Notice) string {
	if n.thread() == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(n.thread()))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// push sends a letter to a browser, to public addresses only, as any other subscriber's.
func (w *Worker) push(ctx context.Context, to *store.Subscriber, l *letter) error {
	private, public, err := w.db.PushKey(store.Unasked(ctx))
	if err != nil {
		return unread{err}
	}
	p256dh, auth, _ := strings.Cut(to.Secret, ".")
	way := &pushWay{poster: w.post}
	res, err := webpush.SendNotificationWithContext(ctx, pushBody(l),
		&webpush.Subscription{Endpoint: to.Address, Keys: webpush.Keys{P256dh: p256dh, Auth: auth}},
		&webpush.Options{HTTPClient: way, TTL: int(pushTTL.Seconds()), Urgency: l.Notice.urgency(),
			Topic: pushTopic(l.Notice), Subscriber: contact(l.Page), VAPIDPublicKey: public, VAPIDPrivateKey: private})
	if res != nil {
		_ = res.Body.Close()
	}
	if err != nil && !way.tried {
		return final{err} // it could not be encrypted, and never will be
	}
	return err
}

// contact is where a push service finds who sends: the page, or an address that nobody has where that is not on https.
func contact(page string) string {
	if u, err := url.Parse(page); err == nil && u.Scheme == "https" {
		return page
	}
	return "nobody@localhost"
}

// pushWay is the library's client.
type pushWay struct {
	*poster
	tried bool
}

// Do is webpush.HTTPClient's. There is no answer to read: what it means is the error.
func (p *pushWay) Do(req *http.Request) (*http.Response, error) {
	p.tried = true
	return nil, p.exchange(req.Context(), req, store.Push)
}
