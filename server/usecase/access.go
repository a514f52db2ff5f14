package usecase

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// What an organisation may say of who may see its page.
const (
	MaxAccessDomains  = 100
	MaxAccessEmails   = 500
	MaxAccessNetworks = 100
	// Of each audience there are fewer, since there may be status.MaxAudiences.
	MaxAudienceDomains  = 20
	MaxAudienceEmails   = 100
	MaxAudienceNetworks = 20
	// MaxAudiencesBytes is how long all audiences of a page may be together, as they are kept.
	MaxAudiencesBytes = 500_000
	// AccessLinkFor is how long a link that was mailed to a reader works.
	AccessLinkFor = 30 * time.Minute
)

// withAccess gives the command that names who may see the page, and what writes that down with it; nil where that
// stands already. What is left out stays as it was.
func (d *UseCases) withAccess(ctx context.Context, orgID string, edit *page.EditPage) (*page.EditPage,
	func(*store.Batch), error) {
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return nil, nil, err
	}
	want, named, is := edit.Access, *edit, p.State.Org.Access
	was, err := d.accessNow(ctx, &p.State.Org)
	if err != nil {
		return nil, nil, err
	}
	whole := want.Kind == page.AccessKinds[0] && len(want.Audiences) == 0 && !is.Divided
	if whole || !slices.Contains(page.AccessKinds, want.Kind) { // Decide refuses the other
		named.Access = &page.EditAccess{Kind: want.Kind}
		return &named, nil, nil
	}
	next, err := d.nextAccess(ctx, was, want)
	if err == nil {
		err = stillNamed(&p.State, was.Audiences, next.Audiences)
	}
	if err != nil {
		return nil, nil, err
	}
	named.Access = &page.EditAccess{Kind: want.Kind, ID: is.ID, Divided: len(next.Audiences) > 0}
	if sameAccess(next, was) {
		return &named, nil, nil
	}
	next.ID = newID()
	named.Access.ID = next.ID
	return &named, func(b *store.Batch) { d.db.Org(orgID).AddAccess(b, next, is.ID, d.now()) }, nil
}

// accessNow is who may see a page; of a public one without audiences nothing is kept.
func (d *UseCases) accessNow(ctx context.Context, org *page.Org) (*store.Access, error) {
	if org.Access.ID == "" {
		return &store.Access{}, nil
	}
	a, err := d.db.Org(org.ID).Access(ctx, org.Access.ID)
	if errors.Is(err, store.ErrNone) {
		return &store.Access{}, nil
	}
	return a, err
}

func sameAccess(a, b *store.Access) bool {
	return a.Kind == b.Kind && a.Password == b.Password && a.Secret == b.Secret && a.FeedKey == b.FeedKey &&
		slices.Equal(a.Domains, b.Domains) && slices.Equal(a.Emails, b.Emails) &&
		slices.Equal(a.Networks, b.Networks) && slices.EqualFunc(a.Audiences, b.Audiences, sameAudience)
}

func sameAudience(a, b store.PageAudience) bool {
	return a.ID == b.ID && a.Name == b.Name && sameAccess(&a.Access, &b.Access)
}

// nextAccess is what was there with what is wanted.
func (d *UseCases) nextAccess(ctx context.Context, was *store.Access, want *page.EditAccess) (*store.Access, error) {
	next, err := d.nextDetails(ctx, was, want, "access")
	if err == nil && want.Audiences != nil {
		next.Audiences, err = d.nextAudiences(ctx, was.Audiences, want.Audiences)
	}
	return next, err
}

// nextDetails is who may see something. Another kind or password signs out whoever was let in before.
func (d *UseCases) nextDetails(ctx context.Context, was *store.Access, want *page.EditAccess,
	field string) (*store.Access, error) {
	next := *was
	next.Kind = want.Kind
	if no := changeAccess(&next, want, field); no != nil {
		return nil, no
	}
	if want.Password != nil {
		hash, err := d.passwords.HashShared(ctx, field+".password", *want.Password)
		if err != nil {
			return nil, err
		}
		next.Password = hash
	}
	if next.Kind == "password" && next.Password == "" {
		return nil, fault.OnField(field+".password", "Say the password that opens the page.")
	}
	if next.Kind != was.Kind || next.Password != was.Password || want.SignOut || next.Secret == "" {
		next.Secret = auth.NewOpaque().Text
	}
	if want.NewFeed || next.FeedKey == "" {
		next.FeedKey = auth.NewOpaque().Text
	}
	return &next, nil
}

