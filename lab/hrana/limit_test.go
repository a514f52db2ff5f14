package hrana

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/tursodatabase/libsql-client-go/libsql"
)

func TestTheDefaultsAreThoseOfTheRealServer(t *testing.T) {
	cfg := Config{}.withDefaults()
	if cfg.StreamExpiry != 10*time.Second || cfg.TxTimeout != 5*time.Second || cfg.MaxResponse != 10_000_000 ||
		cfg.MaxStreams != 128 {
		t.Fatalf("%+v", cfg)
	}
}

func TestAnIdleStreamExpires(t *testing.T) {
	s := start(t, Config{StreamExpiry: 50 * time.Millisecond})
	w := &wire{t: t, url: s.URL(), version: "v3"}
	w.ask(execute(`CREATE TABLE t (a)`), execute(`BEGIN IMMEDIATE`))
	eventually(t, "the stream expires", func() bool {
		status, text := post(t, s.URL()+"/v3/pipeline", `{"baton":"`+*w.baton+`","requests":[]}`)
		if status == 400 {
			if want := `{"message":"The stream has expired due to inactivity","code":"STREAM_EXPIRED"}`; strings.TrimSpace(text) != want {
				t.Fatalf("%s", text)
			}
			return true
		}
		time.Sleep(100 * time.Millisecond)
		return false
	})
	db := dial(t, s.URL())
	exec(t, db, `INSERT INTO t VALUES (1)`) // the transaction went with the stream
}

// As measured of the client: what the server says of an expired stream is lost.
func TestAnExpiredStreamIsAnEmptyErrorToTheClient(t *testing.T) {
	s := start(t, Config{StreamExpiry: 30 * time.Millisecond})
	db := dial(t, s.URL())
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stream is gone", func() bool { return s.expiredStreams() == 1 })
	if _, err = tx.Exec(`SELECT 1`); err == nil || !strings.HasSuffix(strings.TrimSpace(err.Error()),
		"error code 400:") {
		t.Fatalf("%v", err)
	}
}

func (s *Server) expiredStreams() (n int) {
	s.endpoints.streams.mu.Lock()
	defer s.endpoints.streams.mu.Unlock()
	for _, st := range s.endpoints.streams.open {
		if st.expired {
			n++
		}
	}
	return n
}

func TestATransactionThatHoldsTheLockTooLongIsRolledBack(t *testing.T) {
	s := start(t, Config{TxTimeout: 80 * time.Millisecond})
	db := dial(t, s.URL())
	exec(t, db, `CREATE TABLE t (a)`)
	w := &wire{t: t, url: s.URL(), version: "v3"}
	w.ask(execute(`BEGIN IMMEDIATE`), execute(`INSERT INTO t VALUES (1)`))
	exec(t, db, `INSERT INTO t VALUES (2)`) // waits for the other's end
	res := w.ask(execute(`COMMIT`), execute(`SELECT 1`))
	if res[0].Type != "error" || res[0].Error.Code != "TRANSACTION_TIMEOUT" {
		t.Errorf("%+v", res[0])
	}
	if res[1].Type != "ok" {
		t.Errorf("the stream is of no use afterwards: %+v", res[1].Error)
	}
	if n := number(t, db, `SELECT sum(a) FROM t`); n != 2 {
		t.Errorf("sum %d", n)
	}
}

func TestAnswersAreLimitedInSize(t *testing.T) {
	s := start(t, Config{MaxResponse: 1000})
	w := &wire{t: t, url: s.URL(), version: "v3"}
	res := w.ask(execute(`SELECT printf('%.*c', 900, 'x')`), execute(`SELECT printf('%.*c', 1000, 'x')`),
		batch(when(nil, `BEGIN`), when(nil, `SELECT printf('%.*c', 600, 'x')`),
			when(nil, `SELECT printf('%.*c', 600, 'x')`), when(nil, `COMMIT`)),
		streamRequest{Type: "get_autocommit"})
	if res[0].Type != "ok" {
		t.Errorf("%+v", res[0].Error)
	}
	for _, i := range []int{1, 2} {
		if res[i].Type != "error" || res[i].Error.Code != "RESPONSE_TOO_LARGE" {
			t.Errorf("request %d: %+v", i, res[i])
		}
	}
	if *res[3].Response.IsAutocommit {
		t.Error("a batch that is cut short leaves its transaction open in sqld; here it did not")
	}
}

func TestTooManyStreamsAreRefused(t *testing.T) {
	s := start(t, Config{MaxStreams: 2})
	for range 2 {
		(&wire{t: t, url: s.URL(), version: "v3"}).ask(execute(`SELECT 1`))
	}
	if status, text := post(t, s.URL()+"/v3/pipeline", `{"requests":[]}`); status != 500 ||
		!strings.Contains(text, "Timed out while opening database connection") {
		t.Errorf("%d %s", status, text)
	}
}

func newToken(t *testing.T, key ed25519.PrivateKey, access string, ttl time.Duration) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodEdDSA,
		jwt.MapClaims{"a": access, "exp": time.Now().Add(ttl).Unix()}).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokensSayWhoMayReadAndWhoMayWrite(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, other, _ := ed25519.GenerateKey(nil)
	s := start(t, Config{AuthJWTKey: base64.RawURLEncoding.EncodeToString(public)})
	write := dial(t, s.URL(), libsql.WithAuthToken(newToken(t, private, "rw", time.Hour)))
	exec(t, write, `CREATE TABLE t (a)`)
	reader := dial(t, s.URL(), libsql.WithAuthToken(newToken(t, private, "ro", time.Hour)))
	if n := number(t, reader, `SELECT count(*) FROM t`); n != 0 {
		t.Errorf("%d", n)
	}
	if _, err := reader.Exec(`BEGIN; INSERT INTO t VALUES (1); COMMIT`); err == nil ||
		!strings.Contains(err.Error(), "Not authorized") {
		t.Errorf("%v", err)
	}
	for name, opts := range map[string][]libsql.Option{
		"none":    nil,
		"expired": {libsql.WithAuthToken(newToken(t, private, "rw", -time.Hour))},
		"foreign": {libsql.WithAuthToken(newToken(t, other, "rw", time.Hour))},
	} {
		if _, err := dial(t, s.URL(), opts...).Exec(`SELECT 1`); err == nil ||
			!strings.Contains(err.Error(), "error code 401") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
