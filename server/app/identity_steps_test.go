package app_test

import (
	"context"
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"statuspage/server/usecase"
)

// What people of the identity model do, one thing at a time.

// stepOffer offers a membership; the answer follows from what the organisation knows itself.
func (m *identityModel) stepOffer(t *rapid.T) {
	who, to := m.actor(t), m.actor(t)
	email := rapid.SampledFrom([]string{to.email, strings.ToUpper(to.email)}).Draw(t, "spelled")
	m.offerTo(t, who, m.session(t, who), to, email)
}

// offerTo is nil where the offer was refused.
func (m *identityModel) offerTo(t *rapid.T, who *actor, by *held, to *actor, email string) *offer {
	as, inTheTeam := m.as(by), false
	org := m.orgOf(t, as)
	if org != "" {
		inTheTeam = m.number(`SELECT (SELECT count(*) FROM members m JOIN users u ON u.id = m.user_id WHERE m.org_id = ?1 AND lower(u.email) = lower(?2)) + (SELECT count(*) FROM offers WHERE org_id = ?1 AND lower(email) = lower(?2))`,
			org, email) > 0
	}
	a := m.ask(t, as, "POST", "/api/v1/members/",
		j{"email": email, "role": rapid.SampledFrom([]string{"admin", "member"}).Draw(t, "role")})
	switch {
	case a.code == 201 && inTheTeam, a.code == 409 && !inTheTeam:
		t.Fatalf("an offer to %s is answered %d, and the organisation %s knows the address: %v: %s", email, a.code, org,
			inTheTeam, a.raw)
	case a.code != 201:
		return nil
	}
	f := &offer{id: a.str("id"), org: org, by: by.account, email: to.email}
	m.offers = append(m.offers, f)
	m.hand(t, who, to, a)
	return f
}

// hand gives a link to whoever gets it: the mailbox, or who offers, who hands it on. An attacker keeps it.
func (m *identityModel) hand(t *rapid.T, who, to *actor, a *answer) {
	if a.at("mailed") == true {
		if a.str("url") != "" {
			t.Fatalf("a mailed link is shown, too: %s", a.raw)
		}
		m.post(t, 1)
		return
	}
	if who.name == "eve" {
		to = who
	}
	m.give(to, secretOf(a.str("url")))
}

// orgOf is the organisation that a session is in, or "".
func (m *identityModel) orgOf(t *rapid.T, as *caller) string {
	a := m.ask(t, as, "GET", "/api/v1/users/me/", nil)
	return a.str("organization.id")
}

func (m *identityModel) stepRenew(t *rapid.T) {
	who := m.actor(t)
	m.renew(t, who, m.session(t, who), often(t, m.offers, "offer"))
}

func (m *identityModel) renew(t *rapid.T, who *actor, by *held, f *offer) {
	as := m.as(by)
	org := m.orgOf(t, as)
	a := m.ask(t, as, "POST", "/api/v1/members/"+f.id+"/invitation/", nil)
	if a.code != 201 {
		return
	}
	if org != f.org {
		t.Fatalf("%s renewed another organisation's offer", who.name)
	}
	for _, l := range m.links {
		if l.offer == f {
			l.die("a newer one took its place")
		}
	}
	f.by = by.account
	m.hand(t, who, who, a)
}

func (m *identityModel) stepWithdraw(t *rapid.T) {
	m.withdraw(t, m.session(t, m.actor(t)), often(t, m.offers, "offer"))
}

func (m *identityModel) withdraw(t *rapid.T, by *held, f *offer) {
	as := m.as(by)
	org := m.orgOf(t, as)
	if m.ask(t, as, "DELETE", "/api/v1/members/"+f.id, nil).code != 204 {
		return
	}
	if org != f.org {
		t.Fatalf("another organisation's offer was withdrawn")
	}
	m.end(f, "withdrawn")
}

// stepUse uses a link without signing in: of an offer, or for a new password. A mailbox makes an account its person's.
func (m *identityModel) stepUse(t *rapid.T) {
	who := m.actor(t)
	m.use(t, who, often(t, who.links, "link"))
}

