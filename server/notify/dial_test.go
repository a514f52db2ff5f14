package notify

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/notify/notifytest"
	"statuspage/server/store"
)

// ownCertificate is what a server makes of itself at its installation, and the file with it.
func ownCertificate(t *testing.T, names ...string) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			x.IPAddresses = append(x.IPAddresses, ip)
		} else {
			x.DNSNames = append(x.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, x, x, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		MinVersion: tls.VersionTLS12}, file
}

func anEnvelope(t *testing.T) *envelope {
	return &envelope{letter: write(notices(t)[IncidentOpened], acme, reader(store.Email), ""), To: "ada@example.com",
		ID: uuid.NewString()}
}

// sent sends one mail and says what came of it.
func sent(t *testing.T, address string) (dialogue, error) {
	t.Helper()
	m, err := newMailer(address)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	s := m.sender()
	defer s.close()
	err = s.send(context.Background(), anEnvelope(t))
	return s.(*connection).dialogue, err
}

func TestAnOrdinaryLocalServerTakesMail(t *testing.T) {
	own, file := ownCertificate(t, "127.0.0.1", "localhost")
	other, otherFile := ownCertificate(t, "mail.elsewhere.test")
	for name, x := range map[string]struct {
		setup   notifytest.Setup
		query   string // %s is the file
		scheme  string
		user    string
		refused string // "" is sent
		over    bool
		by      string
	}{
		"its own certificate":                  {setup: notifytest.Setup{TLS: own}, over: true},
		"its own certificate, of another name": {setup: notifytest.Setup{TLS: other}, over: true},
		"none at all":                          {},
		"tls=off":                              {setup: notifytest.Setup{TLS: own}, query: "&tls=off"},
		"tls=opportunistic": {setup: notifytest.Setup{TLS: own}, query: "&tls=opportunistic",
			over: true},
		"tls=opportunistic without TLS": {query: "&tls=opportunistic"},
		"tls=required, unknown issuer": {setup: notifytest.Setup{TLS: own}, query: "&tls=required",
			refused: "the mail server’s certificate is not trusted"},
		"tls=required without TLS": {query: "&tls=required", refused: "the mail server offers no TLS"},
		"tls=required and ca=": {setup: notifytest.Setup{TLS: own}, query: "&tls=required&ca=" + file,
			over: true},
		"ca= alone asks for TLS": {query: "&ca=" + file, refused: "the mail server offers no TLS"},
		"ca= alone":              {setup: notifytest.Setup{TLS: own}, query: "&ca=" + file, over: true},
		"ca= of another": {setup: notifytest.Setup{TLS: own}, query: "&ca=" + otherFile,
			refused: "the mail server’s certificate is not trusted"},
		"ca= and another name": {setup: notifytest.Setup{TLS: other}, query: "&ca=" + otherFile,
			refused: "the mail server’s certificate is for another name"},
		"opportunistic with ca= is checked": {setup: notifytest.Setup{TLS: own}, query: "&tls=opportunistic&ca=" +
			otherFile, refused: "the mail server’s certificate is not trusted"},
		"smtps": {setup: notifytest.Setup{TLS: own, Implicit: true}, scheme: "smtps", over: true},
		"smtps required": {setup: notifytest.Setup{TLS: own, Implicit: true}, scheme: "smtps",
			query: "&tls=required", refused: "the mail server’s certificate is not trusted"},
		"smtps and ca=": {setup: notifytest.Setup{TLS: own, Implicit: true}, scheme: "smtps",
			query: "&ca=" + file, over: true},
		"LOGIN alone, over TLS": {setup: notifytest.Setup{TLS: own, Auth: []string{"LOGIN"}, Secure: true},
			user: "ada:sesame@", over: true, by: "LOGIN"},
		"LOGIN alone, without TLS": {setup: notifytest.Setup{Auth: []string{"LOGIN"}}, user: "ada:sesame@",
			by: "LOGIN"},
		"PLAIN alone": {setup: notifytest.Setup{Auth: []string{"PLAIN"}}, user: "ada:sesame@",
			by: "PLAIN"},
		"CRAM-MD5 alone": {setup: notifytest.Setup{Auth: []string{"CRAM-MD5"}}, user: "ada:sesame@",
			by: "CRAM-MD5"},
		"XOAUTH2 alone": {setup: notifytest.Setup{Auth: []string{"XOAUTH2"}}, user: "ada:sesame@",
			by: "XOAUTH2"},
		"all, the best": {setup: notifytest.Setup{Auth: []string{"LOGIN", "XOAUTH2", "PLAIN", "CRAM-MD5"}},
			user: "ada:sesame@", by: "CRAM-MD5"},
		"a password before a token": {setup: notifytest.Setup{Auth: []string{"XOAUTH2", "LOGIN"}}, user: "ada:sesame@",
			by: "LOGIN"},
		"auth=xoauth2": {setup: notifytest.Setup{Auth: []string{"LOGIN", "XOAUTH2"}}, user: "ada:sesame@",
			query: "&auth=xoauth2", by: "XOAUTH2"},
		"auth=login": {setup: notifytest.Setup{Auth: []string{"CRAM-MD5", "LOGIN"}}, user: "ada:sesame@",
			query: "&auth=login", by: "LOGIN"},
		"an unknown mechanism": {setup: notifytest.Setup{Auth: []string{"KERBEROS_V4"}}, user: "ada:sesame@",
			refused: "the mail server signs in by KERBEROS_V4, not by any that we know"},
		"no sign-in": {user: "ada:sesame@", refused: "the mail server takes no sign-in"},
		"a wrong password": {setup: notifytest.Setup{Auth: []string{"LOGIN"}}, user: "ada:wrong@",
			refused: "the mail server answered 535 5.7.8 Username and Password not accepted to the sign-in"},
		"a wrong token": {setup: notifytest.Setup{Auth: []string{"XOAUTH2"}}, user: "ada:wrong@", refused: "535 5.7.8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := notifytest.StartMailWith(t, x.setup)
			if x.scheme == "" {
				x.scheme = "smtp"
			}
			d, err := sent(t, x.scheme+"://"+x.user+server.Addr+"?from=status@example.com"+x.query)
			if x.refused != "" {
				if err == nil || !strings.Contains(err.Error(), x.refused) ||
					strings.Contains(err.Error(), "127.0.0.1") || len(server.Got()) > 0 {
					t.Errorf("%v, %d letters", err, len(server.Got()))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := server.Got()
			if len(got) != 1 || got[0].Encrypted != x.over || strings.Join(server.Signed(), ",") != x.by ||
				d.SignedIn != x.by {
				t.Errorf("%d letters, encrypted %t, signed in by %v, %+v", len(got), got[0].Encrypted,
					server.Signed(), d)
			}
			if strings.HasPrefix(d.Encryption, "TLS 1.") != x.over {
				t.Errorf("it says: %+v", d)
			}
		})
	}
}

// A server whose TLS is broken is no worse than one without, where TLS is taken only when it is to be had.
func TestBrokenTLSIsGoneWithoutOnlyWhereAnyCertificateIsTaken(t *testing.T) {
	broken := &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return nil,
			fmt.Errorf("broken")
	}}
	server := notifytest.StartMailWith(t, notifytest.Setup{TLS: broken})
	if d, err := sent(t, server.URL()); err != nil || d.Encryption != "no TLS" {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := sent(t, server.URL()+"&tls=required"); err == nil || len(server.Got()) != 1 {
		t.Errorf("required: %v, %d letters", err, len(server.Got()))
	}
}