// changeAccess puts in the lists that are given, each entry in one spelling.
func changeAccess(next *store.Access, want *page.EditAccess, of string) *fault.Error {
	var c status.Checks
	domains, emails, networks := MaxAccessDomains, MaxAccessEmails, MaxAccessNetworks
	if of != "access" {
		domains, emails, networks = MaxAudienceDomains, MaxAudienceEmails, MaxAudienceNetworks
	}
	put := func(list *[]string, given []string, field string, most int, one func(string) (string, bool), what string) {
		if given == nil {
			return
		}
		c.That(len(given) <= most, field, "%s may have %s entries at most.", field, wire.Itoa(int64(most)))
		kept := []string{}
		for i, text := range given {
			entry, ok := one(strings.ToLower(strings.TrimSpace(text)))
			c.That(ok, field+"["+wire.Itoa(int64(i))+"]", "%s must be %s.", field+"["+wire.Itoa(int64(i))+"]", what)
			if !slices.Contains(kept, entry) {
				kept = append(kept, entry)
			}
		}
		*list = kept
	}
	put(&next.Domains, want.Domains, of+".domains", domains, accessDomain, "a domain such as example.com")
	put(&next.Emails, want.Emails, of+".emails", emails, func(s string) (string, bool) {
		return s, CheckEmail(s) == nil
	}, "an e-mail address")
	put(&next.Networks, want.Networks, of+".networks", networks, accessNetwork,
		"a network such as 192.0.2.0/24 or 2001:db8::/32")
	c.That(next.Kind != "email" || len(next.Domains)+len(next.Emails) > 0, of+".domains",
		"Say which domains or addresses may see the page.")
	c.That(next.Kind != "networks" || len(next.Networks) > 0, of+".networks", "Say which networks may see the page.")
	return c.Err()
}

func accessDomain(text string) (string, bool) {
	text = strings.TrimPrefix(text, "@")
	return text, len(text) <= 253 && strings.Contains(text, ".") && CheckEmail("a@"+text) == nil
}

func accessNetwork(text string) (string, bool) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()).String(), true
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil || prefix.Addr().Is4In6() {
		return "", false
	}
	return prefix.Masked().String(), true
}

// AccessDetails is who may see the page, for those who may know.
func (d *UseCases) AccessDetails(ctx context.Context, org *page.Org) error {
	if org.Access.ID == "" {
		return nil
	}
	a, err := d.accessNow(ctx, org)
	if err != nil {
		return err
	}
	if !org.Access.Public() {
		detail(&org.Access, a)
	}
	org.Access.Audiences = make([]page.Audience, len(a.Audiences))
	for i := range a.Audiences {
		x := &org.Access.Audiences[i]
		x.ID, x.Name, x.Access.Kind = a.Audiences[i].ID, a.Audiences[i].Name, a.Audiences[i].Kind
		detail(&x.Access, &a.Audiences[i].Access)
	}
	return nil
}

func detail(to *page.Access, a *store.Access) {
	to.Domains, to.Emails, to.Networks, to.FeedKey = nonNil(a.Domains), nonNil(a.Emails), nonNil(a.Networks), a.FeedKey
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// MatchesAccess says whether a password opens the page.
func (d *UseCases) MatchesAccess(ctx context.Context, a *store.Access, password string) (bool, error) {
	return d.passwords.Matches(ctx, a.Password, password)
}

// MayReadByMail says whether whoever has an address may see the page.
func MayReadByMail(a *store.Access, email string) bool {
	email = strings.ToLower(strings.TrimSpace(email))
	_, domain, is := strings.Cut(email, "@")
	return is && (slices.Contains(a.Emails, email) || slices.Contains(a.Domains, domain))
}

// MailAccess mails a link that lets in to the page, once, to an address that may see it. It takes as long for another.
// door is where the link leads, with a query that may be longer.
func (d *UseCases) MailAccess(ctx context.Context, org page.Org, a *store.Access, email, base, door string) error {
	if no := CheckEmail(email); no != nil {
		return no
	}
	secret, now, to := auth.NewOpaque(), d.now(), ""
	if MayReadByMail(a, email) {
		to = strings.ToLower(strings.TrimSpace(email))
	}
	if err := d.db.Org(org.ID).AddAccessLink(ctx, secret.Hash, to, now, now.Add(AccessLinkFor)); err != nil {
		return err
	}
	if to != "" {
		d.Post(notify.Account{Kind: notify.AccessLetter, To: to, Org: org, Base: base,
			URL: door + "token=" + secret.Text, Lasts: AccessLinkFor})
	}
	return nil
}

// UseAccessLink answers who may come in by a link, which works no more from now on.
func (d *UseCases) UseAccessLink(ctx context.Context, orgID, token string) (email string, err error) {
	hash, ok := auth.HashOpaque(token)
	if !ok {
		return "", errAccessLink()
	}
	email, err = d.db.Org(orgID).UseAccessLink(ctx, hash, d.now())
	if errors.Is(err, store.ErrNone) {
		return "", errAccessLink()
	}
	return email, err
}

func errAccessLink() error {
	return fault.New(fault.Forbidden, "This link works no more. Ask for another one.")
}