func (m *identityModel) use(t *rapid.T, who *actor, secret string) *held {
	m.ask(t, m.nobody(), "POST", "/api/v1/auth/link/", j{"token": secret}) // a look uses nothing up
	unproved, chosen := m.unproved(), m.newPassword(who)
	a := m.ask(t, m.nobody(), "POST", "/api/v1/auth/accept/", j{"token": secret, "password": chosen})
	shown := false
	if a.code == 401 && a.str("reason") == "second_factor" {
		m.lives(t, secret, "a challenge")
		a, shown = m.show(t, who, a), true
	}
	if a.code != 200 {
		return nil
	}
	m.lives(t, secret, a.what)
	x := m.accountOf(a.str("user.id"))
	f := m.links[secret].offer
	if f != nil && x != nil && !unproved[x.id] {
		t.Fatalf("%s got into an account by an offer's link alone, which somebody had proved", who.name)
	}
	if f != nil && x != nil && m.mail == nil {
		t.Fatalf("%s got into an account of before by a link that was handed over", who.name)
	}
	// it came to a mailbox, or from the operator
	if (f == nil || m.mail != nil) && !strings.EqualFold(a.str("user.email"), who.email) {
		t.Fatalf("%s used a link of %s's mailbox", who.name, a.str("user.email"))
	}
	if x == nil {
		x = &account{id: a.str("user.id")}
		m.accounts = append(m.accounts, x)
	}
	m.proved(t, who, a, shown, unproved)
	m.changed(x, nil, "a link")
	m.links[secret].die("it was used")
	x.owner, x.password = who, chosen
	if f != nil {
		m.joined[f.org+" "+x.id] = true
		m.end(f, "accepted")
	}
	return m.enter(t, who, a)
}

// newPassword is one that nobody has used before, of whoever chooses it.
func (m *identityModel) newPassword(who *actor) string {
	m.made++
	return fmt.Sprintf("the password of %s, number %d", who.name, m.made)
}

// stepAccept accepts as somebody who is signed in, with or without a link that they have.
func (m *identityModel) stepAccept(t *rapid.T) {
	who := m.actor(t)
	h, f, secret := m.session(t, who), often(t, m.offers, "offer"), ""
	if len(who.links) > 0 && rapid.Bool().Draw(t, "with a link") {
		secret = often(t, who.links, "link")
	}
	m.accept(t, h, f, secret)
}

func (m *identityModel) accept(t *rapid.T, h *held, f *offer, secret string) {
	body := j{}
	if secret != "" {
		body["token"] = secret
	}
	if m.ask(t, m.as(h), "POST", "/api/v1/users/me/offers/"+f.id+"/accept/", body).code != 200 {
		return
	}
	switch {
	case f.dead != "":
		t.Fatalf("an offer was accepted that was %s", f.dead)
	case !m.theirs(h, f) && (secret == "" || m.mail != nil):
		t.Fatalf("an offer was accepted by somebody whose address nobody has proved to be %s", f.email)
	case secret != "" && m.links[secret].offer != f:
		t.Fatalf("an offer was accepted by a link of something else")
	}
	m.lives(t, secret, "an acceptance")
	m.joined[f.org+" "+h.account] = true
	m.end(f, "accepted")
}

// theirs says whether an offer was made to an address that somebody has proved.
func (m *identityModel) theirs(h *held, f *offer) bool {
	return m.number(`SELECT count(*) FROM users WHERE id = ? AND proved_at IS NOT NULL AND lower(email) = lower(?)`,
		h.account, f.email) > 0
}

func (m *identityModel) stepDecline(t *rapid.T) {
	who := m.actor(t)
	if rapid.Bool().Draw(t, "by a link") {
		m.decline(t, nil, nil, often(t, who.links, "link"))
		return
	}
	m.decline(t, m.session(t, who), often(t, m.offers, "offer"), "")
}

func (m *identityModel) decline(t *rapid.T, h *held, f *offer, secret string) {
	if h == nil {
		if m.ask(t, m.nobody(), "POST", "/api/v1/auth/decline/", j{"token": secret}).code == 204 {
			m.lives(t, secret, "a refusal")
			m.end(m.links[secret].offer, "declined")
		}
		return
	}
	if m.ask(t, m.as(h), "POST", "/api/v1/users/me/offers/"+f.id+"/decline/", j{}).code == 204 {
		if !m.theirs(h, f) {
			t.Fatalf("an offer was declined by somebody whose address nobody has proved to be %s", f.email)
		}
		m.end(f, "declined")
	}
}

