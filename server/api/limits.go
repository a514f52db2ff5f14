package api

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/limit"
	"statuspage/shared/fault"
)

const (
	loginsDevice  = 20 // a minute, of a device that has signed in to the account before
	loginsDevices = 60 // a minute, of all such devices of an account
	loginsFirst   = 3  // an hour, of one account from one address: so many are nobody else's
	loginsAccount = 20 // a minute, of one account: what follows, from all addresses together
	deviceOpen    = 60 // requests a minute of a known device that is not signed in
	forgotAccount = 5  // mails an hour
	presentTries  = 10 // of one's present password, a minute
	// codes of an authenticator an hour, of a device that has signed in to the account before; as many of all others
	// together
	factorTries   = 10
	offersAddress = 5       // mails an hour to one address, of one organisation
	offersOrg     = 100     // mails an hour, of one organisation
	mailTests     = 6       // a minute, of one organisation
	addresses     = 1 << 18 // that are remembered; more make the oldest forgotten
	principals    = 1 << 14
)

// Limits counts requests by who makes them.
type Limits struct {
	addresses  limit.Addresses
	public     *limit.Limiter
	loginAddr  *limit.Limiter
	loginFirst *limit.Limiter
	loginName  *limit.Limiter
	device     *limit.Limiter
	devices    *limit.Limiter
	deviceOpen *limit.Limiter
	principals *limit.Limiter
	orgs       *limit.Limiter
	subscribes *limit.Limiter
	reports    *limit.Limiter
	reportsTo  *limit.Limiter
	forgets    *limit.Limiter
	presents   *limit.Limiter
	factors    *limit.Limiter
	offers     *limit.Limiter
	offersOrg  *limit.Limiter
	mailTests  *limit.Limiter
}

// Rates are requests a second: of an address on public endpoints (as many a minute may it try to sign in), of one user
// or key, and of one organisation's users and keys together.
type Rates struct{ Public, Caller, Org int }

// NewLimits counts from nothing. onFly says that Fly's proxy stands before this process and sets Fly-Client-IP.
func NewLimits(rates Rates, onFly bool) *Limits {
	reports, reportsTo := newReportLimits(rates.Public)
	return &Limits{
		reports: reports, reportsTo: reportsTo,
		addresses:  limit.Addresses{PlatformSetsFlyClientIP: onFly},
		public:     limit.New(limit.PerSecond(rates.Public), addresses),
		loginAddr:  limit.New(limit.Rate{Quota: rates.Public, Window: time.Minute}, addresses),
		loginFirst: limit.New(limit.Rate{Quota: loginsFirst, Window: time.Hour}, addresses),
		loginName:  limit.New(limit.Rate{Quota: loginsAccount, Window: time.Minute}, principals),
		device:     limit.New(limit.Rate{Quota: loginsDevice, Window: time.Minute}, principals),
		devices:    limit.New(limit.Rate{Quota: loginsDevices, Window: time.Minute}, principals),
		deviceOpen: limit.New(limit.Rate{Quota: deviceOpen, Window: time.Minute}, principals),
		principals: limit.New(limit.PerSecond(rates.Caller), principals),
		orgs:       limit.New(limit.PerSecond(rates.Org), principals),
		subscribes: newSubscribeLimit(rates.Public),
		forgets:    limit.New(limit.Rate{Quota: forgotAccount, Window: time.Hour}, principals),
		presents:   limit.New(limit.Rate{Quota: presentTries, Window: time.Minute}, principals),
		factors:    limit.New(limit.Rate{Quota: factorTries, Window: time.Hour}, principals),
		offers:     limit.New(limit.Rate{Quota: offersAddress, Window: time.Hour}, principals),
		offersOrg:  limit.New(limit.Rate{Quota: offersOrg, Window: time.Hour}, principals),
		mailTests:  limit.New(limit.Rate{Quota: mailTests, Window: time.Minute}, principals),
	}
}

// Address is the client's.
func (l *Limits) Address(c *fiber.Ctx) netip.Addr {
	return l.addresses.Of(c.Context().RemoteAddr().String(), func(name string) string { return c.Get(name) })
}

// onFly says that Fly's proxy stands before this process, whose headers can be believed.
func (l *Limits) onFly() bool { return l.addresses.PlatformSetsFlyClientIP }

// PublicPolicy is the name of PUBLIC_RATE in headers.
const PublicPolicy = "public"

// Public counts a request to a public endpoint.
func (l *Limits) Public(c *fiber.Ctx) error {
	return tell(c, PublicPolicy, l.public.AllowAddr(l.Address(c), time.Now()))
}

// PublicBefore counts a request before the router has it. What it refuses the router counts, too.
func (l *Limits) PublicBefore(client netip.Addr, now time.Time) limit.Result {
	return l.public.AllowAddr(client, now)
}

// Client is Address, of a request that the router does not have, without an allocation.
func (l *Limits) Client(peer netip.Addr, flyClientIP []byte) netip.Addr {
	if l.onFly() {
		if addr, err := netip.ParseAddr(string(bytes.TrimSpace(flyClientIP))); err == nil {
			return addr.Unmap()
		}
	}
	return peer
}

// Login counts a request of somebody who is not signed in: by the device, where it is a known one, else by its address.
func (l *Limits) Login(c *fiber.Ctx, device auth.Device) error {
	if device.ID != "" {
		return tell(c, "browser", l.deviceOpen.Allow(device.ID, time.Now()))
	}
	return tell(c, "login", l.loginAddr.AllowAddr(l.Address(c), time.Now()))
}

