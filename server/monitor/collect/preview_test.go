package collect_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/store"
	"statuspage/shared/status"
)

// seen keeps results of a monitor, one a minute up to now, oldest first: "." succeeded, "s" did so slowly, "x" failed.
func seen(o *apptest.Org, monitor, what string) {
	o.Helper()
	var b store.Batch
	at := time.Now().Add(-time.Duration(len(what)) * time.Minute)
	for i, x := range what {
		b.AddLook(&store.Look{OrgID: o.ID, Monitor: monitor, Observation: status.Observation{
			Region: "local", At: status.Time(at.Add(time.Duration(i) * time.Minute).UnixMilli()),
			OK: x != 'x', Ms: map[rune]int64{'.': 40, 's': 900}[x]}})
	}
	if err := o.App.DB.Do(context.Background(), &b); err != nil {
		o.Fatal(err)
	}
}

// TestAPreviewReplaysTheLastDayUnderOtherSettings: two outages of four minutes, and one slow time.
func TestAPreviewReplaysTheLastDayUnderOtherSettings(t *testing.T) {
	site := apptest.Start(t, nil)
	o, other := site.Org("acme", time.Now()), site.Org("other", time.Now())
	m := ask(o, "POST", "/api/v1/monitors/", j{"name": "Site", "target": "https://example.com/", "paused": true}, 201)
	one := "/api/v1/monitors/" + m["id"].(string) + "/"
	seen(o, m["id"].(string), strings.Repeat("."+strings.Repeat(".", 19)+"xxxx", 2)+strings.Repeat(".", 20)+"ssss....")
	for _, x := range []struct {
		body j
		want int
	}{
		{j{}, 2}, {j{"failures": 1}, 2}, {j{"failures": 5}, 0}, {j{"failures": 4, "successes": 20}, 2},
		{j{"successes": 20}, 2}, {j{"conditions": []j{{"on": "time", "op": "lt", "value": 500}}}, 3},
		{j{"timeout_ms": 500}, 3}, {j{"regions": []string{"fra"}}, 0},
	} {
		got := ask(o, "POST", one+"preview/", x.body, 200)
		if fmt.Sprint(got["incidents"]) != fmt.Sprint(x.want) || got["results"] != 76.0 {
			t.Errorf("%v: %v, not %d", x.body, got, x.want)
		}
	}
	if got := ask(o, "POST", one+"preview/", j{}, 200); got["down_s"].(float64) < 240 || got["down_s"].(float64) > 600 {
		t.Errorf("down for %v s", got["down_s"])
	}
	if after := ask(o, "GET", one, nil, 200); after["version"] != 1.0 || after["failures"] != 3.0 {
		t.Errorf("a preview changed it: %v", after)
	}
	ask(o, "POST", one+"preview/", j{"failures": 0}, 422)
	ask(other, "POST", one+"preview/", j{}, 404)
	ask(other, "POST", one+"test/", j{}, 404)
}

// TestWhatIsTypedIsTriedBeforeItIsSaved, with the headers that are kept, and those go to no other host.
func TestWhatIsTypedIsTriedBeforeItIsSaved(t *testing.T) {
	o := apptest.Start(t, loopback).Org("acme", time.Now())
	address, _ := target(t)
	echo := j{"on": "header:X-Echo", "op": "eq", "value": "s3cret"}
	typed := j{"target": address, "action": "act", "headers": j{"X-Secret": "s3cret"}, "conditions": []j{echo}}
	if got := ask(o, "POST", "/api/v1/monitors/test/", typed, 200); got["ok"] != true {
		t.Errorf("new: %v", got)
	}
	ask(o, "POST", "/api/v1/monitors/test/", j{}, 422)
	ask(o, "POST", "/api/v1/monitors/test/", j{"kind": "heartbeat"}, 409)
	if l := ask(o, "GET", "/api/v1/monitors/", nil, 200); l["count"] != 0.0 {
		t.Errorf("a look made a monitor: %v", l)
	}
	m := ask(o, "POST", "/api/v1/monitors/", j{"name": "Site", "target": address, "paused": true,
		"headers": j{"X-Secret": "s3cret"}}, 201)
	one := "/api/v1/monitors/" + m["id"].(string) + "/"
	typed = j{"target": address + "/health", "conditions": []j{echo}}
	if got := ask(o, "POST", one+"test/", typed, 200); got["ok"] != true {
		t.Errorf("the headers that are kept: %v", got)
	}
	elsewhere := strings.Replace(address, "127.0.0.1", "127.0.0.2", 1)
	for _, no := range []j{ask(o, "POST", one+"test/", j{"target": elsewhere}, 422),
		ask(o, "PATCH", one, j{"target": elsewhere}, 422)} {
		if at(no, "errors.0.field") != "headers" {
			t.Errorf("another host: %v", no)
		}
	}
	ask(o, "PATCH", one, j{"target": elsewhere, "headers": j{}}, 200)
}
