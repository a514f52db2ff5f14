package ascode_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/monitor/ascode"
)

const file = `
monitors:
  - name: Site
    target: https://example.com/
    service: API
    action: propose
    interval_s: 30
    headers: {Authorization: Bearer ${SECRET_OF_A_TEST}}
    conditions:
      - {on: status, op: eq, value: 200}
  - {name: Backup, kind: heartbeat, interval_s: 86400, failures: 1}
`

func apply(t *testing.T, o *apptest.Org, text string, set func(*ascode.Options)) (changes int, out string) {
	t.Helper()
	list, remarks, err := ascode.Read([]byte(text))
	if err != nil || len(remarks) > 0 {
		t.Fatal(err, remarks)
	}
	var printed bytes.Buffer
	options := ascode.Options{URL: "http://" + o.Addr, Key: o.Token, Out: &printed}
	if set != nil {
		set(&options)
	}
	changes, err = ascode.Apply(context.Background(), options, list)
	if err != nil {
		t.Fatal(err)
	}
	return changes, printed.String()
}

// TestAFileIsAppliedOnceAndThenThereIsNothingToDo: a dry run changes nothing, what is not in the file stays unless
// it is pruned, and what is not said of a monitor is left as it is.
func TestAFileIsAppliedOnceAndThenThereIsNothingToDo(t *testing.T) {
	t.Setenv("SECRET_OF_A_TEST", "s3cret")
	o := apptest.Start(t, nil).Org("acme", time.Now())
	o.Service(time.Now(), "", "API")
	dry := func(o *ascode.Options) { o.DryRun = true }
	prune := func(o *ascode.Options) { o.Prune = true }
	count := func(want int) {
		t.Helper()
		res, body := o.Ask("GET", "/api/v1/monitors/", nil, "Authorization", "Bearer "+o.Token)
		var list struct{ Count int }
		if err := json.Unmarshal(body, &list); err != nil || list.Count != want {
			t.Errorf("%d: %s, not %d", res.StatusCode, body, want)
		}
	}
	if n, out := apply(t, o, file, dry); n != 2 || !strings.Contains(out, "+ Site (https://example.com/)") {
		t.Errorf("%d %s", n, out)
	}
	count(0)
	if n, _ := apply(t, o, file, nil); n != 2 {
		t.Errorf("%d changes", n)
	}
	if n, out := apply(t, o, file, nil); n != 0 {
		t.Errorf("the second time: %d %s", n, out)
	}
	o.Ask("POST", "/api/v1/monitors/", map[string]any{"name": "By hand", "target": "https://example.com/"},
		"Authorization", "Bearer "+o.Token)
	other := strings.Replace(file, "interval_s: 30", "interval_s: 90", 1)
	if n, out := apply(t, o, other, dry); n != 1 || out != "~ Site: interval_s 30 -> 90\n" {
		t.Errorf("%d %s", n, out)
	}
	if n, _ := apply(t, o, other, nil); n != 1 {
		t.Errorf("%d changes", n)
	}
	count(3)
	if n, out := apply(t, o, other, prune); n != 1 || out != "- By hand\n" {
		t.Errorf("%d %s", n, out)
	}
	count(2)
	again := func(o *ascode.Options) { o.Headers = true }
	if n, out := apply(t, o, other, again); n != 1 || strings.Contains(out, "s3cret") {
		t.Errorf("%d %s", n, out)
	}
	if _, err := ascode.Apply(context.Background(), ascode.Options{URL: "http://" + o.Addr, Key: "wrong",
		Out: &bytes.Buffer{}}, nil); err == nil || !strings.Contains(err.Error(), "401") {
		t.Error(err)
	}
}

const gatus = `
metrics: true
storage: {type: memory}
endpoints:
  - name: front-end
    group: core
    url: "https://twin.sh/health"
    interval: 5m
    client: {timeout: 3s}
    conditions:
      - "[STATUS] == 200"
      - "[BODY].status == UP"
      - "[BODY].data[0].id != 4"
      - "has([BODY].errors) == false"
      - "[STATUS] == any(200, 429)"
      - "[BODY] == pat(*fine*)"
      - "len([BODY].data) < 5"
      - "[RESPONSE_TIME] < 150"
      - "[CERTIFICATE_EXPIRATION] > 48h"
    alerts: [{type: slack}]
  - name: resolver
    url: "8.8.8.8"
    dns: {query-name: "example.com", query-type: "A"}
    conditions: ["[BODY] == 93.184.215.14", "[DNS_RCODE] == NOERROR"]
  - {name: ping, url: "icmp://example.com", enabled: false, interval: 5s, conditions: ["[CONNECTED] == true"]}
  - {name: shell, url: "ssh://example.com:22", conditions: ["[CONNECTED] == true"]}
external-endpoints:
  - {name: nightly, token: x, heartbeat: {interval: 24h}}
`