func (m *identityModel) stepSignIn(t *rapid.T) {
	who := m.actor(t)
	at := rapid.SampledFrom([]*actor{who, who, m.actor(t)}).Draw(t, "whose address")
	words := []string{who.password}
	for _, x := range m.accounts {
		if x.owner == who {
			words = append(words, x.password)
		}
	}
	body := j{"email": at.email, "password": often(t, words, "password")}
	if rapid.Bool().Draw(t, "names the organisation") {
		body["organization"] = rapid.SampledFrom(m.orgs).Draw(t, "organisation").slug
	}
	a := m.ask(t, m.nobody(), "POST", "/api/v1/auth/login/", body)
	shown := false
	if a.code == 401 && a.str("reason") == "second_factor" {
		a, shown = m.show(t, who, a), true
	}
	if a.code != 200 {
		return
	}
	h := m.enter(t, who, a)
	if x := m.accountOf(h.account); x.password != body["password"] {
		t.Fatalf("%s signed in with a password that is not the account's any more", who.name)
	}
	m.proved(t, who, a, shown, nil)
}

func (m *identityModel) stepRefresh(t *rapid.T) {
	h := m.session(t, m.actor(t))
	a := m.ask(t, m.nobody(), "POST", "/api/v1/auth/refresh/", nil, "Cookie", h.cookie, "X-Requested-With", "x")
	if a.code != 200 {
		return
	}
	if a.str("user.id") != h.account {
		t.Fatalf("a refresh of %s's session is somebody else's", h.account)
	}
	h.older = append(h.older[:min(len(h.older), 1)], h.token)
	h.token, h.cookie = a.str("access_token"), cookieOf(a)
}

func (m *identityModel) stepForgot(t *rapid.T) { m.forgot(t, m.actor(t)) }

func (m *identityModel) forgot(t *rapid.T, at *actor) {
	there := m.number(`SELECT count(*) FROM users WHERE issuer = 'statuspage' AND lower(email) = lower(?)`,
		at.email) > 0
	if a := m.ask(t, m.nobody(), "POST", "/api/v1/auth/forgot/", j{"email": at.email}); a.code == 202 && there {
		m.post(t, 1)
	}
}

func (m *identityModel) stepPassword(t *rapid.T) { m.changePassword(t, m.session(t, m.actor(t))) }

func (m *identityModel) changePassword(t *rapid.T, h *held) {
	x := m.accountOf(h.account)
	next := m.newPassword(x.owner)
	if m.ask(t, m.as(h), "POST", "/api/v1/users/me/password/", j{"password": x.password, "new_password": next}).
		code == 204 {
		x.password = next
		m.changed(x, h, "another password")
	}
}

// stepAddress asks for another address: one's own, or somebody else's.
func (m *identityModel) stepAddress(t *rapid.T) {
	who := m.actor(t)
	m.askAddress(t, m.session(t, who), m.actor(t).email)
}

func (m *identityModel) askAddress(t *rapid.T, h *held, email string) {
	if m.ask(t, m.as(h), "POST", "/api/v1/users/me/address/",
		j{"email": email, "password": m.accountOf(h.account).password}).code == 202 {
		m.post(t, 1)
	}
}

// stepConfirm confirms an address as a person does who believes every mail: the mailbox's link alone gives nobody's
// account its address.
func (m *identityModel) stepConfirm(t *rapid.T) {
	who := m.actor(t)
	secret := often(t, who.links, "link")
	words := who.password
	if x := m.links[secret].of; x != nil && x.owner == who {
		words = x.password
	}
	m.confirm(t, secret, words)
}

func (m *identityModel) confirm(t *rapid.T, secret, words string) {
	moved := m.mail != nil && m.ask(t, m.nobody(), "POST", "/api/v1/auth/link/", j{"token": secret}).
		str("purpose") == "address"
	proved := m.number(`SELECT count(*) FROM users u JOIN links l ON l.user_id = u.id WHERE l.hash = ? AND u.proved_at IS NOT NULL`, hashOf(secret)) > 0
	if m.ask(t, m.nobody(), "POST", "/api/v1/auth/address/", j{"token": secret, "password": words}).code != 200 {
		return
	}
	m.lives(t, secret, "a change of address")
	x := m.links[secret].of
	if x == nil || x.password != words {
		t.Fatalf("an account got another address without its password")
	}
	if !proved {
		x.forgetFactors()
	}
	m.changed(x, nil, "another address")
	if moved && proved {
		m.post(t, 1)
	}
}

