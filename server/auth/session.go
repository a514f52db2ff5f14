package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

const (
	// SessionTTL is how long a session lasts from its login, however often it is refreshed.
	SessionTTL = 30 * 24 * time.Hour
	// Grace is for how long two tokens of one exchange go on side by side: two tabs that woke up together.
	Grace = 10 * time.Second
)

// Session is one login on one device. Its refresh tokens form a line of generations, of which only the last is good;
// all of them are the family that a reuse revokes.
type Session struct {
	ID     string
	UserID string
	// OrgID is the organisation that its access tokens are for; it may be empty.
	OrgID string
	// Generation is that of the tokens that are good now.
	Generation int
	// AdvancedAt is when Generation began.
	AdvancedAt time.Time
	// AdvancedBy is the hash of the token that was exchanged for the first one of Generation; zero at generation 0.
	AdvancedBy [sha256.Size]byte
	ExpiresAt  time.Time
	// Revoked is set by a logout or a reuse, and never unset.
	Revoked bool
	// Version is the account's version of its credentials that the sign-in was proved by. A session is not made when it
	// has moved on.
	Version int64
	// Kind is where it is: BrowserSession or TokenSession.
	Kind SessionKind
	// Proof is what its person proved it by.
	Proof Proof
	// Device says in words what it is on; Address is the client's. Both are what the sign-in came with.
	Device, Address string
	// Factor is the second factor that the sign-in showed: totp, passkey or recovery; "" is none. A session that shows
	// one later has it from then on.
	Factor    string
	CreatedAt time.Time
}

// SessionKind tells a browser's session, which is refreshed, from a token of the command line, which ends as it began.
type SessionKind string

const (
	BrowserSession SessionKind = "browser"
	TokenSession   SessionKind = "token"
)

// Proof is by what a session was made. There is no other way to one.
type Proof string

const (
	ByPassword Proof = "password"
	ByMailbox  Proof = "mailbox"  // a link that only the address's mailbox got
	ByLink     Proof = "link"     // an offer's link that was handed over: for a new account that nobody has proved
	BySetup    Proof = "setup"    // the link that an empty installation printed
	ByOperator Proof = "operator" // the command line
	ByPasskey  Proof = "passkey"  // a passkey whose device knew its person
)

// ErrMoved says that an account's credentials changed while somebody signed in with the older ones.
var ErrMoved = errors.New("auth: the account's credentials have changed")

// Sessions keeps the sessions and the hashes of their refresh tokens, each with the generation it was made for.
type Sessions interface {
	// CreateSession keeps a new session with the hash of its first token, in one batch; ErrMoved when the account's
	// credentials are of another version than the session's.
	CreateSession(ctx context.Context, s Session, hash [sha256.Size]byte) error
	// SessionByToken finds a session by the hash of any token it ever had, and that token's generation; ErrUnknown
	// when there is none.
	SessionByToken(ctx context.Context, hash [sha256.Size]byte) (s Session, generation int, err error)
	// AdvanceSession moves a session that is not revoked from one generation to the next, remembers the token by which
	// it did and keeps the next one's, in one batch; false when the session was not at that generation any more.
	AdvanceSession(ctx context.Context, id string, from int, by, hash [sha256.Size]byte, at time.Time) (bool, error)
	// AddToken keeps one more token of the generation that is good now; false when it is so no more.
	AddToken(ctx context.Context, id string, generation int, hash [sha256.Size]byte) (bool, error)
	// RevokeSession ends one session.
	RevokeSession(ctx context.Context, id string, at time.Time) error
}

// StartSession begins a browser's session and answers the token for its cookie. What the caller says of it is its id,
// user, organisation, version, proof, device and address.
func StartSession(ctx context.Context, in Sessions, s Session, now time.Time) (Session, Opaque, error) {
	s.Kind, s.Generation, s.CreatedAt, s.AdvancedAt, s.ExpiresAt = BrowserSession, 0, now, now, now.Add(SessionTTL)
	token := NewOpaque()
	if err := in.CreateSession(ctx, s, token.Hash); err != nil {
		if errors.Is(err, ErrMoved) {
			return Session{}, Opaque{}, errCredentials()
		}
		return Session{}, Opaque{}, fmt.Errorf("start a session: %w", err)
	}
	return s, token, nil
}

// Refresh exchanges a refresh token for the next one. A token that was exchanged before is good for as long as no
// successor of it has been used, since the answer that brought the successor may have been lost. After that, presenting
// it revokes the whole session, since one of two who hold it is a thief. Two who exchange the same token get two
// successors, and only one of these goes on: the other's is a reuse, once Grace is over.
func Refresh(ctx context.Context, in Sessions, presented string, now time.Time) (Session, Opaque, error) {
	hash, ok := HashOpaque(presented)
	if !ok {
		return Session{}, Opaque{}, errSession()
	}
	const tries = 3 // whoever loses a race to another tab reads again and finds its token exchanged
	for range tries {
		s, next, err := refreshOnce(ctx, in, hash, now)
		if !errors.Is(err, errRaced) {
			return s, next, err
		}
	}
	return Session{}, Opaque{}, errSession()
}

var errRaced = errors.New("another request was faster")

func refreshOnce(ctx context.Context, in Sessions, hash [sha256.Size]byte, now time.Time) (Session, Opaque, error) {
	s, generation, err := in.SessionByToken(ctx, hash)
	if errors.Is(err, ErrUnknown) {
		return Session{}, Opaque{}, errSession()
	}
	if err != nil {
		return Session{}, Opaque{}, fmt.Errorf("find a session: %w", err)
	}
	next, kept := NewOpaque(), false
	switch s.judge(hash, generation, now) {
	case ended:
		return Session{}, Opaque{}, errSession()
	case stolen:
		return Session{}, Opaque{}, revoke(ctx, in, s.ID, now)
	case current:
		kept, err = in.AdvanceSession(ctx, s.ID, generation, hash, next.Hash, now)
		s.Generation, s.AdvancedAt, s.AdvancedBy = generation+1, now, hash
	case exchanged:
		kept, err = in.AddToken(ctx, s.ID, s.Generation, next.Hash)
	}
	if err != nil {
		return Session{}, Opaque{}, fmt.Errorf("refresh a session: %w", err)
	}
	if !kept {
		return Session{}, Opaque{}, errRaced
	}
	return s, next, nil
}

func revoke(ctx context.Context, in Sessions, id string, now time.Time) error {
	if err := in.RevokeSession(ctx, id, now); err != nil {
		return fmt.Errorf("revoke a session whose token came twice: %w", err)
	}
	return errSession()
}

// verdict is what a presented token is.
type verdict int

const (
	ended verdict = iota
	current
	exchanged // and what it was exchanged for has not been used
	stolen
)

// judge says what a token of that generation is worth now.
func (s Session) judge(hash [sha256.Size]byte, generation int, now time.Time) verdict {
	switch {
	case s.Revoked || !now.Before(s.ExpiresAt):
		return ended
	case generation == s.Generation:
		return current
	case generation == s.Generation-1 && (hash == s.AdvancedBy || now.Sub(s.AdvancedAt) <= Grace):
		return exchanged
	}
	return stolen
}

// EndSession is logout. It answers the session that ended, or ErrUnknown.
func EndSession(ctx context.Context, in Sessions, presented string, now time.Time) (Session, error) {
	hash, ok := HashOpaque(presented)
	if !ok {
		return Session{}, ErrUnknown
	}
	s, _, err := in.SessionByToken(ctx, hash)
	if err != nil {
		return Session{}, err
	}
	return s, in.RevokeSession(ctx, s.ID, now)
}
