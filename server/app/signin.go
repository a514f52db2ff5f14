package app

import (
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/oauth2"

	"statuspage/server/auth"
	"statuspage/server/site"
	"statuspage/server/site/serve"
	"statuspage/shared/fault"
)

const (
	signInPath   = "/login/begin"
	callbackPath = "/login/callback"
	// attemptCookie holds what a browser took to the issuer's pages, so that it is the one that comes back.
	attemptCookie = "signin"
	attemptTTL    = 15 * time.Minute
)

// ours are the places to go to after a sign-in: the dashboard's alone, and such as a cookie has room for.
var ours = regexp.MustCompile(`^/dashboard([/?][!-\[\]-~]{0,999})?$`)

// inDashboard says whether an address is still the dashboard's when its dots are resolved, as browsers do, also those
// that are written %2e.
func inDashboard(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	at := path.Clean(u.Path)
	return at == "/dashboard" || strings.HasPrefix(at, "/dashboard/")
}

// errorCode is what an issuer may name as its reason (RFC 6749 4.1.2.1).
var errorCode = regexp.MustCompile(`^[a-z_]{1,60}$`)

// beginSignIn sends a browser to the issuer.
func (a *App) beginSignIn(c *fiber.Ctx) error {
	if err := a.limits.Login(c, auth.Device{}); err != nil {
		return a.notSignedIn(c, err)
	}
	state, verifier, next := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), c.Query("next")
	if !ours.MatchString(next) || !inDashboard(next) {
		next = "/dashboard"
	}
	address, err := a.client.Begin(c.UserContext(), a.callback(c), state, verifier, c.Query("prompt") == "login")
	if err != nil {
		return a.notSignedIn(c, err)
	}
	attempt := strings.Join([]string{state, verifier, base64.RawURLEncoding.EncodeToString([]byte(next))}, ".")
	a.setAttempt(c, attempt, time.Now().Add(attemptTTL))
	return leave(c, address)
}

// finishSignIn takes the browser back. It is the primary's, since it may be somebody new.
func (a *App) finishSignIn(c *fiber.Ctx) error {
	if !a.region.Primary {
		if err := a.region.ToPrimary(c); err != nil {
			return a.notSignedIn(c, err)
		}
		return nil
	}
	if err := a.limits.Login(c, auth.Device{}); err != nil {
		return a.notSignedIn(c, err)
	}
	next, err := a.finish(c)
	if err != nil {
		return a.notSignedIn(c, err)
	}
	return leave(c, next)
}

func (a *App) finish(c *fiber.Ctx) (next string, err error) {
	attempt := strings.Split(c.Cookies(serve.Cookie(c, attemptCookie)), ".")
	a.setAttempt(c, "", time.Unix(0, 0))
	if len(attempt) != 3 || subtle.ConstantTimeCompare([]byte(attempt[0]), []byte(c.Query("state"))) != 1 {
		return "", fault.New(fault.Forbidden, "This sign-in was not begun in this browser, or was begun once more "+
			"since. Sign in again.")
	}
	if !a.client.IsIssuer(c.Query("iss")) {
		return "", fault.New(fault.Forbidden, "This answer came from another identity provider. Sign in again.")
	}
	if code := c.Query("error"); errorCode.MatchString(code) {
		return "", fault.New(fault.Forbidden, "The identity provider did not sign you in: %s.",
			strings.ReplaceAll(code, "_", " "))
	}
	grant, err := a.client.Finish(c.UserContext(), a.callback(c), c.Query("code"), attempt[1])
	if err != nil {
		return "", err
	}
	token, who, err := grant.Bearer(c.UserContext(), a.verifier)
	if err != nil {
		return "", err
	}
	place, err := base64.RawURLEncoding.DecodeString(attempt[2])
	if err != nil || !ours.Match(place) {
		place = []byte("/dashboard")
	}
	if grant.Refresh == "" { // the session lasts as long as the token
		if err := auth.Keepable(token); err != nil {
			return "", err
		}
		serve.ForgetRefresh(c)
		serve.SetBearer(c, token, who.ExpiresAt)
		return string(place), nil
	}
	serve.ForgetBearer(c)
	serve.SetRefresh(c, grant.Refresh, time.Now().Add(auth.SessionTTL))
	return string(place), nil
}

// callback is where the issuer sends browsers back to. It lets them go nowhere that it was not told of.
func (a *App) callback(c *fiber.Ctx) string { return serve.BaseURL(c, a.cfg.BaseURL) + callbackPath }

func (a *App) setAttempt(c *fiber.Ctx, value string, until time.Time) {
	// Lax, since the way back begins at the issuer.
	c.Cookie(&fiber.Cookie{Name: serve.Cookie(c, attemptCookie), Value: value, Path: "/", Expires: until,
		HTTPOnly: true, SameSite: "Lax", Secure: serve.Secure(c)})
}

func (a *App) notSignedIn(c *fiber.Ctx, err error) error { return site.NotSignedIn(c, a.door(), err) }

func leave(c *fiber.Ctx, address string) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	return c.Redirect(address, fiber.StatusSeeOther)
}
