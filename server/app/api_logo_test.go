package app_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"strings"
	"testing"
)

// drawn is a picture of a size, as a PNG.
func drawn(t *testing.T, width, height int) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, width, height),
		color.Palette{color.White, color.Black})); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestALogoStandsAtTheHeadOfItsOwnPage(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	put := func(body string, header ...string) *answer {
		return acme.do("PUT", "/api/v1/organization/logo/", body, append([]string{"Content-Type", "image/png"},
			header...)...)
	}
	name := put(drawn(t, 640, 160)).is(200).has("version", 2).str("logo")
	if !strings.HasSuffix(name, "-640x160.png") {
		t.Fatalf("the logo is %q", name)
	}
	put(drawn(t, 640, 160)).is(200).has("version", 2) // the same again
	_, page := fetch(t, "http://"+s.addr+"/status/"+acme.slug)
	if want := `<img src="/status/` + acme.slug + `/logo/` + name +
		`" width="128" height="32" alt="">`; !strings.Contains(page, want) {
		t.Errorf("there is no %s", want)
	}
	header, picture := fetch(t, "http://"+s.addr+"/status/"+acme.slug+"/logo/"+name)
	if picture != drawn(t, 640, 160) || header.Get("Content-Type") != "image/png" ||
		!strings.Contains(header.Get("Cache-Control"), "immutable") ||
		header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d bytes, %v", len(picture), header)
	}
	// Another page has neither the picture nor a way to it.
	if res, err := http.Get("http://" + s.addr + "/status/" + other.slug + "/logo/" + name); err != nil ||
		res.StatusCode != 404 {
		t.Errorf("another organisation's address: %v %v", res, err)
	}
	other.do("PATCH", "/api/v1/organization/", j{"logo": name}).refuses(422, "logo")

	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 10, 400)), nil); err != nil {
		t.Fatal(err)
	}
	second := put(photo.String()).is(200).has("version", 3).str("logo")
	if header, _ := fetch(t, "http://"+s.addr+"/status/"+acme.slug+"/logo/"+second); header.Get(
		"Content-Type") != "image/jpeg" {
		t.Errorf("headers %v", header)
	}
	fetch(t, "http://"+s.addr+"/status/"+acme.slug+"/logo/"+name) // it is in mails
	acme.get("/api/v1/audit-log/").has("results.0.action", "edit_page").has("results.0.before.logo", name).
		has("results.0.after.logo", second)

	put(strings.Repeat("x", 128<<10+1)).refuses(413, "logo")
	put("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>").refuses(422, "logo")
	put(drawn(t, 2001, 1)).refuses(422, "logo")
	put(drawn(t, 640, 160)[:40]).refuses(422, "logo")
	put("").refuses(422, "logo")
	put(drawn(t, 8, 8), "If-Match", `"1"`).refuses(409)
	acme.get("/api/v1/organization/").has("logo", second)

	acme.do("DELETE", "/api/v1/organization/logo/", nil).is(200).has("logo", "")
	if _, page := fetch(t, "http://"+s.addr+"/status/"+acme.slug); strings.Contains(page, "/logo/") {
		t.Error("the logo is still there")
	}
}
