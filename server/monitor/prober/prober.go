// Package prober asks what monitors watch: one look at a target, from this process, in its time. It decides nothing.
package prober

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"statuspage/server/notify"
	"statuspage/shared/status"
)

const (
	// maxBody is how much of an answer is looked at, and maxKept how much of a failure's is kept, in bytes.
	maxBody = 1 << 20
	maxKept = 4 << 10
	// maxError is how long the words of a failure are, in characters.
	maxError = 200
	// maxRedirects is how many an answer may have.
	maxRedirects = 5
)

// Answer is what a look found.
type Answer struct {
	OK      bool
	Ms      int64
	Error   string
	Body    string // the beginning of a failure's
	Reached bool   // something answered
}

// found is what conditions are held against.
type found struct {
	status  int
	header  http.Header
	body    []byte
	days    int // until the certificate ends
	secure  bool
	dns     map[string][]string
	took    time.Duration
	reached bool
}

// Prober looks at targets. Any number of goroutines may use it.
type Prober struct {
	networks []netip.Prefix
	beside   []netip.AddrPort
	resolver *net.Resolver
}

// New makes one that goes to public addresses, to these networks, and to some addresses beside them.
func New(networks []netip.Prefix, beside ...netip.AddrPort) *Prober {
	resolver := &net.Resolver{PreferGo: true} // which remembers nothing
	return &Prober{networks: networks, beside: beside, resolver: resolver}
}

// ReadNetworks reads MONITOR_NETWORKS.
func ReadNetworks(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("MONITOR_NETWORKS must be networks such as 10.0.0.0/8, comma-separated, not %q",
				text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

var errPrivate = errors.New("the address is not on the public internet (MONITOR_NETWORKS allows others)")

// allow refuses an address that monitors may not reach.
func (p *Prober) allow(ip netip.Addr) error {
	for _, n := range p.networks {
		if n.Contains(ip.Unmap()) {
			return nil
		}
	}
	if notify.Public(ip) != nil {
		return errPrivate
	}
	return nil
}

// control refuses a connection when its address is known, after DNS and after each redirect.
func (p *Prober) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return errPrivate
	}
	if slices.Contains(p.beside, to) {
		return nil
	}
	return p.allow(to.Addr())
}

func (p *Prober) dialer() *net.Dialer {
	return &net.Dialer{Control: p.control, Resolver: p.resolver, KeepAlive: -1}
}

// Look asks a monitor's target once. headers are in clear. What a target says and what it costs is bounded; the answer
// comes within the monitor's timeout.
func (p *Prober) Look(ctx context.Context, m *status.Monitor, headers map[string]string) Answer {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(m.Timeout)*time.Millisecond)
	defer cancel()
	begun := time.Now()
	var f found
	var err error
	switch m.Kind {
	case status.HTTPMonitor:
		err = p.http(ctx, m, headers, &f)
	case status.TCPMonitor:
		err = p.tcp(ctx, m.Target, &f)
	case status.TLSMonitor:
		err = p.tls(ctx, m.Target, &f)
	case status.DNSMonitor:
		err = p.lookup(ctx, m, &f)
	case status.ICMPMonitor:
		err = p.ping(ctx, m.Target, &f)
	case status.GRPCMonitor:
		err = p.grpc(ctx, m, &f)
	case status.PageMonitor:
		err = p.page(ctx, m, headers, &f)
	default:
		err = errors.New("this kind is not asked")
	}
	if f.took == 0 {
		f.took = time.Since(begun)
	}
	if err == nil {
		err = judge(m, &f)
	}
	a := Answer{OK: err == nil, Ms: max(f.took.Milliseconds(), 0), Reached: f.reached || refusedBy(err)}
	if err != nil {
		said := secretsOf(headers)
		a.Error = status.Tidy(said.without(words(ctx, err, m)), maxError)
		a.Body = status.Tidy(said.beginning(f.body, maxKept), maxKept)
	}
	return a
}

// refusedBy says that a machine was there to refuse.
func refusedBy(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, errPrivate)
}

