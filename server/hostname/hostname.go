// Package hostname says whose a host name is: the installation's own, or an organisation's that has proved it.
//
// A name is proved by what only those can do who hold it: a TXT record beside it, or a file on it. Each organisation
// has a text of its own for each name. The same proof decides on the page, in links and, on demand, about a
// certificate.
package hostname

import (
	"crypto/sha256"
	"encoding/base32"
	"net/netip"
	"net/url"
	"strings"
)

// Record is where the TXT record of a name stands.
func Record(name string) string { return "_statuspage." + name }

// FilePath is where the file stands on the name. This program never serves it: a name that leads here already proves
// nothing about who holds it.
const FilePath = "/.well-known/statuspage-proof.txt"

// Text is what an organisation puts into the record or the file of a name. It is no secret: whoever can put it there
// holds the name.
func Text(orgID, name string) string {
	sum := sha256.Sum256([]byte("status page host name\n" + orgID + "\n" + name))
	return "statuspage-proof=" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).
		EncodeToString(sum[:20]))
}

// Own are the names of the installation, which no organisation can have.
type Own map[string]bool

// OwnNames are those of the addresses that this installation has, and of its application on Fly.
func OwnNames(flyApp string, addresses ...string) Own {
	own := Own{}
	for _, a := range addresses {
		if name := Of(a); name != "" {
			own[name] = true
		}
	}
	if flyApp != "" {
		own[plain(flyApp)+".fly.dev"] = true
	}
	return own
}

// Of is the host name of an address, "" where there is none.
func Of(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return plain(u.Hostname())
}

// local are endings that mean another machine to everybody (RFC 6761, RFC 6762, RFC 8375, Fly's private networks).
var local = []string{"localhost", "local", "internal", "flycast", "home.arpa", "onion", "invalid"}

// Has says whether a name is the installation's, or one that nobody can have.
func (o Own) Has(name string) bool {
	name = plain(name)
	if o[name] {
		return true
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	for _, end := range local {
		if name == end || strings.HasSuffix(name, "."+end) {
			return true
		}
	}
	return false
}

// plain is a name in lower case, without the dot of the root.
func plain(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }
