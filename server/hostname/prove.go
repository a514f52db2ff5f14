package hostname

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// deadline is for a whole look at a name, over DNS and both schemes.
const deadline = 6 * time.Second

// longest is how much of a file is read, in bytes.
const longest = 4 << 10

// Resolver finds TXT records; *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Prover looks for proofs.
type Prover struct {
	Resolver Resolver
	// Client asks for the file. It must reach public addresses only, and follow nothing.
	Client *http.Client
}

// Verdict is what a look at a name found.
type Verdict string

const (
	Proved  Verdict = "proved"
	Missing Verdict = "missing" // both were looked at, and the text is in neither
	Unknown Verdict = "unknown" // DNS did not answer, so that nobody can tell
)

// New makes one that asks the system's resolver and connects by dialer.
func New(dial func(ctx context.Context, network, address string) (net.Conn, error)) *Prover {
	return &Prover{Resolver: net.DefaultResolver, Client: &http.Client{
		Timeout: deadline,
		Transport: &http.Transport{DialContext: dial, TLSHandshakeTimeout: 3 * time.Second, DisableKeepAlives: true,
			MaxResponseHeaderBytes: 16 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Look finds out whether a name holds a text. What went wrong on the way is not told: it is about our resolver and
// network.
func (p *Prover) Look(ctx context.Context, name, text string) Verdict {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	dns := p.record(ctx, name, text)
	if dns == Proved || p.file(ctx, "https://"+name, text) || p.file(ctx, "http://"+name, text) {
		return Proved
	}
	return dns
}

func (p *Prover) record(ctx context.Context, name, text string) Verdict {
	ctx, cancel := context.WithTimeout(ctx, deadline/2)
	defer cancel()
	// The dot keeps the machine's search domains out of it.
	found, err := p.Resolver.LookupTXT(ctx, Record(name)+".")
	var no *net.DNSError
	if err != nil && !(errors.As(err, &no) && no.IsNotFound) {
		return Unknown
	}
	for _, one := range found {
		if strings.TrimSpace(one) == text {
			return Proved
		}
	}
	return Missing
}

// file looks for a line that is the text.
func (p *Prover) file(ctx context.Context, origin, text string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+FilePath, nil)
	if err != nil {
		return false
	}
	req.Header.Set("User-Agent", "StatusPage/1")
	res, err := p.Client.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return false
	}
	lines := bufio.NewScanner(io.LimitReader(res.Body, longest))
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == text {
			return true
		}
	}
	return false
}
