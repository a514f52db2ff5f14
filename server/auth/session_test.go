package auth

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"statuspage/shared/fault"
)

// sessions keeps sessions in a SQLite file, each write guarded by its own WHERE.
type sessions struct{ db *sql.DB }

func newSessions(t *testing.T) *sessions {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "s.db")+
		"?_journal_mode=WAL&_busy_timeout=10000&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`
		CREATE TABLE sessions (id TEXT PRIMARY KEY, user TEXT, org TEXT, generation INT, advanced INT, by BLOB, expires INT, revoked INT DEFAULT 0);
		CREATE TABLE tokens (hash BLOB PRIMARY KEY, session TEXT, generation INT)`); err != nil {
		t.Fatal(err)
	}
	return &sessions{db}
}

func (s *sessions) batch(ctx context.Context, do func(*sql.Tx) (bool, error)) (bool, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	kept, err := do(tx)
	if err != nil || !kept {
		return false, err
	}
	return true, tx.Commit()
}

func addToken(tx *sql.Tx, hash [sha256.Size]byte, id string, generation int) error {
	_, err := tx.Exec(`INSERT INTO tokens VALUES (?, ?, ?)`, hash[:], id, generation)
	return err
}

func (s *sessions) CreateSession(ctx context.Context, n Session, hash [sha256.Size]byte) error {
	_, err := s.batch(ctx, func(tx *sql.Tx) (bool, error) {
		if _, err := tx.Exec(`INSERT INTO sessions VALUES (?, ?, ?, ?, ?, x'', ?, 0)`, n.ID, n.UserID, n.OrgID,
			n.Generation,
			n.AdvancedAt.UnixMilli(), n.ExpiresAt.UnixMilli()); err != nil {
			return false, err
		}
		return true, addToken(tx, hash, n.ID, n.Generation)
	})
	return err
}

func (s *sessions) SessionByToken(ctx context.Context, hash [sha256.Size]byte) (n Session, generation int, err error) {
	var advanced, expires int64
	var by []byte
	err = s.db.QueryRowContext(ctx, `SELECT s.id, s.user, s.org, s.generation, s.advanced, s.by, s.expires, s.revoked, t.generation
		FROM tokens t JOIN sessions s ON s.id = t.session WHERE t.hash = ?`, hash[:]).
		Scan(&n.ID, &n.UserID, &n.OrgID, &n.Generation, &advanced, &by, &expires, &n.Revoked, &generation)
	if errors.Is(err, sql.ErrNoRows) {
		return n, 0, ErrUnknown
	}
	copy(n.AdvancedBy[:], by)
	n.AdvancedAt, n.ExpiresAt = time.UnixMilli(advanced), time.UnixMilli(expires)
	return n, generation, err
}

func (s *sessions) AdvanceSession(ctx context.Context, id string, from int, by, hash [sha256.Size]byte,
	at time.Time) (bool, error) {
	return s.batch(ctx, func(tx *sql.Tx) (bool, error) {
		done, err := tx.Exec(`UPDATE sessions SET generation = generation + 1, advanced = ?, by = ? WHERE id = ? AND generation = ? AND revoked = 0`,
			at.UnixMilli(), by[:], id, from)
		if err != nil {
			return false, err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return false, err
		}
		return true, addToken(tx, hash, id, from+1)
	})
}

func (s *sessions) AddToken(ctx context.Context, id string, generation int, hash [sha256.Size]byte) (bool, error) {
	return s.batch(ctx, func(tx *sql.Tx) (bool, error) {
		done, err := tx.Exec(`INSERT INTO tokens SELECT ?, id, generation FROM sessions WHERE id = ? AND generation = ? AND revoked = 0`,
			hash[:], id, generation)
		if err != nil {
			return false, err
		}
		n, err := done.RowsAffected()
		return n == 1, err
	})
}

func (s *sessions) RevokeSession(ctx context.Context, id string, _ time.Time) error {
	_, err := s.db.ExecContext(ctx, `UPDATE sessions SET revoked = 1 WHERE id = ?`, id)
	return err
}

var dawn = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// device is a browser with its cookie.
type device struct {
	t      *testing.T
	in     *sessions
	cookie string
}

func newDevice(t *testing.T) *device {
	t.Helper()
	in := newSessions(t)
	_, token, err := StartSession(t.Context(), in, Session{ID: "s-1", UserID: "u-1", OrgID: "o-1"}, dawn)
	if err != nil {
		t.Fatal(err)
	}
	return &device{t, in, token.Text}
}

// use presents a token at a time after dawn and answers the next one, or "".
func (d *device) use(token string, after time.Duration) string {
	d.t.Helper()
	s, next, err := Refresh(d.t.Context(), d.in, token, dawn.Add(after))
	if got := code(err); got != "" {
		if got != fault.Unauthenticated {
			d.t.Errorf("refused with %v", err)
		}
		return ""
	}
	if s.ID != "s-1" || s.UserID != "u-1" || s.OrgID != "o-1" {
		d.t.Errorf("the session became %+v", s)
	}
	return next.Text
}

func TestASessionIsRefreshedFromTokenToToken(t *testing.T) {
	d := newDevice(t)
	token := d.cookie
	for i := range 5 {
		next := d.use(token, time.Duration(i)*time.Hour)
		if next == "" || next == token {
			t.Fatalf("hour %d: %q", i, next)
		}
		token = next
	}
}

func TestATokenThatIsUsedAgainEndsItsSession(t *testing.T) {
	d := newDevice(t)
	thief := d.cookie
	mine := d.use(d.use(d.cookie, time.Hour), 2*time.Hour)
	if d.use(thief, 2*time.Hour+time.Millisecond) != "" {
		t.Error("the stolen token was exchanged")
	}
	if d.use(mine, 3*time.Hour) != "" {
		t.Error("the session goes on though one of two who hold it is a thief")
	}
}

func TestAThiefWhoIsFasterIsFoundOutWhenBothGoOn(t *testing.T) {
	for name, ownerFirst := range map[string]bool{"the owner goes on first": true, "the thief goes on first": false} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t)
			theirs := d.use(d.cookie, time.Hour)
			mine := d.use(d.cookie, 2*time.Hour) // nobody has used theirs: it may be an answer that was lost
			first, second := theirs, mine
			if ownerFirst {
				first, second = mine, theirs
			}
			next := d.use(first, 3*time.Hour)
			if next == "" || d.use(second, 4*time.Hour) != "" || d.use(next, 5*time.Hour) != "" {
				t.Error("two hold the session, and it goes on")
			}
		})
	}
}

func TestALostAnswerIsForgivenUntilWhatItBroughtIsUsed(t *testing.T) {
	d := newDevice(t)
	token := d.cookie
	for _, away := range []time.Duration{time.Second, Grace, Grace + time.Millisecond, time.Hour, 12 * 24 * time.Hour} {
		d.use(token, away) // the answer never arrives
		d.use(token, away+time.Minute)
		again := d.use(token, 2*away+time.Minute)
		if again == "" {
			t.Fatalf("the browser that was away for %s is signed out", away)
		}
		token = again
	}
	if d.use(token, 25*24*time.Hour) == "" {
		t.Error("what it got instead is no good")
	}
	if d.use(token, SessionTTL) != "" {
		t.Error("it outlives its session")
	}
}

func TestTheGraceEndsWhenTheSuccessorIsUsed(t *testing.T) {
	d := newDevice(t)
	next := d.use(d.cookie, time.Hour)
	d.use(next, time.Hour+time.Second) // so the answer did arrive
	if d.use(d.cookie, time.Hour+2*time.Second) != "" {
		t.Error("the first token was exchanged once more")
	}
}

func TestOfTwoTokensFromTheGraceOnlyOneLineGoesOn(t *testing.T) {
	d := newDevice(t)
	one := d.use(d.cookie, time.Hour)
	two := d.use(d.cookie, time.Hour+time.Second)
	if d.use(one, 2*time.Hour) == "" {
		t.Fatal("the first of the two is refused")
	}
	if d.use(two, 3*time.Hour) != "" {
		t.Error("both go on: a thief within the grace would never be noticed")
	}
}

func TestTwoTabsThatWakeTogetherBothStaySignedIn(t *testing.T) {
	d := newDevice(t)
	got := make([]string, 8)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() { got[i] = d.use(d.cookie, time.Hour) })
	}
	all.Wait()
	for i, token := range got {
		if token == "" {
			t.Errorf("tab %d was signed out", i)
		}
	}
	if d.use(got[0], 2*time.Hour) == "" {
		t.Error("the session ended after all")
	}
}

// late reads what was so before another request came between.
type late struct {
	*sessions
	between func()
}

func (l *late) SessionByToken(ctx context.Context, hash [sha256.Size]byte) (Session, int, error) {
	s, generation, err := l.sessions.SessionByToken(ctx, hash)
	if between := l.between; between != nil {
		l.between = nil
		between()
	}
	return s, generation, err
}

func TestWhoeverLosesTheRaceToAnotherTabIsInTheGrace(t *testing.T) {
	d := newDevice(t)
	in := &late{d.in, func() { d.use(d.cookie, time.Hour) }}
	_, next, err := Refresh(t.Context(), in, d.cookie, dawn.Add(time.Hour))
	if err != nil || d.use(next.Text, 2*time.Hour) == "" {
		t.Errorf("the slower tab: %v", err)
	}
}

func TestWhatATokenIsWorth(t *testing.T) {
	parent, other := sha256.Sum256([]byte("parent")), sha256.Sum256([]byte("other"))
	s := Session{Generation: 5, AdvancedAt: dawn, AdvancedBy: parent, ExpiresAt: dawn.Add(time.Hour)}
	revoked := s
	revoked.Revoked = true
	for _, c := range []struct {
		name       string
		of         Session
		hash       [sha256.Size]byte
		generation int
		after      time.Duration
		want       verdict
	}{
		{"the newest", s, other, 5, time.Minute, current}, {"the parent, at once", s, parent, 4, 0, exchanged},
		{"the parent, late", s, parent, 4, 59 * time.Minute, exchanged},
		{"the parent's twin, in time", s, other, 4, Grace, exchanged},
		{"the parent's twin, late", s, other, 4, Grace + 1, stolen},
		{"an old one, at once", s, parent, 3, 0, stolen}, {"the newest at the end", s, other, 5, time.Hour, ended},
		{"an old one at the end", s, other, 3, time.Hour, ended}, {"the newest of a revoked one", revoked, other, 5, 0,
			ended},
		{"the parent, of a revoked one", revoked, parent, 4, 0, ended},
		{"the parent at the end", s, parent, 4, time.Hour, ended},
	} {
		if got := c.of.judge(c.hash, c.generation, dawn.Add(c.after)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestASessionEndsByLogoutAndAfterThirtyDays(t *testing.T) {
	d := newDevice(t)
	if d.use(d.cookie, SessionTTL) != "" {
		t.Error("it goes on after its end")
	}
	if s, err := EndSession(t.Context(), d.in, d.cookie, dawn); err != nil || s.ID != "s-1" {
		t.Fatalf("%+v, %v", s, err)
	}
	if d.use(d.cookie, time.Second) != "" {
		t.Error("it goes on after the logout")
	}
	for _, stranger := range []string{"", "nonsense", NewOpaque().Text} {
		if d.use(stranger, time.Second) != "" {
			t.Errorf("%q was exchanged", stranger)
		}
		if _, err := EndSession(t.Context(), d.in, stranger, dawn); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", stranger, err)
		}
	}
}

func TestASessionThatTheStoreCannotReadIsNotEnded(t *testing.T) {
	d := newDevice(t)
	d.in.db.Close()
	if _, _, err := Refresh(t.Context(), d.in, d.cookie, dawn); err == nil || code(err) == fault.Unauthenticated {
		t.Errorf("the answer is %v", err)
	}
}
