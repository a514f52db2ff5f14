package app_test

import (
	"database/sql"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/notify/notifytest"
	"statuspage/server/racetest"
)

// The model of identity: people with a mailbox and passwords of their own, of whom some attack, and what each of them
// has in hand. Whatever they do in whatever order, a session of an account is only ever had by whoever the account
// belongs to: who made it, or whose mailbox proved it since. The model keeps what should be so by itself, and asks the
// database for nothing but what somebody else did.

type actor struct {
	name, email, password string
	links                 []string // secrets that came to their mailbox or were shown to them
	sessions              []*held
}

// held is a session that somebody has in hand.
type held struct {
	token, cookie, account string
	org                    string   // that it was begun in
	older                  []string // access tokens that were replaced, and cookies
	over                   string   // why it has ended; "" while nothing has ended it
}

// account is what the model knows of one.
type account struct {
	id       string
	owner    *actor
	password string
	locked   bool   // it has a second factor
	secret   string // of its authenticator application
	codes    []string
	spent    []string // recovery codes that were used, or replaced
	key      *authenticator
}

// offer is one that was made. dead says why nobody may accept it any more.
type offer struct{ id, org, by, email, dead string }

// link is a secret that opens something: an account's, or an offer's.
type link struct {
	purpose string
	of      *account // nil of an offer, and of what takes an account back to its old address
	offer   *offer
	dead    string // why it opens nothing any more
}

type identityModel struct {
	*site
	db       *sql.DB
	mail     *notifytest.Mail
	mails    int // that have come and were given to their people
	actors   []*actor
	orgs     []*caller // of which the first belongs to the first actor, and the second to the last, who attacks
	offers   []*offer
	accounts []*account
	links    map[string]*link
	joined   map[string]bool // "org account": by an offer that was accepted, or from the beginning
	made     int             // passwords
}

var modelsMade int

func newIdentityModel(s *site, db *sql.DB, mail *notifytest.Mail) *identityModel {
	modelsMade++
	m := &identityModel{site: s, db: db, mail: mail, links: map[string]*link{}, joined: map[string]bool{}}
	if mail != nil {
		m.mails = len(mail.Got())
	}
	// a sign-in computes as many hashes as the address with most accounts needs
	m.sql(`UPDATE users SET password = '' WHERE issuer = 'statuspage'`)
	for _, name := range []string{"ada", "bob", "cyd", "eve"} {
		m.actors = append(m.actors, &actor{name: name, email: fmt.Sprintf("%s@model-%d.example", name, modelsMade),
			password: "the password of " + name})
	}
	for _, who := range []*actor{m.actors[0], m.actors[3]} {
		org := s.org()
		id := org.joined(who.email, auth.Admin, who.password) // by the operator, who vouches for the address
		org.do("DELETE", "/api/v1/members/"+org.id, nil).is(204)
		m.joined[org.org+" "+id] = true
		m.accounts = append(m.accounts, &account{id: id, owner: who, password: who.password})
		m.orgs = append(m.orgs, &caller{site: s, org: org.org, slug: org.slug})
		m.keep(who, s.signIn(who.email, who.password).is(200))
	}
	return m
}

// query and number read what no request tells, and sql changes what none can, over one connection.
func (m *identityModel) query(statement string, args []any, into any) {
	m.t.Helper()
	if err := m.db.QueryRow(statement, args...).Scan(into); err != nil {
		m.t.Fatal(err)
	}
}

func (m *identityModel) sql(statement string, args ...any) {
	m.t.Helper()
	if _, err := m.db.Exec(statement, args...); err != nil {
		m.t.Fatal(err)
	}
}

func (m *identityModel) number(query string, args ...any) (n int) {
	m.t.Helper()
	m.query(query, args, &n)
	return n
}

func (m *identityModel) actor(t *rapid.T) *actor { return rapid.SampledFrom(m.actors).Draw(t, "actor") }

// as is somebody by their session.
func (m *identityModel) as(h *held) *caller { return &caller{site: m.site, token: h.token} }

// session is one of an actor that nothing has ended, which they have more often begun a moment ago.
func (m *identityModel) session(t *rapid.T, who *actor) *held {
	var live []*held
	for _, h := range who.sessions {
		if h.over == "" {
			live = append(live, h)
		}
	}
	if len(live) == 0 {
		panic(cannot{})
	}
	return often(t, live, "session")
}

// ask sends a request. What comes too often comes as if an hour had passed: how often one may is no matter of this
// model.
func (m *identityModel) ask(t *rapid.T, who *caller, method, path string, body any, header ...string) *answer {
	a, err := who.try(method, path, body, header...)
	if err == nil && a.code == 429 {
		m.app.ForgetLimits()
		a, err = who.try(method, path, body, header...)
	}
	if err != nil {
		t.Fatal(err)
	}
	if a.code == 429 || a.code == 503 {
		panic(cannot{})
	}
	if a.code >= 500 {
		t.Fatalf("%s: %d %s", a.what, a.code, a.raw)
	}
	return a
}

// accountOf is an account that the model knows, or nil.
func (m *identityModel) accountOf(id string) *account {
	for _, x := range m.accounts {
		if x.id == id {
			return x
		}
	}
	return nil
}

