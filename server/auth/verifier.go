package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"statuspage/shared/fault"
)

// maxToken bounds what is parsed; a large token of the presets is 2 KB.
const maxToken = 16 << 10

// SetCache keeps each issuer's last key set, so that a start without the issuer verifies tokens all the same.
// LoadSet answers nil when there is none.
type SetCache interface {
	LoadSet(issuer string) ([]byte, error)
	SaveSet(issuer string, set []byte) error
}

// Options are what a Verifier needs. Only Issuers or Keys must be there.
type Options struct {
	Issuers []Issuer
	Keys    Keys
	Sets    SetCache
	// Admit sees every verified user, cached tokens included: it puts our ids in place of an external issuer's, follows
	// the membership that the claims tell of, and refuses who was removed. It must be quick, and its error goes to the
	// caller. Nil admits everybody as their token says.
	Admit func(context.Context, Principal) (Principal, error)
	// Changes counts what may change an answer of Admit or Keys, and says whether the count can be relied on: while it
	// can and stays, whom they have let in is let in without asking them, for 10 s at most. A refusal is never
	// remembered. Nil asks them on every request.
	Changes func() (count uint64, known bool)
	Log     *slog.Logger
	// Now is time.Now but in tests.
	Now func() time.Time
}

// Verifier turns what stands behind "Bearer" into a Principal. Any number of goroutines may use it.
type Verifier struct {
	opts    Options
	issuers map[string]*issuer
	parser  *jwt.Parser
	cache   *cache
	stop    context.CancelFunc
	running sync.WaitGroup
}

// NewVerifier starts to fetch the issuers' keys and does not wait for them. Close ends it.
func NewVerifier(o Options) (*Verifier, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	v := &Verifier{opts: o, issuers: make(map[string]*issuer), cache: newCache(maxVerified), parser: newParser(o.Now)}
	for _, one := range o.Issuers {
		if err := v.add(one); err != nil {
			return nil, err
		}
	}
	v.start()
	return v, nil
}

func newParser(now func() time.Time) *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods(algorithms), jwt.WithExpirationRequired(), jwt.WithLeeway(Leeway),
		jwt.WithTimeFunc(now), jwt.WithStrictDecoding(),
	)
}

func (v *Verifier) add(one Issuer) error {
	is, err := newIssuer(one, v.opts.Log)
	if err != nil {
		return err
	}
	if _, twice := v.issuers[is.Name]; twice {
		return fmt.Errorf("issuer %s is there twice", is.Name)
	}
	if is.pace == overNetwork && len(is.Audience)+len(is.AuthorizedParties) == 0 {
		v.opts.Log.Warn("tokens of this issuer are accepted whoever they were made for: name an audience or "+
			"authorized parties",
			"issuer", is.Name)
	}
	v.issuers[is.Name] = is
	if v.remembers(is.Name) {
		v.preload(is)
	}
	return nil
}

// remembers tells whether an issuer's keys are kept for the next start. Our own are in the store as it is.
func (v *Verifier) remembers(issuer string) bool { return v.opts.Sets != nil && issuer != LocalIssuer }

func (v *Verifier) preload(is *issuer) {
	set, err := v.opts.Sets.LoadSet(is.Name)
	if err == nil && len(set) > 0 {
		err = is.keys.preload(context.Background(), set)
	}
	if err != nil {
		v.opts.Log.Warn("the saved keys of an issuer could not be used", "issuer", is.Name, "error", err)
	}
}

func (v *Verifier) start() {
	var ctx context.Context
	ctx, v.stop = context.WithCancel(context.Background())
	for name, is := range v.issuers {
		var save func([]byte) error
		if v.remembers(name) {
			save = func(set []byte) error { return v.opts.Sets.SaveSet(name, set) }
		}
		v.running.Go(func() { is.keys.run(ctx, save) })
	}
}

// Close ends the fetching of keys and waits for it.
func (v *Verifier) Close() {
	v.stop()
	v.running.Wait()
}

