package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

// Issuer is one that may sign tokens for us.
type Issuer struct {
	// Name is compared with `iss` byte for byte.
	Name    string
	JWKSURL string
	// Audience: if any are given, `aud` must hold one of them.
	Audience []string
	// AuthorizedParties: if any are given, `azp` must be one of them.
	AuthorizedParties []string
	Shapes            []Shape

	// transport and pace are the network's, but for our own issuer.
	transport http.RoundTripper
	pace      pace
}

// External is an issuer somewhere else. Its name may be left out where the address of its keys tells it.
func External(jwksURL, name, preset string, over Overrides) (Issuer, error) {
	u, err := url.Parse(jwksURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return Issuer{}, fmt.Errorf("the address of the issuer's keys, %q, is no http(s) URL", jwksURL)
	}
	if name == "" {
		name = issuerOf(jwksURL, preset)
	}
	if name == "" {
		return Issuer{}, fmt.Errorf("name the issuer of the keys at %s: it is the iss of its tokens", jwksURL)
	}
	shapes, err := Shapes(preset, over)
	if err != nil {
		return Issuer{}, err
	}
	return Issuer{Name: name, JWKSURL: jwksURL, Shapes: shapes}, nil
}

// issuerOf guesses the issuer by where the presets publish their keys, or is empty.
func issuerOf(jwksURL, preset string) string {
	for _, path := range []string{"/.well-known/jwks.json", "/protocol/openid-connect/certs", "/oauth/v2/keys"} {
		if base, ok := strings.CutSuffix(jwksURL, path); ok && preset == "auth0" {
			return base + "/"
		} else if ok {
			return base
		}
	}
	return ""
}

// issuer is an Issuer at work.
type issuer struct {
	Issuer
	keys    *keySet
	keyfunc keyfunc.Keyfunc
}

func newIssuer(is Issuer, log *slog.Logger) (*issuer, error) {
	if is.Name == "" || len(is.Shapes) == 0 {
		return nil, fmt.Errorf("issuer %q: a name and the shape of its claims are needed", is.Name)
	}
	if is.transport == nil {
		is.transport, is.pace = network(), overNetwork
	}
	keys := newKeySet(is.JWKSURL, is.transport, is.pace, log)
	kf, err := keyfunc.New(keyfunc.Options{Storage: keys})
	if err != nil {
		return nil, fmt.Errorf("issuer %s: %w", is.Name, err)
	}
	return &issuer{Issuer: is, keys: keys, keyfunc: kf}, nil
}

// network is a transport of our own, so that nothing else in the process shares its connections.
func network() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 1
	return t
}

var (
	errNoKid     = errors.New("the token names no key")
	errCritical  = errors.New("the token has critical headers that nobody here knows")
	errStranger  = errors.New("the token's issuer is not one of ours")
	errAudience  = errors.New("the token is for another audience")
	errParty     = errors.New("the token was given to another party")
	errNoSubject = errors.New("the token names nobody")
	errUnready   = errors.New("the token's session is pending")
)

// key finds what verifies the token's signature. Without a kid keyfunc would try every key, so one is required.
func (i *issuer) key(ctx context.Context, t *jwt.Token) (any, error) {
	if kid, ok := t.Header[jwkset.HeaderKID].(string); !ok || kid == "" {
		return nil, errNoKid
	}
	if _, ok := t.Header["crit"]; ok {
		return nil, errCritical
	}
	return i.keyfunc.KeyfuncCtx(ctx)(t)
}

// check holds the verified claims against what this issuer was configured with.
func (i *issuer) check(claims jwt.MapClaims) error {
	switch {
	case len(i.Audience) > 0 && !slices.ContainsFunc(i.Audience, audience(claims)):
		return errAudience
	case len(i.AuthorizedParties) > 0 && !slices.Contains(i.AuthorizedParties, text(claims, "azp")):
		return errParty
	case text(claims, "sub") == "":
		return errNoSubject
	case text(claims, "sts") == "pending":
		return errUnready
	}
	return nil
}

func audience(claims jwt.MapClaims) func(string) bool {
	list, _ := claims.GetAudience()
	return func(one string) bool { return slices.Contains(list, one) }
}

func text(claims jwt.MapClaims, name string) string {
	s, _ := claims[name].(string)
	return s
}
