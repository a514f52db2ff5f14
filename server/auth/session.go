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
	// Grace is for how long a token that was just exchanged may be exchanged again: two tabs that woke up together,
	// or an answer that was lost on its way.
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
	ExpiresAt  time.Time
	// Revoked is set by a logout or a reuse, and never unset.
	Revoked bool
}

// Sessions keeps the sessions and the hashes of their refresh tokens, each with the generation it was made for.
type Sessions interface {
	// CreateSession keeps a new session with the hash of its first token, in one batch.
	CreateSession(ctx context.Context, s Session, hash [sha256.Size]byte) error
	// SessionByToken finds a session by the hash of any token it ever had, and that token's generation; ErrUnknown
	// when there is none.
	SessionByToken(ctx context.Context, hash [sha256.Size]byte) (s Session, generation int, err error)
	// AdvanceSession moves a session that is not revoked from one generation to the next and keeps the next one's
	// token, in one batch; false when the session was not at that generation any more.
	AdvanceSession(ctx context.Context, id string, from int, hash [sha256.Size]byte, at time.Time) (bool, error)
	// AddToken keeps one more token of the generation that is good now; false when it is so no more.
	AddToken(ctx context.Context, id string, generation int, hash [sha256.Size]byte) (bool, error)
	// RevokeSession ends one session.
	RevokeSession(ctx context.Context, id string, at time.Time) error
}

// StartSession begins a session and answers the token for its cookie.
func StartSession(ctx context.Context, in Sessions, id, userID, orgID string, now time.Time) (Session, Opaque, error) {
	s := Session{ID: id, UserID: userID, OrgID: orgID, AdvancedAt: now, ExpiresAt: now.Add(SessionTTL)}
	token := NewOpaque()
	if err := in.CreateSession(ctx, s, token.Hash); err != nil {
		return Session{}, Opaque{}, fmt.Errorf("start a session: %w", err)
	}
	return s, token, nil
}

// Refresh exchanges a refresh token for the next one. A token that was exchanged before is good once more within
// Grace and while its successor has not been used; after that, presenting it revokes the whole session, since one of
// two who hold it is a thief.
func Refresh(ctx context.Context, in Sessions, presented string, now time.Time) (Session, Opaque, error) {
	hash, ok := HashOpaque(presented)
	if !ok {
		return Session{}, Opaque{}, errSession()
	}
	const tries = 3 // whoever loses a race to another tab reads again and finds itself in the grace
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
	switch s.judge(generation, now) {
	case ended:
		return Session{}, Opaque{}, errSession()
	case stolen:
		return Session{}, Opaque{}, revoke(ctx, in, s.ID, now)
	case current:
		kept, err = in.AdvanceSession(ctx, s.ID, generation, next.Hash, now)
		s.Generation, s.AdvancedAt = generation+1, now
	case justExchanged:
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
	justExchanged
	stolen
)

// judge says what a token of that generation is worth now.
func (s Session) judge(generation int, now time.Time) verdict {
	switch {
	case s.Revoked || !now.Before(s.ExpiresAt):
		return ended
	case generation == s.Generation:
		return current
	case generation == s.Generation-1 && now.Sub(s.AdvancedAt) <= Grace:
		return justExchanged
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
