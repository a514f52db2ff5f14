package ingest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/monitor/ingest"
)

// outcome is what the interface answers.
type outcome struct {
	Results []struct{ Fingerprint, Result, Incident, Message string }
}

func (o *outcome) words() string {
	var list []string
	for _, r := range o.Results {
		list = append(list, r.Result)
	}
	return strings.Join(list, " ")
}

func send(o *apptest.Org, path string, body any, want int) (out outcome) {
	o.Helper()
	res, text := o.Ask("POST", path, body, "Authorization", "Bearer "+o.Token)
	if res.StatusCode != want {
		o.Fatalf("%s: %d, not %d: %s", path, res.StatusCode, want, text)
	}
	_ = json.Unmarshal(text, &out) // a refusal has no results
	return out
}

type incidents struct {
	Count   int
	Results []struct {
		ID, Title string
		ToState   string `json:"to_state"`
		Updates   []struct{ Body, Status string }
		Source    struct{ Kind, Fingerprint string }
	}
}

func open(o *apptest.Org, query string) (list incidents) {
	o.Helper()
	_, text := o.Ask("GET", "/api/v1/incidents/"+query, nil, "Authorization", "Bearer "+o.Token)
	if err := json.Unmarshal(text, &list); err != nil {
		o.Fatalf("%v: %s", err, text)
	}
	return list
}

// TestWhatOthersSendOpensUpdatesAndResolves: each request as its source documents it, and each of them twice, as a
// sender does that got no answer.
func TestWhatOthersSendOpensUpdatesAndResolves(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{"alertmanager": true, "generic": true}
	site := apptest.Start(t, nil)
	for _, file := range files {
		source := strings.TrimSuffix(filepath.Base(file), ".json")
		tried[source] = true
		o := site.Org(source, time.Now())
		o.Service(time.Now(), "", "API")
		raw, err := os.ReadFile(file) // #nosec G304 -- the test's own
		if err != nil {
			t.Fatal(err)
		}
		var steps []struct {
			Step, Want string
			Body       map[string]any
		}
		if err := json.Unmarshal(raw, &steps); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		path := "/api/v1/ingest/" + source + "/"
		opened := 0
		for _, s := range steps {
			got := send(o, path, s.Body, 200)
			if got.words() != s.Want {
				t.Errorf("%s, %s: %+v, not %s", source, s.Step, got.Results, s.Want)
			}
			opened += strings.Count(s.Want, "opened")
			before := open(o, "")
			for _, r := range send(o, path, s.Body, 200).Results {
				if r.Result != "unchanged" && r.Result != "covered" {
					t.Errorf("%s, %s, once more: %+v", source, s.Step, r)
				}
			}
			after := open(o, "")
			if after.Count != opened || len(after.Results[0].Updates) != len(before.Results[0].Updates) {
				t.Errorf("%s, %s: sent twice it is told twice: %+v", source, s.Step, after)
			}
			for _, in := range after.Results {
				if in.Source.Kind != source || in.Source.Fingerprint == "" {
					t.Errorf("%s, %s: it is said to come from %+v", source, s.Step, in.Source)
				}
			}
		}
		if left := open(o, "?active=true"); left.Count != 0 {
			t.Errorf("%s: %d incidents are left open", source, left.Count)
		}
	}
	for _, source := range ingest.Sources {
		if !tried[source] {
			t.Errorf("there is no payload of %s", source)
		}
	}
}

// TestAPayloadThatSaysTooLittleIsRefused with what is missing: Datadog's own payload does not say when it is over.
func TestAPayloadThatSaysTooLittleIsRefused(t *testing.T) {
	o := apptest.Start(t, nil).Org("acme", time.Now())
	o.Service(time.Now(), "", "API")
	for source, body := range map[string]string{
		"datadog": `{"body":"x","last_updated":"1","event_type":"metric_alert_monitor","title":"[Triggered] x",
			"date":"1","org":{"id":"1","name":"Acme"},"id":"7385142"}`,
		"pagerduty": `{"messages":[]}`, "opsgenie": `{"action":"Create"}`, "uptimekuma": `{"monitor":{}}`,
		"uptimerobot": `{"alertType":"1"}`, "grafana": `{"title":"x"}`, "generic": `{"title":"x"}`,
	} {
		send(o, "/api/v1/ingest/"+source+"/", json.RawMessage(body), 422)
	}
	if n := open(o, "").Count; n != 0 {
		t.Errorf("%d incidents", n)
	}
}