// Verify says who the bearer of this token or API key is, or with which *fault.Error to refuse: unauthenticated,
// forbidden for a user whose role gives no access, unavailable while the issuer's keys cannot be had. Any other error
// is the store's.
func (v *Verifier) Verify(ctx context.Context, bearer string) (Principal, error) {
	if bearer == "" {
		return Principal{}, errSignIn()
	}
	changes, known := v.changes() // before anything is asked: what changes meanwhile makes the answer old
	now, hash := v.opts.Now(), sha256.Sum256([]byte(bearer))
	if known {
		if who, ok := v.cache.admitted(hash, changes, now); ok {
			return who, nil
		}
	}
	who, err := v.look(ctx, bearer, hash, now)
	if err == nil && known {
		v.cache.admit(hash, &admission{who, changes, now})
	}
	return who, err
}

func (v *Verifier) changes() (count uint64, known bool) {
	if v.opts.Changes == nil {
		return 0, false
	}
	return v.opts.Changes()
}

// look asks who the bearer is at this moment.
func (v *Verifier) look(ctx context.Context, bearer string, hash [sha256.Size]byte, now time.Time) (Principal, error) {
	if strings.HasPrefix(bearer, keyMark) {
		return v.apiKey(ctx, bearer)
	}
	who, err := v.user(ctx, bearer, hash, now)
	if err != nil {
		return who, err
	}
	return v.admit(ctx, who)
}

func (v *Verifier) admit(ctx context.Context, who Principal) (Principal, error) {
	if v.opts.Admit == nil {
		return who, nil
	}
	return v.opts.Admit(ctx, who)
}

func (v *Verifier) user(ctx context.Context, bearer string, hash [sha256.Size]byte, now time.Time) (Principal, error) {
	if who, ok := v.cache.get(hash, now); ok {
		return who, nil
	}
	found, err := v.token(ctx, bearer)
	if err != nil {
		return Principal{}, v.refuse(err)
	}
	v.cache.put(hash, found, now)
	return found.who, nil
}

// token verifies a JWT: signature, times, issuer and parties, then what its claims say.
func (v *Verifier) token(ctx context.Context, bearer string) (verified, error) {
	if len(bearer) > maxToken {
		return verified{}, jwt.ErrTokenMalformed
	}
	var by *issuer
	var version uint64
	token, err := v.parser.ParseWithClaims(bearer, jwt.MapClaims{}, func(t *jwt.Token) (any, error) {
		name, _ := t.Claims.GetIssuer()
		if by = v.issuers[name]; by == nil {
			return nil, errStranger
		}
		version = by.keys.version.Load() // before the key, so that a key withdrawn meanwhile is not remembered
		return by.key(ctx, t)
	})
	if err != nil {
		return verified{}, err
	}
	claims := token.Claims.(jwt.MapClaims)
	if err := by.check(claims); err != nil {
		return verified{}, err
	}
	who, err := read(by.Shapes, claims)
	if err != nil {
		return verified{}, err
	}
	who.ID, who.Issuer = text(claims, "sub"), by.Name
	expires, _ := claims.GetExpirationTime()
	who.ExpiresAt = expires.Time
	if issued, _ := claims.GetIssuedAt(); issued != nil {
		who.IssuedAt = issued.Time
	}
	return verified{who: who, by: by, version: version}, nil
}

// refuse turns a failed verification into what the caller may know. The reason is for the operator; the token is for
// nobody.
func (v *Verifier) refuse(err error) error {
	v.opts.Log.Debug("token refused", "reason", err)
	var told *fault.Error
	switch {
	case errors.As(err, &told):
		return told
	case errors.Is(err, errKeysAway), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errIssuerAway()
	case errors.Is(err, jwt.ErrTokenExpired):
		return errExpired()
	case errors.Is(err, errUnready):
		return errPending()
	}
	return errToken()
}