func TestWhereAServerIsDecidesWhatItIsTrustedWith(t *testing.T) {
	const lan, world = "192.168.1.9", "203.0.113.7"
	for address, want := range map[string]map[string]string{
		"smtp://u:p@127.0.0.1":                           {"127.0.0.1": "any clear"},
		"smtp://u:p@[::1]":                               {"::1": "any clear"},
		"smtp://u:p@[fd00::9]":                           {"fd00::9": "any clear"},
		"smtp://u:p@[::ffff:10.0.0.9]":                   {"10.0.0.9": "any clear"},
		"smtp://u:p@100.100.0.9":                         {"100.100.0.9": "any clear"},
		"smtp://u:p@192.168.1.9":                         {lan: "any clear"},
		"smtp://u:p@mail":                                {lan: "any clear", world: "checked required"},
		"smtp://u:p@mail.internal":                       {lan: "any clear", world: "checked required"},
		"smtp://u:p@LOCALHOST.":                          {"127.0.0.1": "any clear"},
		"smtp://u:p@mail.example.com":                    {lan: "checked required", world: "checked required"},
		"smtp://mail.example.com":                        {lan: "checked", world: "checked"},
		"smtp://u:p@203.0.113.7":                         {world: "checked required"},
		"smtp://u:p@mail.example.com?tls=opportunistic":  {lan: "any clear", world: "any"},
		"smtp://u:p@mail.example.com?tls=off":            {lan: "checked clear off", world: "checked off"},
		"smtp://u:p@mail?tls=required":                   {lan: "checked required"},
		"smtps://u:p@mail":                               {lan: "any required clear", world: "checked required"},
		"smtps://u:p@mail.example.com":                   {lan: "checked required", world: "checked required"},
		"smtps://u:p@mail.example.com?tls=opportunistic": {world: "any required"},
		"smtp://u:p@10.0.0.9.example.com":                {lan: "checked required"},
		"smtp://u:p@localhost.example.com":               {"127.0.0.1": "checked required"},
	} {
		sep := "?"
		if strings.Contains(address, "?") {
			sep = "&"
		}
		r, err := readRelay(address + sep + "from=a@b.example")
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		for to, want := range want {
			p, is := r.plan(netip.MustParseAddr(to)), "checked"
			if p.config.InsecureSkipVerify {
				is = "any"
			}
			if p.required {
				is += " required"
			}
			if p.clear {
				is += " clear"
			}
			if p.off {
				is += " off"
			}
			if is != want {
				t.Errorf("%s at %s: %s, not %s", address, to, is, want)
			}
		}
	}
}

