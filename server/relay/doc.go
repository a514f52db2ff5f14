package relay

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andybalholm/brotli"

	"statuspage/server/store"
	"statuspage/shared/page"
)

// Page is one organisation's page as this region knows it, at one event. It is replaced, never changed, so that
// whatever is read from it belongs together; documents made of it are kept with it.
type Page struct {
	State page.State
	Epoch string // of the log; another one means that the database was restored
	// the last event that withdrew words, or a later one: what was made to be told again before it is out of date
	Words int64
	// Held is why the page is kept as it was, and HeldSince since when; nil when it follows the log. Its writes are
	// refused.
	Held      *store.Unreadable
	HeldSince time.Time

	left  atomic.Bool  // another one has taken its place, or none
	asked atomic.Int64 // when it was last given without the relay, in ns

	whole     *Page    // that this is a view of; nil is the page itself
	audiences []string // whose view it is

	mu        sync.Mutex
	docs      map[string]*doc
	views     map[string]*Page // by ViewKey
	viewBytes int64            // of the views' documents

	fold   sync.Once
	folded []string
}

// NewPage wraps a state.
func NewPage(s page.State, epoch string) *Page {
	return &Page{State: s, Epoch: epoch, docs: map[string]*doc{}}
}

// Current says that this is what the region knows of the organisation now.
func (p *Page) Current() bool {
	if p.whole != nil {
		return p.whole.Current()
	}
	return !p.left.Load()
}

// Touch notes that somebody was given something of the page, who did not ask the relay for it: a page that is asked for
// is not evicted.
func (p *Page) Touch(now time.Time) {
	if p.whole != nil {
		p.whole.Touch(now)
		return
	}
	p.asked.Store(now.UnixNano())
}

// Folded are what a search for services looks through, in lower case: the name, description and group of each, in the
// order of State.Services. They are made once, since letters that are not ASCII take long.
func (p *Page) Folded() []string {
	p.fold.Do(func() {
		for i := range p.State.Services {
			s := &p.State.Services[i]
			p.folded = append(p.folded, strings.ToLower(s.Name+"\n"+s.Description+"\n"+s.Group))
		}
	})
	return p.folded
}

// Doc is a rendered document with its compressed forms; all are ready to be sent and never changed.
type Doc struct {
	Type   string // media type
	Body   []byte
	Gzip   []byte // nil where it would not pay
	Brotli []byte
	ETag   string // strong, quoted, of Body
	Made   time.Time
}

type doc struct {
	once sync.Once
	doc  *Doc
	err  error
}

// Doc answers with the document of that name, made once for this page and again when it is older than maxAge (what it
// says of "now" changes although the page does not). Callers that come meanwhile wait for the same one.
func (p *Page) Doc(name string, maxAge time.Duration,
	make func() (mediaType string, body []byte, err error)) (*Doc, error) {
	p.mu.Lock()
	d := p.docs[name]
	if d == nil || d.doc != nil && time.Since(d.doc.Made) > maxAge || d.err != nil {
		d = &doc{}
		p.docs[name] = d
	}
	p.mu.Unlock()
	d.once.Do(func() {
		mediaType, body, err := make()
		var made *Doc
		if err == nil {
			made = NewDoc(mediaType, body)
			p.keeps(made)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		d.doc, d.err = made, err
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	return d.doc, d.err
}

// ETag names a body by its content.
func ETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// NewDoc compresses a body and names it by its content.
func NewDoc(mediaType string, body []byte) *Doc {
	d := &Doc{Type: mediaType, Body: body, Made: time.Now(), ETag: ETag(body)}
	if len(body) > 256 && mediaType != "image/png" && mediaType != "image/jpeg" { // those are compressed
		var g, b bytes.Buffer
		gz := gzip.NewWriter(&g)
		_, _ = gz.Write(body) // a bytes.Buffer takes everything
		_ = gz.Close()
		br := brotli.NewWriterLevel(&b, 5)
		_, _ = br.Write(body)
		_ = br.Close()
		d.Gzip, d.Brotli = g.Bytes(), b.Bytes()
	}
	return d
}
