package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/auth"
)

// halves are two audiences of acme's page, each with a password and a service of its own with trouble, beside a service
// that everybody sees.
type halves struct {
	*caller
	t                 *testing.T
	alpha, beta       j // the audiences, as they were set
	open, ours, other string
}

func halved(t *testing.T, kind j) *halves {
	t.Helper()
	h := &halves{caller: world(t).org(), t: t}
	kind["audiences"] = []j{{"name": "Alpha", "kind": "password", "password": "alpha alpha"},
		{"name": "Beta", "kind": "password", "password": "beta beta"}}
	set := h.patch("/api/v1/organization/", j{"access": kind}).is(200)
	h.alpha = j{"id": set.str("access.audiences.0.id"), "feed_key": set.str("access.audiences.0.feed_key")}
	h.beta = j{"id": set.str("access.audiences.1.id"), "feed_key": set.str("access.audiences.1.feed_key")}
	born := in(-80 * 24 * time.Hour)[:10]
	h.open = h.post("/api/v1/services/", j{"name": "Open", "start_date": born}).str("id")
	h.ours = h.post("/api/v1/services/", j{"name": "Alpha ledger", "start_date": born,
		"audiences": []any{h.alpha["id"]}}).is(201).str("id")
	return h
}

// trouble lets something of the other audience happen, from its service's first day on.
func (h *halves) trouble() {
	h.other = h.post("/api/v1/services/", j{"name": "Beta ledger", "audiences": []any{h.beta["id"]}}).is(201).str("id")
	h.post("/api/v1/incidents/", j{"title": "Beta trouble", "service": h.other, "to_state": "major_outage"}).is(201)
	h.post("/api/v1/maintenances/", j{"title": "Beta work", "services": []string{h.other},
		"scheduled_for": in(time.Hour), "scheduled_until": in(2 * time.Hour)}).is(201)
}

// in opens an audience with its password and answers the cookie.
func (h *halves) in(audience j, password string) string {
	h.t.Helper()
	res, body := visited(h.t, h.site, "POST", "/status/"+h.slug+"/access/password?audience="+audience["id"].(string), "",
		"", "", url.Values{"password": {password}})
	if res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 {
		h.t.Fatalf("the password is answered %d: %s", res.StatusCode, body)
	}
	c := res.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		h.t.Errorf("the cookie is %v", c)
	}
	return c.Name + "=" + c.Value
}

func audienceCookie(id any, value string) string { return "audience-" + id.(string) + "=" + value }

// TestEveryPublicRouteTellsEachAudienceItsOwn tries each route of the router that is about a page, as each kind of
// caller, on a page that everybody may see and on one with a password. CONTRACT 8.
func TestEveryPublicRouteTellsEachAudienceItsOwn(t *testing.T) {
	for _, kind := range []j{{"kind": "public"}, {"kind": "password", "password": "open sesame"}} {
		t.Run(kind["kind"].(string), func(t *testing.T) {
			private := kind["kind"] != "public"
			h := halved(t, kind)
			mine := h.post("/api/v1/incidents/", j{"title": "Alpha trouble", "service": h.ours,
				"to_state": "partial_outage", "started_at": in(-50 * time.Hour), "resolved_at": in(-40 * time.Hour),
				"resolution": "Over."}).is(201).str("id")
			member, other := h.join(auth.Member), h.site.org()
			alpha, beta := h.in(h.alpha, "alpha alpha"), h.in(h.beta, "beta beta")
			_, sealed, _ := strings.Cut(alpha, "=")
			before := documentsWith(t, h.caller, mine, alpha, "")
			h.trouble()
			for path, is := range documentsWith(t, h.caller, mine, alpha, "") {
				if is != before[path] {
					t.Errorf("%s tells a reader of Alpha what happens to Beta: %s", path, differing(is, before[path]))
				}
			}
			for _, x := range []struct {
				name, cookie, token string
				alpha, beta         bool
			}{
				{name: "stranger"},
				{name: "reader of Alpha", cookie: alpha, alpha: true},
				{name: "reader of Beta", cookie: beta, beta: true},
				{name: "reader of both", cookie: alpha + "; " + beta, alpha: true, beta: true},
				{name: "member", token: "Bearer " + member.token, alpha: true, beta: true},
				{name: "admin", token: "Bearer " + h.token, alpha: true, beta: true},
				{name: "another's admin", token: "Bearer " + other.token},
				{name: "reader of Alpha as of Beta", cookie: audienceCookie(h.beta["id"], sealed)},
				{name: "reader of Alpha as of the page", cookie: "reader-" + h.slug + "=" + sealed},
				{name: "who made a cookie up", cookie: audienceCookie(h.alpha["id"], "1999999999..AAAA")},
			} {
				h.obeys(x.name, mine, x.cookie, x.token, x.alpha, x.beta, private)
			}
		})
	}
}

