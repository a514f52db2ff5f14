package app_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"statuspage/server/auth"
	"statuspage/server/usecase"
)

const draftsPath = "/api/v1/drafts/"

// opening is the command of a draft.
func opening(title, service string) j {
	return j{"kind": "open_incident", "title": title, "description": "We are looking into it.",
		"services": []j{{"id": service, "to_state": "major_outage"}}}
}

// TestADraftGoesFromItsAuthorToASecondPersonAndToThePage follows one through all of its states.
func TestADraftGoesFromItsAuthorToASecondPersonAndToThePage(t *testing.T) {
	s := startSite(t, nil)
	acme, other := s.org(), s.org()
	mate, member := acme.join(auth.Admin), acme.join(auth.Member)
	reads := acme.key("read")
	service := acme.service("Checkout")
	seq := acme.get("/api/v1/snapshot/").int("seq")

	made := acme.do("POST", draftsPath, j{"command": opening("Checkout fails", service), "note": "Is it the provider?"},
		"Idempotency-Key", "draft-1").is(201).has("state", "draft").has("version", 1).has("noun", "incident")
	acme.do("POST", draftsPath, j{"command": opening("Checkout fails", service), "note": "Is it the provider?"},
		"Idempotency-Key", "draft-1").is(201).has("id", made.str("id")).has("object", made.str("object"))
	at := draftsPath + made.str("id") + "/"
	member.get(draftsPath).has("count", 1).has("results.0.command.title", "Checkout fails")
	reads.get(at).has("note", "Is it the provider?")

	// Nobody else, by any of its ways.
	for _, step := range []string{"review/", "approve/", "publish/"} {
		other.do("POST", at+step, j{"version": 1}).refuses(404)
		member.do("POST", at+step, j{"version": 1}).refuses(403)
		reads.do("POST", at+step, j{"version": 1}).refuses(403)
	}
	other.do("GET", at, nil).refuses(404)
	other.do("PATCH", at, j{"note": "x"}).refuses(404)
	other.do("DELETE", at, nil).refuses(404)
	other.get(draftsPath).has("count", 0)
	member.do("POST", draftsPath, j{"command": opening("x", service)}).refuses(403)
	member.do("PATCH", at, j{"note": "x"}).refuses(403)
	member.do("DELETE", at, nil).refuses(403)

	// A second person approves what they have read, and a change voids that.
	mate.do("POST", at+"approve/", j{"version": 1}).refuses(409) // nobody asked
	acme.do("POST", at+"review/", nil, "If-Match", `"1"`).is(200).has("state", "review").has("version", 2)
	acme.do("POST", at+"review/", nil).is(200).has("version", 2)
	acme.do("POST", at+"approve/", j{"version": 2}).refuses(403)
	mate.do("POST", at+"approve/", nil).refuses(422, "version")
	mate.do("POST", at+"approve/", j{"version": 1}).refuses(409)
	mate.do("POST", at+"approve/", j{"version": 2, "words": "It is."}).is(200).has("state", "approved").
		has("approval_words", "It is.").has("approval.id", "user:"+mate.id)
	mate.do("PATCH", at, j{"note": "Changed."}, "If-Match", `"2"`).refuses(409)
	acme.do("PATCH", at, j{"note": "The provider says so."}, "If-Match", `"3"`).is(200).has("state", "draft").
		has("approval", nil).has("approval_words", "").has("version", 4)
	acme.do("POST", at+"review/", nil).is(200)
	mate.do("POST", at+"approve/", j{"version": 5}).is(200)

	// It is no event until it is published, and then it is one, once.
	acme.get("/api/v1/snapshot/").has("seq", seq)
	done := mate.do("POST", at+"publish/", j{"version": 6}, "Idempotency-Key", "publish-1").is(200).
		has("state", "published").has("publication.id", "user:"+mate.id).has("object", made.str("object"))
	mate.do("POST", at+"publish/", j{"version": 6}, "Idempotency-Key", "publish-1").is(200).
		has("version", done.int("version"))
	acme.do("POST", at+"publish/", nil).refuses(409)
	acme.do("PATCH", at, j{"note": "x"}).refuses(409)
	acme.get("/api/v1/incidents/"+made.str("object")+"/").has("title", "Checkout fails").has("version", 1)
	if n := s.number(`SELECT count(*) FROM events WHERE type = 'incident_opened'`); n != 1 {
		t.Errorf("it was opened %d times", n)
	}
	log := string(acme.get("/api/v1/audit-log/?object=" + made.str("id")).raw)
	for _, action := range []string{"create_draft", "ask_review", "approve_draft", "edit_draft", "publish_draft"} {
		if !strings.Contains(log, action) {
			t.Errorf("the audit log has no %s", action)
		}
	}
	acme.do("DELETE", at, nil, "If-Match", `"1"`).refuses(409)
	acme.do("DELETE", at, nil).is(204)
	acme.do("GET", at, nil).refuses(404)
}

