package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// secrets are words that were on a page and were taken back, each in its own way.
type secrets struct {
	*caller
	t     *testing.T
	said  []string
	again []func() *answer // writes that are sent once more with their Idempotency-Key
	logo  string
}

// word is a word that nobody will read.
func (x *secrets) word(what string) string {
	w := "gone-" + what
	x.said = append(x.said, w)
	return w
}

// write does a write with a key, and notes it.
func (x *secrets) write(method, path string, body j) *answer {
	key := fmt.Sprintf("key %d", len(x.again))
	do := func() *answer { return x.do(method, path, body, "Idempotency-Key", key) }
	x.again = append(x.again, do)
	a := do()
	if a.code >= 300 {
		x.t.Fatalf("%s: %d %s", a.what, a.code, a.raw)
	}
	return a
}

// withdrawn says words of every kind and takes each of them back.
func withdrawn(t *testing.T) *secrets {
	x := &secrets{caller: world(t).org(), t: t}
	stays := x.service("Stays")
	x.write("PATCH", "/api/v1/organization/", j{"name": x.word("name"), "description": x.word("org-text"),
		"url": "https://" + x.word("url") + ".example", "announcement": x.word("announcement")})
	logo := x.do("PUT", "/api/v1/organization/logo/", drawn(t, 64, 64), "Content-Type", "image/png").is(200).str("logo")
	x.logo = logo
	x.said = append(x.said, logo)

	service := x.write("POST", "/api/v1/services/", j{"name": x.word("service"), "description": x.word("service-text"),
		"group": x.word("group")}).str("id")
	x.write("PATCH", "/api/v1/services/"+service+"/", j{"name": "Renamed", "description": "", "group": ""})
	deleted := x.write("POST", "/api/v1/services/",
		j{"name": x.word("deleted-service"), "description": x.word("deleted-service-text")}).str("id")
	x.do("DELETE", "/api/v1/services/"+deleted+"/", nil).is(204)

	in := x.write("POST", "/api/v1/incidents/", j{"title": x.word("title"), "description": x.word("text"),
		"service": stays, "to_state": "partial_outage", "translations": []j{{"language": "de",
			"title": x.word("titel"), "description": x.word("wortlaut")}}})
	path := "/api/v1/incidents/" + in.str("id") + "/"
	update := x.write("POST", path+"updates/", j{"status": "identified", "body": x.word("update"),
		"translations": []j{{"language": "fr", "body": x.word("mise-a-jour")}}}).str("id")
	x.write("POST", path+"updates/", j{"status": "resolved", "body": "Over."})
	x.write("PATCH", path, j{"postmortem": x.word("postmortem"), "excluded_reason": x.word("reason")})
	x.write("PATCH", path, j{"title": "Corrected", "description": "", "postmortem": "", "excluded_reason": ""})
	x.patch(path+"updates/"+in.str("updates.0.id")+"/", j{"body": "Corrected."})
	x.patch(path+"updates/"+update+"/", j{"body": "Corrected, too."})

	// One whose words go when it moves on, and one that is deleted.
	moves := x.write("POST", "/api/v1/incidents/", j{"title": x.word("moved-title"), "service": service,
		"to_state": "major_outage"}).str("id")
	x.write("PATCH", "/api/v1/incidents/"+moves+"/", j{"title": "Moved", "status": "resolved", "message": "Done."})
	gone := x.write("POST", "/api/v1/incidents/", j{"title": x.word("deleted-title"),
		"description": x.word("deleted-text"), "service": stays, "to_state": "partial_outage",
		"translations": []j{{"language": "de", "title": x.word("deleted-titel")}}}).str("id")
	x.write("POST", "/api/v1/incidents/"+gone+"/updates/", j{"status": "monitoring", "body": x.word("deleted-update")})
	x.do("DELETE", "/api/v1/incidents/"+gone+"/", nil).is(204)

	window := x.write("POST", "/api/v1/maintenances/",
		j{"title": x.word("window"), "description": x.word("window-text"), "services": []string{stays},
			"translations":  []j{{"language": "de", "title": x.word("fenster"), "description": x.word("fenster-text")}},
			"scheduled_for": in2(1), "scheduled_until": in2(2)}).str("id")
	x.write("PATCH", "/api/v1/maintenances/"+window+"/", j{"title": "Other work", "description": ""})
	lost := x.write("POST", "/api/v1/maintenances/",
		j{"title": x.word("deleted-window"), "description": x.word("deleted-window-text"), "services": []string{stays},
			"scheduled_for": in2(3), "scheduled_until": in2(4)}).str("id")
	x.do("DELETE", "/api/v1/maintenances/"+lost+"/", nil).is(204)

	x.patch("/api/v1/organization/", j{"name": "Acme", "description": "", "url": "", "announcement": ""})
	x.do("DELETE", "/api/v1/organization/logo/", nil).is(200)
	return x
}

func in2(hours int) string { return in(time.Duration(hours) * time.Hour) }

