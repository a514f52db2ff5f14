package app_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestAHostNameOfItsOwnObeysWhoMaySeeThePage: what stands under /status/{slug} stands there, too, and is as closed.
func TestAHostNameOfItsOwnObeysWhoMaySeeThePage(t *testing.T) {
	s, dns := hosts(t)
	acme, other := s.org(), s.org()
	incident := acme.incident("Secret trouble")
	name := func(x *caller) string { return "status." + x.slug + ".example" }
	for _, x := range []*caller{acme, other} {
		x.patch("/api/v1/organization/", j{"hostname": name(x)})
		dns.set(name(x), x.get(hostPath).str("record.value"))
		x.do("POST", verifyPath, nil).is(200)
	}
	paths := []string{"/"}
	for _, r := range acme.app.Fiber.GetRoutes(true) {
		about, is := strings.CutPrefix(r.Path, "/status/:slug/")
		if is && r.Method == http.MethodGet && !strings.HasPrefix(about, "access") {
			paths = append(paths, "/"+strings.NewReplacer(":id", incident, ":name", "x.png").Replace(about))
		}
	}
	if len(paths) < 20 {
		t.Fatalf("only %d paths are found", len(paths))
	}
	ask := func(host, method, path, cookie string, form url.Values) (*http.Response, string) {
		return visited(t, s, method, path, host, cookie, "", form)
	}
	open := map[string]int{}
	for _, path := range paths {
		res, _ := ask(name(acme), "GET", path, "", nil)
		open[path] = res.StatusCode
	}
	for _, x := range []*caller{acme, other} {
		x.patch("/api/v1/organization/", j{"access": j{"kind": "password", "password": "open sesame"}})
	}
	in, body := ask(name(acme), "POST", "/access/password", "", url.Values{"password": {"open sesame"}})
	if in.StatusCode != http.StatusSeeOther || len(in.Cookies()) != 1 || in.Header.Get("Location") != "/" {
		t.Fatalf("%d to %q: %s", in.StatusCode, in.Header.Get("Location"), body)
	}
	cookie := in.Cookies()[0].Name + "=" + in.Cookies()[0].Value
	for _, path := range paths {
		res, body := ask(name(acme), "GET", path, "", nil)
		told(t, "GET "+path+" as a stranger", res, body, false, open[path])
		if res, body := ask(name(acme), "GET", path, cookie, nil); res.StatusCode != open[path] {
			t.Errorf("GET %s as a reader: %d, and %d while it was public: %.80s", path, res.StatusCode, open[path],
				body)
		}
		// The same password opens another page, and its cookie does not.
		res, body = ask(name(other), "GET", path, cookie, nil)
		told(t, "GET "+path+" of another page", res, body, false, open[path])
	}
}

// TestAMailedLinkLetsItsMailboxIn: nothing tells whose address may come, and a link works once.
func TestAMailedLinkLetsItsMailboxIn(t *testing.T) {
	o := mailing(t)
	acme, other := o.site.org(), o.site.org()
	access := j{"kind": "email", "domains": []string{"partner.example"}, "emails": []string{"ada@else.example"}}
	acme.patch("/api/v1/organization/", j{"access": access})
	other.patch("/api/v1/organization/", j{"access": access})
	page := "/status/" + acme.slug
	post := func(form url.Values) (int, string) {
		res, body := visited(t, o.site, "POST", page+"/access", "", "", "", form)
		return res.StatusCode, body
	}
	code, stranger := post(url.Values{"email": {"eve@evil.example"}})
	again, known := post(url.Values{"email": {"bob@partner.example"}})
	if code != again || strings.ReplaceAll(stranger, "eve@evil.example", "") != strings.ReplaceAll(known,
		"bob@partner.example", "") {
		t.Errorf("%d and %d: the answer tells who may come", code, again)
	}
	letter := o.mail.Wait(t, 1)[0]
	if letter.To != "bob@partner.example" {
		t.Fatalf("the letter is for %s", letter.To)
	}
	found := regexp.MustCompile(`/access\?token=([A-Za-z0-9_-]+)`).FindStringSubmatch(letter.Text)
	if found == nil {
		t.Fatalf("no link in %s", letter.Text)
	}
	// Looking at the link uses nothing up, as programs that look at mail do.
	for range 2 {
		if res, _ := visited(t, o.site, "GET", page+"/access?token="+found[1], "", "", "", nil); len(
			res.Cookies()) != 0 {
			t.Error("a look at the link lets in")
		}
	}
	if res, _ := visited(t, o.site, "POST", "/status/"+other.slug+"/access", "", "", "",
		url.Values{"token": {found[1]}}); len(res.Cookies()) != 0 {
		t.Error("it opens another page")
	}
	res, body := visited(t, o.site, "POST", page+"/access", "", "", "", url.Values{"token": {found[1]}})
	if res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	cookie := res.Cookies()[0].Name + "=" + res.Cookies()[0].Value
	if res, _ := visited(t, o.site, "GET", page, "", cookie, "", nil); res.StatusCode != 200 {
		t.Errorf("its reader gets %d", res.StatusCode)
	}
	if res, _ := visited(t, o.site, "POST", page+"/access", "", "", "", url.Values{"token": {found[1]}}); len(
		res.Cookies()) != 0 {
		t.Error("a link lets in twice")
	}
	// Whose address is taken off the list is out.
	acme.patch("/api/v1/organization/", j{"access": j{"kind": "email", "domains": []string{},
		"emails": []string{"ada@else.example"}}})
	if res, _ := visited(t, o.site, "GET", page, "", cookie, "", nil); res.StatusCode != 401 {
		t.Errorf("who was taken off the list gets %d", res.StatusCode)
	}
}
