// Package serve answers requests with documents that are ready: the form that the client takes, or the word that it has
// it.
package serve

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
)

// Revalidate lets anybody keep a document and makes everybody ask whether it still holds.
const Revalidate = "public, max-age=0, must-revalidate"

// Doc answers GET and HEAD with a document: brotli, gzip or as it is, with a strong ETag for each form, or 304 when
// If-None-Match names any of them (RFC 9110 8.8.3 and 12.5.3). A Cache-Control that was set before stays.
func Doc(c *fiber.Ctx, d *relay.Doc) error {
	body, coding := choose(d, c.Get(fiber.HeaderAcceptEncoding))
	h := &c.Response().Header
	c.Vary(fiber.HeaderAcceptEncoding)
	h.Set(fiber.HeaderETag, tag(d.ETag, coding))
	if len(h.Peek(fiber.HeaderCacheControl)) == 0 {
		h.Set(fiber.HeaderCacheControl, Revalidate)
	}
	if Knows(c.Get(fiber.HeaderIfNoneMatch), d.ETag) {
		c.Status(fiber.StatusNotModified)
		return nil
	}
	h.SetContentType(d.Type)
	if coding != "" {
		h.Set(fiber.HeaderContentEncoding, coding)
	}
	c.Response().SetBodyRaw(body) // a document is never changed
	return nil
}

func choose(d *relay.Doc, accept string) (body []byte, coding string) {
	switch br, gz := quality(accept, "br"), quality(accept, "gzip"); {
	case d.Brotli != nil && br > 0 && br >= gz:
		return d.Brotli, "br"
	case d.Gzip != nil && gz > 0:
		return d.Gzip, "gzip"
	}
	return d.Body, ""
}

// tag names one form of a document: `"x"` as it is, `"x-br"` in brotli.
func tag(etag, coding string) string {
	if coding == "" {
		return etag
	}
	return strings.TrimSuffix(etag, `"`) + "-" + coding + `"`
}

// Knows compares weakly, as RFC 9110 asks of If-None-Match, and across forms: whoever has one has the document.
func Knows(ifNoneMatch, etag string) bool {
	for ifNoneMatch != "" {
		var one string
		one, ifNoneMatch, _ = strings.Cut(ifNoneMatch, ",")
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || one == etag || one == tag(etag, "br") || one == tag(etag, "gzip") {
			return true
		}
	}
	return false
}

// quality is the weight, in thousandths, that an Accept-Encoding gives a coding; 0 refuses it.
func quality(accept, coding string) int {
	any := 0
	for accept != "" {
		var one string
		one, accept, _ = strings.Cut(accept, ",")
		name, params, _ := strings.Cut(one, ";")
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, coding):
			return weight(params)
		case name == "*":
			any = weight(params)
		}
	}
	return any
}

// weight reads `q=0.5`; without one it is 1, and what cannot be read is 0.
func weight(params string) int {
	for params != "" {
		var one string
		one, params, _ = strings.Cut(params, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(one), "=")
		if strings.EqualFold(name, "q") {
			return thousandths(value)
		}
	}
	return 1000
}

func thousandths(s string) int {
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "1" {
		return 1000
	}
	if whole != "0" || len(frac) > 3 {
		return 0
	}
	n := 0
	for _, c := range (frac + "000")[:3] {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
