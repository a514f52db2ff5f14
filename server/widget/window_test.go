package widget_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

func TestOneWindowIsACalendarOfItsOwnAndTellsItsEarlyEnd(t *testing.T) {
	o, svc := company(t)
	plan := func(title string, in time.Duration) string {
		m := &page.PlanMaintenance{ID: apptest.NewID(), Title: title, Services: []string{svc},
			ScheduledFor:   status.Time(now.Add(in).UnixMilli()),
			ScheduledUntil: status.Time(now.Add(in + 2*time.Hour).UnixMilli())}
		o.Do(now, m)
		return m.ID
	}
	first, second := plan("First", time.Hour), plan("Second", 2*time.Hour)
	h, body := get(o, "/status/acme/calendar.ics?window="+second)
	if !strings.Contains(body, "SUMMARY:Second\r\n") || strings.Contains(body, "First") ||
		!strings.Contains(h.Get("Content-Disposition"), "maintenance.ics") {
		t.Errorf("%v\n%s", h, body)
	}
	if res, _ := o.Get("/status/acme/calendar.ics?window=" + apptest.NewID()); res.StatusCode != http.StatusNotFound {
		t.Errorf("a window that is not there: %s", res.Status)
	}
	// It began at once and was done after twenty minutes.
	o.Do(now.Add(time.Minute), &page.EditMaintenance{ID: first, UpdateID: apptest.NewID(),
		Status: word(status.InProgress)})
	o.Do(now.Add(21*time.Minute), &page.EditMaintenance{ID: first, UpdateID: apptest.NewID(),
		Status: word(status.Completed)})
	_, body = get(o, "/status/acme/calendar.ics?window="+first)
	end := "DTEND:" + now.Add(21*time.Minute).Format("20060102T150405Z")
	if !strings.Contains(body, end+"\r\n") || !strings.Contains(body, "SEQUENCE:2\r\n") ||
		!strings.Contains(body, "Status: Completed") {
		t.Errorf("no %s in\n%s", end, body)
	}
}
