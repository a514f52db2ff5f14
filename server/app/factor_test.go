package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"statuspage/server/auth"
	"statuspage/server/config"
)

const words = "a few words are good"

// person is a member with a password who has just signed in.
func (c *caller) signedIn(role auth.Role) (*caller, string) {
	c.t.Helper()
	email := fmt.Sprintf("person-%d@%s.example", common.made.Add(1), c.slug)
	id := c.joined(email, role, words)
	return &caller{site: c.site, org: c.org, slug: c.slug, id: id, token: c.login(email).is(200).str("access_token")},
		email
}

func (s *site) login(email string) *answer {
	s.t.Helper()
	return s.nobody().do("POST", "/api/v1/auth/login/", j{"email": email, "password": words})
}

func (s *site) show(challenge string, what j) *answer {
	s.t.Helper()
	body := j{"challenge": challenge}
	for name, value := range what {
		body[name] = value
	}
	return s.nobody().do("POST", "/api/v1/auth/factor/", body)
}

func totpCode(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// addTOTP sets an authenticator up, and forgets that its code was used.
func (c *caller) addTOTP() (secret string, codes []any) {
	c.t.Helper()
	made := c.do("POST", "/api/v1/users/me/authenticator/", nil).is(201)
	secret = made.str("secret")
	added := c.do("POST", "/api/v1/users/me/factors/",
		j{"challenge": made.str("challenge"), "code": totpCode(c.t, secret, time.Now())}).is(201)
	c.sql(`UPDATE factors SET last_step = 0 WHERE user_id = ?`, c.id)
	return secret, added.list("recovery_codes")
}

func (c *caller) addPasskey(a *authenticator, name string) *answer {
	c.t.Helper()
	made := c.do("POST", "/api/v1/users/me/passkey/", nil).is(201)
	return c.do("POST", "/api/v1/users/me/factors/", j{"challenge": made.str("challenge"), "name": name,
		"passkey": a.create(made.at("passkey").(j))})
}

func named(t *testing.T) *site {
	return startSite(t, func(c *config.Config) { c.BaseURL = "https://status.example" })
}

func passkeyFor(t *testing.T) *authenticator {
	return newAuthenticator(t, "status.example", "https://status.example")
}

func (s *site) count(query string, args ...any) (n int64) {
	s.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+s.file+"?_busy_timeout=10000")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestAnAuthenticatorIsTheSecondStepOfASignIn(t *testing.T) {
	s := world(t)
	ada, email := s.org().signedIn(auth.Member)
	older := s.login(email).is(200).str("access_token")
	if strings.Contains(string(s.login(email).raw), "second_factor\":{") {
		t.Error("a factor is asked for that is not there")
	}
	secret, codes := ada.addTOTP()
	if len(codes) != auth.RecoveryCodes {
		t.Errorf("%d recovery codes", len(codes))
	}
	(&caller{site: s, token: older}).do("GET", "/api/v1/users/me/", nil).refuses(401) // it was begun without
	ada.do("GET", "/api/v1/services/", nil).is(200)

	asked := s.login(email).refuses(401).has("code", "unauthenticated").has("reason", "second_factor")
	if asked.body["access_token"] != nil || asked.header.Get("Set-Cookie") != "" {
		t.Errorf("a session before the factor: %v %s", asked.header, asked.raw)
	}
	challenge := asked.str("second_factor.challenge")
	s.show(challenge, j{"code": "000000"}).refuses(401, "code")
	s.show(challenge, nil).refuses(422, "code")
	code := totpCode(t, secret, time.Now())
	in := s.show(challenge, j{"code": code[:3] + " " + code[3:]}).is(200)
	s.show(challenge, j{"code": code}).refuses(401, "challenge")
	again := s.login(email).str("second_factor.challenge")
	s.show(again, j{"code": code}).refuses(401, "code") // taken once
	(&caller{site: s, token: in.str("access_token")}).do("GET", "/api/v1/users/me/factors/", nil).is(200).
		has("session_factor", "totp")
}

func TestAChallengeTakesFiveAnswersAndIsOfOneAccount(t *testing.T) {
	s := world(t)
	acme := s.org()
	ada, email := acme.signedIn(auth.Member)
	secret, _ := ada.addTOTP()
	challenge := s.login(email).str("second_factor.challenge")
	for range 5 {
		s.show(challenge, j{"code": "123456"}).refuses(401, "code")
	}
	s.show(challenge, j{"code": totpCode(t, secret, time.Now())}).refuses(401, "challenge")

	mallory, other := s.org().signedIn(auth.Member)
	theirs, _ := mallory.addTOTP()
	mine := s.login(email).str("second_factor.challenge")
	s.show(mine, j{"code": totpCode(t, theirs, time.Now())}).refuses(401, "code") // another's authenticator
	// A challenge that another session began is none of one's own.
	made := mallory.do("POST", "/api/v1/users/me/confirmation/challenge/", nil).is(201)
	ada.do("POST", "/api/v1/users/me/confirmation/",
		j{"challenge": made.str("challenge"), "code": totpCode(t, secret, time.Now())}).refuses(401, "challenge")
	ada.do("POST", "/api/v1/users/me/factors/", j{"challenge": s.login(other).str("second_factor.challenge"),
		"code": totpCode(t, secret, time.Now())}).refuses(401, "challenge")
	// it confirms, and signs nobody in
	s.show(made.str("challenge"), j{"code": totpCode(t, theirs, time.Now())}).refuses(401, "challenge")
}

func TestNobodyLearnsWithoutThePasswordThatThereIsASecondFactor(t *testing.T) {
	s := world(t)
	acme := s.org()
	ada, email := acme.signedIn(auth.Member)
	ada.addTOTP()
	_, plain := acme.signedIn(auth.Member)
	var seen []string
	for _, who := range []string{email, plain, "nobody@nowhere.example"} {
		a := s.nobody().do("POST", "/api/v1/auth/login/", j{"email": who, "password": "not the right words"}).
			refuses(401)
		delete(a.body, "request_id")
		seen = append(seen, fmt.Sprint(a.body))
	}
	if seen[0] != seen[1] || seen[1] != seen[2] {
		t.Errorf("a wrong password is told apart:\n%s", strings.Join(seen, "\n"))
	}
}

func TestARecoveryCodeWorksOnceAndNewOnesEndTheOld(t *testing.T) {
	s := world(t)
	ada, email := s.org().signedIn(auth.Member)
	_, codes := ada.addTOTP()
	use := func(code any) *answer {
		return s.show(s.login(email).str("second_factor.challenge"), j{"recovery_code": code})
	}
	first := strings.ToUpper(strings.ReplaceAll(codes[0].(string), "-", " "))
	in := use(first).is(200)
	use(codes[0]).refuses(401, "recovery_code")
	use("aaaa-aaaa-aaaa-aaaa").refuses(401, "recovery_code")
	use("no code at all").refuses(401, "recovery_code")
	ada.do("GET", "/api/v1/users/me/factors/", nil).is(200).has("recovery_codes", 9.0)
	fresh := ada.do("POST", "/api/v1/users/me/recovery-codes/", nil).is(201).list("recovery_codes")
	// whoever came in by an old one
	(&caller{site: s, token: in.str("access_token")}).do("GET", "/api/v1/users/me/", nil).refuses(401)
	use(codes[1]).refuses(401, "recovery_code")
	use(fresh[1]).is(200)
	if n := s.count(`SELECT count(*) FROM recovery_codes WHERE hash LIKE ?`,
		"%"+strings.ReplaceAll(fresh[2].(string), "-", "")+"%"); n != 0 {
		t.Error("a recovery code stands in the database")
	}
}

func TestFactorsChangeByAFreshProofAlone(t *testing.T) {
	s := world(t)
	ada, _ := s.org().signedIn(auth.Member)
	stale := func() { s.sql(`UPDATE sessions SET confirmed_at = confirmed_at - 700000 WHERE user_id = ?`, ada.id) }
	stale()
	for _, path := range []string{"authenticator/", "passkey/", "recovery-codes/"} {
		ada.do("POST", "/api/v1/users/me/"+path, nil).refuses(403, "confirmation")
	}
	ada.do("POST", "/api/v1/users/me/confirmation/", j{"password": "not the right words"}).refuses(422, "password")
	ada.do("POST", "/api/v1/users/me/authenticator/", nil).refuses(403, "confirmation")
	ada.do("POST", "/api/v1/users/me/confirmation/", j{"password": words}).is(204)
	secret, _ := ada.addTOTP()
	id := ada.get("/api/v1/users/me/factors/").str("factors.0.id")
	stale()
	ada.do("DELETE", "/api/v1/users/me/factors/"+id+"/", nil).refuses(403, "confirmation")
	ask := ada.do("POST", "/api/v1/users/me/confirmation/challenge/", nil).is(201)
	ada.do("POST", "/api/v1/users/me/confirmation/",
		j{"challenge": ask.str("challenge"), "code": totpCode(t, secret, time.Now())}).is(204)
	mallory, _ := s.org().signedIn(auth.Member)
	mallory.do("DELETE", "/api/v1/users/me/factors/"+id+"/", nil).refuses(404) // somebody else's
	ada.do("DELETE", "/api/v1/users/me/factors/"+id+"/", nil).is(204)
	if n := s.count(`SELECT count(*) FROM recovery_codes WHERE user_id = ?`, ada.id); n != 0 {
		t.Errorf("%d recovery codes of no factor", n)
	}
	ada.get("/api/v1/users/me/factors/").is(200).has("session_factor", "")
}

func TestATokenOfTheCommandLineOrAKeyChangesNoFactors(t *testing.T) {
	s := world(t)
	acme := s.org()
	acme.do("POST", "/api/v1/users/me/authenticator/", nil).refuses(403, "confirmation")
	acme.key("admin").do("GET", "/api/v1/users/me/factors/", nil).refuses(403)
	acme.key("admin").do("PATCH", "/api/v1/organization/security/", j{"second_factor": true}).refuses(403)
}

func TestAnOrganisationAsksForASecondFactor(t *testing.T) {
	s := world(t)
	acme := s.org()
	admin, _ := acme.signedIn(auth.Admin)
	sam, samsEmail := acme.signedIn(auth.Member)
	key := acme.key("read")
	other := s.org()
	security := "/api/v1/organization/security/"
	sam.do("PATCH", security, j{"second_factor": true}).refuses(403)
	admin.do("PATCH", security, j{"second_factor": true}).refuses(409) // would lock themselves out
	admin.addTOTP()
	socket := dial(t, s.addr, "/ws/status/org/"+acme.org+"/?token="+sam.token, nil)
	admin.do("PATCH", security, j{"second_factor": "yes"}).refuses(422, "second_factor")
	admin.do("PATCH", security, j{"second_factor": true}).is(200).has("second_factor", true)
	other.do("GET", security, nil).is(200).has("second_factor", false)

	if code := closed(t, socket); code != 4403 {
		t.Errorf("the socket of a session without one ends with %d", code)
	}
	for _, path := range []string{"/api/v1/services/", "/api/v1/snapshot/", "/api/v1/members/", "/api/v1/organization/",
		"/api/v1/audit-log/"} {
		sam.do("GET", path, nil).refuses(403).has("reason", "second_factor_required")
	}
	sam.do("POST", "/api/v1/auth/ticket/", nil).refuses(403)
	sam.do("GET", "/api/v1/users/me/", nil).is(200)
	s.login(samsEmail).is(200).has("second_factor_required", true)
	key.do("GET", "/api/v1/services/", nil).is(200)  // a key is no person
	acme.do("GET", "/api/v1/services/", nil).is(200) // nor is the operator's token
	sam.addTOTP()
	sam.do("GET", "/api/v1/services/", nil).is(200)
	admin.do("GET", "/api/v1/audit-log/?object=organization", nil).is(200)
	id := sam.get("/api/v1/users/me/factors/").has("required", true).str("factors.0.id")
	sam.do("DELETE", "/api/v1/users/me/factors/"+id+"/", nil).is(204)
	sam.do("GET", "/api/v1/services/", nil).refuses(403)
	admin.do("PATCH", security, j{"second_factor": false}).is(200)
	sam.do("GET", "/api/v1/services/", nil).is(200)
}

func TestAMailboxAloneGetsNobodyPastASecondFactor(t *testing.T) {
	s := world(t)
	acme := s.org()
	ada, email := acme.signedIn(auth.Member)
	secret, codes := ada.addTOTP()
	reset := func() string {
		url, err := s.app.UseCases.OperatorsLink(context.Background(), acme.slug, email, "")
		if err != nil {
			t.Fatal(err)
		}
		_, token, _ := strings.Cut(url, "token=")
		return token
	}
	token := reset()
	accept := func(token string) *answer {
		return s.nobody().do("POST", "/api/v1/auth/accept/", j{"token": token, "password": "entirely other words"})
	}
	asked := accept(token).refuses(401).has("reason", "second_factor")
	s.login(email).refuses(401).has("reason", "second_factor") // the old password still holds
	ada.do("GET", "/api/v1/services/", nil).is(200)            // and so do the sessions
	s.show(asked.str("second_factor.challenge"), j{"code": "000000"}).refuses(401, "code")
	in := s.show(asked.str("second_factor.challenge"), j{"code": totpCode(t, secret, time.Now())}).is(200)
	s.login(email).refuses(401).has("code", "unauthenticated")
	if s.login(email).body["reason"] != nil {
		t.Error("the old password is right still")
	}
	ada.do("GET", "/api/v1/services/", nil).refuses(401)
	accept(token).refuses(403, "token")
	(&caller{site: s, token: in.str("access_token")}).do("GET", "/api/v1/services/", nil).is(200)
	next := accept(reset()).refuses(401)
	s.show(next.str("second_factor.challenge"), j{"recovery_code": codes[3]}).is(200)

	if n, err := s.app.UseCases.RemoveFactors(context.Background(), "", email); n != 1 || err != nil {
		t.Errorf("the operator removed %d: %v", n, err)
	}
	accept(reset()).is(200) // by mailbox alone again
}

func TestACopyOfTheDatabaseTellsNoAuthenticatorsSecret(t *testing.T) {
	s := world(t)
	ada, _ := s.org().signedIn(auth.Member)
	made := ada.do("POST", "/api/v1/users/me/authenticator/", nil).is(201)
	secret := made.str("secret")
	holds := func() int64 {
		return s.count(`SELECT (SELECT count(*) FROM factors WHERE secret LIKE ?) + (SELECT count(*) FROM challenges WHERE data LIKE ?)`, "%"+secret+"%", "%"+secret+"%")
	}
	if n := holds(); n != 0 {
		t.Error("the secret stands in the challenge")
	}
	ada.do("POST", "/api/v1/users/me/factors/",
		j{"challenge": made.str("challenge"), "code": totpCode(t, secret, time.Now())}).is(201)
	if n := holds(); n != 0 {
		t.Error("the secret stands in the database")
	}
	if !strings.HasPrefix(made.str("qr"), "data:image/png;base64,") ||
		!strings.HasPrefix(made.str("url"), "otpauth://totp/") {
		t.Errorf("%s %.40s", made.str("url"), made.str("qr"))
	}
}

func TestCodesAreGuessedSlowlyAndTheOwnerComesInAllTheSame(t *testing.T) {
	s := world(t)
	ada, email := s.org().signedIn(auth.Member)
	_, codes := ada.addTOTP()
	device := ""
	known := s.show(s.login(email).str("second_factor.challenge"), j{"recovery_code": codes[0]}).is(200)
	for _, cookie := range known.header.Values("Set-Cookie") {
		if strings.HasPrefix(cookie, "device=") {
			device, _, _ = strings.Cut(cookie, ";")
		}
	}
	refused := 0
	for range 4 {
		challenge := s.login(email).str("second_factor.challenge")
		for range 4 {
			if s.show(challenge, j{"code": "123456"}).code == 429 {
				refused++
			}
		}
	}
	if refused != 6 {
		t.Errorf("of 16 guesses %d were refused", refused)
	}
	{ // her own device is counted apart
		challenge := s.nobody().do("POST", "/api/v1/auth/login/", j{"email": email, "password": words}, "Cookie",
			device).str("second_factor.challenge")
		a := s.nobody().do("POST", "/api/v1/auth/factor/", j{"challenge": challenge, "code": "654321"}, "Cookie",
			device)
		if a.code != 401 {
			t.Errorf("her own device is refused with %d", a.code)
		}
	}
	// and so does who has a recovery code
	s.show(s.login(email).str("second_factor.challenge"), j{"recovery_code": codes[1]}).is(200)
}

func TestAPasskeySignsInAloneAndAsASecondStep(t *testing.T) {
	s := named(t)
	ada, email := s.org().signedIn(auth.Member)
	key := passkeyFor(t)
	ada.addPasskey(key, "My telephone").is(201).has("name", "My telephone").has("hostname", "status.example")
	asked := s.login(email).refuses(401)
	key.verifies = false // as a second step, having it is enough
	s.show(asked.str("second_factor.challenge"), j{"passkey": key.get(asked.at("second_factor.passkey").(j))}).is(200)
	ask := func() *answer { return s.nobody().do("POST", "/api/v1/auth/passkey/options/", nil).is(200) }
	in := func(challenge string, shown j) *answer {
		return s.nobody().do("POST", "/api/v1/auth/passkey/", j{"challenge": challenge, "passkey": shown})
	}
	a := ask()
	in(a.str("challenge"), key.get(a.at("passkey").(j))).refuses(401, "passkey") // alone it is not
	key.verifies = true
	a = ask()
	shown := key.get(a.at("passkey").(j))
	if got := in(a.str("challenge"), shown).is(200).at("user.email"); got != email {
		t.Errorf("signed in as %v", got)
	}
	in(a.str("challenge"), shown).refuses(401) // once
	b := ask()
	in(b.str("challenge"), shown).refuses(401, "passkey") // it answers another challenge
	in("no challenge", shown).refuses(401, "challenge")
	s.nobody().do("POST", "/api/v1/auth/passkey/", j{"challenge": b.str("challenge"),
		"passkey": key.get(b.at("passkey").(j)), "organization": "not-mine"}).refuses(403)
}

func TestAttackersPasskeysAreRefusedAlike(t *testing.T) {
	s := named(t)
	ada, email := s.org().signedIn(auth.Member)
	mallory, _ := s.org().signedIn(auth.Member)
	key, evil := passkeyFor(t), passkeyFor(t)
	ada.addPasskey(key, "").is(201).has("name", "Passkey")
	mallory.addPasskey(evil, "").is(201)
	var seen []string
	for name, twist := range map[string]func(a *authenticator){
		"another site's page":  func(a *authenticator) { a.origin = "https://evil.example" },
		"another site's key":   func(a *authenticator) { a.host = "evil.example" },
		"a key nobody has":     func(a *authenticator) { a.id = []byte("nobody has this credential id at all") },
		"somebody else's name": func(a *authenticator) { a.handle = evil.handle },
		"a signature of none":  func(a *authenticator) { a.key = evil.key },
		"a copy of the key":    func(a *authenticator) { a.counter = 0 },
	} {
		twisted := *key
		twist(&twisted)
		a := s.nobody().do("POST", "/api/v1/auth/passkey/options/", nil).is(200)
		got := s.nobody().do("POST", "/api/v1/auth/passkey/",
			j{"challenge": a.str("challenge"), "passkey": twisted.get(a.at("passkey").(j))}).refuses(401, "passkey")
		seen = append(seen, got.str("detail"))
		asked := s.login(email).refuses(401)
		if twisted.counter == 1 { // one more would be a copy that has been used more than the key
			twisted.counter = 0
		}
		if name != "somebody else's name" { // which nobody reads where it is known whose passkey it must be
			s.show(asked.str("second_factor.challenge"),
				j{"passkey": twisted.get(asked.at("second_factor.passkey").(j))}).refuses(401, "passkey")
		}
		if seen[0] != seen[len(seen)-1] {
			t.Errorf("%s is told apart: %v", name, seen)
		}
	}
	// Mallory's own passkey answers no challenge of Ada's, and nobody adds one twice.
	asked := s.login(email).refuses(401)
	s.show(asked.str("second_factor.challenge"), j{"passkey": evil.get(asked.at("second_factor.passkey").(j))}).
		refuses(401, "passkey")
	mallory.addPasskey(key, "").refuses(409)
}

func TestPasskeysNeedAHostName(t *testing.T) {
	s := world(t) // at a bare address
	ada, _ := s.org().signedIn(auth.Member)
	ada.do("POST", "/api/v1/users/me/passkey/", nil).refuses(409)
	s.nobody().do("POST", "/api/v1/auth/passkey/options/", nil).refuses(409)
}

// Who had an account before its mailbox was proved may be somebody else.
func TestAProofEndsTheFactorsThatWereThereBefore(t *testing.T) {
	s := world(t)
	acme := s.org()
	email := fmt.Sprintf("squatted-%d@%s.example", common.made.Add(1), acme.slug)
	made := acme.post("/api/v1/members/", j{"email": email})
	_, token, _ := strings.Cut(made.str("url"), "token=")
	in := s.nobody().do("POST", "/api/v1/auth/accept/", j{"token": token, "name": "A squatter", "password": words}).
		is(200)
	squatter := &caller{site: s, org: acme.org, slug: acme.slug, id: in.str("user.id"), token: in.str("access_token")}
	squatter.addTOTP()
	s.login(email).refuses(401).has("reason", "second_factor")
	// as a mailed one: it proves the address
	url, err := s.app.UseCases.OperatorsLink(context.Background(), acme.slug, email, "")
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ = strings.Cut(url, "token=")
	s.nobody().do("POST", "/api/v1/auth/accept/", j{"token": token, "password": "the owner's own words"}).is(200)
	s.nobody().do("POST", "/api/v1/auth/login/", j{"email": email, "password": "the owner's own words"}).is(200)
	if n := s.count(`SELECT (SELECT count(*) FROM factors WHERE user_id = ?) + (SELECT count(*) FROM recovery_codes WHERE user_id = ?)`, squatter.id, squatter.id); n != 0 {
		t.Errorf("%d of the squatter's are left", n)
	}
	squatter.do("GET", "/api/v1/services/", nil).refuses(401)
}

func TestAnAccountIsDeletedWithItsFactors(t *testing.T) {
	s := world(t)
	ada, email := s.org().signedIn(auth.Member)
	ada.addTOTP()
	s.login(email) // a challenge waits
	ada.do("POST", "/api/v1/users/me/deletion/", j{"email": email, "password": words}).is(204)
	for _, table := range []string{"factors", "recovery_codes", "challenges"} {
		if n := s.count(`SELECT count(*) FROM `+table+` WHERE user_id = ?`, ada.id); n != 0 {
			t.Errorf("%d %s are left", n, table)
		}
	}
}

func TestTheKeyBesideTheDatabaseIsItsOwnersAndOutlivesARestart(t *testing.T) {
	s := startSite(t, nil)
	ada, email := s.org().signedIn(auth.Member)
	secret, _ := ada.addTOTP()
	info, err := os.Stat(s.file + ".secrets")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	s.stop()
	s.start()
	s.show(s.login(email).str("second_factor.challenge"), j{"code": totpCode(t, secret, time.Now())}).is(200)
}

// Of several who come with the same code at the same time, one is let in.
func TestACodeIsTakenOnceHoweverManyBringItAtOnce(t *testing.T) {
	s := world(t)
	ada, email := s.org().signedIn(auth.Member)
	secret, codes := ada.addTOTP()
	for name, what := range map[string]j{"a code": {"code": totpCode(t, secret, time.Now())},
		"a recovery code": {"recovery_code": codes[0]}} {
		var challenges []string
		for range 4 {
			challenges = append(challenges, s.login(email).str("second_factor.challenge"))
		}
		in := make(chan int, len(challenges))
		for _, challenge := range challenges {
			go func() { in <- s.show(challenge, what).code }()
		}
		got := map[int]int{}
		for range challenges {
			got[<-in]++
		}
		if got[200] != 1 || got[401] != len(challenges)-1 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAChallengeEndsWithTheCredentialsThatItWasFor(t *testing.T) {
	s := world(t)
	ada, email := s.org().signedIn(auth.Member)
	secret, _ := ada.addTOTP()
	before := s.login(email).str("second_factor.challenge")
	ada.do("POST", "/api/v1/users/me/password/", j{"password": words, "new_password": "entirely other words"}).is(204)
	s.show(before, j{"code": totpCode(t, secret, time.Now())}).refuses(401, "challenge")
	if n, err := s.app.UseCases.RemoveFactors(context.Background(), "", email); n != 1 || err != nil {
		t.Errorf("the operator removed %d: %v", n, err)
	}
	ada.do("GET", "/api/v1/users/me/", nil).refuses(401) // every session ended
}

// Who confirms often, or guesses in a stolen session, spends nothing of what signs in elsewhere.
func TestConfirmingIsCountedApart(t *testing.T) {
	s := world(t)
	ada, email := s.org().signedIn(auth.Member)
	secret, _ := ada.addTOTP()
	refused := 0
	for range 3 {
		challenge := ada.do("POST", "/api/v1/users/me/confirmation/challenge/", nil).is(201).str("challenge")
		for range 4 {
			if ada.do("POST", "/api/v1/users/me/confirmation/", j{"challenge": challenge, "code": "123456"}).
				code == 429 {
				refused++
			}
		}
	}
	if refused != 2 {
		t.Errorf("of 12 guesses in a session %d were refused", refused)
	}
	s.show(s.login(email).str("second_factor.challenge"), j{"code": totpCode(t, secret, time.Now())}).is(200)
}
