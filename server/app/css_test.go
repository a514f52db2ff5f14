package app_test

import (
	"strings"
	"testing"
)

func TestAStylesheetOfItsOwnIsServedOnItsOwnHostAlone(t *testing.T) {
	s, dns := hosts(t)
	acme, other := s.org(), s.org()
	const name, path = "status.acme.example", "/api/v1/organization/"
	acme.patch(path, j{"hostname": name})
	dns.set(name, acme.get(hostPath).str("record.value"))
	acme.do("POST", verifyPath, nil).is(200)
	for _, text := range []string{"h1 {\n position: fixed }", "a { background: url(https://evil.example/) }",
		"@import 'x';"} {
		acme.do("PATCH", path, j{"custom_css": text}).refuses(422, "custom_css")
	}
	acme.do("PATCH", path, j{"custom_css": strings.Repeat("a{}", 7_000)}).refuses(422, "custom_css")
	if no := acme.do("PATCH", path, j{"custom_css": "h1 {\n position: fixed }"}); !strings.Contains(string(no.raw),
		"Line 2, position") {
		t.Errorf("%s", no.raw)
	}
	acme.patch(path, j{"custom_css": "h1 { color: #123456 }"}).has("custom_css", "h1 { color: #123456 }")
	_, page := s.at(name, "/")
	_, rest, found := strings.Cut(page, `<link rel="stylesheet" href="/custom.css?v=`)
	mark, _, _ := strings.Cut(rest, `"`)
	if !found {
		t.Fatal("the page does not name it")
	}
	if code, css := s.at(name, "/custom.css?v="+mark); code != 200 || !strings.Contains(css, "color:#123456") ||
		!strings.Contains(css, ":not(") {
		t.Errorf("%d %s", code, css)
	}
	// Not where other pages are, nor on another's.
	if _, page := s.at("status.pages.example", "/status/"+acme.slug); strings.Contains(page, "custom.css") {
		t.Error("it is on the installation's own name")
	}
	for _, path := range []string{"/status/" + acme.slug + "/custom.css", "/status/" + other.slug + "/custom.css"} {
		if code, css := s.at("status.pages.example", path); code != 404 {
			t.Errorf("%s: %d %s", path, code, css)
		}
	}
	acme.patch(path, j{"custom_css": ""})
	if code, _ := s.at(name, "/custom.css?v="+mark); code != 404 {
		t.Errorf("taken off, it answers %d", code)
	}
}
