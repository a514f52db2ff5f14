package app_test

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"statuspage/server/auth"
)

// Stories of the identity model: what an attacker would do one thing after the other. A random order alone hardly ever
// does.

// admin is a session of somebody who is an admin now.
func (m *identityModel) admin(t *rapid.T) (*account, *held, *caller) {
	org := rapid.SampledFrom(m.orgs).Draw(t, "organisation")
	id := often(t, m.ids(`SELECT coalesce(group_concat(user_id), '') FROM members WHERE org_id = ? AND role = 'admin'`,
		org.org), "admin")
	x := m.accountOf(id)
	if x == nil {
		panic(cannot{})
	}
	return x, m.inside(t, x, org), org
}

// holder is who has a link.
func (m *identityModel) holder(secret string) *actor {
	for _, who := range m.actors {
		if slices.Contains(who.links, secret) {
			return who
		}
	}
	panic(cannot{})
}

// opens lists the links of an offer.
func (m *identityModel) opens(f *offer) (secrets []string) {
	for secret, l := range m.links {
		if l.offer == f {
			secrets = append(secrets, secret)
		}
	}
	slices.Sort(secrets)
	return secrets
}

// resetLink is a new link by which an account gets another password; "" where its address has another account.
func (m *identityModel) resetLink(t *rapid.T, x *account) string {
	email := m.emailOf(x)
	i := slices.IndexFunc(m.actors, func(who *actor) bool { return strings.EqualFold(who.email, email) })
	who := m.actors[i]
	if m.mail != nil {
		m.forgot(t, who)
	} else if url, err := m.app.UseCases.OperatorsLink(context.Background(), "", email, ""); err == nil {
		m.give(who, secretOf(url))
	}
	if len(who.links) == 0 {
		return ""
	}
	secret := who.links[len(who.links)-1]
	if l := m.links[secret]; l.of != x || l.dead != "" {
		return ""
	}
	return secret
}

// storyProved offers something to somebody whose account is proved, and uses the link as if it were not.
func (m *identityModel) storyProved(t *rapid.T) {
	by, h, org := m.admin(t)
	to := m.person(t, func(x *account) bool {
		return x.owner != by.owner && !m.joined[org.org+" "+x.id] && !m.unproved()[x.id]
	})
	email := m.emailOf(to)
	if !strings.EqualFold(email, to.owner.email) {
		panic(cannot{})
	}
	f := m.offerTo(t, by.owner, h, to.owner, email)
	if f == nil {
		panic(cannot{})
	}
	for _, secret := range m.opens(f) {
		m.use(t, m.holder(secret), secret)
		if rapid.Bool().Draw(t, "accepts") {
			m.accept(t, m.inside(t, to, nil), f, rapid.SampledFrom([]string{"", secret}).Draw(t, "with"))
		}
	}
}

// storyLeftLink makes a link of an account, changes the account's credentials, and uses the link, as if its row had
// been left behind.
func (m *identityModel) storyLeftLink(t *rapid.T) {
	x := m.person(t, anyAccount)
	h := m.inside(t, x, nil)
	secret := ""
	if m.mail != nil && rapid.Bool().Draw(t, "another address") {
		to := rapid.SampledFrom(m.actors).Draw(t, "whose address")
		m.askAddress(t, h, to.email)
		if len(to.links) > 0 {
			secret = to.links[len(to.links)-1]
		}
	} else {
		secret = m.resetLink(t, x)
	}
	if l := m.links[secret]; l == nil || l.of != x || l.dead != "" {
		panic(cannot{})
	}
	m.sql(`CREATE TABLE IF NOT EXISTS links_left AS SELECT * FROM links WHERE 0`)
	m.sql(`INSERT INTO links_left SELECT * FROM links WHERE hash = ?`, hashOf(secret))
	m.changeSomething(t, x, h)
	m.sql(`INSERT OR IGNORE INTO links SELECT * FROM links_left`)
	m.sql(`DELETE FROM links_left`)
	m.use(t, m.holder(secret), secret)
	m.confirm(t, secret, x.password)
	m.sql(`DELETE FROM links WHERE hash = ?`, hashOf(secret))
}

// changeSomething changes what an account is signed in to with.
func (m *identityModel) changeSomething(t *rapid.T, x *account, h *held) {
	if x.secret == "" && rapid.IntRange(0, 2).Draw(t, "a factor") == 0 {
		m.setUp(t, h)
		return
	}
	m.changePassword(t, h)
}

// storySecondReset asks for two links, and uses the older one.
func (m *identityModel) storySecondReset(t *rapid.T) {
	x := m.person(t, anyAccount)
	older := m.resetLink(t, x)
	if older == "" || m.resetLink(t, x) == "" {
		panic(cannot{})
	}
	m.use(t, m.holder(older), older)
}

