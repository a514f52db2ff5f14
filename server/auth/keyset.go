package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/MicahParks/jwkset"
	"golang.org/x/time/rate"
)

// errKeysAway is a key that cannot be judged: it is not in the set we have, and the issuer could not be asked.
var errKeysAway = errors.New("the issuer's keys cannot be fetched")

// pace is how often an issuer is asked for its keys.
type pace struct {
	every   time.Duration // while all is well; the longest that a withdrawn key goes on being accepted
	retry   time.Duration // after the first failure, doubling
	atMost  time.Duration // between two tries while the issuer is away
	unknown time.Duration // between two fetches that unknown kids ask for
	timeout time.Duration // of one fetch, and of waiting for one
}

var (
	overNetwork = pace{5 * time.Minute, time.Second, 30 * time.Second, 5 * time.Second, 3 * time.Second}
	fromStore   = pace{time.Minute, time.Second, 5 * time.Second, 500 * time.Millisecond, 3 * time.Second}
)

// keySet is one issuer's public keys in memory, kept fresh. It is the storage behind that issuer's keyfunc, and
// never shared with another issuer: a merged set lets one sign for the other.
//
// jwkset's own client for unknown kids is not used: there the wait for the rate limit (which must be short) is also
// the time that the fetch gets (which must not be).
type keySet struct {
	jwkset.Storage
	url    string
	client *http.Client
	pace   pace
	log    *slog.Logger

	unknown *rate.Limiter
	turn    chan struct{} // held while fetching
	fetches atomic.Uint64
	away    atomic.Bool
	version atomic.Uint64 // changes with the keys
	changed chan struct{} // tells the loop to save

	replacing sync.Mutex
}

func newKeySet(url string, transport http.RoundTripper, pace pace, log *slog.Logger) *keySet {
	s := &keySet{
		Storage: jwkset.NewMemoryStorage(),
		url:     url, pace: pace, log: log,
		client:  &http.Client{Transport: modest{transport}},
		unknown: rate.NewLimiter(rate.Every(pace.unknown), 1),
		turn:    make(chan struct{}, 1),
		changed: make(chan struct{}, 1),
	}
	s.away.Store(true)
	return s
}

// KeyRead finds a key by its id. For an id that is not there the issuer is asked again, at a limited rate; whoever
// comes while it is being asked waits for that answer.
func (s *keySet) KeyRead(ctx context.Context, kid string) (jwkset.JWK, error) {
	jwk, err := s.Storage.KeyRead(ctx, kid)
	if !errors.Is(err, jwkset.ErrKeyNotFound) {
		return jwk, err
	}
	release, err := s.takeTurn(ctx)
	if err != nil {
		return jwkset.JWK{}, err
	}
	defer release()
	return s.askFor(ctx, kid)
}

// askFor must have the turn. The very first fetch of all is free: it would come by itself a moment later.
func (s *keySet) askFor(ctx context.Context, kid string) (jwkset.JWK, error) {
	jwk, err := s.Storage.KeyRead(ctx, kid)
	if errors.Is(err, jwkset.ErrKeyNotFound) && (s.fetches.Load() == 0 || s.unknown.Allow()) {
		_ = s.fetch(context.WithoutCancel(ctx)) // what it did not bring is asked for below
		jwk, err = s.Storage.KeyRead(ctx, kid)
	}
	if errors.Is(err, jwkset.ErrKeyNotFound) && s.away.Load() {
		return jwkset.JWK{}, errKeysAway
	}
	return jwk, err
}

