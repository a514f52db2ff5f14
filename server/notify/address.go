package notify

import (
	"errors"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"statuspage/server/store"
	"statuspage/shared/fault"
)

// maxURL is the longest address of a webhook.
const maxURL = 2000

// CheckAddress brings an address into the form it is kept in, and the key by which it is recognised. What is wrong with
// it is the fault of the field it came in.
func CheckAddress(field string, channel store.Channel, address string,
	allowLoopback bool) (kept, key string, err *fault.Error) {
	if channel == store.Email {
		return checkEmail(field, address)
	}
	return checkURL(field, channel, address, allowLoopback)
}

func checkEmail(field, address string) (kept, key string, err *fault.Error) {
	address = strings.TrimSpace(address)
	wrong := fault.OnField(field, "%s must be an e-mail address such as ada@example.com.", field)
	if address == "" || len(address) > 254 || strings.ContainsAny(address, " \t\r\n<>(),;:\"\\[]") ||
		!ascii(address[:max(0, strings.LastIndexByte(address, '@'))]) {
		return "", "", wrong
	}
	parsed, no := mail.ParseAddress(address)
	if no != nil || parsed.Name != "" {
		return "", "", wrong
	}
	local, domain, _ := strings.Cut(parsed.Address, "@")
	domain, no = plainDomain(domain)
	if no != nil || !strings.Contains(domain, ".") || len(local) > 64 {
		return "", "", wrong
	}
	kept = local + "@" + domain
	// No host of today's tells local parts apart by case, and nobody should be told twice.
	return kept, strings.ToLower(kept), nil
}

// plainDomain is a domain in its ASCII form. One that reads otherwise than it was typed is refused: UTS 46 drops what
// nobody sees, such as zero-width characters, and takes wide letters for plain ones.
func plainDomain(typed string) (string, error) {
	plain, err := idna.Lookup.ToASCII(typed)
	if err != nil || ascii(typed) {
		return plain, err
	}
	read, err := idna.Lookup.ToUnicode(plain)
	if err == nil && read != norm.NFC.String(strings.ToLower(typed)) {
		err = errLooksOtherwise
	}
	return plain, err
}

var errLooksOtherwise = errors.New("this domain is not what it looks like")

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// homes are the hosts of services that have a channel of their own.
var homes = map[string]store.Channel{
	"hooks.slack.com": store.Slack, "hooks.slack-gov.com": store.Slack, "discord.com": store.Discord,
	"discordapp.com":     store.Discord,
	"webhook.office.com": store.Teams, "outlook.office.com": store.Teams,
}

func checkURL(field string, channel store.Channel, address string,
	allowLoopback bool) (kept, key string, err *fault.Error) {
	address = strings.TrimSpace(address)
	if len(address) > maxURL {
		return "", "", fault.OnField(field, "%s may have %s characters at most.", field, strconv.Itoa(maxURL))
	}
	u, no := url.Parse(address)
	if no != nil || !ascii(address) || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" &&
		!(allowLoopback && u.Scheme == "http") {
		return "", "", fault.OnField(field, "%s must be an address that begins with https://.", field)
	}
	if u.User != nil {
		return "", "", fault.OnField(field, "%s must not hold a user name or a password.", field)
	}
	if !goodPort(u.Port()) {
		return "", "", fault.OnField(field, "%s must name port 443, 80 or one above 1023.", field)
	}
	if ip, no := netip.ParseAddr(u.Hostname()); no == nil && refuse(ip, allowLoopback) != nil {
		return "", "", fault.OnField(field, "%s must be an address on the public internet.", field)
	}
	host := strings.ToLower(u.Hostname())
	if channel == store.Push && !isPushHost(host, allowLoopback) {
		return "", "", fault.OnField(field, "%s must be the address of a browser's push service.", field)
	}
	for home, its := range homes {
		if its != channel && channel != store.Webhook && (host == home || strings.HasSuffix(host, "."+home)) {
			return "", "", fault.OnField(field, "%s is an address of %s.", field, string(its))
		}
	}
	u.Fragment, u.RawFragment = "", ""
	u.Host = strings.ToLower(u.Host)
	return u.String(), u.String(), nil
}

// goodPort keeps webhooks away from the services of low ports, which speak other protocols.
func goodPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && (n == 80 || n == 443 || n > 1023)
}

var errNotPublic = errors.New("the address is not on the public internet")

// public6 is what is routed on the internet; the rest of it is what must not be reached although it is in there: Teredo
// and other special purposes, documentation, 6to4 (which holds an IPv4 address).
var (
	public6  = netip.MustParsePrefix("2000::/3")
	special6 = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
	special4 = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24",
		"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3")
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// refuse says no to every address that is not one host's on the public internet (IANA's registries of special-purpose
// addresses): private, loopback, link-local with the metadata services, carrier's NAT, multicast, and IPv4 addresses in
// an IPv6 spelling.
func refuse(ip netip.Addr, allowLoopback bool) error {
	if allowLoopback && ip.Unmap().IsLoopback() {
		return nil
	}
	special := special6
	if ip.Is4() {
		special = special4
	} else if ip.Is4In6() || ip.Zone() != "" || !public6.Contains(ip) {
		return errNotPublic
	}
	for _, p := range special {
		if p.Contains(ip) {
			return errNotPublic
		}
	}
	return nil
}

// control refuses a connection when its address is known, after DNS: a name cannot change its mind any more.
func control(allowLoopback bool) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return errNotPublic
		}
		ip, err := netip.ParseAddr(host)
		if err != nil || !strings.HasPrefix(network, "tcp") {
			return errNotPublic
		}
		if !goodPort(port) {
			return errNotPublic
		}
		return refuse(ip, allowLoopback)
	}
}
