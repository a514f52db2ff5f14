package limit

import (
	"net/netip"
	"strings"
)

// Group is what one client is counted by: an IPv4 address, or the /64 of an IPv6 address, which is the least that a
// provider gives to one customer.
func Group(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if !addr.Is6() {
		return addr
	}
	prefix, _ := addr.Prefix(64)
	return prefix.Addr()
}

// Addresses tells who the client is. No header is believed but Fly-Client-IP, and that only where the platform sets
// it on every request: everywhere else anybody can send it, as anybody can send X-Forwarded-For.
type Addresses struct{ PlatformSetsFlyClientIP bool }

// Of is the client's address: peer is the connection's other end ("192.0.2.1:5000"), header answers a request's header
// by name. An address that cannot be read is the zero one, which all such clients share.
func (a Addresses) Of(peer string, header func(name string) string) netip.Addr {
	if a.PlatformSetsFlyClientIP {
		if addr, err := netip.ParseAddr(strings.TrimSpace(header("Fly-Client-IP"))); err == nil {
			return addr.Unmap()
		}
	}
	if pair, err := netip.ParseAddrPort(peer); err == nil {
		return pair.Addr().Unmap()
	}
	addr, _ := netip.ParseAddr(peer)
	return addr.Unmap()
}