// obeys asks all routes as somebody who sees what is for Alpha, for Beta, or for neither.
func (h *halves) obeys(name, mine, cookie, token string, alpha, beta, private bool) {
	h.t.Helper()
	refused, told := private && !alpha && !beta, map[string]bool{}
	for _, r := range publicRoutes(h.caller, mine) {
		if strings.HasPrefix(r[1], "/ws/") {
			socketObeys(h.t, h.caller, name, r[1]+"?token="+strings.TrimPrefix(token, "Bearer "), cookie, !refused)
			continue
		}
		res, body := visited(h.t, h.site, r[0], r[1], "", cookie, token, nil)
		where := r[0] + " " + r[1] + " as " + name
		for word, may := range map[string]bool{"Alpha": alpha, "Beta": beta, h.ours: alpha, h.other: beta} {
			if is := strings.Contains(body, word); is && !may {
				h.t.Errorf("%s tells of %s: %s", where, word, body)
			} else if is {
				told[word] = true
			}
		}
		switch cache := res.Header.Get("Cache-Control"); {
		case !strings.Contains(cache, "private") && !strings.Contains(cache, "no-store"),
			(alpha || beta) && cache != "private, no-store":
			h.t.Errorf("%s: Cache-Control is %q", where, cache)
		case (alpha || beta || private) && res.Header.Get("Access-Control-Allow-Origin") != "":
			h.t.Errorf("%s: other sites may read it", where)
		case refused && !strings.Contains(where, "/access") && res.StatusCode != 401 && res.StatusCode != 429:
			h.t.Errorf("%s: %d", where, res.StatusCode)
		}
	}
	if told["Alpha"] != alpha || told["Beta"] != beta {
		h.t.Errorf("%s is told of %v", name, told)
	}
}

func (h *halves) page(path, cookie string) string {
	h.t.Helper()
	_, body := visited(h.t, h.site, "GET", "/status/"+h.slug+path, "", cookie, "", nil)
	return body
}

func (h *halves) set(audiences ...j) *answer {
	h.t.Helper()
	return h.do("PATCH", "/api/v1/organization/", j{"access": j{"kind": "public", "audiences": audiences}})
}

func TestWhatChangesOfAnAudienceEndsWhoWasLetIn(t *testing.T) {
	h := halved(t, j{"kind": "public"})
	h.trouble()
	a := func(more j) j {
		out := j{"id": h.alpha["id"], "name": "Alpha", "kind": "password"}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	b := j{"id": h.beta["id"], "name": "Beta", "kind": "password"}
	alpha, beta := h.in(h.alpha, "alpha alpha"), h.in(h.beta, "beta beta")
	sees := func(cookie, word string) bool { return strings.Contains(h.page("", cookie), word) }
	ws := dial(t, h.addr, "/ws/status/public/"+h.slug+"/", http.Header{"Cookie": {alpha}})
	heardOf(t, ws)
	// What is sent back as it was read changes nothing.
	was := h.get("/api/v1/organization/")
	if now := h.patch("/api/v1/organization/", j{"access": was.at("access")}); now.int("version") != was.int("version") {
		t.Errorf("the same access is another version: %s", now.raw)
	}
	if !sees(alpha, "Alpha ledger") || sees(alpha, "Beta") {
		t.Fatal("the cookie opens nothing, or too much")
	}
	h.set(a(j{"password": "another alpha"}), b).is(200)
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			if got := closed(t, ws); got != 1001 {
				t.Errorf("the socket of who was let in is closed with %d", got)
			}
			break
		}
	}
	if sees(alpha, "Alpha ledger") || !sees(beta, "Beta ledger") {
		t.Error("the old password's cookie opens the audience, or another's does not")
	}
	alpha = h.in(h.alpha, "another alpha")
	h.set(a(j{"sign_out": true}), b).is(200)
	if sees(alpha, "Alpha ledger") {
		t.Error("who was signed out is in")
	}
	key := h.alpha["feed_key"].(string)
	h.post("/api/v1/incidents/", j{"title": "Alpha trouble", "service": h.ours, "to_state": "partial_outage"}).is(201)
	for _, feed := range []string{"feed.atom", "feed.rss", "history.atom", "history.rss"} {
		if body := h.page("/"+feed+"?key="+key, ""); !strings.Contains(body, "Alpha trouble") ||
			strings.Contains(body, "Beta") {
			t.Errorf("%s by the secret address of Alpha: %s", feed, body)
		}
	}
	if h.page("?key="+key, "") != h.page("", "") {
		t.Error("the feeds' key opens more than feeds")
	}
	newer := h.set(a(j{"new_feed": true}), b).is(200).str("access.audiences.0.feed_key")
	if newer == key || strings.Contains(h.page("/feed.atom?key="+key, ""), "Alpha") ||
		!strings.Contains(h.page("/feed.atom?key="+newer, ""), "Alpha trouble") {
		t.Error("the secret address did not change")
	}
	h.set(a(j{"kind": "networks", "networks": []string{"127.0.0.0/8", "::1"}}), b).is(200)
	if !sees("", "Alpha ledger") || sees("", "Beta ledger") {
		t.Error("a network does not let in, or to more than its audience")
	}
	res := raw(t, h, http.Header{"Origin": {"https://evil.example"}})
	if strings.Contains(res, "Alpha ledger") {
		t.Errorf("another site's script is told %s", res)
	}
	h.set(a(j{"kind": "networks", "networks": []string{"192.0.2.0/24"}}), b).is(200)
	if sees("", "Alpha ledger") {
		t.Error("another network lets in")
	}
}

