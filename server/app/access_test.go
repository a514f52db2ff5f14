package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"statuspage/server/auth"
)

// visited sends a request to a page as a browser would, and follows no redirect.
func visited(t *testing.T, s *site, method, path, host, cookie, token string, form url.Values) (*http.Response,
	string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.addr+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	for name, value := range map[string]string{"Cookie": cookie, "Authorization": token} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text := new(strings.Builder)
	if _, err := copyBody(text, res); err != nil {
		t.Fatal(err)
	}
	return res, text.String()
}

func copyBody(to *strings.Builder, res *http.Response) (int64, error) {
	buffer, n := make([]byte, 64<<10), int64(0)
	for {
		k, err := res.Body.Read(buffer)
		to.Write(buffer[:k])
		if n += int64(k); err != nil {
			return n, nil
		}
	}
}

// publicRoutes are all routes of the router that are about one page, as requests of acme's: whoever adds one finds it
// here.
func publicRoutes(acme *caller, incident string) (out [][2]string) {
	for _, r := range acme.app.Fiber.GetRoutes(true) {
		about := false
		for _, prefix := range []string{"/status/:slug", "/api/v1/public/:slug", "/ws/status/public/:slug"} {
			about = about || r.Path == prefix || strings.HasPrefix(r.Path, prefix+"/")
		}
		if about && r.Method != http.MethodOptions {
			path := strings.NewReplacer(":slug", acme.slug, ":id", incident, ":name", "x.png").Replace(r.Path)
			out = append(out, [2]string{r.Method, path})
		}
	}
	return out
}

// TestEveryPublicRouteObeysWhoMaySeeThePage tries each route of the router that is about a page, on each kind of page,
// as each kind of caller. CONTRACT 8.
func TestEveryPublicRouteObeysWhoMaySeeThePage(t *testing.T) {
	acme := world(t).org()
	incident := acme.incident("Secret trouble")
	routes := publicRoutes(acme, incident)
	if len(routes) < 50 {
		t.Fatalf("only %d routes are found", len(routes))
	}
	open := map[[2]string]int{}
	for _, r := range routes {
		if !strings.HasPrefix(r[1], "/ws/") {
			res, _ := visited(t, acme.site, r[0], r[1], "", "", "", nil)
			open[r] = res.StatusCode
		}
	}
	member, other := acme.join(auth.Member), acme.site.org()
	for _, kind := range []struct {
		body   j
		reader func() string // a cookie of somebody who was let in
	}{
		{j{"kind": "password", "password": "open sesame"}, func() string { return letIn(t, acme, "open sesame") }},
		{j{"kind": "members"}, nil},
		{j{"kind": "email", "domains": []string{"partner.example"}}, nil},
		{j{"kind": "networks", "networks": []string{"203.0.113.0/24", "2001:db8::/32"}}, nil},
	} {
		acme.patch("/api/v1/organization/", j{"access": kind.body}).is(200).has("access.kind", kind.body["kind"])
		callers := map[string][2]string{"stranger": {}, "member": {"", "Bearer " + member.token}, "admin": {"",
			"Bearer " + acme.token},
			"another's admin":      {"", "Bearer " + other.token},
			"who made a cookie up": {"reader-" + acme.slug + "=1999999999..AAAA", ""}}
		if kind.reader != nil {
			callers["reader"] = [2]string{kind.reader(), ""}
		}
		for name, with := range callers {
			may := slices.Contains([]string{"member", "admin", "reader"}, name)
			for _, r := range routes {
				if strings.HasPrefix(r[1], "/ws/") {
					socketObeys(t, acme, name, r[1]+"?token="+strings.TrimPrefix(with[1], "Bearer "), with[0], may)
					continue
				}
				res, body := visited(t, acme.site, r[0], r[1], "", with[0], with[1], nil)
				where := r[0] + " " + r[1] + " of a page for " + kind.body["kind"].(string) + ", as " + name
				told(t, where, res, body, may, open[r])
			}
		}
	}
	acme.patch("/api/v1/organization/", j{"access": j{"kind": "public"}}).is(200).has("access.kind", "public")
	if res, _ := visited(t, acme.site, "GET", "/status/"+acme.slug, "", "", "", nil); res.StatusCode != 200 ||
		strings.Contains(res.Header.Get("Cache-Control"), "private") {
		t.Errorf("a public page answers %d, %s", res.StatusCode, res.Header.Get("Cache-Control"))
	}
}

