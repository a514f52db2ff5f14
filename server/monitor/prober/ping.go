package prober

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// ping sends one echo request by the socket that needs no right of root (net.ipv4.ping_group_range).
func (p *Prober) ping(ctx context.Context, target string, f *found) error {
	list, err := p.resolver.LookupNetIP(ctx, "ip", target)
	if err != nil {
		return err
	}
	ip := list[0].Unmap()
	if err := p.allow(ip); err != nil {
		return err
	}
	network, local, protocol := "udp4", "0.0.0.0", 1
	var kind icmp.Type = ipv4.ICMPTypeEcho
	if ip.Is6() {
		network, local, protocol, kind = "udp6", "::", 58, ipv6.ICMPTypeEchoRequest
	}
	conn, err := icmp.ListenPacket(network, local)
	if err != nil {
		return errors.New("this machine lets nobody ping (net.ipv4.ping_group_range)")
	}
	defer func() { _ = conn.Close() }()
	if until, is := ctx.Deadline(); is {
		if err := conn.SetDeadline(until); err != nil {
			return err
		}
	}
	message := icmp.Message{Type: kind, Body: &icmp.Echo{ID: os.Getpid() & 0xffff, Seq: 1, Data: []byte("status page")}}
	packet, err := message.Marshal(nil)
	if err != nil {
		return err
	}
	begun := time.Now()
	if _, err := conn.WriteTo(packet, &net.UDPAddr{IP: ip.AsSlice()}); err != nil {
		return err
	}
	var answer [1500]byte
	for {
		n, _, err := conn.ReadFrom(answer[:])
		if err != nil {
			return errors.Join(context.DeadlineExceeded, err)
		}
		got, err := icmp.ParseMessage(protocol, answer[:n])
		if err == nil && (got.Type == ipv4.ICMPTypeEchoReply || got.Type == ipv6.ICMPTypeEchoReply) {
			f.took, f.reached = time.Since(begun), true
			return nil
		}
	}
}
