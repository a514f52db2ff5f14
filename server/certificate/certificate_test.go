package certificate

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"slices"
	"testing"
	"time"

	"statuspage/lab/acme"
	"statuspage/server/auth"
	"statuspage/server/racetest"
	"statuspage/server/store/storetest"
)

// kept is where certificates are kept, in a database of its own.
func kept(t *testing.T) *files {
	t.Helper()
	db := storetest.New(t)
	key, _ := auth.NewSealKey()
	sealer, err := auth.NewSealer(key)
	if err != nil {
		t.Fatal(err)
	}
	return &files{db: db, sealer: sealer, now: time.Now}
}

func TestFilesAreKeptAsInFolders(t *testing.T) {
	f, ctx := kept(t), t.Context()
	for _, key := range []string{"a/b/x", "a/b/y", "a/c", "ab"} {
		if err := f.Store(ctx, key, []byte("of "+key)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := f.Load(ctx, "a/b/x"); err != nil || !bytes.Equal(got, []byte("of a/b/x")) {
		t.Errorf("%s, %v", got, err)
	}
	for folder, want := range map[string][2][]string{
		"a": {{"a/b", "a/c"}, {"a/b/x", "a/b/y", "a/c"}}, "a/b": {{"a/b/x", "a/b/y"}, {"a/b/x", "a/b/y"}},
		"": {{"a", "ab"}, {"a/b/x", "a/b/y", "a/c", "ab"}}, "z": {},
	} {
		for i, recursive := range []bool{false, true} {
			got, err := f.List(ctx, folder, recursive)
			if !slices.Equal(got, want[i]) || (err != nil) != (want[i] == nil) {
				t.Errorf("%q: %v, %v", folder, got, err)
			}
		}
	}
	if at, err := f.Stat(ctx, "a/c"); err != nil || !at.IsTerminal || at.Size != 6 || at.Modified.IsZero() {
		t.Errorf("%+v, %v", at, err)
	}
	if at, err := f.Stat(ctx, "a/b"); err != nil || at.IsTerminal {
		t.Errorf("%+v, %v", at, err)
	}
	if err := f.Delete(ctx, "a/b"); err != nil || f.Exists(ctx, "a/b/x") || f.Exists(ctx, "a/b") ||
		!f.Exists(ctx, "a/c") || !f.Exists(ctx, "ab") {
		t.Errorf("the folder was not removed, or more was: %v", err)
	}
	if _, err := f.Load(ctx, "a/b/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	// A value that was moved to another key, or sealed with another installation's, does not open.
	row, err := f.db.CertificateFile(ctx, "ab")
	if err != nil {
		t.Fatal(err)
	}
	row.Key = "a/c"
	if err := f.db.PutCertificateFile(ctx, row); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Load(ctx, "a/c"); !errors.Is(err, auth.ErrSealed) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestALockIsOnesUntilItEnds(t *testing.T) {
	f, ctx := kept(t), t.Context()
	other := &files{db: f.db, now: time.Now}
	if err := f.Lock(ctx, "x"); err != nil {
		t.Fatal(err)
	}
	if err := f.RenewLockLease(ctx, "x", time.Minute); err != nil {
		t.Error(err)
	}
	taken := make(chan error, 1)
	go func() { taken <- other.Lock(ctx, "x") }()
	select {
	case err := <-taken:
		t.Fatalf("two have the lock: %v", err)
	case <-time.After(2 * lockAgain):
	}
	if err := errors.Join(f.Unlock(ctx, "x"), <-taken); err != nil {
		t.Fatal(err)
	}
	if err := f.RenewLockLease(ctx, "x", time.Minute); err == nil {
		t.Error("a lock that was let go is renewed")
	}
	// Whoever died with it holds nobody up for ever.
	late := &files{db: f.db, now: func() time.Time { return time.Now().Add(2 * lockFor) }}
	if err := late.Lock(ctx, "x"); err != nil {
		t.Error(err)
	}
	if err := other.RenewLockLease(ctx, "x", time.Minute); err == nil {
		t.Error("a lock that another process has taken is renewed")
	}
}

func TestACertificateIsRenewedAndEveryRegionServesTheNewOne(t *testing.T) {
	racetest.Outside(t, "a certificate authority")
	f := kept(t)
	http, https := listen(t), listen(t)
	authority := acme.StartFor(t, 20*time.Second, http.Addr().(*net.TCPAddr).Port, https.Addr().(*net.TCPAddr).Port)
	d := Deps{DB: f.db, Sealer: f.sealer, Own: []string{"status.test"}, Primary: true, Directory: authority.Directory,
		Roots: authority.Own, Plain: http.Addr(), Secure: https.Addr(), Now: time.Now, Look: time.Second}
	primary := run(t, d, https)
	first := served(t, https.Addr(), authority, nil)
	d.Primary = false
	elsewhere := listen(t)
	run(t, d, elsewhere)
	served(t, elsewhere.Addr(), authority, nil)
	second := served(t, https.Addr(), authority, first)
	if got := served(t, elsewhere.Addr(), authority, first); !bytes.Equal(got, second) && bytes.Equal(got, first) {
		t.Error("the other region serves the old one")
	}
	if primary.Serves("evil.test") {
		t.Error("a name that is nobody's is served")
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// run serves nothing but handshakes.
func run(t *testing.T, d Deps, ln net.Listener) *Keeper {
	t.Helper()
	k, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	go k.Run(t.Context())
	secure := tls.NewListener(ln, k.TLS())
	go func() {
		for {
			conn, err := secure.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = conn.(*tls.Conn).HandshakeContext(t.Context())
				_ = conn.Close()
			}()
		}
	}()
	return k
}

// served waits for a certificate of status.test that is another one, and returns it.
func served(t *testing.T, at net.Addr, authority *acme.Authority, other []byte) []byte {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		conn, err := tls.Dial("tcp", at.String(), &tls.Config{ServerName: "status.test", RootCAs: authority.Roots})
		if err != nil {
			continue
		}
		got := conn.ConnectionState().PeerCertificates[0].Raw
		_ = conn.Close()
		if !bytes.Equal(got, other) {
			return got
		}
	}
	t.Fatal("it was never served")
	return nil
}
