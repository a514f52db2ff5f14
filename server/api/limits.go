package api

import (
	"net/netip"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/limit"
	"statuspage/shared/fault"
)

const (
	perPrincipal  = 500 // requests a second of one user or key
	perOrg        = 1_000
	loginsAccount = 20      // a minute
	forgotAccount = 5       // mails an hour
	addresses     = 1 << 18 // that are remembered; more make the oldest forgotten
	principals    = 1 << 14
)

// Limits counts requests by who makes them.
type Limits struct {
	addresses  limit.Addresses
	public     *limit.Limiter
	loginAddr  *limit.Limiter
	loginName  *limit.Limiter
	principals *limit.Limiter
	orgs       *limit.Limiter
	subscribes *limit.Limiter
	forgets    *limit.Limiter
}

// NewLimits takes PUBLIC_RATE: so many pages a second may an address ask for, and so often a minute may it try to sign in. onFly says that Fly's proxy stands before this process and sets Fly-Client-IP.
func NewLimits(publicRate int, onFly bool) *Limits {
	return &Limits{
		addresses:  limit.Addresses{PlatformSetsFlyClientIP: onFly},
		public:     limit.New(limit.PerSecond(publicRate), addresses),
		loginAddr:  limit.New(limit.Rate{Quota: publicRate, Window: time.Minute}, addresses),
		loginName:  limit.New(limit.Rate{Quota: loginsAccount, Window: time.Minute}, principals),
		principals: limit.New(limit.PerSecond(perPrincipal), principals),
		orgs:       limit.New(limit.PerSecond(perOrg), principals),
		subscribes: newSubscribeLimit(publicRate),
		forgets:    limit.New(limit.Rate{Quota: forgotAccount, Window: time.Hour}, principals),
	}
}

// Address is the client's.
func (l *Limits) Address(c *fiber.Ctx) netip.Addr {
	return l.addresses.Of(c.Context().RemoteAddr().String(), func(name string) string { return c.Get(name) })
}

// onFly says that Fly's proxy stands before this process, whose headers can be believed.
func (l *Limits) onFly() bool { return l.addresses.PlatformSetsFlyClientIP }

// Public counts a request to a public endpoint.
func (l *Limits) Public(c *fiber.Ctx) error {
	return tell(c, "public", l.public.AllowAddr(l.Address(c), time.Now()))
}

// Login counts an attempt to sign in, by address and, when it is known, by account.
func (l *Limits) Login(c *fiber.Ctx, account string) error {
	if account == "" {
		return tell(c, "login", l.loginAddr.AllowAddr(l.Address(c), time.Now()))
	}
	return tell(c, "account", l.loginName.Allow(strings.ToLower(account), time.Now()))
}

// Forgot counts the wishes for a new password of one account, whether there is one or not: nobody's mailbox is filled.
func (l *Limits) Forgot(c *fiber.Ctx, account string) error {
	return tell(c, "account", l.forgets.Allow(strings.ToLower(account), time.Now()))
}

// Principal counts a request of somebody who is known.
func (l *Limits) Principal(c *fiber.Ctx, who auth.Principal) error {
	now := time.Now()
	if err := tell(c, "organization", l.orgs.Allow(who.OrgID, now)); err != nil {
		return err
	}
	return tell(c, "caller", l.principals.Allow(string(who.Kind)+who.ID, now))
}

func tell(c *fiber.Ctx, policy string, r limit.Result) error {
	r.Header(policy, func(name, value string) { c.Set(name, value) })
	if r.Allowed {
		return nil
	}
	e := fault.New(fault.RateLimited, "Too many requests. Please wait a moment.")
	e.RetryAfter = r.Seconds()
	return e
}