// A password is not sent in the clear to who may be anybody.
func TestAPasswordGoesInTheClearToPrivateAddressesAlone(t *testing.T) {
	for _, m := range []string{"PLAIN", "LOGIN", "XOAUTH2"} {
		server := notifytest.StartMailWith(t, notifytest.Setup{Auth: []string{m}})
		r, err := readRelay("smtp://ada:sesame@" + server.Addr + "?from=a@b.example&tls=off")
		if err != nil {
			t.Fatal(err)
		}
		conn, p, err := r.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p.clear = false // as for a public address
		if _, _, err := r.greet(conn, p, false); err == nil ||
			!strings.Contains(err.Error(), "a password goes without it") || len(server.Signed()) > 0 {
			t.Errorf("%s: %v", m, err)
		}
		_ = conn.Close()
	}
}

func TestAConnectionThatIsGivenUpIsDialledAgainAtOnce(t *testing.T) {
	t.Run("closed while idle", func(t *testing.T) {
		server := notifytest.StartMailWith(t, notifytest.Setup{MaxIdle: 200 * time.Millisecond})
		m, err := newMailer(server.URL())
		if err != nil {
			t.Fatal(err)
		}
		c := m.sender().(*connection)
		defer c.close()
		if err := c.send(t.Context(), anEnvelope(t)); err != nil {
			t.Fatal(err)
		}
		server.Ended(t, 1)
		if err := c.send(t.Context(), anEnvelope(t)); err != nil {
			t.Errorf("the second: %v", err)
		}
		if n := server.Connections(); n != 2 || len(server.Got()) != 2 {
			t.Errorf("%d connections, %d letters", n, len(server.Got()))
		}
	})
	for _, step := range []string{"mail", "rcpt", "data"} {
		t.Run("421 at "+step, func(t *testing.T) {
			server := notifytest.StartMail(t)
			m, err := newMailer(server.URL())
			if err != nil {
				t.Fatal(err)
			}
			c := m.sender().(*connection)
			defer c.close()
			if err := c.send(t.Context(), anEnvelope(t)); err != nil {
				t.Fatal(err)
			}
			var said atomic.Bool
			server.Answer(func(at, _, _ string) error {
				if at == step && said.CompareAndSwap(false, true) {
					return notifytest.Say(421, [3]int{4, 7, 0}, "too many messages on this connection")
				}
				return nil
			})
			if err := c.send(t.Context(), anEnvelope(t)); err != nil || len(server.Got()) != 2 {
				t.Errorf("%v, %d letters", err, len(server.Got()))
			}
			// One that says so each time is asked twice, not for ever.
			server.Answer(func(string, string, string) error { return notifytest.Say(421, [3]int{4, 3, 2}, "closing") })
			before := server.Connections()
			if err := c.send(t.Context(), anEnvelope(t)); err == nil || server.Connections() > before+1 {
				t.Errorf("%v, %d more connections", err, server.Connections()-before)
			}
		})
	}
}