// keep takes a session that somebody got.
func (m *identityModel) keep(who *actor, a *answer) *held {
	h := &held{token: a.str("access_token"), cookie: cookieOf(a), account: a.str("user.id"),
		org: a.str("organization.id")}
	who.sessions = append(who.sessions, h)
	return h
}

// enter takes what somebody has in hand after they got in, and holds it to whose account it is.
func (m *identityModel) enter(t *rapid.T, who *actor, a *answer) *held {
	x := m.accountOf(a.str("user.id"))
	switch {
	case x == nil:
		t.Fatalf("%s got into an account that nobody made by %s", who.name, a.what)
	case x.owner != who:
		t.Fatalf("%s got into the account of %s by %s", who.name, x.owner.name, a.what)
	}
	return m.keep(who, a)
}

// changed notes that an account's credentials have moved on: no link of before opens it any more, and no session but
// the one that is spared goes on. The way back to an older address stays.
func (m *identityModel) changed(x *account, spared *held, by string) {
	for _, l := range m.links {
		if l.of == x {
			l.die("its account's credentials had moved on by " + by)
		}
	}
	m.signedOut(x, spared, by)
}

// signedOut notes that the sessions of an account have ended, but for the one that is spared.
func (m *identityModel) signedOut(x *account, spared *held, by string) {
	for _, who := range m.actors {
		for _, h := range who.sessions {
			if h.account == x.id && h != spared && h.over == "" {
				h.over = by
			}
		}
	}
}

func (l *link) die(why string) {
	if l.dead == "" {
		l.dead = why
	}
}

// end notes that an offer is over, and its links with it.
func (m *identityModel) end(f *offer, why string) {
	if f.dead == "" {
		f.dead = why
	}
	for _, l := range m.links {
		if l.offer == f {
			l.die("its offer was " + why)
		}
	}
}

// lives fails when a link was taken that should be void.
func (m *identityModel) lives(t *rapid.T, secret, by string) {
	if l := m.links[secret]; l != nil && l.dead != "" {
		t.Fatalf("%s took a link though %s", by, l.dead)
	}
}

// unproved says whether nobody has proved an account's address.
func (m *identityModel) unproved() map[string]bool {
	var ids string
	m.query(`SELECT coalesce(group_concat(id), '') FROM users WHERE issuer = 'statuspage' AND proved_at IS NULL`, nil,
		&ids)
	all := map[string]bool{}
	for id := range strings.SplitSeq(ids, ",") {
		all[id] = true
	}
	return all
}

// often is the newest of several every other time, and any of them else: stories that lead somewhere, and such as
// nobody thinks of.
func often[T any](t *rapid.T, of []T, what string) T {
	if len(of) == 0 {
		panic(cannot{})
	}
	if rapid.Bool().Draw(t, "the newest "+what) {
		return of[len(of)-1]
	}
	return of[rapid.IntRange(0, len(of)-1).Draw(t, what)]
}

// cannot ends a step that nobody can do now. It is no skip: a story of which many steps are skipped ends early, having
// tried nothing.
type cannot struct{}

// steps is what people do: one thing at a time, and the stories that matter most, begun at any time.
func (m *identityModel) steps() map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){
		"offer": m.stepOffer, "renew": m.stepRenew, "withdraw": m.stepWithdraw, "use a link": m.stepUse,
		"accept": m.stepAccept, "decline": m.stepDecline,
		"sign in": m.stepSignIn, "refresh": m.stepRefresh, "forgot": m.stepForgot, "password": m.stepPassword,
		"address": m.stepAddress,
		"confirm": m.stepConfirm, "sign out": m.stepSignOut, "leave": m.stepLeave, "end": m.stepEndAccount,
		"delete": m.stepDeleteOrg, "role": m.stepRole,
		"story: a proved one is offered": m.storyProved, "story: a link is left behind": m.storyLeftLink,
		"story: a second reset link": m.storySecondReset,
		"story: an offer ends":       m.storyOfferEnds, "story: an admin looks": m.storyAdmin,
		"story: sessions end": m.storySessionsEnd,
		"story: an impostor":  m.storyImpostor, "story: an offer ends, again": m.storyOfferEnds,
		"story: a proved one is offered, again": m.storyProved,
		"story: factors":                        m.storyFactors, "story: codes": m.storyCodes,
		"story: a thief": m.storyThief, "story: factors change": m.storyFactorsChange,
	}
	for name, step := range all {
		all[name] = func(t *rapid.T) {
			defer func() {
				if r := recover(); r != nil && r != any(cannot{}) {
					panic(r)
				}
			}()
			step(t)
		}
	}
	all[""] = m.holds
	return all
}