// free finds a text that says what was taken back.
func (x *secrets) free(where, text string) {
	x.t.Helper()
	for _, word := range x.said {
		if strings.Contains(text, word) {
			i := strings.Index(text, word)
			x.t.Errorf("%s still says %q: …%s…", where, word, text[max(0, i-120):min(len(text), i+60)])
		}
	}
}

// replayed reads a socket from an event on, up to the page's newest, and holds it to its numbers.
func (x *secrets) replayed(path string, from, to int64) (frames []string) {
	x.t.Helper()
	ws := dial(x.t, x.addr, path, nil)
	next(x.t, ws)
	for want := from + 1; want <= to; want++ {
		_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, raw, err := ws.ReadMessage()
		if err != nil {
			x.t.Fatal(err)
		}
		var m message
		if json.Unmarshal(raw, &m) != nil || m.Seq != want {
			x.t.Fatalf("%s: %s, not event %d", path, raw, want)
		}
		frames = append(frames, string(raw))
	}
	return frames
}

// Whoever may see the page gets no word that was withdrawn, wherever he looks and whatever he asks to be told again.
func TestWithdrawnWordsAreGoneForEverybodyWhoSeesThePage(t *testing.T) {
	x := withdrawn(t)
	to := x.get("/api/v1/snapshot/").seq()
	t.Run("sockets", func(t *testing.T) {
		for _, path := range []string{"/ws/status/public/" + x.slug + "/?", "/ws/status/org/" + x.org + "/?token=" +
			x.token + "&"} {
			marked := 0
			for from := int64(0); from < to; from += 7 {
				for _, frame := range x.replayed(path+fmt.Sprint("since=", from), from, to) {
					x.free("a frame of "+path, frame)
					if strings.Contains(frame, `"withdrawn":true`) {
						marked++
					} else if from == 0 && strings.Contains(frame, `"title":""`) {
						t.Errorf("a frame without its words does not say so: %s", frame)
					}
				}
			}
			if marked == 0 {
				t.Error("no frame says that its words were withdrawn")
			}
			ws := dial(t, x.addr, path+"since=0&epoch=another", nil)
			next(t, ws)
			_, raw, err := ws.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			x.free("a snapshot of "+path, string(raw))
		}
	})
	t.Run("documents", func(t *testing.T) {
		for _, path := range []string{"?lang=de", "/history?lang=de", "/feed.atom?lang=de", "/feed.rss?lang=fr",
			"/calendar.ics?lang=de"} {
			x.everywhere("/status/" + x.slug + path)
		}
		for _, prefix := range []string{"/status/" + x.slug} {
			for _, path := range []string{"", "/history", "/feed.atom", "/feed.rss", "/history.atom", "/history.rss",
				"/badge.svg", "/icon.svg", "/app.webmanifest", "/theme.css", "/calendar.ics", "/llms.txt", "/embed.js",
				"/api/v2/summary.json", "/api/v2/status.json", "/api/v2/components.json", "/api/v2/incidents.json",
				"/api/v2/incidents/unresolved.json",
				"/api/v2/scheduled-maintenances.json", "/api/v2/scheduled-maintenances/upcoming.json",
				"/api/v2/scheduled-maintenances/active.json"} {
				x.everywhere(prefix + path)
			}
		}
		for _, path := range []string{"services", "incidents", "maintenances", "status", "uptime", "summary"} {
			x.everywhere("/api/v1/public/" + x.slug + "/" + path + "/")
		}
	})
	t.Run("the logo", func(t *testing.T) {
		res, err := http.Get("http://" + x.addr + "/status/" + x.slug + "/logo/" + x.logo)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 404 {
			t.Errorf("a logo that was taken back is answered %d", res.StatusCode)
		}
	})
	t.Run("answers that are given again", func(t *testing.T) {
		for _, again := range x.again {
			a := again()
			if a.code >= 300 {
				t.Errorf("%s is answered %d %s", a.what, a.code, a.raw)
			}
			// Whoever named a service is answered with that name.
			x.free("the answer of "+a.what, strings.ReplaceAll(string(a.raw), `"name":"gone-service"`, ""))
		}
	})
	t.Run("what members read of the page", func(t *testing.T) {
		for _, path := range []string{"snapshot", "services", "incidents", "maintenances", "organization"} {
			x.free(path, string(x.get("/api/v1/"+path+"/").raw))
		}
		log := string(x.get("/api/v1/audit-log/?page_size=100").raw)
		for _, word := range x.said {
			if !strings.Contains(log, word) {
				t.Errorf("the audit log has lost %q", word)
			}
		}
	})
}

func (x *secrets) everywhere(path string) {
	x.t.Helper()
	res, err := http.Get("http://" + x.addr + path)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	if res.StatusCode == 404 && !strings.HasSuffix(path, "embed.js") {
		x.t.Errorf("%s is not there", path)
	}
	x.free(path, string(body))
}