// told holds one answer against what its caller may know.
func told(t *testing.T, where string, res *http.Response, body string, may bool, open int) {
	t.Helper()
	door := strings.Contains(where, "/access")
	if got := res.Header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("%s: Cache-Control is %q", where, got)
	}
	if res.Header.Get("Access-Control-Allow-Origin") != "" || res.Header.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("%s: other sites may read it, or search engines keep it: %v", where, res.Header)
	}
	switch {
	case door && may && res.StatusCode != http.StatusSeeOther:
		t.Errorf("%s: %d", where, res.StatusCode)
	case !door && may && res.StatusCode != open:
		t.Errorf("%s: %d, and %d while it was public", where, res.StatusCode, open)
	case may:
		return
	case !door && res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusTooManyRequests:
		t.Errorf("%s: %d: %.80s", where, res.StatusCode, body)
	}
	if may {
		return
	}
	for _, name := range []string{"Status-Seq", "Status-Epoch", "Etag", "Last-Modified"} {
		if res.Header.Get(name) != "" {
			t.Errorf("%s tells %s", where, name)
		}
	}
	if strings.Contains(body, "Secret trouble") || strings.Contains(body, "Outage") {
		t.Errorf("%s tells of the page: %s", where, body)
	}
}

func socketObeys(t *testing.T, acme *caller, name, path, cookie string, may bool) {
	t.Helper()
	header := http.Header{}
	if cookie != "" {
		header.Set("Cookie", cookie)
	}
	want := 4401
	if may {
		want = 0
	}
	ws := dial(t, acme.addr, path, header)
	defer func() { _ = ws.Close() }()
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	got := 0
	if _, _, err := ws.ReadMessage(); err != nil {
		got = closed(t, ws)
	}
	if got != want {
		t.Errorf("the socket as %s: closed with %d, not %d", name, got, want)
	}
}

// letIn opens acme's page with its password and answers the cookie.
func letIn(t *testing.T, acme *caller, password string) string {
	t.Helper()
	res, body := visited(t, acme.site, "POST", "/status/"+acme.slug+"/access/password", "", "", "",
		url.Values{"password": {password}})
	if res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 {
		t.Fatalf("the password is answered %d: %s", res.StatusCode, body)
	}
	c := res.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie is %v", c)
	}
	return c.Name + "=" + c.Value
}

func TestAPasswordThatChangesSignsItsReadersOut(t *testing.T) {
	acme := world(t).org()
	page := "/status/" + acme.slug
	code := func(cookie string) int {
		res, _ := visited(t, acme.site, "GET", page, "", cookie, "", nil)
		return res.StatusCode
	}
	acme.do("PATCH", "/api/v1/organization/", j{"access": j{"kind": "password"}}).refuses(422, "access.password")
	acme.do("PATCH", "/api/v1/organization/", j{"access": j{"kind": "password", "password": "short"}}).refuses(422,
		"access.password")
	acme.patch("/api/v1/organization/", j{"access": j{"kind": "password", "password": "first one"}})
	first := letIn(t, acme, "first one")
	if res, body := visited(t, acme.site, "POST", page+"/access/password", "", "", "",
		url.Values{"password": {"wrong one"}}); res.StatusCode != 422 || len(res.Cookies()) != 0 ||
		!strings.Contains(body, "This is not the page") {
		t.Errorf("a wrong password is answered %d %v", res.StatusCode, res.Cookies())
	}
	// What is patched back as it was read changes nothing.
	was := acme.get("/api/v1/organization/")
	if now := acme.patch("/api/v1/organization/",
		j{"access": was.at("access")}); now.int("version") != was.int("version") {
		t.Errorf("the same access is another version: %s", now.raw)
	}
	if code(first) != 200 {
		t.Error("the cookie opens nothing")
	}
	other := acme.site.org()
	other.patch("/api/v1/organization/", j{"access": j{"kind": "password", "password": "first one"}})
	if res, _ := visited(t, acme.site, "GET", "/status/"+other.slug, "", strings.Replace(first, acme.slug, other.slug,
		1), "", nil); res.StatusCode != 401 {
		t.Errorf("a cookie of one organisation opens another's page: %d", res.StatusCode)
	}
	acme.patch("/api/v1/organization/", j{"access": j{"kind": "password", "password": "second one"}})
	if code(first) != 401 || code(letIn(t, acme, "second one")) != 200 {
		t.Error("the old password's cookie is good, or the new one's is not")
	}
	if text := string(acme.join(auth.Member).get("/api/v1/organization/").raw); strings.Contains(text, "feed_key") ||
		strings.Contains(text, "argon2") {
		t.Errorf("a member is told %s", text)
	}
	if log := string(acme.get("/api/v1/audit-log/").raw); strings.Contains(log, "second one") || strings.Contains(log,
		"argon2") {
		t.Error("the audit log has the password")
	}
}

