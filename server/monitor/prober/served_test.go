package prober

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func seen(t *testing.T, p *Prober, text string) Answer {
	t.Helper()
	m := status.NewMonitor()
	if no := wire.Unmarshal([]byte(text), &m); no != nil {
		t.Fatalf("%s: %v", text, no)
	}
	return p.Look(context.Background(), &m, nil)
}

func local() *Prober { return New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}) }

// TestNamesAreAskedOfARealServer: addresses, other records, a name that is not there, one that leads inside.
func TestNamesAreAskedOfARealServer(t *testing.T) {
	records := map[string]string{"up.example. A": "up.example. 60 IN A 127.0.0.5",
		"up.example. MX":  "up.example. 60 IN MX 10 mail.example.",
		"up.example. TXT": `up.example. 60 IN TXT "v=spf1 -all"`, "inside.example. A": "inside.example. 60 IN A " +
			"10.0.0.1"}
	conn, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(
		func(w dns.ResponseWriter, q *dns.Msg) {
			m := new(dns.Msg).SetReply(q)
			name := q.Question[0].Name
			if record, is := records[name+" "+dns.TypeToString[q.Question[0].Qtype]]; is {
				rr, err := dns.NewRR(record)
				if err == nil {
					m.Answer = append(m.Answer, rr)
				}
			} else if !strings.HasPrefix(name, "up.") {
				m.Rcode = dns.RcodeNameError
			}
			_ = w.WriteMsg(m)
		})}
	done := make(chan error, 1)
	go func() { done <- server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() {
		_ = server.Shutdown()
		<-done
	})
	p := local()
	p.resolver.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}
	for _, x := range []struct{ target, conditions, error string }{
		{"up.example", "", ""},
		{"up.example", `{"on":"dns","op":"contains","value":"127.0.0.5"}`, ""},
		{"up.example", `{"on":"dns","op":"contains","value":"127.0.0.6"}`, "127.0.0.5"},
		{"up.example", `{"on":"dns:mx","op":"contains","value":"mail.example"}`, ""},
		{"up.example", `{"on":"dns:txt","op":"contains","value":"spf1"}`, ""},
		{"none.example", "", "the name none.example. is not known"},
		{"inside.example", "", "not on the public internet"},
	} {
		a := seen(t, p, `{"kind":"dns","target":"`+x.target+`","timeout_ms":5000,"conditions":[`+x.conditions+`]}`)
		if a.OK != (x.error == "") || !strings.Contains(a.Error, x.error) {
			t.Errorf("%s %s: %+v", x.target, x.conditions, a)
		}
	}
}

// TestAServiceSaysHowItIsByGRPC over HTTP/2 without TLS: grpc.health.v1, one answer for each service.
func TestAServiceSaysHowItIsByGRPC(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		service := ""
		if len(raw) > 7 {
			service = string(raw[7:])
		}
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status, Grpc-Message")
		serving := map[string]byte{"": 1, "db": 2}[service]
		if serving == 0 {
			w.Header().Set("Grpc-Status", "5")
			w.Header().Set("Grpc-Message", "unknown service")
			return
		}
		_, _ = w.Write(append(binary.BigEndian.AppendUint32([]byte{0}, 2), 0x08, serving))
		w.Header().Set("Grpc-Status", "0")
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	at := strings.TrimPrefix(server.URL, "http://")
	for body, ok := range map[string]bool{"": true, "db": false, "unknown": false} {
		a := seen(t, local(), `{"kind":"grpc","target":"`+at+`","timeout_ms":5000,"body":"`+body+`"}`)
		if a.OK != ok || !ok && a.Error == "" {
			t.Errorf("%q: %+v", body, a)
		}
	}
}

// TestThisMachineAnswersAPing where anybody may send one.
func TestThisMachineAnswersAPing(t *testing.T) {
	a := seen(t, local(), `{"kind":"icmp","target":"127.0.0.1","timeout_ms":5000}`)
	if strings.Contains(a.Error, "lets nobody ping") {
		t.Skip(a.Error)
	}
	if !a.OK {
		t.Errorf("%+v", a)
	}
}