// TestNobodyApprovesTheirOwnDraftWithAKeyInBetween tries each way in which one person may seem to be two.
func TestNobodyApprovesTheirOwnDraftWithAKeyInBetween(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	mate := acme.join(auth.Admin)
	service := acme.service("Checkout")
	mine := acme.key("read", "write", "admin")
	waits := func(by *caller) string {
		at := draftsPath + by.do("POST", draftsPath, j{"command": opening("x", service)}).is(201).str("id") + "/"
		by.do("POST", at+"review/", nil).is(200)
		return at
	}
	at := waits(acme)
	mine.do("POST", at+"approve/", j{"version": 2}).refuses(403) // the author's key
	mate.key("read", "write").do("POST", at+"approve/", j{"version": 2}).refuses(403)
	at = waits(mine)
	acme.do("POST", at+"approve/", j{"version": 2}).refuses(403) // the key's owner
	mate.do("POST", at+"approve/", j{"version": 2}).is(200)

	// Who made the key that made a key is behind it, too, whoever it was handed to.
	made := mine.do("POST", "/api/v1/api-keys/", j{"name": "second", "scopes": []string{"read", "write"}}).is(201)
	acme.do("POST", "/api/v1/api-keys/"+made.str("id")+"/handover/", j{"owner": mate.id}).is(200)
	second := *mine
	second.token = made.str("key")
	at = waits(&second)
	acme.do("POST", at+"approve/", j{"version": 2}).refuses(403)
	mate.do("POST", at+"approve/", j{"version": 2}).refuses(403)

	// Whoever changes it is its author from then on.
	acme.do("PATCH", at, j{"note": "mine now"}).is(200).has("author.id", "user:"+acme.get("/api/v1/users/me/").str("id"))
	acme.do("POST", at+"review/", nil).is(200)
	acme.do("POST", at+"approve/", j{"version": 4}).refuses(403)
	mate.do("POST", at+"approve/", j{"version": 4}).is(200)
}

func TestAnOrganisationMayAskForASecondPersonForItsDrafts(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	mate := acme.join(auth.Admin)
	service := acme.service("Checkout")
	security := "/api/v1/organization/security/"
	acme.get(security).has("second_person", false)
	acme.key("admin").do("PATCH", security, j{"second_person": true}).refuses(403)
	acme.do("PATCH", security, j{"second_person": true}).is(200).has("second_person", true).has("second_factor", false)
	at := draftsPath + acme.do("POST", draftsPath, j{"command": opening("x", service)}).is(201).str("id") + "/"
	acme.do("POST", at+"publish/", nil).refuses(409)
	mate.do("POST", at+"publish/", nil).refuses(409)
	acme.get(at).has("problem", "")
	acme.do("POST", at+"review/", nil).is(200)
	mate.do("POST", at+"approve/", j{"version": 2}).is(200)
	acme.do("POST", at+"publish/", nil).is(200)
	acme.incident("Nobody waits at three in the morning") // without a draft
	acme.do("PATCH", security, j{"second_person": false}).is(200)
	at = draftsPath + acme.do("POST", draftsPath, j{"command": opening("x", service)}).is(201).str("id") + "/"
	acme.do("POST", at+"publish/", nil).is(409) // decided now: another incident has the service
	acme.get(at).has("state", "draft")
	if acme.get(at).str("problem") == "" {
		t.Error("it does not say why it was refused")
	}
}