// raw is the summary as a browser asks for it with some headers.
func raw(t *testing.T, h *halves, header http.Header) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+h.addr+"/api/v1/public/"+h.slug+"/summary/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	res, err := plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text := new(strings.Builder)
	if _, err := copyBody(text, res); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestAudiencesAreRefusedInWords(t *testing.T) {
	h := halved(t, j{"kind": "public"})
	other := h.site.org()
	theirs := other.patch("/api/v1/organization/", j{"access": j{"kind": "public", "audiences": []j{{"name": "Theirs",
		"kind": "members"}}}}).is(200).str("access.audiences.0.id")
	a := j{"id": h.alpha["id"], "name": "Alpha", "kind": "password"}
	b := j{"id": h.beta["id"], "name": "Beta", "kind": "password"}
	many := slices.Repeat([]j{{"name": "x", "kind": "members"}}, 21)
	for _, x := range []struct {
		field string
		list  []j
	}{
		{"access.audiences", many},
		{"access.audiences", []j{b}}, // a service is for the other one
		{"access.audiences[0].id", []j{{"id": theirs, "name": "Theirs", "kind": "members"}}},
		{"access.audiences[0].name", []j{{"name": " ", "kind": "members"}}},
		{"access.audiences[2].name", []j{a, b, {"name": "ALPHA", "kind": "members"}}},
		{"access.audiences[1].id", []j{a, a}},
		{"access.audiences[2].kind", []j{a, b, {"name": "All", "kind": "public"}}},
		{"access.audiences[2].password", []j{a, b, {"name": "C", "kind": "password"}}},
		{"access.audiences[2].password", []j{a, b, {"name": "C", "kind": "password", "password": "short"}}},
		{"access.audiences[2].domains", []j{a, b, {"name": "C", "kind": "email"}}},
		{"access.audiences[2].networks", []j{a, b, {"name": "C", "kind": "networks"}}},
		{"access.audiences[2].networks[0]", []j{a, b, {"name": "C", "kind": "networks", "networks": []string{"x"}}}},
		{"access.audiences[2].emails", []j{a, b, {"name": "C", "kind": "email",
			"emails": slices.Repeat([]string{"a@b.example"}, 101)}}},
	} {
		h.set(x.list...).refuses(422, x.field)
	}
	h.set(append(slices.Clone(many[:18]), a, b)...).refuses(422, "access.audiences[1].name")
	for _, id := range []string{theirs, uuid.NewString(), "x"} {
		h.do("POST", "/api/v1/services/", j{"name": "S", "audiences": []string{id}}).refuses(422, "audiences[0]")
		h.do("PATCH", "/api/v1/services/"+h.open+"/", j{"audiences": []string{id}}).refuses(422, "audiences[0]")
	}
	h.site.org().do("POST", "/api/v1/services/", j{"name": "S", "audiences": []string{theirs}}).refuses(422, "audiences")
	if text := string(h.join(auth.Member).get("/api/v1/organization/").raw); strings.Contains(text, "feed_key") ||
		strings.Contains(text, "Alpha") {
		t.Errorf("a member is told %s", text)
	}
	if log := string(h.get("/api/v1/audit-log/").raw); strings.Contains(log, "alpha alpha") ||
		strings.Contains(log, "argon2") {
		t.Error("the audit log has a password")
	}
	h.patch("/api/v1/services/"+h.ours+"/", j{"audiences": []string{}}).is(200)
	h.set(b).is(200)
	if body := h.page("", ""); !strings.Contains(body, "Alpha ledger") {
		t.Error("a service that is for everybody again is not seen")
	}
}