// storyOfferEnds makes offers, ends each in one of the ways that there are, and lets everybody who can try to accept it
// still.
func (m *identityModel) storyOfferEnds(t *rapid.T) {
	for _, way := range []string{"withdrawn", "renewed", "declined", "demoted"} {
		by, h, org := m.admin(t)
		to := m.actor(t)
		f := m.offerTo(t, by.owner, h, to, to.email)
		if f == nil {
			continue
		}
		secrets := m.opens(f)
		m.acceptsStolen(t, to, f, secrets)
		switch way {
		case "withdrawn":
			m.withdraw(t, h, f)
		case "renewed":
			m.renew(t, by.owner, h, f)
		case "declined":
			for _, secret := range secrets {
				m.decline(t, nil, nil, secret)
			}
		case "demoted":
			m.another(t, org, auth.Admin)
			if m.ask(t, m.as(h), "PATCH", "/api/v1/members/"+by.id, j{"role": "member"}).code == 200 {
				m.left(org.org, by.id)
			}
		}
		m.acceptsEnded(t, to, f, secrets)
	}
}

// acceptsStolen is somebody else with the link of a mail that was passed on.
func (m *identityModel) acceptsStolen(t *rapid.T, to *actor, f *offer, secrets []string) {
	if m.mail == nil {
		return // who has a link that was handed over may accept with it
	}
	in := m.inside(t, m.person(t, func(x *account) bool { return x.owner != to }), nil)
	for _, secret := range secrets {
		m.accept(t, in, f, secret)
	}
}

// acceptsEnded is everybody who can, after an offer has ended.
func (m *identityModel) acceptsEnded(t *rapid.T, to *actor, f *offer, secrets []string) {
	for _, secret := range secrets {
		m.use(t, m.holder(secret), secret)
	}
	if !slices.ContainsFunc(m.accounts, func(x *account) bool { return x.owner == to }) {
		return
	}
	in := m.inside(t, m.person(t, func(x *account) bool { return x.owner == to }), nil)
	if f.dead != "" {
		m.accept(t, in, f, "")
	}
	for _, secret := range secrets {
		m.accept(t, in, f, secret)
	}
}

// another has the operator make somebody with a proved account a member of an organisation, unless there is another one
// already.
func (m *identityModel) another(t *rapid.T, org *caller, role auth.Role) {
	if m.number(`SELECT count(*) FROM members WHERE org_id = ? AND (role = ? OR ? = 'member')`, org.org, string(role),
		string(role)) > 1 {
		return
	}
	unproved := m.unproved()
	x := m.person(t, func(x *account) bool { return !unproved[x.id] && !m.joined[org.org+" "+x.id] })
	if id := m.site.joined(org.org, m.emailOf(x), role, ""); id != x.id {
		t.Fatalf("the operator made another account a member")
	}
	m.joined[org.org+" "+x.id] = true
}

// storyImpostor is a stranger who made an account of somebody's address beforehand. What is offered to the address is
// not theirs, and its mailbox takes the account over.
func (m *identityModel) storyImpostor(t *rapid.T) {
	eve, to := m.actors[3], m.actors[rapid.IntRange(0, 2).Draw(t, "whose address")]
	x := m.impostor(t, eve, to)
	in := m.inside(t, x, nil)
	by, h, _ := m.admin(t)
	f := m.offerTo(t, by.owner, h, to, to.email)
	if f == nil {
		panic(cannot{})
	}
	m.accept(t, in, f, "")
	m.decline(t, in, f, "")
	for _, secret := range m.opens(f) {
		if m.mail != nil {
			m.accept(t, in, f, secret)
		}
		m.use(t, m.holder(secret), secret)
	}
}

// impostor is an account of an address that nobody has proved: made with a link that was handed over, or by a version
// that asked for no proof.
func (m *identityModel) impostor(t *rapid.T, eve, to *actor) *account {
	if m.mail == nil {
		x := m.person(t, func(x *account) bool { return x.owner == eve })
		f := m.offerTo(t, eve, m.inside(t, x, m.orgs[1]), to, to.email)
		if f == nil {
			panic(cannot{})
		}
		h := m.use(t, eve, m.opens(f)[0])
		if h == nil {
			panic(cannot{})
		}
		return m.accountOf(h.account)
	}
	from := m.person(t, func(x *account) bool { return x.owner == eve && !x.locked })
	x := &account{id: uuid.Must(uuid.NewV7()).String(), owner: eve, password: from.password}
	m.sql(`INSERT INTO users (id, email, name, password, issuer, subject, created_at, updated_at) SELECT ?1, ?2, name, password, issuer, ?1, created_at, updated_at FROM users WHERE id = ?3`,
		x.id, to.email, from.id)
	m.accounts = append(m.accounts, x)
	return x
}

// credentials is what every account is signed in to with.
func (m *identityModel) credentials() (all string) {
	m.query(`SELECT coalesce(group_concat(x, ' '), '') FROM (SELECT u.id || u.email || u.password || u.credential_version || coalesce(u.proved_at, '')
 || (SELECT count(*) FROM factors f WHERE f.user_id = u.id) || (SELECT count(*) FROM recovery_codes c WHERE c.user_id = u.id)
 || (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND s.revoked_at IS NULL) || (SELECT count(*) FROM links l WHERE l.user_id = u.id) AS x FROM users u ORDER BY u.id)`, nil, &all)
	return all
}

// storyAdmin is an admin, in person or by a key, who tries to set, reset or see what a member signs in with.
func (m *identityModel) storyAdmin(t *rapid.T) {
	by, h, org := m.admin(t)
	m.another(t, org, auth.Member)
	as := m.as(h)
	if rapid.Bool().Draw(t, "by a key") {
		if made := m.ask(t, as, "POST", "/api/v1/api-keys/",
			j{"name": "A key", "scopes": []string{"admin"}}); made.code == 201 {
			as = &caller{site: m.site, token: made.str("key")}
		}
	}
	id := often(t, m.ids(`SELECT coalesce(group_concat(user_id), '') FROM members WHERE org_id IN (?, ?) AND user_id <> ?`, m.orgs[0].org, m.orgs[1].org, by.id), "member")
	x := m.accountOf(id)
	if x == nil {
		panic(cannot{})
	}
	email, before := m.emailOf(x), m.credentials()
	for _, try := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/api/v1/members/" + id + "/invitation/", nil},
		{"POST", "/api/v1/members/" + id + "/invitation/", j{"mail": true}},
		{"POST", "/api/v1/members/", j{"email": email, "role": "admin", "password": "chosen by an admin"}},
		{"PATCH", "/api/v1/members/" + id, j{"password": "chosen by an admin"}},
		{"PATCH", "/api/v1/members/" + id, j{"email": "somebody@else.example"}},
	} {
		if a := m.ask(t, as, try.method, try.path, try.body); a.code < 300 {
			t.Fatalf("an admin may %s %v: %d %s", a.what, try.body, a.code, a.raw)
		}
	}
	if m.credentials() != before {
		t.Fatalf("an admin changed what somebody signs in with")
	}
	for _, path := range []string{"members/", "audit-log/", "organization/", "organization/security/", "api-keys/",
		"snapshot/", "export/"} {
		m.tellsNothing(t, m.ask(t, as, "GET", "/api/v1/"+path, nil))
	}
}

// tellsNothing fails when an answer to an organisation has what somebody signs in with.
func (m *identityModel) tellsNothing(t *rapid.T, a *answer) {
	secrets := []string{"$argon2"}
	for _, x := range m.accounts {
		secrets = append(append(secrets, x.password, x.secret), x.codes...)
	}
	for secret := range m.links {
		secrets = append(secrets, secret, hashOf(secret))
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(string(a.raw), secret) {
			t.Fatalf("%s tells a secret: %.300s", a.what, a.raw)
		}
	}
}

// storySessionsEnd begins several sessions, and ends them in two of the ways that there are. What has ended is held to
// it in holds.
func (m *identityModel) storySessionsEnd(t *rapid.T) {
	x := m.person(t, anyAccount)
	for _, way := range []string{"one", rapid.SampledFrom([]string{"everywhere", "password", "link", "out"}).
		Draw(t, "ends by")} {
		older, h := m.inside(t, x, nil), m.fresh(t, x, nil)
		switch way {
		case "one":
			m.endOne(t, older, h)
		case "everywhere":
			m.signOut(t, h, true, rapid.Bool().Draw(t, "by the cookie"))
		case "password":
			m.changePassword(t, h)
		case "link":
			if secret := m.resetLink(t, x); secret != "" {
				m.use(t, m.holder(secret), secret)
			}
		case "out":
			m.signOut(t, h, false, rapid.Bool().Draw(t, "by the cookie"))
		}
		m.holds(t)
	}
}

// endOne ends a session from another one of the same person, after a stranger has tried.
func (m *identityModel) endOne(t *rapid.T, h, by *held) {
	id := ""
	for _, s := range m.ask(t, m.as(h), "GET", "/api/v1/users/me/sessions/?page_size=100", nil).list("results") {
		if at(s, "current") == true {
			id = at(s, "id").(string)
		}
	}
	stranger := m.person(t, func(y *account) bool { return y.id != h.account })
	if m.ask(t, m.as(m.inside(t, stranger, nil)), "DELETE", "/api/v1/users/me/sessions/"+id, nil).code < 300 {
		t.Fatalf("a stranger ended a session")
	}
	if m.ask(t, m.as(by), "DELETE", "/api/v1/users/me/sessions/"+id, nil).code == 204 {
		h.over = "its person ended it"
	}
}