func (s *keySet) takeTurn(ctx context.Context) (release func(), err error) {
	patience := time.NewTimer(s.pace.timeout)
	defer patience.Stop()
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-patience.C:
		return nil, errKeysAway
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fetch asks the issuer once. Building jwkset's storage over our own is its way to fetch into it.
func (s *keySet) fetch(ctx context.Context) error {
	_, err := jwkset.NewStorageFromHTTP(s.url, jwkset.HTTPClientStorageOptions{
		Client: s.client, Ctx: ctx, HTTPTimeout: s.pace.timeout, Storage: s,
	})
	s.away.Store(err != nil)
	s.fetches.Add(1)
	return err
}

// KeyReplaceAll takes a fetched set: keys that can verify nothing here are left out, keys that are gone are forgotten.
func (s *keySet) KeyReplaceAll(ctx context.Context, given []jwkset.JWK) error {
	s.replacing.Lock()
	defer s.replacing.Unlock()
	keys := slices.DeleteFunc(given, func(k jwkset.JWK) bool { return !usable(k) })
	old, err := s.Storage.KeyReadAll(ctx)
	if err != nil || sameKeys(old, keys) {
		return err
	}
	if err := s.Storage.KeyReplaceAll(ctx, keys); err != nil {
		return err
	}
	s.version.Add(1)
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return nil
}

// preload puts in the keys that were saved when the issuer was last reached.
func (s *keySet) preload(ctx context.Context, set []byte) error {
	keys, err := parseSet(set)
	if err != nil {
		return err
	}
	defer s.nothingToSave()
	return s.KeyReplaceAll(ctx, keys)
}

func (s *keySet) nothingToSave() {
	select {
	case <-s.changed:
	default:
	}
}

// run keeps the set fresh and saved until ctx ends.
func (s *keySet) run(ctx context.Context, save func([]byte) error) {
	retry := s.pace.retry
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.changed:
			s.save(ctx, save)
		case <-next.C:
			if s.refresh(ctx) {
				retry = s.pace.retry
				next.Reset(s.pace.every)
				continue
			}
			next.Reset(retry)
			retry = min(2*retry, s.pace.atMost)
		}
	}
}

func (s *keySet) refresh(ctx context.Context) bool {
	release, err := s.takeTurn(ctx)
	if err != nil {
		return false
	}
	defer release()
	first, wasAway := s.fetches.Load() == 0, s.away.Load()
	err = s.fetch(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil && (first || !wasAway):
		s.log.Warn("the issuer's keys cannot be fetched; trying on", "url", s.url, "error", err)
	case err == nil && wasAway && !first:
		s.log.Info("the issuer's keys are back", "url", s.url)
	}
	return err == nil
}

func (s *keySet) save(ctx context.Context, save func([]byte) error) {
	if save == nil {
		return
	}
	set, err := s.JSONPublic(ctx)
	if err == nil {
		err = save(set)
	}
	if err != nil {
		s.log.Warn("the issuer's keys were not saved for the next start", "url", s.url, "error", err)
	}
}

func parseSet(set []byte) ([]jwkset.JWK, error) {
	var parsed jwkset.JWKSMarshal
	if err := json.Unmarshal(set, &parsed); err != nil {
		return nil, fmt.Errorf("parse the saved keys: %w", err)
	}
	storage, err := parsed.ToStorage()
	if err != nil {
		return nil, fmt.Errorf("parse the saved keys: %w", err)
	}
	return storage.KeyReadAll(context.Background())
}

// algorithms are the only ones that a token may be signed with: public keys alone, and one for each kind of key.
var algorithms = []string{"RS256", "ES256", "EdDSA"}

// usable tells whether a key can verify tokens here: a public key of one of the kinds that algorithms name, not meant
// for anything else. A set that publishes private or shared keys has given them away, so those verify nothing.
func usable(jwk jwkset.JWK) bool {
	m := jwk.Marshal()
	if m.USE != "" && m.USE != jwkset.UseSig || m.ALG != "" && !slices.Contains(algorithms, m.ALG.String()) {
		return false
	}
	switch key := jwk.Key().(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= 2048
	case *ecdsa.PublicKey:
		return key.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return true
	}
	return false
}

func sameKeys(a, b []jwkset.JWK) bool {
	return slices.EqualFunc(a, b, func(x, y jwkset.JWK) bool {
		m, n := x.Marshal(), y.Marshal()
		return m.KID == n.KID && m.ALG == n.ALG && m.N == n.N && m.E == n.E && m.X == n.X && m.Y == n.Y
	})
}