// An admin looks at the page as an audience sees it; nobody else is given it so.
func TestMembersSeeThePageAsAnAudienceDoes(t *testing.T) {
	h := halved(t, j{"kind": "public"})
	h.trouble()
	as := func(id any, token string) string {
		_, body := visited(t, h.site, "GET", "/status/"+h.slug+"?as="+id.(string), "", "", token, nil)
		return body
	}
	if body := as(h.alpha["id"], "Bearer "+h.token); !strings.Contains(body, "Alpha ledger") ||
		strings.Contains(body, "Beta") {
		t.Errorf("as Alpha an admin sees %s", body)
	}
	if body := as("everybody", "Bearer "+h.token); strings.Contains(body, "Alpha ") || !strings.Contains(body, "Open") {
		t.Errorf("as everybody an admin sees %s", body)
	}
	for _, token := range []string{"", "Bearer " + h.site.org().token} {
		if body := as(h.alpha["id"], token); strings.Contains(body, "Alpha ledger") {
			t.Error("somebody else is given the page as Alpha sees it")
		}
	}
}

// A mailed link lets its mailbox in to an audience, for as long as the address is among those that belong to it.
func TestAMailedLinkLetsItsMailboxInToAnAudience(t *testing.T) {
	o := mailing(t)
	acme := o.site.org()
	set := func(emails ...string) *answer {
		return acme.patch("/api/v1/organization/", j{"access": j{"kind": "public", "audiences": []j{
			{"name": "Alpha", "kind": "email", "emails": emails},
			{"name": "Beta", "kind": "email", "domains": []string{"beta.example"}}}}}).is(200)
	}
	first := set("ada@alpha.example")
	alpha, beta := first.str("access.audiences.0.id"), first.str("access.audiences.1.id")
	acme.post("/api/v1/services/", j{"name": "Alpha ledger", "audiences": []string{alpha}}).is(201)
	acme.post("/api/v1/services/", j{"name": "Beta ledger", "audiences": []string{beta}}).is(201)
	page := "/status/" + acme.slug
	post := func(audience string, form url.Values) (*http.Response, string) {
		return visited(t, o.site, "POST", page+"/access?audience="+audience, "", "", "", form)
	}
	for _, stranger := range []string{"eve@evil.example", "bob@beta.example", "ada@alpha.example"} {
		if res, body := post(alpha, url.Values{"email": {stranger}}); res.StatusCode != 200 ||
			!strings.Contains(body, "is on its way") {
			t.Errorf("%s is answered %d: %s", stranger, res.StatusCode, body)
		}
	}
	letter := o.mail.Wait(t, 1)[0]
	if letter.To != "ada@alpha.example" {
		t.Fatalf("the letter is for %s", letter.To)
	}
	found := regexp.MustCompile(`/access\?audience=` + alpha + `&token=([A-Za-z0-9_-]+)`).FindStringSubmatch(letter.Text)
	if found == nil {
		t.Fatalf("no link in %s", letter.Text)
	}
	if res, body := visited(t, o.site, "GET", page+"/access?audience="+alpha+"&token="+found[1], "", "", "",
		nil); len(res.Cookies()) != 0 || !strings.Contains(body, found[1]) {
		t.Errorf("a look at the link: %v, %s", res.Cookies(), body)
	}
	res, body := post(alpha, url.Values{"token": {found[1]}})
	if res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	cookie := res.Cookies()[0].Name + "=" + res.Cookies()[0].Value
	sees := func() string {
		_, body := visited(t, o.site, "GET", page, "", cookie, "", nil)
		return body
	}
	if body := sees(); !strings.Contains(body, "Alpha ledger") || strings.Contains(body, "Beta") {
		t.Errorf("its reader sees %s", body)
	}
	post(beta, url.Values{"email": {"bob@beta.example"}})
	other := regexp.MustCompile(`&token=([A-Za-z0-9_-]+)`).FindStringSubmatch(o.mail.Wait(t, 2)[1].Text)
	if res, _ := post(alpha, url.Values{"token": {other[1]}}); len(res.Cookies()) != 0 {
		t.Error("a link of one audience opens another")
	}
	// Whose address is taken off the list is out.
	now := acme.get("/api/v1/organization/").at("access").(map[string]any)
	now["audiences"].([]any)[0].(map[string]any)["emails"] = []string{"eve@alpha.example"}
	acme.patch("/api/v1/organization/", j{"access": now}).is(200)
	if strings.Contains(sees(), "Alpha ledger") {
		t.Error("who was taken off the list sees it")
	}
}
