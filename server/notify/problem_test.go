package notify

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestAProblemTellsNothingOfOurNetwork(t *testing.T) {
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 25}, Err: err}
	}
	for _, x := range []struct {
		err  error
		want string
	}{
		{&net.DNSError{Err: "no such host", Name: "hooks.example", Server: "10.0.0.2:53", IsNotFound: true}, nowhere},
		{dial(&net.DNSError{Err: "server misbehaving", Name: "hooks.example", Server: "10.0.0.2:53"}), nowhere},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "it refused the connection"},
		{unanswered{network(dial(os.NewSyscallError("read", syscall.ECONNRESET))), true}, "it closed the connection"},
		{fmt.Errorf("reach the mail server: %w", dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH))),
			"it cannot be reached"},
		{dial(context.DeadlineExceeded), "it did not answer in time"},
		{io.ErrUnexpectedEOF, "it closed the connection"},
		{x509.HostnameError{Certificate: &x509.Certificate{}, Host: "internal.example"},
			"its certificate is for another name"},
		{fmt.Errorf("the mail server did not answer to the mail: %w", network(dial(os.ErrDeadlineExceeded))),
			"the mail server did not answer to the mail: it did not answer in time"},
		{refusal(stepError{stepTo, &textproto.Error{Code: 554, Msg: "5.7.1 <unknown[203.0.113.9]>: Client host " +
			"rejected, [2001:db8::7]:52, see https://x.example/?ip=203.0.113.9"}}, "ada@example.com"),
			"the mail server answered 554 5.7.1 : Client host rejected, […]:52, see https://x.example/?ip=… to the " +
				"recipient"},
		{errors.New("it answered 503 version 5.7.1 at 12:30:45"), "it answered 503 version 5.7.1 at 12:30:45"},
		{errors.New("\x1b[31m<html><head><title>502 Bad\u202e Gateway</title></head><body>x</body></html>"),
			"502 Bad Gateway"},
	} {
		got := problem(x.err)
		if got != x.want {
			t.Errorf("%v is %q, not %q", x.err, got, x.want)
		}
		for _, ours := range []string{"10.", "203.0", "2001:", ":53", "lookup", "dial"} {
			if strings.Contains(got, ours) {
				t.Errorf("%q tells %q", got, ours)
			}
		}
	}
}
