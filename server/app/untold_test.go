package app_test

import (
	"strings"
	"testing"
	"time"

	"statuspage/server/racetest"
)

func TestWhoWasNeverToldOfSomethingIsNotToldOfItsEnd(t *testing.T) {
	racetest.Long(t)
	o := newOffice(t, nil)
	api := o.service("API")
	o.post("/api/v1/subscribers/", j{"emails": []string{"a@example.com"}, "consent": true})
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	plan := func(title string, more j) string {
		body := j{"title": title, "services": []string{api}, "scheduled_for": at(48 * time.Hour),
			"scheduled_until": at(49 * time.Hour)}
		for k, v := range more {
			body[k] = v
		}
		return "/api/v1/maintenances/" + o.post("/api/v1/maintenances/", body).str("id") + "/"
	}
	quiet := j{"notify": false}
	o.do("DELETE", plan("Deleted quietly", quiet), nil).is(204)
	o.patch(plan("Cancelled quietly", quiet), j{"status": "cancelled"})
	moved := plan("Moved quietly", quiet)
	o.patch(moved, j{"scheduled_for": at(50 * time.Hour), "scheduled_until": at(51 * time.Hour)})
	o.do("DELETE", moved, nil).is(204)
	begun := plan("Begun quietly", quiet)
	o.patch(begun, j{"status": "in_progress"})
	o.patch(begun, j{"status": "completed", "message": "Done."})
	// Noted afterwards: it is over, and nobody is told, nor when it goes.
	past := j{"scheduled_for": at(-5 * time.Hour), "scheduled_until": at(-4 * time.Hour)}
	noted := plan("Noted quietly", past)
	o.get(noted).has("status", "completed")
	o.do("DELETE", noted, nil).is(204)
	in := o.post("/api/v1/incidents/", j{"title": "Opened quietly", "service": api, "to_state": "partial_outage",
		"notify": false}).str("id")
	o.post("/api/v1/incidents/"+in+"/updates/", j{"status": "resolved", "body": "Over."})
	other := o.post("/api/v1/incidents/", j{"title": "Withdrawn quietly", "service": api, "to_state": "partial_outage",
		"notify": false}).str("id")
	o.do("DELETE", "/api/v1/incidents/"+other+"/", nil).is(204)

	// What was told ends with a word, and so does what somebody spoke of later.
	told := plan("Told", j{"notify": true})
	o.mail.Wait(t, 1)
	o.do("DELETE", told, nil).is(204)
	o.mail.Wait(t, 2)
	later := plan("Told later", quiet)
	o.patch(later, j{"scheduled_for": at(60 * time.Hour), "scheduled_until": at(61 * time.Hour), "notify": true})
	o.mail.Wait(t, 3)
	o.do("DELETE", later, nil).is(204)
	var subjects []string
	for _, l := range o.mail.Wait(t, 4) {
		subjects = append(subjects, l.Subject())
	}
	if all := strings.Join(subjects, "\n"); len(subjects) != 4 || strings.Contains(all, "quietly") {
		t.Errorf("told: %q", subjects)
	}
}
