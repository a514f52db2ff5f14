package usecase

import (
	"context"
	"errors"
	"strings"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// maxOffers bounds the offers of an organisation that have not ended.
const maxOffers = 100

// NewOffer is a membership that shall be offered to an address. Whether there is an account under it plays no part:
// nothing here asks.
type NewOffer struct {
	Email string
	Name  string
	Role  auth.Role
}

// Door is where links of accounts begin, and whether they are mailed. Where they are, nobody but the mailbox gets them.
type Door struct {
	Base  string
	Mails bool
}

// Offered is an offer with its link, which is "" where it was mailed.
type Offered struct {
	Person store.Person
	URL    string
	Mailed bool
}

// Wire is what the organisation is told, the same for every address.
func (o *Offered) Wire(f *wire.Fields) {
	WirePerson(&o.Person, f)
	f.Bool("mailed", &o.Mailed)
	f.Str("url", &o.URL)
}

// WirePerson is a line of an organisation's team.
func WirePerson(p *store.Person, f *wire.Fields) {
	f.Str("id", &p.UserID)
	f.Str("email", &p.Email)
	f.Str("name", &p.Name)
	f.Str("role", (*string)(&p.Role))
	f.Time("created_at", &p.CreatedAt)
	state, by := "member", ""
	var expires *status.Time
	if p.Offer != nil {
		state, by, expires = "offered", p.Offer.ActorName, &p.Offer.ExpiresAt
	}
	f.Str("state", &state)
	f.Str("offered_by", &by)
	f.NullTime("expires_at", &expires)
	if state == "offered" && p.Offer == nil { // read back from an idempotent answer
		p.Offer = &store.Offer{ActorName: by}
		if expires != nil {
			p.Offer.ExpiresAt = *expires
		}
	}
}

func personOf(f store.Offer) store.Person {
	return store.Person{Member: store.Member{UserID: f.ID, Email: f.Email, Name: f.Name, Role: f.Role,
		CreatedAt: f.CreatedAt}, Offer: &f}
}

// Offer offers a membership. The answer is the same, and takes the same time, whoever has an account: everything about
// accounts is decided when the offer is accepted, by its person.
func (d *UseCases) Offer(ctx context.Context, by Caller, orgID string, n NewOffer, door Door) (Offered, error) {
	if d.local == nil {
		return Offered{}, errNoLocal()
	}
	m := NewMember{Email: n.Email, Name: n.Name, Role: n.Role}
	if no := m.check(); no != nil {
		return Offered{}, no
	}
	var letter *notify.Account
	made, err := administer(ctx, d, by, orgID, func(b *store.Batch) (Offered, error) {
		org, now := d.db.Org(orgID), d.now()
		org.MayBeOffered(b, m.Email, now.UnixMilli(), maxOffers,
			fault.New(fault.Conflict, "%s is a member already.", m.Email).With("email", "%s is a member already.",
				m.Email),
			errOffered(m.Email),
			fault.New(fault.Conflict, "There are %s open offers already, which is the limit.", wire.Itoa(maxOffers)))
		a := by.audit("offer_membership", "offer", newID(), "", "", now)
		f := store.Offer{OrgID: orgID, ID: a.ObjectID, Email: m.Email, Name: m.Name, Role: m.Role,
			ActorKind: a.ActorKind, ActorID: a.ActorID, ActorName: a.ActorName,
			Shown: !door.Mails, CreatedAt: a.At, ExpiresAt: status.Time(now.Add(offerFor).UnixMilli())}
		secret := auth.NewOpaque()
		org.AddOffer(b, f, secret.Hash)
		a.After = offerJSON(f)
		org.AddAudit(b, a)
		made, l, err := d.handOver(ctx, f, secret, door)
		letter = l
		return made, err
	})
	var c *store.Constraint
	if errors.As(err, &c) && c.Kind == "UNIQUE" {
		err = errOffered(m.Email)
	}
	if err == nil && letter != nil {
		d.Post(*letter)
	}
	return made, err
}

func errOffered(email string) *fault.Error {
	return fault.New(fault.Conflict, "%s has an open offer already. It can be sent again.", email).
		With("email", "%s has an open offer already. It can be sent again.", email)
}

// handOver is what becomes of an offer's link: a letter, or an address to hand over.
func (d *UseCases) handOver(ctx context.Context, f store.Offer, secret auth.Opaque,
	door Door) (Offered, *notify.Account, error) {
	made, url := Offered{Person: personOf(f), Mailed: door.Mails}, linkURL(door.Base, secret)
	if !door.Mails {
		made.URL = url
		return made, nil, nil
	}
	p, err := d.relay.Page(ctx, f.OrgID)
	if err != nil {
		return made, nil, err
	}
	return made, &notify.Account{Kind: notify.OfferLetter, To: f.Email, Org: p.State.Org, Base: door.Base, URL: url,
		Lasts: offerFor, By: f.ActorName, Role: string(f.Role)}, nil
}

// Renew makes another link for an offer, mailed or handed over; the one before is void. Who is a member has a password
// of their own, and no organisation has a link to it.
func (d *UseCases) Renew(ctx context.Context, by Caller, orgID, id string, door Door) (Offered, error) {
	if d.local == nil {
		return Offered{}, errNoLocal()
	}
	var letter *notify.Account
	made, err := administer(ctx, d, by, orgID, func(b *store.Batch) (Offered, error) {
		org, now := d.db.Org(orgID), d.now()
		p, _, err := org.Person(ctx, id)
		switch {
		case errors.Is(err, store.ErrNone):
			return Offered{}, errNoMember()
		case err != nil:
			return Offered{}, err
		case p.Offer == nil:
			return Offered{}, fault.New(fault.Conflict, "This person is a member. Whoever forgot a password asks for "+
				"a link at the sign-in.")
		}
		f := *p.Offer
		a := by.audit("renew_offer", "offer", id, offerJSON(f), "", now)
		f.ActorKind, f.ActorID, f.ActorName = a.ActorKind, a.ActorID, a.ActorName
		f.Shown, f.ExpiresAt = !door.Mails, status.Time(now.Add(offerFor).UnixMilli())
		secret := auth.NewOpaque()
		org.RenewOffer(b, f, secret.Hash)
		a.After = offerJSON(f)
		org.AddAudit(b, a)
		made, l, err := d.handOver(ctx, f, secret, door)
		letter = l
		return made, err
	})
	if store.Overtaken(err) {
		err = errNoMember()
	}
	if err == nil && letter != nil {
		d.Post(*letter)
	}
	return made, err
}

// Offers lists what is offered to a person: to an address that they have proved.
func (d *UseCases) Offers(ctx context.Context, who auth.Principal) ([]store.SentOffer, error) {
	user, err := d.person(ctx, who)
	if err != nil || !user.Proved {
		return []store.SentOffer{}, err
	}
	return d.db.OffersTo(ctx, user.Email, d.now())
}

// AcceptOffer makes whoever is signed in a member. The offer was made to an address that they have proved; or they
// bring the link of one that was handed over.
func (d *UseCases) AcceptOffer(ctx context.Context, by Caller, id, token string) (store.Membership, error) {
	user, f, err := d.offerFor(ctx, by.Who, id, token)
	if err != nil {
		return store.Membership{}, err
	}
	now := d.now()
	var b store.Batch
	org := d.db.Org(f.OrgID)
	org.AcceptOffer(&b, f.Offer, user.ID, now)
	store.ChooseOrg(&b, user.ID, f.OrgID)
	by.Who = auth.Principal{Kind: auth.KindUser, ID: user.ID, Name: user.Name, Email: user.Email}
	org.AddAudit(&b, by.audit("accept_offer", "member", user.ID, offerJSON(f.Offer),
		memberJSON(store.Member{UserID: user.ID, Email: user.Email, Name: user.Name, Role: f.Role,
			CreatedAt: status.Time(now.UnixMilli())}), now))
	if err := d.db.Do(ctx, &b); err != nil {
		return store.Membership{}, accepted(err)
	}
	return store.Membership{OrgID: f.OrgID, Slug: f.OrgSlug, Name: f.OrgName, Role: f.Role}, nil
}

// accepted turns what undid an acceptance into a sentence.
func accepted(err error) error {
	var c *store.Constraint
	switch {
	case errors.As(err, &c) && c.On("members."):
		return fault.New(fault.Conflict, "You are a member of this organization already.")
	case errors.As(err, &c) && c.On("users_proved_email"):
		return errSignInFirst()
	case errors.As(err, &c) && c.On("users_held"), errors.As(err, &c) && c.On("users.held_by"):
		return fault.New(fault.Conflict, "This organization has an account of this address already. Sign in to it.")
	}
	return usedUp(err)
}

func errSignInFirst() *fault.Error {
	return fault.New(fault.Conflict, "There is an account with this address. Sign in to it to accept.")
}

// offerFor is an offer that whoever is signed in may answer.
func (d *UseCases) offerFor(ctx context.Context, who auth.Principal, id,
	token string) (store.User, store.SentOffer, error) {
	none := fault.New(fault.NotFound, "There is no such offer.")
	user, err := d.person(ctx, who)
	if err != nil {
		return user, store.SentOffer{}, err
	}
	if token != "" {
		f, err := d.offerByLink(ctx, token)
		switch {
		case err != nil:
			return user, f, err
		case f.ID != id:
			return user, f, none
		case !f.Shown && (!user.Proved || !sameAddress(f.Email, user.Email)):
			return user, f, fault.New(fault.Forbidden, "This offer was made to %s. Sign in with that address to "+
				"accept it.", f.Email)
		}
		return user, f, nil
	}
	mine, err := d.Offers(ctx, who)
	if err != nil {
		return user, store.SentOffer{}, err
	}
	for _, f := range mine {
		if f.ID == id {
			return user, f, nil
		}
	}
	return user, store.SentOffer{}, none
}

// sameAddress tells letters of ASCII alike in upper and lower case, as the store does.
func sameAddress(a, b string) bool { return lowerASCII(a) == lowerASCII(b) }

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// DeclineOffer ends an offer. Its organisation hears that it was declined, and nothing of who is behind the address:
// whoever has the link can decline it, too.
func (d *UseCases) DeclineOffer(ctx context.Context, by Caller, id, token string) error {
	if d.local == nil {
		return errNoLocal()
	}
	var f store.SentOffer
	var err error
	if by.Who.Kind == "" {
		f, err = d.offerByLink(ctx, token)
	} else {
		_, f, err = d.offerFor(ctx, by.Who, id, token)
	}
	if err != nil {
		return err
	}
	var b store.Batch
	org := d.db.Org(f.OrgID)
	org.EndOffer(&b, f.ID)
	nobody := Caller{System: true, RequestID: by.RequestID}
	org.AddAudit(&b, nobody.audit("decline_offer", "offer", f.ID, offerJSON(f.Offer), "", d.now()))
	return usedUp(d.db.Do(ctx, &b))
}

func (d *UseCases) offerByLink(ctx context.Context, token string) (store.SentOffer, error) {
	hash, ok := auth.HashOpaque(token)
	if !ok {
		return store.SentOffer{}, errLink()
	}
	f, err := d.db.OfferByLink(ctx, hash, d.now())
	if errors.Is(err, store.ErrNone) {
		return f, errLink()
	}
	return f, err
}

// acceptNew makes the account that an offer's link is for, and its membership. A link that was mailed proves the
// mailbox: an account with this address that nobody has proved becomes its person's, and nothing of what opened it
// before does so any more. One that is proved is never touched: its person signs in. A link that was handed over proves
// nothing: the account is held by the organisation, and its address is reserved for nobody.
func (d *UseCases) acceptNew(ctx context.Context, by Caller, a Accepting) (Login, error) {
	f, err := d.offerByLink(ctx, a.Token)
	if err != nil {
		return Login{}, err
	}
	name := a.Name
	if name == "" {
		name = f.Name
	}
	m := NewMember{Email: f.Email, Name: name, Role: f.Role, Password: a.Password}
	if no := m.check(); no != nil {
		return Login{}, no
	}
	user, b, err := d.accountFor(ctx, f, m)
	if err != nil {
		return Login{}, err
	}
	now := d.now()
	org := d.db.Org(f.OrgID)
	org.AcceptOffer(b, f.Offer, user.ID, now)
	store.ChooseOrg(b, user.ID, f.OrgID)
	by.Who = auth.Principal{Kind: auth.KindUser, ID: user.ID, Name: user.Name, Email: user.Email}
	org.AddAudit(b, by.audit("accept_offer", "member", user.ID, offerJSON(f.Offer),
		memberJSON(store.Member{UserID: user.ID, Email: user.Email, Name: user.Name, Role: f.Role,
			CreatedAt: status.Time(now.UnixMilli())}), now))
	if err := d.db.Do(ctx, b); err != nil {
		return Login{}, accepted(err)
	}
	d.ended()
	proof := auth.ByMailbox
	if f.Shown {
		proof = auth.ByLink
	}
	return d.start(ctx, by, user, store.Membership{OrgID: f.OrgID, Slug: f.OrgSlug, Name: f.OrgName, Role: f.Role},
		waits{Proof: proof})
}

// accountFor is the account that an offer's link makes or proves, and the batch that does so.
func (d *UseCases) accountFor(ctx context.Context, f store.SentOffer, m NewMember) (store.User, *store.Batch, error) {
	now := d.now()
	b := &store.Batch{}
	user, err := d.newUser(ctx, m, now)
	if err != nil {
		return user, nil, err
	}
	if f.Shown {
		user.HeldBy = f.OrgID
		store.AddUser(b, user)
		return user, b, nil
	}
	unproved, err := d.db.Unproved(ctx, f.Email)
	if err != nil {
		return user, nil, err
	}
	if len(unproved) == 0 {
		user.Proved = true
		store.AddUser(b, user)
		return user, b, nil
	}
	was := unproved[0]
	store.SetCredentials(b, was, user.Password, true, "", now)
	store.Rename(b, was.ID, user.Name, now)
	was.Version++
	was.Name, was.Password, was.Proved = user.Name, user.Password, true
	return was, b, nil
}

func offerJSON(f store.Offer) string { return string(wire.Marshal((*offerObject)(&f))) }

// offerObject is an offer in the audit log.
type offerObject store.Offer

func (o *offerObject) Wire(f *wire.Fields) {
	f.Str("id", &o.ID)
	f.Str("email", &o.Email)
	f.Str("name", &o.Name)
	f.Str("role", (*string)(&o.Role))
	f.Time("expires_at", &o.ExpiresAt)
}