// TestADraftIsDecidedWhenItIsPublished keeps what could not be published, and what changes nothing.
func TestADraftIsDecidedWhenItIsPublished(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	incident := acme.incident("Down")
	draft := func(command j) (string, string) {
		d := acme.do("POST", draftsPath, j{"command": command}).is(201)
		return draftsPath + d.str("id") + "/", d.str("object")
	}
	update, object := draft(j{"kind": "update_incident", "incident": incident, "status": "resolved",
		"body": "It is over."})
	if object != incident {
		t.Errorf("it is about %s", object)
	}
	unsaid, _ := draft(j{"kind": "open_incident"}) // not finished
	same, _ := draft(j{"kind": "edit_incident", "id": incident, "title": "Down"})
	acme.do("POST", unsaid+"publish/", nil).refuses(422, "service", "title")
	if p := acme.get(unsaid).str("problem"); !strings.Contains(p, "title") {
		t.Errorf("the draft says %q", p)
	}
	acme.do("PATCH", unsaid, j{"command": j{"kind": "open_incident", "title": "Now"}}).is(200).has("problem", "")
	acme.do("POST", same+"publish/", nil).is(200).has("state", "published")
	acme.do("POST", update+"publish/", nil).is(200)
	acme.get("/api/v1/incidents/"+incident+"/").has("status", "resolved")
	if told := string(acme.get("/api/v1/incidents/" + incident + "/").raw); !strings.Contains(told, "It is over.") {
		t.Errorf("nothing says that it is over: %s", told)
	}

	late, _ := draft(j{"kind": "update_incident", "incident": incident, "body": "More."})
	acme.do("DELETE", "/api/v1/incidents/"+incident+"/", nil).is(204)
	acme.do("POST", late+"publish/", nil).refuses(404)
	acme.get(late).has("state", "draft")

	for name, command := range map[string]any{
		"an unknown kind": j{"kind": "nothing"}, "no kind": j{}, "a setting": j{"kind": "edit_page", "name": "x"},
		"without words": j{"kind": "delete_incident", "id": incident}, "a service": j{"kind": "create_service", "name": "x"},
		"an unknown member": j{"kind": "open_incident", "password": "x"},
		"about nothing":     j{"kind": "update_incident", "body": "x"},
		"an old id":         j{"kind": "open_incident", "id": "00000000-0000-4000-8000-000000000000"},
	} {
		a := acme.do("POST", draftsPath, j{"command": command}).is(422)
		if !strings.Contains(string(a.raw), `"command`) {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
	acme.do("POST", draftsPath, j{}).refuses(422, "command")
}

// TestADraftIsPublishedOnceByWhoeverIsFirst lets many publish, change and discard it at the same time.
func TestADraftIsPublishedOnceByWhoeverIsFirst(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	mate := acme.join(auth.Admin)
	incident := acme.incident("Down")
	for n := range 6 {
		seq := acme.get("/api/v1/snapshot/").int("seq")
		d := acme.do("POST", draftsPath, j{"command": j{"kind": "update_incident", "incident": incident, "body": "x"}}).
			is(201)
		at := draftsPath + d.str("id") + "/"
		codes := make([]int, 9)
		var all sync.WaitGroup
		for i := range codes {
			by := *acme
			if i%2 == 1 {
				by = *mate
			}
			all.Go(func() {
				switch i {
				case 7:
					codes[i] = by.do("PATCH", at, j{"note": strconv.Itoa(n)}).code
				default:
					codes[i] = by.do("POST", at+"publish/", nil).code
				}
			})
		}
		all.Wait()
		done := 0
		for i, code := range codes {
			if i != 7 && code == 200 {
				done++
			} else if code != 200 && code != 409 {
				t.Errorf("%d: %d", i, code)
			}
		}
		if done == 0 && codes[7] == 200 { // those who read it before it was changed publish nothing
			acme.do("POST", at+"publish/", nil).is(200)
			done++
		}
		acme.get(at).has("state", "published")
		if grown := acme.get("/api/v1/snapshot/").int("seq") - seq; done != 1 || grown != 1 {
			t.Errorf("published %d times, with %d events", done, grown)
		}
	}
}

func TestDraftsAreBounded(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	acme.do("POST", draftsPath, j{"command": j{"kind": "open_incident",
		"description": strings.Repeat("x", usecase.MaxDraft)}}).refuses(422, "command")
	acme.do("POST", draftsPath, j{"command": opening("x", acme.org), "note": strings.Repeat("x", usecase.MaxDraftNote+1)}).
		refuses(422, "note")
	s.sql(`WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < ?)
INSERT INTO drafts (org_id, id, state, command, note, author_id, author_name, written_at, people, created_at,
 updated_at, version, published_at) SELECT ?, printf('00000000-0000-7000-8000-%012d', x),
 CASE WHEN x > ? THEN 'published' ELSE 'draft' END, '{"kind":"open_incident"}', '', 'user:x', 'X', x, '', x, x, 1,
 CASE WHEN x > ? THEN x END FROM n`, usecase.MaxDrafts+usecase.KeptDrafts-1, acme.org, usecase.MaxDrafts-1,
		usecase.MaxDrafts-1)
	incident := acme.incident("Down")
	for range 2 {
		at := draftsPath + acme.do("POST", draftsPath, j{"command": j{"kind": "update_incident", "incident": incident,
			"body": "x"}}).is(201).str("id") + "/"
		acme.do("POST", draftsPath, j{"command": j{"kind": "open_incident"}}).refuses(409)
		acme.do("POST", at+"publish/", nil).is(200)
	}
	if n := s.number(`SELECT count(*) FROM drafts WHERE org_id = ? AND published_at IS NOT NULL`, acme.org); n !=
		usecase.KeptDrafts {
		t.Errorf("%d that were published stay", n)
	}
}
