package collect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/config"
	"statuspage/server/notify/notifytest"
	"statuspage/server/racetest"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// told is what the subscriber of a path heard of incidents, in order.
func told(hooks *notifytest.Hooks, path string) (titles []string) {
	for _, r := range hooks.Got(path) {
		if strings.Contains(string(r.Body), "incident") {
			titles = append(titles, string(r.Body))
		}
	}
	return titles
}

// held starts an organisation with a subscriber and a monitor whose target does not work.
func held(t *testing.T, holdOff int) (o *apptest.Org, hooks *notifytest.Hooks, monitor, service string,
	work func(bool)) {
	hooks = notifytest.StartHooks(t)
	o = apptest.Start(t, func(c *config.Config) {
		loopback(c)
		c.LoopbackHooks = true
	}).Org("acme", time.Now())
	service = o.Service(time.Now(), "", "API")
	ask(o, "POST", "/api/v1/subscribers/", j{"webhook_url": hooks.URL + "/hook"}, 201)
	until(o, "/api/v1/subscribers/?state=active", "count", 1)
	address, works := target(t)
	works.Store(false)
	m := ask(o, "POST", "/api/v1/monitors/", j{"name": "Site", "target": address, "service": service, "interval_s": 10,
		"failures": 1, "successes": 1, "action": "act", "hold_off_s": holdOff}, 201)
	if got := at(m, "hold_off_s"); got != float64(holdOff) {
		t.Errorf("hold_off_s is %v", got)
	}
	return o, hooks, "/api/v1/monitors/" + m["id"].(string) + "/", service, works.Store
}

// TestWhatIsOverWithinItsHoldOffIsNotTold: the page shows the incident and its end, and the next one is all that the
// subscriber hears of.
func TestWhatIsOverWithinItsHoldOffIsNotTold(t *testing.T) {
	racetest.Long(t)
	o, hooks, monitor, service, work := held(t, 600)
	until(o, "/api/v1/incidents/?active=true", "count", 1)
	work(true)
	until(o, monitor, "state", "up")
	until(o, "/api/v1/incidents/?active=true", "count", 0)
	ask(o, "PATCH", monitor, j{"paused": true}, 200)
	o.Open(time.Now(), "Fence", status.Major, service)
	hooks.Wait(t, "/hook", 2) // the question, and the fence
	for _, body := range told(hooks, "/hook") {
		if !strings.Contains(body, "Fence") {
			t.Errorf("it was told: %s", body)
		}
	}
}

// TestWhatLastsLongerThanItsHoldOffIsToldOnce, and its end too.
func TestWhatLastsLongerThanItsHoldOffIsToldOnce(t *testing.T) {
	racetest.Long(t)
	o, hooks, monitor, _, work := held(t, 3)
	opened := until(o, "/api/v1/incidents/?active=true", "count", 1)
	hooks.Wait(t, "/hook", 2)
	began, _ := time.Parse(time.RFC3339, fmt.Sprint(at(opened, "results.0.created_at")))
	if after := time.Since(began); after < 3*time.Second {
		t.Errorf("it was told after %v", after)
	}
	work(true)
	until(o, monitor, "state", "up")
	hooks.Wait(t, "/hook", 3)
	list := told(hooks, "/hook")
	if len(list) != 2 || !strings.Contains(list[1], "resolved") {
		t.Errorf("%d were told: %v", len(list), list)
	}
}

// TestAMonitorIsSilentWhileItsServiceIsUnderMaintenance and acts once that is over.
func TestAMonitorIsSilentWhileItsServiceIsUnderMaintenance(t *testing.T) {
	racetest.Long(t)
	o := apptest.Start(t, loopback).Org("acme", time.Now().Add(-2*time.Hour))
	service := o.Service(time.Now().Add(-2*time.Hour), "", "API")
	by := func(s status.ServiceStatus) {
		word := string(s)
		o.Do(time.Now(), &page.EditService{ID: service, Status: &word})
	}
	by(status.UnderMaintenance)
	address, works := target(t)
	works.Store(false)
	m := ask(o, "POST", "/api/v1/monitors/", j{"name": "Site", "target": address, "service": service, "interval_s": 10,
		"failures": 1, "action": "propose"}, 201)
	until(o, "/api/v1/monitors/"+m["id"].(string)+"/", "state", "down")
	if got := ask(o, "GET", "/api/v1/proposals/", nil, 200); at(got, "count") != 0.0 {
		t.Errorf("%v", got)
	}
	by(status.Operational)
	until(o, "/api/v1/proposals/", "count", 1)
}

// TestWhatFlapsWithinItsHoldOffIsNotTold: three incidents open and end on the page, and the subscriber hears of none.
func TestWhatFlapsWithinItsHoldOffIsNotTold(t *testing.T) {
	hooks := notifytest.StartHooks(t)
	o := apptest.Start(t, func(c *config.Config) { c.LoopbackHooks = true }).Org("acme", time.Now())
	service := o.Service(time.Now(), "", "API")
	ask(o, "POST", "/api/v1/subscribers/", j{"webhook_url": hooks.URL + "/hook"}, 201)
	until(o, "/api/v1/subscribers/?state=active", "count", 1)
	m := ask(o, "POST", "/api/v1/monitors/", j{"name": "Job", "kind": "heartbeat", "service": service, "failures": 1,
		"successes": 1, "action": "act", "hold_off_s": 600}, 201)
	beat := "/api/v1/heartbeats/" + m["target"].(string) + "/"
	for range 3 {
		ask(o, "POST", beat+"?status=fail", nil, 200)
		until(o, "/api/v1/incidents/?active=true", "count", 1)
		<-time.After(2 * time.Millisecond) // results have milliseconds
		ask(o, "POST", beat, nil, 200)
		until(o, "/api/v1/incidents/?active=true", "count", 0)
		<-time.After(2 * time.Millisecond)
	}
	if all := ask(o, "GET", "/api/v1/incidents/", nil, 200); all["count"] != 3.0 {
		t.Errorf("%v incidents", all["count"])
	}
	o.Open(time.Now(), "Fence", status.Major, service)
	hooks.Wait(t, "/hook", 2) // the question, and the fence
	for _, body := range told(hooks, "/hook") {
		if !strings.Contains(body, "Fence") {
			t.Errorf("it was told: %s", body)
		}
	}
}