func (m *identityModel) stepSignOut(t *rapid.T) {
	m.signOut(t, m.session(t, m.actor(t)), rapid.Bool().Draw(t, "everywhere"), rapid.Bool().Draw(t, "by the cookie"))
}

func (m *identityModel) signOut(t *rapid.T, h *held, everywhere, cookie bool) {
	as, header := m.as(h), []string{"X-Requested-With", "x"}
	if cookie {
		as, header = m.nobody(), append(header, "Cookie", h.cookie)
	}
	if m.ask(t, as, "POST", "/api/v1/auth/logout/", j{"everywhere": everywhere}, header...).code != 204 {
		return
	}
	h.over = "signing out"
	if everywhere {
		m.signedOut(m.accountOf(h.account), nil, "signing out everywhere")
	}
}

func (m *identityModel) stepLeave(t *rapid.T) {
	h := m.session(t, m.actor(t))
	org := rapid.SampledFrom(m.orgs).Draw(t, "organisation").org
	if m.ask(t, m.as(h), "DELETE", "/api/v1/users/me/organizations/"+org, nil).code == 204 {
		m.left(org, h.account)
	}
}

// left notes that somebody is no admin of an organisation any more, or no member: what they had offered has ended.
func (m *identityModel) left(org, id string) {
	for _, f := range m.offers {
		if f.org == org && f.by == id {
			m.end(f, "made by somebody who is no admin any more")
		}
	}
	if m.number(`SELECT count(*) FROM members WHERE org_id = ? AND user_id = ?`, org, id) == 0 {
		delete(m.joined, org+" "+id)
	}
	// an organisation held it
	if x := m.accountOf(id); x != nil && m.number(`SELECT count(*) FROM users WHERE id = ?`, id) == 0 {
		m.changed(x, nil, "the end of the account")
	}
}

func (m *identityModel) stepEndAccount(t *rapid.T) {
	h := m.session(t, m.actor(t))
	x := m.accountOf(h.account)
	if m.ask(t, m.as(h), "POST", "/api/v1/users/me/deletion/", j{"email": m.actor(t).email, "password": x.password}).
		code == 204 {
		m.changed(x, nil, "the end of the account")
		for _, org := range m.orgs {
			m.left(org.org, x.id)
		}
	}
}

// stepRole makes a member an admin or none, or removes one.
func (m *identityModel) stepRole(t *rapid.T) {
	by := m.session(t, m.actor(t))
	as := m.as(by)
	org := m.orgOf(t, as)
	id := often(t, m.ids(`SELECT coalesce(group_concat(user_id), '') FROM members WHERE org_id IN (?, ?)`,
		m.orgs[0].org, m.orgs[1].org), "member")
	within := m.number(`SELECT count(*) FROM members WHERE org_id = ? AND user_id = ?`, org, id) > 0
	var a *answer
	if role := rapid.SampledFrom([]string{"admin", "member", ""}).Draw(t, "role"); role == "" {
		a = m.ask(t, as, "DELETE", "/api/v1/members/"+id, nil)
	} else if a = m.ask(t, as, "PATCH", "/api/v1/members/"+id, j{"role": role}); role == "admin" {
		return
	}
	if a.code >= 300 {
		return
	}
	if !within {
		t.Fatalf("another organisation's member was changed")
	}
	m.left(org, id)
}

func (m *identityModel) stepDeleteOrg(t *rapid.T) {
	as := m.as(m.session(t, m.actor(t)))
	org := rapid.SampledFrom(m.orgs).Draw(t, "organisation")
	if m.ask(t, as, "POST", "/api/v1/organization/deletion/", j{"slug": org.slug}).code != 201 {
		return
	}
	// who is signed in there alone cannot
	m.ask(t, as, "DELETE", "/api/v1/users/me/organizations/"+org.org+"/deletion/", nil)
	// as the operator's command does
	_ = m.app.UseCases.RestoreOrg(context.Background(), usecase.Caller{System: true, Address: "model"}, org.org)
	for _, f := range m.offers {
		if f.org == org.org && m.number(`SELECT count(*) FROM offers WHERE id = ?`, f.id) == 0 {
			m.end(f, "of an organisation that was deleted")
		}
	}
}
