package notify

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// ToPublic connects to addresses on the public internet only, by whatever name: for what strangers chose.
func ToPublic(allowLoopback bool) func(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: 5 * time.Second, Control: control(allowLoopback)}).DialContext
}

// Public refuses every address that is not one host's on the public internet.
func Public(ip netip.Addr) error { return refuse(ip, false) }
