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

// Rates are requests a second: of an address on public endpoints (as many a minute may it try to sign in), of one user or key, and
// of one organisation's users and keys together.
type Rates struct{ Public, Caller, Org int }

// NewLimits counts from nothing. onFly says that Fly's proxy stands before this process and sets Fly-Client-IP.
func NewLimits(rates Rates, onFly bool) *Limits {
	return &Limits{
		addresses:  limit.Addresses{PlatformSetsFlyClientIP: onFly},
		public:     limit.New(limit.PerSecond(rates.Public), addresses),
		loginAddr:  limit.New(limit.Rate{Quota: rates.Public, Window: time.Minute}, addresses),
		loginName:  limit.New(limit.Rate{Quota: loginsAccount, Window: time.Minute}, principals),
		principals: limit.New(limit.PerSecond(rates.Caller), principals),
		orgs:       limit.New(limit.PerSecond(rates.Org), principals),
		subscribes: newSubscribeLimit(rates.Public),
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

// Principal counts a request of somebody who is known. What is refused to one caller is not counted against its organisation: a
// program that runs wild must not lock the others out.
func (l *Limits) Principal(c *fiber.Ctx, who auth.Principal) error {
	now := time.Now()
	caller := l.principals.Allow(string(who.Kind)+who.ID, now)
	if caller.Allowed && who.OrgID != "" {
		if org := l.orgs.Allow(who.OrgID, now); !org.Allowed {
			return tell(c, "organization", org)
		}
	}
	return tell(c, "caller", caller)
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