func TestNetworksFeedsAndSocketsOfAPrivatePage(t *testing.T) {
	acme := world(t).org()
	page := "/status/" + acme.slug
	code := func(path string) int {
		res, _ := visited(t, acme.site, "GET", path, "", "", "", nil)
		return res.StatusCode
	}
	for _, bad := range []string{"300.0.0.0/8", "10.0.0.0/99", "office"} {
		acme.do("PATCH", "/api/v1/organization/", j{"access": j{"kind": "networks",
			"networks": []string{bad}}}).refuses(422, "access.networks[0]")
	}
	acme.do("PATCH", "/api/v1/organization/", j{"access": j{"kind": "networks"}}).refuses(422, "access.networks")
	ws := dial(t, acme.addr, "/ws/status/public/"+acme.slug+"/", nil)
	defer func() { _ = ws.Close() }()
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, _, err := ws.ReadMessage(); err != nil {
		t.Fatal(err)
	}
	private := acme.patch("/api/v1/organization/", j{"access": j{"kind": "networks",
		"networks": []string{"192.0.2.7/24"}}}).has("access.networks.0", "192.0.2.0/24")
	if _, text, err := ws.ReadMessage(); err == nil {
		t.Errorf("a socket of when the page was public is told %s", text)
	} else if got := closed(t, ws); got != 1001 {
		t.Errorf("it is closed with %d", got)
	}
	if code(page) != 401 || code(page+"/feed.atom") != 401 || code(page+"/feed.atom?key=x") != 401 {
		t.Error("the page is open to another network")
	}
	if got := code(page + "/app.webmanifest"); got != 401 {
		t.Errorf("the manifest, which has the name, is open: %d", got)
	}
	key := private.str("access.feed_key")
	for _, feed := range []string{"feed.atom", "feed.rss", "history.atom", "history.rss", "calendar.ics"} {
		if got := code(page + "/" + feed + "?key=" + key); got != 200 {
			t.Errorf("%s by its secret address: %d", feed, got)
		}
	}
	if code(page+"?key="+key) != 401 || code(page+"/badge.svg?key="+key) != 401 {
		t.Error("the feeds' key opens more than feeds")
	}
	newer := acme.patch("/api/v1/organization/", j{"access": j{"kind": "networks",
		"new_feed": true}}).str("access.feed_key")
	if newer == key || code(page+"/feed.atom?key="+key) != 401 || code(page+"/feed.atom?key="+newer) != 200 {
		t.Error("the secret address did not change")
	}
	acme.patch("/api/v1/organization/", j{"access": j{"kind": "networks", "networks": []string{"127.0.0.0/8", "::1"}}})
	if code(page) != 200 || code("/api/v1/public/"+acme.slug+"/summary/") != 200 {
		t.Error("the page is closed to its own network")
	}
}

func TestSearchEnginesKeepWhatTheyMay(t *testing.T) {
	acme := world(t).org()
	page := "/status/" + acme.slug
	if res, body := visited(t, acme.site, "GET", page+"/sitemap.xml", "", "", "", nil); res.StatusCode != 200 ||
		!strings.Contains(body, "<loc>") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	acme.patch("/api/v1/organization/", j{"indexing": false, "theme": "dark", "look": "soft",
		"header_text": "We build rockets",
		"links": []j{{"name": "Shop", "url": "https://shop.example/",
			"place": "head"}}}).is(200).has("indexing", false).has("links.0.name", "Shop")
	res, body := visited(t, acme.site, "GET", page, "", "", "", nil)
	for _, want := range []string{`<meta name="robots" content="noindex">`, `data-theme="dark"`, `data-look="soft"`,
		"We build rockets", `href="https://shop.example/"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not on the page", want)
		}
	}
	if res.Header.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("X-Robots-Tag is %q", res.Header.Get("X-Robots-Tag"))
	}
	if res, _ := visited(t, acme.site, "GET", page+"/sitemap.xml", "", "", "", nil); res.StatusCode != 404 {
		t.Errorf("there is a sitemap: %d", res.StatusCode)
	}
}
