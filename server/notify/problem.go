package notify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/textproto"
	"os"
	"regexp"
	"strings"
	"syscall"
	"unicode"
)

// maxProblem is how many characters of a failure are kept.
const maxProblem = 160

var (
	htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	htmlHide  = regexp.MustCompile(`(?is)<(script|style|head)\b.*?(</(script|style|head)>|$)|<!--.*?(-->|$)`)
	htmlTag   = regexp.MustCompile(`(?s)<[/!a-zA-Z][^<>]{0,1000}(>|$)`)
)

// problem is a failure as it is kept and shown to an organisation's members. It tells nothing of our resolver,
// addresses and network: those are in the log alone.
func problem(err error) string {
	var said inWords
	var answer *textproto.Error
	if !errors.As(err, &said) && !errors.As(err, &answer) && ofNetwork(err) {
		err = network(err)
	}
	return clip(placeless(clean(err.Error())), maxProblem)
}

// ofNetwork says that an error is one of a connection.
func ofNetwork(err error) bool {
	var op net.Error
	var number syscall.Errno
	return errors.As(err, &op) || errors.As(err, &number) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || certificate(err) != ""
}

// nowhere is said of every name that leads to no address to which we send: whether our resolver knows it, has no
// answer, or knows it within our network is nobody's to find out.
const nowhere = "its name leads to no address on the public internet"

// network is an error of a connection in words that say nothing of where we are; what it wraps says all.
func network(err error) error {
	var name *net.DNSError
	var late net.Error
	words := "the connection failed"
	switch {
	case certificate(err) != "":
		words = certificate(err)
	case errors.As(err, &name), errors.Is(err, errNotPublic):
		words = nowhere
	case errors.Is(err, syscall.ECONNREFUSED):
		words = "it refused the connection"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		words = "it closed the connection"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		words = "it cannot be reached"
	case errors.As(err, &late) && late.Timeout():
		words = "it did not answer in time"
	}
	return inWords{err, words}
}

// certificate says what is wrong with TLS; "" is nothing.
func certificate(err error) string {
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var other *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &host):
		return "its certificate is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired"
	case errors.As(err, &unknown):
		return "its certificate is of an authority that is not known"
	case errors.As(err, &invalid), errors.As(err, &other):
		return "its certificate is not valid"
	case errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak TLS as it should"
	}
	return ""
}

// technical is an error with all that it says, for the log.
func technical(err error) error {
	var said inWords
	if errors.As(err, &said) {
		return said.error
	}
	return err
}

// place is what may be an address of a machine.
var place = regexp.MustCompile(`[0-9A-Fa-f:.%]*[0-9A-Fa-f][:.][0-9A-Fa-f:.%]*`)

// ourName is what this machine calls itself to others.
var ourName, _ = os.Hostname()

// placeless leaves addresses of machines, and the name of ours, out of what somebody said.
func placeless(s string) string {
	s = place.ReplaceAllStringFunc(s, func(found string) string {
		bare := strings.TrimRight(found, ".:")
		_, no := netip.ParseAddr(bare)
		if _, nor := netip.ParseAddrPort(bare); no != nil && nor != nil {
			return found
		}
		return "…" + found[len(bare):]
	})
	if len(ourName) > 3 {
		s = strings.ReplaceAll(s, ourName, "…")
	}
	return s
}

// clean is what somebody said in one line of plain text: no markup, no control characters, nothing that moves or hides
// other text.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "")
	if strings.Contains(s, "<") {
		if title := htmlTitle.FindStringSubmatch(s); title != nil {
			s = title[1]
		}
		s = htmlTag.ReplaceAllString(htmlHide.ReplaceAllString(s, " "), " ")
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, ansi.ReplaceAllString(s, ""))
	return oneLine(s)
}

// ansi are the sequences by which terminals are coloured.
var ansi = regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]|\x1b\\][^\x07\x1b]*(\x07|\x1b\\\\)")