// holds is what is true whatever was done.
func (m *identityModel) holds(t *rapid.T) {
	for _, who := range m.actors {
		who.sessions = slices.DeleteFunc(who.sessions, func(h *held) bool {
			if h.over != "" {
				m.isOver(t, who, h)
				return true
			}
			a := m.ask(t, m.as(h), "GET", "/api/v1/users/me/", nil)
			if x := m.accountOf(h.account); a.code == 200 && (a.str("id") != h.account || x.owner != who) {
				t.Fatalf("%s has a session of an account of %s", who.name, x.owner.name)
			}
			return a.code != 200
		})
	}
	for _, who := range m.actors {
		var id string
		m.query(`SELECT coalesce(group_concat(id), '') FROM users WHERE lower(email) = lower(?) AND proved_at IS NOT NULL`, []any{who.email}, &id)
		if x := m.accountOf(id); id != "" && (x == nil || x.owner != who) {
			t.Fatalf("the proved account of %s is not theirs", who.name)
		}
	}
	for _, org := range m.orgs {
		for _, id := range m.ids(`SELECT coalesce(group_concat(user_id), '') FROM members WHERE org_id = ?`, org.org) {
			if !m.joined[org.org+" "+id] {
				t.Fatalf("%s is a member without having accepted an offer", id)
			}
		}
	}
}

func (m *identityModel) ids(query string, args ...any) []string {
	var all string
	m.query(query, args, &all)
	return strings.FieldsFunc(all, func(r rune) bool { return r == ',' })
}

// isOver fails when a session that has ended still opens anything: by its access tokens, or by what its cookies are
// exchanged for.
func (m *identityModel) isOver(t *rapid.T, who *actor, h *held) {
	for _, old := range append([]string{h.token, h.cookie}, h.older...) {
		var a *answer
		if strings.Contains(old, "=") {
			a = m.ask(t, m.nobody(), "POST", "/api/v1/auth/refresh/", nil, "Cookie", old, "X-Requested-With", "x")
		} else {
			a = m.ask(t, &caller{site: m.site, token: old}, "GET", "/api/v1/users/me/", nil)
		}
		if a.code == 200 {
			t.Fatalf("a session of %s goes on after %s: %s", who.name, h.over, a.what)
		}
	}
}

// TestASessionIsOnlyEverMadeByWhomTheAccountBelongsTo plays random stories, with mail and without. They are the same
// ones each time; `-rapid.seed` and `-rapid.checks` play others.
func TestASessionIsOnlyEverMadeByWhomTheAccountBelongsTo(t *testing.T) {
	racetest.Plain(t, "its requests come one after the other")
	for name, is := range map[string][2]string{"rapid.checks": {"100", "5"}, "rapid.steps": {"30", "50"},
		"rapid.seed": {"0", "20261130"}, "rapid.shrinktime": {"30s", "5s"}} {
		if flag.Lookup(name).Value.String() == is[0] {
			_ = flag.Set(name, is[1])
			t.Cleanup(func() { _ = flag.Set(name, is[0]) })
		}
	}
	play := func(t *testing.T, s *site, mail *notifytest.Mail) {
		db, err := sql.Open("sqlite3", "file:"+s.file+"?_busy_timeout=10000")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		rapid.Check(t, func(r *rapid.T) { r.Repeat(newIdentityModel(s, db, mail).steps()) })
	}
	t.Run("shown", func(t *testing.T) {
		play(t, startSite(t, func(c *config.Config) { c.PublicRate = 100_000 }), nil)
	})
	t.Run("mailed", func(t *testing.T) {
		o := newOffice(t, func(c *config.Config) { c.BaseURL, c.PublicRate = "https://status.example", 100_000 })
		play(t, o.site, o.mail)
	})
}

// post hands the mails that have come to their people, as soon as there are this many more.
func (m *identityModel) post(t *rapid.T, more int) {
	if m.mail == nil {
		return
	}
	for end := time.Now().Add(patience); len(m.mail.Got()) < m.mails+more; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("a mail has not come")
		}
	}
	all := m.mail.Got()
	for _, l := range all[m.mails:] {
		for _, who := range m.actors {
			if strings.EqualFold(who.email, l.To) {
				_, secret, _ := strings.Cut(l.Text, "/accept#token=")
				m.give(who, strings.Fields(secret)[0])
			}
		}
	}
	m.mails = len(all)
}

// give hands somebody a link, and notes what it is of. A newer one of the same kind takes an older one's place.
func (m *identityModel) give(who *actor, secret string) {
	who.links = append(who.links, secret)
	var what string
	m.query(`SELECT coalesce((SELECT purpose || ' ' || coalesce(user_id, '') FROM links WHERE hash = ?1), (SELECT 'offer ' || id FROM offers WHERE hash = ?1), '')`, []any{hashOf(secret)}, &what)
	purpose, id, _ := strings.Cut(what, " ")
	l := &link{purpose: purpose}
	switch purpose {
	case "reset", "address":
		l.of = m.accountOf(id)
	case "offer":
		i := slices.IndexFunc(m.offers, func(f *offer) bool { return f.id == id })
		l.offer = m.offers[i]
	}
	for _, other := range m.links {
		if l.of != nil && other.of == l.of && other.purpose == l.purpose {
			other.die("a newer one took its place")
		}
	}
	m.links[secret] = l
}

func hashOf(secret string) string {
	hash, _ := auth.HashOpaque(secret)
	return fmt.Sprintf("%x", hash)
}
