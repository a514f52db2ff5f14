package app_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// Second factors in the identity model: their owners set them up and show them; who knows a password, or has a mailbox,
// gets past none.

func (x *account) forgetFactors() {
	x.locked, x.secret, x.key = false, "", nil
	x.spent, x.codes = append(x.spent, x.codes...), nil
}

// proved fails when somebody got into an account with a second factor and has shown none. A mailbox that proves an
// account ends its factors, which may be somebody else's.
func (m *identityModel) proved(t *rapid.T, who *actor, a *answer, shown bool, unproved map[string]bool) {
	x := m.accountOf(a.str("user.id"))
	if unproved[x.id] {
		x.forgetFactors()
	}
	if x.locked && !shown {
		t.Fatalf("%s got into an account past its second factor by %s", who.name, a.what)
	}
}

// show answers a challenge with what an actor has: the factor of each account of theirs, or a recovery code.
func (m *identityModel) show(t *rapid.T, who *actor, asked *answer) *answer {
	a := asked
	for _, x := range m.accounts {
		if x.owner != who || !x.locked {
			continue
		}
		if a = m.answer(t, asked.str("second_factor.challenge"), m.factor(t, x, asked)); a.code == 200 {
			x.spend(a)
			return a
		}
	}
	return a
}

// factor is what the owner of an account shows.
func (m *identityModel) factor(t *rapid.T, x *account, asked *answer) j {
	options, _ := asked.at("second_factor.passkey").(j)
	switch {
	case len(x.codes) > 0 && rapid.IntRange(0, 4).Draw(t, "a recovery code") == 0:
		return j{"recovery_code": x.codes[0]}
	case x.key != nil && options != nil && (x.secret == "" || rapid.Bool().Draw(t, "the passkey")):
		return j{"passkey": x.key.get(options)}
	case x.secret != "":
		return j{"code": m.code(x)}
	}
	return j{"code": "123456"}
}

// spend notes that the recovery code that was shown is used up.
func (x *account) spend(a *answer) {
	if a.str("shown") != "" {
		x.spent = append(x.spent, a.str("shown"))
		x.codes = slices.DeleteFunc(x.codes, func(c string) bool { return c == a.str("shown") })
	}
}

// code is what an authenticator application shows now. Each step's code is taken once, and a model does not wait for
// the next.
func (m *identityModel) code(x *account) string {
	m.sql(`UPDATE factors SET last_step = 0 WHERE user_id = ?`, x.id)
	return totpCode(m.t, x.secret, time.Now())
}

// answer answers a challenge of a sign-in.
func (m *identityModel) answer(t *rapid.T, challenge string, what j) *answer {
	body := j{"challenge": challenge}
	for k, v := range what {
		body[k] = v
	}
	a := m.ask(t, m.nobody(), "POST", "/api/v1/auth/factor/", body)
	if code, is := what["recovery_code"].(string); is && a.body != nil {
		a.body["shown"] = code
	}
	return a
}

// fresh is a new session of an account, by its password and its factor; org names the organisation that it opens, nil
// leaves it open.
func (m *identityModel) fresh(t *rapid.T, x *account, org *caller) *held {
	asked := m.login(t, x, org)
	a, shown := asked, false
	if asked.code == 401 && asked.str("reason") == "second_factor" {
		a, shown = m.show(t, x.owner, asked), true
	}
	if a.code != 200 || a.str("user.id") != x.id {
		panic(cannot{})
	}
	m.proved(t, x.owner, a, shown, nil)
	return m.enter(t, x.owner, a)
}

// inside is a session of an account, a new one where they have none, in an organisation where one is named.
func (m *identityModel) inside(t *rapid.T, x *account, org *caller) *held {
	for _, h := range x.owner.sessions {
		if h.account == x.id && h.over == "" && (org == nil || h.org == org.org) {
			return h
		}
	}
	return m.fresh(t, x, org)
}

func (m *identityModel) login(t *rapid.T, x *account, org *caller) *answer {
	body := j{"email": m.emailOf(x), "password": x.password}
	if org != nil {
		body["organization"] = org.slug
	}
	return m.ask(t, m.nobody(), "POST", "/api/v1/auth/login/", body)
}

func (m *identityModel) emailOf(x *account) (email string) {
	m.query(`SELECT coalesce((SELECT email FROM users WHERE id = ?), '')`, []any{x.id}, &email)
	if email == "" {
		panic(cannot{})
	}
	return email
}

// locked is a session of an account that has a second factor now.
func (m *identityModel) locked(t *rapid.T, x *account) *held {
	h := m.inside(t, x, nil)
	if x.secret == "" {
		m.setUp(t, h)
	}
	if !x.locked {
		panic(cannot{})
	}
	return h
}

// setUp sets an authenticator application up.
func (m *identityModel) setUp(t *rapid.T, h *held) {
	x := m.accountOf(h.account)
	made := m.ask(t, m.as(h), "POST", "/api/v1/users/me/authenticator/", nil)
	if made.code != 201 {
		panic(cannot{})
	}
	secret := made.str("secret")
	a := m.ask(t, m.as(h), "POST", "/api/v1/users/me/factors/",
		j{"challenge": made.str("challenge"), "code": totpCode(m.t, secret, time.Now())})
	if a.code == 201 {
		x.locked, x.secret = true, secret
		x.recover(a)
		m.changed(x, h, "another factor")
	}
}

// recover takes the recovery codes that an answer shows. Those of before are void.
func (x *account) recover(a *answer) {
	fresh, _ := a.at("recovery_codes").([]any)
	if len(fresh) == 0 {
		return
	}
	x.spent, x.codes = append(x.spent, x.codes...), nil
	for _, code := range fresh {
		x.codes = append(x.codes, code.(string))
	}
}

func anyAccount(*account) bool { return true }

// person is an account that is there, of those that are meant.
func (m *identityModel) person(t *rapid.T, is func(*account) bool) *account {
	there := m.ids(`SELECT coalesce(group_concat(id), '') FROM users WHERE issuer = 'statuspage'`)
	var found []*account
	for _, x := range m.accounts {
		if slices.Contains(there, x.id) && is(x) {
			found = append(found, x)
		}
	}
	return often(t, found, "account")
}

// storyFactors sets a factor up, and gets in by the password, by a link and by the passkey.
func (m *identityModel) storyFactors(t *rapid.T) {
	x := m.person(t, anyAccount)
	h := m.locked(t, x)
	if m.mail != nil && x.key == nil {
		m.addPasskey(t, h)
	}
	m.fresh(t, x, nil)
	if x.key != nil {
		asked := m.ask(t, m.nobody(), "POST", "/api/v1/auth/passkey/options/", nil)
		if a := m.ask(t, m.nobody(), "POST", "/api/v1/auth/passkey/",
			j{"challenge": asked.str("challenge"), "passkey": x.key.get(asked.at("passkey").(j))}); a.code == 200 {
			m.enter(t, x.owner, a)
		}
	}
	if secret := m.resetLink(t, x); secret != "" {
		m.use(t, m.holder(secret), secret)
	}
}

func (m *identityModel) addPasskey(t *rapid.T, h *held) {
	x, key := m.accountOf(h.account), newAuthenticator(m.t, "status.example", "https://status.example")
	made := m.ask(t, m.as(h), "POST", "/api/v1/users/me/passkey/", nil)
	if made.code != 201 {
		return
	}
	a := m.ask(t, m.as(h), "POST", "/api/v1/users/me/factors/",
		j{"challenge": made.str("challenge"), "passkey": key.create(made.at("passkey").(j))})
	if a.code == 201 {
		x.locked, x.key = true, key
		x.recover(a)
		m.changed(x, h, "another factor")
	}
}

// storyCodes gets in by a recovery code, and tries again with those that were used or replaced.
func (m *identityModel) storyCodes(t *rapid.T) {
	x := m.person(t, anyAccount)
	h := m.locked(t, x)
	if rapid.Bool().Draw(t, "new codes") {
		if a := m.ask(t, m.as(h), "POST", "/api/v1/users/me/recovery-codes/", nil); a.code == 201 {
			x.recover(a)
			m.changed(x, h, "new recovery codes")
		}
	}
	if len(x.codes) == 0 {
		panic(cannot{})
	}
	if a := m.answer(t, m.login(t, x, nil).str("second_factor.challenge"),
		j{"recovery_code": x.codes[0]}); a.code == 200 {
		x.spend(a)
		m.enter(t, x.owner, a)
	}
	for range 2 {
		code := often(t, x.spent, "code")
		if a := m.answer(t, m.login(t, x, nil).str("second_factor.challenge"),
			j{"recovery_code": code}); a.code == 200 {
			t.Fatalf("a recovery code that was used or replaced signs in again")
		}
	}
}

// storyThief is somebody with factors of their own who knows another's password, and tries everything at the second
// step.
func (m *identityModel) storyThief(t *rapid.T) {
	x := m.person(t, anyAccount)
	thief := m.person(t, func(y *account) bool { return y.owner != x.owner })
	m.locked(t, x)
	h := m.locked(t, thief)
	asked := m.login(t, x, nil)
	if asked.code == 200 {
		t.Fatalf("a password alone gets into an account with a second factor")
	}
	challenge := asked.str("second_factor.challenge")
	tries := []j{{"code": m.code(thief)}, {}}
	if len(thief.codes) > 0 {
		tries = append(tries, j{"recovery_code": thief.codes[0]})
	}
	if options, is := asked.at("second_factor.passkey").(j); is && thief.key != nil {
		tries = append(tries, j{"passkey": thief.key.get(options)})
	}
	for _, what := range tries {
		if a := m.answer(t, challenge, what); a.code == 200 {
			t.Fatalf("%s got into the account of %s with a factor of their own", thief.owner.name, x.owner.name)
		}
	}
	for _, path := range []string{"factors/", "confirmation/"} {
		if a := m.ask(t, m.as(h), "POST", "/api/v1/users/me/"+path,
			j{"challenge": m.login(t, x, nil).str("second_factor.challenge"), "code": m.code(thief)}); a.code < 300 {
			t.Fatalf("another's challenge was taken by %s", a.what)
		}
	}
	m.strangersChallenge(t, h, thief, x)
}

// strangersChallenge shows one's own factor for a confirmation that somebody else's session asked for, and the other
// way round.
func (m *identityModel) strangersChallenge(t *rapid.T, h *held, thief, x *account) {
	theirs := m.inside(t, x, nil)
	for _, pair := range [][2]*held{{h, theirs}, {theirs, h}} {
		made := m.ask(t, m.as(pair[0]), "POST", "/api/v1/users/me/confirmation/challenge/", nil)
		for _, y := range []*account{thief, x} {
			a := m.ask(t, m.as(pair[1]), "POST", "/api/v1/users/me/confirmation/",
				j{"challenge": made.str("challenge"), "code": m.code(y)})
			if a.code < 300 {
				t.Fatalf("a confirmation that another session asked for was taken")
			}
			if m.answer(t, made.str("challenge"), j{"code": m.code(y)}).code == 200 {
				t.Fatalf("a confirmation's challenge signs in")
			}
		}
	}
}

// storyFactorsChange removes a factor: its owner may, nobody else. What was asked for before is void.
func (m *identityModel) storyFactorsChange(t *rapid.T) {
	x := m.person(t, anyAccount)
	stranger := m.person(t, func(y *account) bool { return y.owner != x.owner })
	h := m.locked(t, x)
	asked := m.login(t, x, nil).str("second_factor.challenge")
	id := m.ask(t, m.as(h), "GET", "/api/v1/users/me/factors/", nil).str("factors.0.id")
	if m.ask(t, m.as(m.inside(t, stranger, nil)), "DELETE", "/api/v1/users/me/factors/"+id+"/", nil).code < 300 {
		t.Fatalf("a stranger removed a factor")
	}
	if rapid.Bool().Draw(t, "another password") {
		m.changePassword(t, h)
	} else if m.ask(t, m.as(h), "DELETE", "/api/v1/users/me/factors/"+id+"/", nil).code == 204 {
		m.factorsLeft(t, x, h)
		m.changed(x, h, "a factor that went")
	}
	if x.secret != "" && m.answer(t, asked, j{"code": m.code(x)}).code == 200 {
		t.Fatalf("a challenge of before a change of credentials signs in")
	}
}

// factorsLeft notes which factors there are still.
func (m *identityModel) factorsLeft(t *rapid.T, x *account, h *held) {
	left := string(m.ask(t, m.as(h), "GET", "/api/v1/users/me/factors/", nil).raw)
	if !strings.Contains(left, `"totp"`) {
		x.secret = ""
	}
	if !strings.Contains(left, `"passkey"`) {
		x.key = nil
	}
	if x.secret == "" && x.key == nil {
		x.forgetFactors()
	}
}
