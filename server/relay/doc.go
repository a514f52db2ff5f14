package relay

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"

	"github.com/andybalholm/brotli"

	"statuspage/shared/page"
)

// Page is one organisation's page as this region knows it, at one event. It is replaced, never changed, so that whatever is
// read from it belongs together; documents made of it are kept with it.
type Page struct {
	State page.State
	Epoch string // of the log; another one means that the database was restored

	mu   sync.Mutex
	docs map[string]*doc
}

// NewPage wraps a state.
func NewPage(s page.State, epoch string) *Page {
	return &Page{State: s, Epoch: epoch, docs: map[string]*doc{}}
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

// Doc answers with the document of that name, made once for this page and again when it is older than maxAge (what it says of
// "now" changes although the page does not). Callers that come meanwhile wait for the same one.
func (p *Page) Doc(name string, maxAge time.Duration, make func() (mediaType string, body []byte, err error)) (*Doc, error) {
	p.mu.Lock()
	d := p.docs[name]
	if d == nil || d.doc != nil && time.Since(d.doc.Made) > maxAge || d.err != nil {
		d = &doc{}
		p.docs[name] = d
	}
	p.mu.Unlock()
	d.once.Do(func() {
		mediaType, body, err := make()
		p.mu.Lock()
		defer p.mu.Unlock()
		if d.err = err; err == nil {
			d.doc = NewDoc(mediaType, body)
		}
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
	if len(body) > 256 {
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