// Attempt counts an attempt at an account's password, whether there is such an account or not. A device that has signed
// in to it before is counted apart, whatever its address: nobody else keeps it out. From elsewhere the first attempts
// of each address are its own, so that nobody else keeps out who knows the password; what follows is counted together,
// from however many addresses it comes.
func (l *Limits) Attempt(c *fiber.Ctx, device auth.Device, account string) error {
	account = strings.ToLower(strings.TrimSpace(account))
	now := time.Now()
	if device.Knows(account) {
		one := l.device.Allow(device.ID+" "+account, now)
		if one.Allowed {
			if all := l.devices.Allow(account, now); !all.Allowed {
				return tell(c, "devices", all)
			}
		}
		return tell(c, "device", one)
	}
	if device.ID != "" { // of another account, and only that was counted
		if err := l.Login(c, auth.Device{}); err != nil {
			return err
		}
	}
	if l.loginFirst.Allow(l.from(c, account), now).Allowed {
		return nil
	}
	return tell(c, "account", l.loginName.Allow(account, now))
}

// Right forgets the attempts at an account from an address at which the password was right.
func (l *Limits) Right(c *fiber.Ctx, account string) {
	l.loginFirst.Forget(l.from(c, strings.ToLower(strings.TrimSpace(account))))
}

func (l *Limits) from(c *fiber.Ctx, account string) string { return l.client(c) + " " + account }

// client is the address that a client is counted by.
func (l *Limits) client(c *fiber.Ctx) string { return limit.Group(l.Address(c)).String() }

// Forgot counts the wishes for a new password of one account, whether there is one or not: nobody's mailbox is filled.
func (l *Limits) Forgot(c *fiber.Ctx, account string) error {
	return tell(c, "mail", l.forgets.Allow(strings.ToLower(account), time.Now()))
}

// Present counts the tries of a person's present password, by whoever has their session.
func (l *Limits) Present(c *fiber.Ctx, userID string) error {
	return tell(c, "password", l.presents.Allow(userID, time.Now()))
}

// Factor counts a code of an authenticator, which has six digits: who knows a password may guess a few of them an hour,
// from however many addresses. A device that has signed in to the account before is counted apart, so that its owner is
// kept out by nobody else; on a new device a passkey or a recovery code is not counted.
func (l *Limits) Factor(c *fiber.Ctx, key string) error {
	err := tell(c, "factor", l.factors.Allow(key, time.Now()))
	if f, is := err.(*fault.Error); is {
		f.Message = "Too many codes were tried. A passkey or a recovery code is accepted meanwhile."
	}
	return err
}

// FactorRight forgets the tries of whoever has shown the right one.
func (l *Limits) FactorRight(key string) { l.factors.Forget(key) }

// Offer counts the offers that an organisation has mailed: in all, and to one address, whatever other organisations
// mail there.
func (l *Limits) Offer(c *fiber.Ctx, orgID, address string) error {
	if err := tell(c, "offers", l.offersOrg.Allow(orgID, time.Now())); err != nil {
		return err
	}
	return tell(c, "offer", l.offers.Allow(orgID+" "+strings.ToLower(address), time.Now()))
}

// TestMail counts the mails that an organisation's admins send themselves as a test.
func (l *Limits) TestMail(c *fiber.Ctx, orgID string) error {
	return tell(c, "mail-test", l.mailTests.Allow(orgID, time.Now()))
}

// Principal counts a request of somebody who is known. What is refused to one caller is not counted against its
// organisation: a program that runs wild must not lock the others out.
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

// counted says in words what each policy counts.
var counted = map[string]string{
	"public":    "Too many requests come from your network address.",
	"login":     "Too many attempts to sign in come from your network address.",
	"subscribe": "Too many subscriptions come from your network address.",
	"browser":   "Too many requests come from this browser.",
	"device":    "Too many attempts to sign in to this account come from this browser.",
	"devices":   "Too many attempts to sign in to this account come from browsers that know it.",
	"account":   "Too many attempts to sign in to this account.",
	"mail":      "Too many mails about this account's password were asked for.",
	"password":  "The present password was tried too often.", "factor": "Too many codes were tried.",
	"offers": "Your organization has mailed too many offers.", "offer": "Too many offers were mailed to this address.",
	"organization": "Too many requests come from your organization's users and keys together.",
	"caller":       "You, or this API key, make too many requests.",
}

// limited marks, in a request's locals, that its headers are of the limit by which it was refused.
const limited = "limited"

// tell says in headers how a limit stands: of several, the last that was counted, or the one that refuses.
func tell(c *fiber.Ctx, policy string, r limit.Result) error {
	r.Header(policy, func(name, value string) { c.Set(name, value) })
	if r.Allowed {
		return nil
	}
	c.Locals(limited, true)
	e := fault.New(fault.RateLimited, "%s Please wait %s.", counted[policy], waiting(r.Seconds()))
	e.RetryAfter = r.Seconds()
	return e
}

// waiting is a number of seconds as one says it.
func waiting(seconds int) string {
	switch {
	case seconds == 1:
		return "a second"
	case seconds < 120:
		return strconv.Itoa(seconds) + " seconds"
	}
	return strconv.Itoa((seconds+59)/60) + " minutes"
}

// untold takes away what the headers say of a limit that is not the one by which a request was refused.
func untold(c *fiber.Ctx, f *fault.Error) {
	if f.Code == fault.RateLimited && c.Locals(limited) == nil {
		c.Response().Header.Del("RateLimit")
		c.Response().Header.Del("RateLimit-Policy")
	}
}
