package site

import (
	"regexp"
	"strings"
	"testing"

	"statuspage/server/lang"
	"statuspage/server/store"
	"statuspage/shared/page"
)

// surfaces are the pages of an organisation, with those of one subscriber.
func surfaces(state *page.State) []string {
	in, window, svc := state.Incidents[0].ID, state.Maintenances[0].ID, state.Services[0].ID
	list := []string{"", "/incidents/" + in, "/incidents/" + window, "/history", "/history?q=zebra", "/history?q=a",
		"/history?service=" + svc,
		"/history?page=99", "/history?month=1999-01", "/services/" + svc, "/services/" + in, "/nothing",
		"/incidents/" + window[:8],
		"/subscription/", "/subscription/?incident=" + in, "/subscription/?service=" + svc, "/subscription/?sent=1",
		"/subscription/?problem=nobody", "/subscription/?token=pending", "/subscription/?token=active",
		"/subscription/?token=bouncing",
		"/subscription/?token=once", "/subscription/?token=nobody"}
	for code := range problems {
		list = append(list, "/subscription/?problem="+code)
	}
	return list
}

// spoken opens a page with subscriptions, whose own language is tag.
func spoken(t *testing.T, tag string) (*stand, *page.State) {
	t.Helper()
	state := trouble(t)
	state.Org.Style.Language = tag
	once := reader(store.Active, "once")
	once.Whole, once.Incidents = false, 1
	return open(t, func(d *Deps) {
		d.Subscriptions = readers{"pending": reader(store.Pending, "pending"), "active": reader(store.Active, "active"),
			"bouncing": reader(store.Bouncing, "bouncing"), "once": once}
	}, state), &state
}

// TestEveryPageIsWholeInEveryLanguage looks for words that the catalogues have not, and, in a language in which each
// letter of the program's own has a mark, for letters without one.
func TestEveryPageIsWholeInEveryLanguage(t *testing.T) {
	english, state := spoken(t, "")
	pseudo, _ := spoken(t, lang.Pseudo)
	for _, path := range surfaces(state) {
		path = "/status/acme" + path
		_, body := english.get(t, path)
		lang.Document("de", []byte(body), func(words string) { t.Errorf("%s: %q is in no catalogue", path, words) })
		res, body := pseudo.get(t, path)
		if res.Header.Get("Content-Language") != lang.Pseudo ||
			!strings.Contains(res.Header.Get("Vary"), "Accept-Language") {
			t.Errorf("%s: %v", path, res.Header)
		}
		for _, words := range shown.FindAllStringSubmatch(body, -1) {
			if text := people.ReplaceAllString(words[1]+words[2], ""); regexp.MustCompile("[A-Za-z]{2}").
				MatchString(text) {
				t.Errorf("%s: for those who show a link: %q", path, text)
			}
		}
	}
	for path, want := range map[string]string{"?lang=de": "Frühere Störungen", "?lang=ja": "インシデント履歴",
		"/history?lang=pl": "pon.",
		"/history?lang=ar": `lang="ar" dir="rtl"`, "/subscription/?lang=fr": "Votre adresse e-mail",
		"/subscription/?token=active&lang=he":            "ההרשמה שלכם",
		"/services/" + state.Services[0].ID + "?lang=cs": "Devadesát dní", "/nothing?lang=uk": "Не знайдено"} {
		if _, body := english.get(t, "/status/acme"+path); !strings.Contains(body, want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
}

var (
	shown = regexp.MustCompile(
		`<title>([^<]*)</title>|<meta (?:name="description"|property="og:(?:title|description|site_name|image:alt)") content="([^"]*)"`)
	people = regexp.MustCompile(
		`Acme|UTC|API( requests time out)?|Moving file storage to new disks|About one request.*|Uploads may pause.*`)
)

// TestLanguagesNameEachOther: a page says in which languages it is, where, and which one this is.
func TestLanguagesNameEachOther(t *testing.T) {
	state := trouble(t)
	state.Org.Style.Language, state.Org.Style.Languages = "de", []string{"de", "fr", "ar"}
	s := open(t, func(d *Deps) { d.BaseURL = "https://status.example" }, state)
	for _, path := range []string{"/status/acme", "/status/acme/history?month=" + utc(today).Format("2006-01"),
		"/status/acme/services/" + state.Services[0].ID} {
		and := "?"
		if strings.Contains(path, "?") {
			and = "&amp;"
		}
		for asked, self := range map[string]string{"": path, "fr": path + and + "lang=fr"} {
			address := path
			if asked != "" {
				address = strings.ReplaceAll(self, "&amp;", "&")
			}
			_, body := s.get(t, address)
			for _, want := range []string{`hreflang="fr" href="https://status.example` + path + and + `lang=fr"`,
				`hreflang="x-default" href="https://status.example` + path + `"`,
				`<link rel="canonical" href="https://status.example` + self + `">`} {
				if !strings.Contains(body, want) {
					t.Errorf("%s lacks %s", address, want)
				}
			}
			if strings.Contains(body, `hreflang="ja"`) {
				t.Errorf("%s is offered in a language that the organisation left out", address)
			}
		}
	}
}

// TestALanguageIsOneReadersAndOnePagesAlone: neither another reader of the page nor another organisation's gets it.
func TestALanguageIsOneReadersAndOnePagesAlone(t *testing.T) {
	acme, other := trouble(t), trouble(t)
	acme.Org.Style.Language = "ja"
	other.Org.ID, other.Org.Slug, other.Org.Name = acme.Org.ID[:35]+"f", "other", "Other"
	s := open(t, nil, acme, other)
	for _, path := range []string{"", "/history", "/incidents/" + acme.Incidents[0].ID,
		"/services/" + acme.Services[0].ID} {
		for _, c := range []struct{ slug, accept, want string }{{"acme", "", "ja"}, {"other", "", "en"},
			{"acme", "fr", "fr"}, {"other", "de", "de"}, {"acme", "", "ja"}, {"other", "", "en"}} {
			res, body := s.get(t, "/status/"+c.slug+path, "Accept-Language", c.accept)
			if res.Header.Get("Content-Language") != c.want || !strings.Contains(body, `<html lang="`+c.want+`"`) {
				t.Errorf("%s%s for %q is in %s", c.slug, path, c.accept, res.Header.Get("Content-Language"))
			}
		}
	}
}

// TestWhatPeopleCalledThingsStays: names that are words of ours are not put into the reader's language.
func TestWhatPeopleCalledThingsStays(t *testing.T) {
	state := trouble(t)
	state.Services[0].Name, state.Services[0].Group, state.Org.Name = "Live", "Services", "Uptime"
	state.Incidents[0].Title = "Maintenance"
	s := open(t, func(d *Deps) { d.Subscriptions = readers{} }, state)
	for _, path := range []string{"", "/history", "/services/" + state.Services[0].ID, "/subscription/",
		"/incidents/" + state.Incidents[0].ID} {
		_, body := s.get(t, "/status/acme"+path+"?lang=ja")
		for _, no := range []string{"稼働率 ステータス", ">ライブ</bdi>", ">メンテナンス</a>", ">ライブ</option>", "<title>メンテナンス"} {
			if strings.Contains(body, no) {
				t.Errorf("%s has %s", path, no)
			}
		}
	}
}
