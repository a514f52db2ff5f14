package front

import (
	"bytes"
	"hash/maphash"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"statuspage/server/site/serve"
)

// question is all of a request that an answer depends on. Its bytes are the request's.
type question struct {
	host, path, accept []byte
	has                []byte // If-None-Match
	language           []byte // Accept-Language
	flyIP, proto       []byte // Fly-Client-IP, X-Forwarded-Proto
	secure             bool
}

// meaning is what a header is to a public document.
type meaning int

const (
	unusual meaning = iota // only the router knows
	nothing                // no public document depends on it
	host
	accept
	has
	connection
	flyIP
	proto
	language
)

// usual are headers in lower case.
var usual = map[string]meaning{
	"host": host, "accept-encoding": accept, "if-none-match": has, "connection": connection, "fly-client-ip": flyIP,
	"x-forwarded-proto": proto,

	"user-agent": nothing, "accept": nothing, "accept-language": language, "cache-control": nothing, "pragma": nothing,
	"referer": nothing,
	"dnt":     nothing, "sec-gpc": nothing, "priority": nothing, "upgrade-insecure-requests": nothing,
	"origin": nothing, "sec-fetch-site": nothing,
	"sec-fetch-mode": nothing, "sec-fetch-dest": nothing, "sec-fetch-user": nothing, "sec-ch-ua": nothing,
	"sec-ch-ua-mobile":   nothing,
	"sec-ch-ua-platform": nothing, "save-data": nothing, "from": nothing, "via": nothing, "x-forwarded-for": nothing,
	"x-forwarded-port": nothing, "x-forwarded-host": nothing, "x-forwarded-ssl": nothing, "x-request-start": nothing,
	"x-real-ip":   nothing,
	"traceparent": nothing, "tracestate": nothing, "fly-forwarded-port": nothing, "fly-forwarded-proto": nothing,
	"fly-forwarded-ssl": nothing, "fly-region": nothing, "fly-request-id": nothing, "fly-tracestate": nothing,
	"fly-traceparent": nothing,
}

const maxName = 32 // bytes; no usual header has a longer name

// lower is a letter or another character of a header's name (RFC 9110 5.6.2) in lower case; 0 is none.
var lower = func() (table [256]byte) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
		table[c] = c
	}
	for c := byte('A'); c <= 'Z'; c++ {
		table[c] = c + 'a' - 'A'
	}
	return table
}()

// of finds what a header means.
func of(name []byte) meaning {
	var text [maxName]byte
	if len(name) == 0 || len(name) > maxName {
		return unusual
	}
	for i, c := range name {
		if text[i] = lower[c]; text[i] == 0 {
			return unusual
		}
	}
	return usual[string(text[:len(name)])]
}

// take notes a header; false when the router must see it.
func (q *question) take(name, value []byte) bool {
	var to *[]byte
	switch of(name) {
	case nothing:
		return true
	case connection:
		return bytes.EqualFold(value, []byte("keep-alive"))
	case host:
		to = &q.host
	case accept:
		to = &q.accept
	case has:
		to = &q.has
	case language:
		to = &q.language
	case flyIP:
		to = &q.flyIP
	case proto:
		to = &q.proto
	default:
		return false
	}
	if *to != nil || len(value) > maxHost {
		return false
	}
	if *to = value; value == nil {
		*to = []byte{}
	}
	return true
}

// begins says whether a path may be one of a document that is kept: no query, no fragment, nothing but printable ASCII.
func begins(path []byte) bool {
	if len(path) == 0 || path[0] != '/' || len(path) > maxPath {
		return false
	}
	for _, c := range path {
		if c <= ' ' || c >= 0x7f || c == '?' || c == '#' {
			return false
		}
	}
	return true
}

// read takes a request apart that the server has read; not usual is one whose answer is not kept.
func (f *Front) read(ctx *fasthttp.RequestCtx) (q question, is bool) {
	h := &ctx.Request.Header
	if !h.IsGet() || !h.IsHTTP11() || h.ConnectionUpgrade() || !begins(h.RequestURI()) {
		return q, false
	}
	for name, value := range h.All() {
		if !q.take(name, value) {
			return q, false
		}
	}
	q.path = h.RequestURI()
	q.secure = f.Secure(ctx.IsTLS(), q.proto)
	return q, q.host != nil
}

const method, version = "GET ", " HTTP/1.1\r"

// parse takes a request apart that in begins with, and gives its length; 0 is one that the server must read, or that is
// not whole. It is stricter than RFC 9112: what it takes, every reader takes in the same way.
func (q *question) parse(in []byte) int {
	end := bytes.IndexByte(in, '\n')
	if end < len(method)+len(version) || string(in[:len(method)]) != method ||
		string(in[end-len(version):end]) != version {
		return 0
	}
	if q.path = in[len(method) : end-len(version)]; !begins(q.path) {
		return 0
	}
	for at := end + 1; ; {
		end = bytes.IndexByte(in[at:], '\n')
		if end < 1 || in[at+end-1] != '\r' {
			return 0
		}
		line := in[at : at+end-1]
		at += end + 1
		if len(line) == 0 {
			if q.host == nil {
				return 0
			}
			return at
		}
		if !q.line(line) {
			return 0
		}
	}
}

// line takes one header.
func (q *question) line(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 {
		return false
	}
	value := line[colon+1:]
	for _, c := range value {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return q.take(line[:colon], bytes.Trim(value, " "))
}

func (q *question) hash(seed maphash.Seed) uint64 {
	h := maphash.Bytes(seed, q.path)*3 + maphash.Bytes(seed, q.host)
	h = h*5 + maphash.Bytes(seed, q.accept)
	h = h*7 + maphash.Bytes(seed, q.language)
	if q.secure {
		h++
	}
	return h
}

// keep makes an answer of what the router gave, where it was marked.
func (q *question) keep(ctx *fasthttp.RequestCtx) *answer {
	k, marked := serve.KeptOf(ctx)
	res := &ctx.Response
	if !marked || res.StatusCode() != fasthttp.StatusOK || res.IsBodyStream() || !k.Page.Current() ||
		!time.Now().Before(k.Until) {
		return nil
	}
	a := &answer{host: slices.Clone(q.host), path: slices.Clone(q.path), accept: slices.Clone(q.accept),
		language: slices.Clone(q.language), secure: q.secure,
		page: k.Page, until: k.Until, etag: string(res.Header.Peek("ETag")), body: res.Body()}
	var found, known bool
	a.found, found = newBlock(&res.Header, fasthttp.StatusOK, a.body)
	a.known, known = newBlock(&res.Header, fasthttp.StatusNotModified, nil)
	if !found || !known {
		return nil
	}
	return a
}