// TestAConfigurationOfGatusIsReadAsItIs, and what cannot be had is said line by line.
func TestAConfigurationOfGatusIsReadAsItIs(t *testing.T) {
	list, remarks, err := ascode.Read([]byte(gatus))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(list)
	want := `[{"Name":"core / front-end","Line":5,"Members":{"conditions":[{"on":"status","op":"eq","value":200},` +
		`{"on":"json:/status","op":"eq","value":"UP"},{"on":"json:/data/0/id","op":"ne","value":4},` +
		`{"on":"json:/errors","op":"absent"},{"on":"status","op":"matches","value":"(?s)^(200|429)$"},` +
		`{"on":"body","op":"matches","value":"(?s)^.*fine.*$"},{"on":"time","op":"lt","value":150},` +
		`{"on":"certificate","op":"gt","value":2}],"interval_s":300,"kind":"http","name":"core / front-end","paused":false,` +
		`"target":"https://twin.sh/health","timeout_ms":3000}},` +
		`{"Name":"resolver","Line":21,"Members":{"conditions":[{"on":"dns:a","op":"contains","value":"93.184.215.14"}],` +
		`"interval_s":60,"kind":"dns","name":"resolver","paused":false,"target":"example.com"}},` +
		`{"Name":"ping","Line":25,"Members":{"conditions":[],"interval_s":10,"kind":"icmp","name":"ping","paused":true,` +
		`"target":"example.com"}},` +
		`{"Name":"nightly","Line":28,"Members":{"interval_s":86400,"kind":"heartbeat","name":"nightly","paused":false}}]`
	if plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(got)); plain != want {
		t.Errorf("\n%s\nnot\n%s", plain, want)
	}
	var said []string
	for _, r := range remarks {
		said = append(said, r.Text)
	}
	text := strings.Join(said, "\n")
	for _, part := range []string{"alerts of \"front-end\" is left out",
		"len([BODY].data) < 5 is left out: len() is not known",
		"nothing here watches ssh://example.com:22", "every 10 s, not every 5s", "not 8.8.8.8", "heartbeat_url"} {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q:\n%s", part, text)
		}
	}
	o := apptest.Start(t, nil).Org("acme", time.Now())
	for _, want := range []int{4, 0} {
		if n, err := ascode.Apply(context.Background(), ascode.Options{URL: "http://" + o.Addr, Key: o.Token,
			Out: &bytes.Buffer{}}, list); err != nil || n != want {
			t.Errorf("%d changes, not %d: %v", n, want, err)
		}
	}
}

// TestAFileThatSaysTooMuchIsRefused.
func TestAFileThatSaysTooMuchIsRefused(t *testing.T) {
	for _, text := range []string{"x: 1", "monitors: [{name: a, colour: red}]", "monitors: [{target: a}]",
		"monitors: [{name: a}, {name: a}]", "monitors: [", strings.Repeat(" ", 6<<20)} {
		if _, _, err := ascode.Read([]byte(text)); err == nil {
			t.Errorf("%.40s: taken", text)
		}
	}
}

const gatusOfReadme = `
default-endpoint: &defaults
  group: core
  interval: 5m
  client: {insecure: true, timeout: 30s}
  conditions: ["[STATUS] == 200"]
endpoints:
  - name: first
    <<: *defaults
    url: https://a.example
  - name: second
    <<: *defaults
    url: https://b.example
    conditions: ["[BODY] == pat(*served by*)"]
  - name: users
    url: http://c.example/graphql
    method: POST
    graphql: true
    body: |
      { users { gender } }
    conditions: ["[BODY].data.users[0].gender == female"]
  - {name: rpc, url: "grpcs://d.example:443", conditions: ["[CONNECTED] == true", "[BODY].status == SERVING"]}
  - {name: cache, url: "tcp://e.example:6379", conditions: ["[CONNECTED] == true", "[BODY] == pat(*PONG*)"]}
`

// TestWhatGatusDocumentsIsReadToo: common settings by an anchor, GraphQL, gRPC, and what no monitor here looks at.
func TestWhatGatusDocumentsIsReadToo(t *testing.T) {
	list, remarks, err := ascode.Read([]byte(gatusOfReadme))
	if err != nil || len(list) != 5 {
		t.Fatal(list, err)
	}
	for i, want := range []string{`"interval_s":300`, `(?s)^.*served by.*$`,
		`"body":"{\"query\":\"{ users { gender } }`,
		`"conditions":[],"interval_s":60,"kind":"grpc"`, `"conditions":[],"interval_s":60,"kind":"tcp"`} {
		if text, _ := json.Marshal(list[i].Members); !strings.Contains(string(text), want) {
			t.Errorf("%s does not have %s", text, want)
		}
	}
	if list[0].Members["timeout_ms"] != int64(30_000) || list[0].Name != "core / first" {
		t.Errorf("%+v", list[0])
	}
	var said []string
	for _, r := range remarks {
		said = append(said, r.Text)
	}
	if want := []string{`client.insecure of "core / first" is left out`, `client.insecure of "core / second" is left out`,
		"[BODY] == pat(*PONG*) is left out: of tcp no body is looked at"}; strings.Join(said, "\n") != strings.Join(want,
		"\n") {
		t.Errorf("it says %q", said)
	}
}
