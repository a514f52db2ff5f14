// Package acme is a certificate authority for tests: Pebble, which Let's Encrypt tests its clients with, in this
// process, and a name server for which every name is this machine.
package acme

import (
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// Authority is one that runs until the test ends.
type Authority struct {
	Directory string         // its address
	Roots     *x509.CertPool // of its certificates
	Own       *x509.CertPool // of its own address
	server    *httptest.Server
}

// Start runs an authority that looks for challenges on these ports of this machine.
func Start(t testing.TB, httpPort, tlsPort int) *Authority {
	t.Helper()
	return StartFor(t, 90*24*time.Hour, httpPort, tlsPort)
}

// StartFor is Start for certificates that are valid for a time of at least a second.
func StartFor(t testing.TB, valid time.Duration, httpPort, tlsPort int) *Authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	quiet := log.New(io.Discard, "", 0)
	kept := db.NewMemoryStore()
	issuer := ca.New(quiet, kept, "", "ecdsa", 0, 1,
		map[string]ca.Profile{"default": {Description: "any", ValidityPeriod: uint64(valid.Seconds())}})
	looks := va.New(quiet, httpPort, tlsPort, true, names(t), kept)
	front := wfe.New(quiet, kept, looks, issuer, []string{"authority.test"}, true, false, 1, 1)
	a := &Authority{Roots: x509.NewCertPool()}
	a.Roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM())
	mux := http.NewServeMux()
	mux.Handle("/", front.Handler())
	a.server = httptest.NewTLSServer(mux)
	t.Cleanup(a.Stop)
	a.Own = x509.NewCertPool()
	a.Own.AddCert(a.server.Certificate())
	a.Directory = a.server.URL + wfe.DirectoryPath
	return a
}

// Stop ends the authority: who asks it for something has no answer.
func (a *Authority) Stop() { a.server.Close() }

// names answers over TCP, as Pebble asks, and says where.
func names(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{Listener: ln, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		m := new(dns.Msg).SetReply(asked)
		for _, q := range asked.Question {
			if q.Qtype == dns.TypeA {
				m.Answer = append(m.Answer, &dns.A{A: net.IPv4(127, 0, 0, 1),
					Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}})
			}
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return ln.Addr().String()
}
