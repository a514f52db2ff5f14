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

func local() *Prober { return New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}) }

// resolving gives a prober a name server of its own, which answers with records as zone files have them, and a code.
func resolving(t *testing.T, p *Prober, answer func(dns.Question) (records []string, code int)) {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(
		func(w dns.ResponseWriter, q *dns.Msg) {
			m := new(dns.Msg).SetReply(q)
			var records []string
			records, m.Rcode = answer(q.Question[0])
			for _, record := range records {
				if rr, err := dns.NewRR(record); err == nil {
					m.Answer = append(m.Answer, rr)
				}
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
	p.resolver.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}
}

// TestNamesAreAskedOfARealServer: addresses, other records, a name that is not there, one that leads inside.
func TestNamesAreAskedOfARealServer(t *testing.T) {
	records := map[string]string{"up.example. A": "up.example. 60 IN A 127.0.0.5",
		"up.example. MX":  "up.example. 60 IN MX 10 mail.example.",
		"up.example. TXT": `up.example. 60 IN TXT "v=spf1 -all"`, "inside.example. A": "inside.example. 60 IN A " +
			"10.0.0.1"}
	p := local()
	resolving(t, p, func(q dns.Question) ([]string, int) {
		if record, is := records[q.Name+" "+dns.TypeToString[q.Qtype]]; is {
			return []string{record}, dns.RcodeSuccess
		}
		if strings.HasPrefix(q.Name, "up.") {
			return nil, dns.RcodeSuccess
		}
		return nil, dns.RcodeNameError
	})
	for _, x := range []struct{ target, conditions, error string }{
		{"up.example", "", ""},
		{"up.example", `{"on":"dns","op":"contains","value":"127.0.0.5"}`, ""},
		{"up.example", `{"on":"dns","op":"contains","value":"127.0.0.6"}`, "127.0.0.5"},
		{"up.example", `{"on":"dns:mx","op":"contains","value":"mail.example"}`, ""},
		{"up.example", `{"on":"dns:txt","op":"contains","value":"spf1"}`, ""},
		{"none.example", "", "the name none.example. is not known"},
		{"inside.example", "", "not on the public internet"},
	} {
		a := looking(t, p, target("dns", x.target, `,"conditions":[`+x.conditions+`]`), nil)
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
		a := looking(t, local(), target("grpc", at, `,"body":"`+body+`"`), nil)
		if a.OK != ok || !ok && a.Error == "" {
			t.Errorf("%q: %+v", body, a)
		}
	}
}

// TestThisMachineAnswersAPing where anybody may send one.
func TestThisMachineAnswersAPing(t *testing.T) {
	a := looking(t, local(), target("icmp", "127.0.0.1", ""), nil)
	if strings.Contains(a.Error, "lets nobody ping") {
		t.Skip(a.Error)
	}
	if !a.OK {
		t.Errorf("%+v", a)
	}
}

// TestANameThatChangesItsAddressIsRefusedWhenItIsReached: DNS rebinding. What is looked up is what is connected to.
func TestANameThatChangesItsAddressIsRefusedWhenItIsReached(t *testing.T) {
	answers := make(chan string, 16)
	asked := make(chan string, 8)
	inside, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	web := &httptest.Server{Listener: inside, Config: &http.Server{Handler: http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) {
			asked <- r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()
		})}}
	web.Start()
	t.Cleanup(web.Close)
	// 127.0.0.1 stands for the public internet here, and 127.0.0.2 for what is private.
	p := New([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")})
	resolving(t, p, func(q dns.Question) (records []string, code int) {
		if q.Qtype == dns.TypeA {
			for _, address := range strings.Fields(<-answers) {
				records = append(records, q.Name+" 0 IN A "+address)
			}
		}
		return records, dns.RcodeSuccess
	})
	_, port, _ := net.SplitHostPort(inside.Addr().String())
	for kind, at := range map[string]string{"http": "http://rebind.example.:", "tcp": "rebind.example.:"} {
		for _, x := range []struct {
			addresses string
			ok        bool
		}{{"127.0.0.1", true}, {"127.0.0.2", false}, {"127.0.0.2 127.0.0.2", false}} {
			answers <- x.addresses
			a := looking(t, p, target(kind, at+port, ""), nil)
			if a.OK != x.ok || !x.ok && !strings.Contains(a.Error, "not on the public internet") {
				t.Errorf("%s %s: %+v", kind, x.addresses, a)
			}
		}
	}
	for len(asked) > 0 {
		if at := <-asked; !strings.HasPrefix(at, "127.0.0.1:") {
			t.Errorf("%s was asked", at)
		}
	}
}

// TestAddressesThatArePrivateInAnyNotationAreRefused: also where IPv6 holds an IPv4 address.
func TestAddressesThatArePrivateInAnyNotationAreRefused(t *testing.T) {
	p := New(nil)
	for _, address := range []string{"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
		"0.1.2.3", "100.64.0.1", "255.255.255.255", "224.0.0.1", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254",
		"ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1",
		"2002:7f00:1::1", "2001::1", "::127.0.0.1"} {
		if p.allow(netip.MustParseAddr(address)) == nil {
			t.Errorf("%s is allowed", address)
		}
	}
	for _, address := range []string{"93.184.215.14", "2606:4700::1111"} {
		if err := p.allow(netip.MustParseAddr(address)); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	one := New([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	for address, ok := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "11.0.0.1": true,
		"192.168.0.1":    false,
		"64:ff9b::a00:1": false, "169.254.169.254": false} {
		if err := one.allow(netip.MustParseAddr(address)); (err == nil) != ok {
			t.Errorf("with 10.0.0.0/8, %s: %v", address, err)
		}
	}
}

// TestEachConditionHoldsOrSaysWhatItFound: every subject, with operators that hold and that do not.
func TestEachConditionHoldsOrSaysWhatItFound(t *testing.T) {
	f := &found{status: 200, header: http.Header{"Server": {"nginx"}}, body: []byte(`{"a":[{"b":"x"}],"n":7}`), days: 20,
		secure: true, dns: map[string][]string{"": {"192.0.2.1"}, "mx": {"mail.example."}}, took: 150e6}
	tried := map[string]int{}
	for _, x := range []struct {
		on, op, value string
		ok            bool
	}{
		{"status", "eq", "200", true}, {"status", "ge", "300", false}, {"status", "matches", `"^2"`, true},
		{"time", "lt", "200", true}, {"time", "le", "100", false},
		{"body", "contains", `"x"`, true}, {"body", "not_contains", `"x"`, false}, {"body", "matches", `"n.:[0-9]"`, true},
		{"json:/a/0/b", "eq", `"x"`, true}, {"json:$.a[0].b", "ne", `"x"`, false}, {"json:/n", "gt", "6", true},
		{"json:/none", "absent", "", true}, {"json:/none", "exists", "", false},
		{"header:Server", "eq", `"nginx"`, true}, {"header:X-None", "exists", "", false},
		{"certificate", "gt", "14", true}, {"certificate", "gt", "30", false},
		{"dns", "contains", `"192.0.2.1"`, true}, {"dns:mx", "contains", `"other"`, false},
	} {
		m := status.NewMonitor()
		value := ""
		if x.value != "" {
			value = `,"value":` + x.value
		}
		text := `{"name":"x","conditions":[{"on":"` + x.on + `","op":"` + x.op + `"` + value + `}]}`
		if no := wire.Unmarshal([]byte(text), &m); no != nil {
			t.Fatalf("%s: %v", text, no)
		}
		kind, _ := m.Conditions[0].Subject()
		tried[kind]++
		if err := hold(&m.Conditions[0], f); (err == nil) != x.ok {
			t.Errorf("%s: %v", text, err)
		}
	}
	if len(tried) != 7 {
		t.Errorf("tried are %v", tried)
	}
}
