package limit

import (
	"net/netip"
	"testing"
)

func TestTheClientIsThePeerUnlessThePlatformSaysOtherwise(t *testing.T) {
	for _, c := range []struct {
		name, peer, fly string
		platform        bool
		want            string
	}{
		{"the peer", "192.0.2.1:5000", "", false, "192.0.2.1"},
		{"a header that anybody can send", "192.0.2.1:5000", "203.0.113.9", false, "192.0.2.1"},
		{"the platform's header", "172.16.0.1:5000", "203.0.113.9", true, "203.0.113.9"},
		{"the platform's header, IPv6", "172.16.0.1:5000", "2001:db8::1", true, "2001:db8::1"},
		{"no header where the platform sets it", "172.16.0.1:5000", "", true, "172.16.0.1"},
		{"a list, which the platform never sends", "172.16.0.1:5000", "203.0.113.9, 203.0.113.8", true, "172.16.0.1"},
		{"IPv6 peer", "[2001:db8::7]:443", "", false, "2001:db8::7"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:5000", "", false, "192.0.2.1"},
		{"a peer without a port", "192.0.2.1", "", false, "192.0.2.1"},
		{"no address at all", "@", "", false, "invalid IP"},
	} {
		header := func(name string) string {
			return map[string]string{"Fly-Client-IP": c.fly, "X-Forwarded-For": "198.51.100.1",
				"X-Real-IP": "198.51.100.1"}[name]
		}
		if got := (Addresses{c.platform}).Of(c.peer, header).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAddressesAreGroupedByCustomer(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::",
		"fe80::1%eth0": "fe80::", "::1": "::",
	} {
		if got := Group(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	Group(netip.Addr{}) // the unreadable one has a group too
	NewCounter().AcquireAddr(netip.Addr{}, 1)
}
