package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/server/store/storetest"
)

// TestAWriteTakesAFewOldRowsAlongAndNoMore fills the tables that a write clears on its way, and counts what one write
// of each deletes.
func TestAWriteTakesAFewOldRowsAlongAndNoMore(t *testing.T) {
	const old = 2000
	file := filepath.Join(t.TempDir(), "status.db")
	db := storetest.At(t, file)
	org, ctx, now := crowd(t, db, 1), context.Background(), time.Now()
	long := now.Add(-400 * 24 * time.Hour)
	user := store.User{ID: uuid.NewString(), Email: "ada@example.com", Name: "Ada", Issuer: auth.LocalIssuer,
		Subject: "ada"}
	session := func(id string, at time.Time) auth.Session {
		return auth.Session{ID: id, UserID: user.ID, OrgID: org.ID(), Generation: 1, AdvancedAt: at, CreatedAt: at,
			ExpiresAt: at.Add(time.Hour), Version: 1, Kind: auth.BrowserSession}
	}
	var b store.Batch
	store.AddUser(&b, user)
	for i := range old {
		b.Add(`INSERT INTO idempotency (org_id, actor, key, fingerprint, status, etag, seq, body, at) VALUES (?, 'a', ?, '', 200, '', 0, '', ?)`, org.ID(), fmt.Sprint(i), long.UnixMilli())
		b.Add(`INSERT INTO links (hash, purpose, user_id, version, email, created_at, expires_at) VALUES (?, 'undo', ?, 1, '', 0, ?)`, fmt.Sprint(i), user.ID, long.UnixMilli())
	}
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	// An old session that was renewed a thousand times, and hundreds that never were.
	var tokens store.Batch
	for i := range 300 {
		id := uuid.NewString()
		tokens.Add(`INSERT INTO sessions (id, user_id, org_id, generation, advanced_at, expires_at) VALUES (?, ?, ?, 1, ?, ?)`, id, user.ID, org.ID(), long.UnixMilli(), long.UnixMilli())
		for n := range max(1, 1000-1000*i) {
			tokens.Add(`INSERT INTO session_tokens (hash, session_id, generation) VALUES (?, ?, ?)`, fmt.Sprint(id, n),
				id, n)
		}
	}
	if err := db.Do(ctx, &tokens); err != nil {
		t.Fatal(err)
	}
	count := func(table string) (n int) {
		t.Helper()
		raw, err := sql.Open("sqlite3", "file:"+file+"?mode=ro")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = raw.Close() }()
		if err := raw.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, x := range []struct {
		table string
		most  int
		write func() error
	}{
		{"idempotency", 20, func() error {
			var b store.Batch
			org.AddAnswer(&b, "a", uuid.NewString(), store.Answer{Status: 200}, now)
			return db.Do(ctx, &b)
		}},
		{"links", 20, func() error {
			var b store.Batch
			store.AddLink(&b, sha256.Sum256([]byte(uuid.NewString())),
				store.Link{Purpose: store.UndoLink, UserID: user.ID, Version: 1}, now, now.Add(time.Hour))
			return db.Do(ctx, &b)
		}},
		{"session_tokens", 50, func() error {
			return db.CreateSession(ctx, session(uuid.NewString(), now), sha256.Sum256([]byte(uuid.NewString())))
		}},
	} {
		before := count(x.table)
		if err := x.write(); err != nil {
			t.Fatal(err)
		}
		if gone := before + 1 - count(x.table); gone != x.most {
			t.Errorf("one write takes %d old rows of %s along, not %d", gone, x.table, x.most)
		}
	}
	for done, n := false, 0; !done; n++ {
		var err error
		if done, err = db.ForgetSessions(ctx, now, 100); err != nil || n > 50 {
			t.Fatal(n, err)
		}
	}
	if a, b := count("sessions"), count("session_tokens"); a != 1 || b != 1 {
		t.Errorf("%d sessions and %d tokens are left", a, b)
	}
}