// words says what went wrong, for people: no path of ours, no secret of theirs.
func words(ctx context.Context, err error, m *status.Monitor) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	text := ""
	switch {
	case errors.Is(err, errPrivate):
		text = errPrivate.Error()
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		text = "no answer within " + strconv.FormatInt(m.Timeout, 10) + " ms"
	case errors.As(err, &dns) && dns.IsNotFound:
		text = "the name " + dns.Name + " is not known"
	case errors.As(err, &dns):
		text = "the name " + dns.Name + " cannot be looked up"
	case errors.As(err, &cert):
		text = "the certificate is not trusted: " + cert.Err.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		text = "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET):
		text = "the connection was reset"
	default:
		var op *net.OpError
		if errors.As(err, &op) && op.Err != nil {
			text = op.Err.Error()
		} else {
			text = err.Error()
		}
	}
	return text
}

func (p *Prober) tcp(ctx context.Context, target string, f *found) error {
	begun := time.Now()
	conn, err := p.dialer().DialContext(ctx, "tcp", target)
	if err != nil {
		return err
	}
	f.took, f.reached = time.Since(begun), true
	return conn.Close()
}

func (p *Prober) tls(ctx context.Context, target string, f *found) error {
	if _, _, err := net.SplitHostPort(target); err != nil {
		target = net.JoinHostPort(strings.Trim(target, "[]"), "443")
	}
	begun := time.Now()
	d := tls.Dialer{NetDialer: p.dialer(), Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(ctx, "tcp", target)
	if err != nil {
		var cert *tls.CertificateVerificationError
		f.reached = errors.As(err, &cert)
		return err
	}
	f.took, f.reached = time.Since(begun), true
	if c, is := conn.(*tls.Conn); is {
		f.certificate(c.ConnectionState())
	}
	return conn.Close()
}

// certificate notes how many days are left.
func (f *found) certificate(s tls.ConnectionState) {
	if len(s.PeerCertificates) > 0 {
		f.secure, f.days = true, int(time.Until(s.PeerCertificates[0].NotAfter)/(24*time.Hour))
	}
}

func (p *Prober) lookup(ctx context.Context, m *status.Monitor, f *found) error {
	begun, name := time.Now(), strings.TrimSuffix(m.Target, ".")+"."
	f.dns = map[string][]string{}
	addresses, err := p.resolver.LookupNetIP(ctx, "ip", name)
	var dns *net.DNSError
	if errors.As(err, &dns) {
		f.reached = dns.IsNotFound
	}
	if err != nil && !asksOther(m) {
		return err
	}
	f.took, f.reached = time.Since(begun), true
	for _, ip := range addresses {
		if err := p.allow(ip.Unmap()); err != nil {
			return err
		}
		f.dns[""] = append(f.dns[""], ip.Unmap().String())
	}
	for i := range m.Conditions {
		if kind, record := m.Conditions[i].Subject(); kind == "dns" && record != "" {
			if f.dns[record], err = p.record(ctx, record, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// asksOther says that a monitor wants other records than addresses.
func asksOther(m *status.Monitor) bool {
	for i := range m.Conditions {
		if kind, record := m.Conditions[i].Subject(); kind == "dns" && record != "" {
			return true
		}
	}
	return false
}

func (p *Prober) record(ctx context.Context, record, name string) (out []string, err error) {
	switch strings.ToLower(record) {
	case "a", "aaaa":
		list, err := p.resolver.LookupNetIP(ctx, map[string]string{"a": "ip4", "aaaa": "ip6"}[strings.ToLower(record)],
			name)
		for _, ip := range list {
			out = append(out, ip.String())
		}
		return out, err
	case "txt":
		return p.resolver.LookupTXT(ctx, name)
	case "cname":
		c, err := p.resolver.LookupCNAME(ctx, name)
		return []string{c}, err
	case "mx":
		list, err := p.resolver.LookupMX(ctx, name)
		for _, x := range list {
			out = append(out, x.Host)
		}
		return out, err
	case "ns":
		list, err := p.resolver.LookupNS(ctx, name)
		for _, x := range list {
			out = append(out, x.Host)
		}
		return out, err
	}
	return nil, fmt.Errorf("dns knows a, aaaa, cname, mx, ns and txt, not %s", record)
}
