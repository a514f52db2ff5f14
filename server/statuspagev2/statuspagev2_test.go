package statuspagev2_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"statuspage/server/app"
	"statuspage/server/app/apptest"
	"statuspage/server/config"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// schemaOf says which schema a document keeps to.
var schemaOf = map[string]string{
	"summary.json": "summary.json", "status.json": "status.json", "components.json": "components.json",
	"incidents.json": "incidents.json", "incidents/unresolved.json": "incidents.json",
	"scheduled-maintenances.json":          "scheduled-maintenances.json",
	"scheduled-maintenances/upcoming.json": "scheduled-maintenances.json",
	"scheduled-maintenances/active.json":   "scheduled-maintenances.json",
}

func schema(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile("testdata/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json#/$defs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checked reads a document and holds it against its schema.
func checked(t testing.TB, name string, raw []byte) map[string]any {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatalf("%s: %v in %s", name, err, raw)
	}
	if err := schema(t, schemaOf[name]).Validate(doc); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, raw)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func read(o *apptest.Org, name string) map[string]any {
	o.Helper()
	res, raw := o.Get("/status/" + o.Slug + "/api/v2/" + name)
	if res.StatusCode != http.StatusOK {
		o.Fatalf("%s: %s %s", name, res.Status, raw)
	}
	return checked(o, name, raw)
}

func list(doc map[string]any, key string) []map[string]any {
	all := doc[key].([]any)
	out := make([]map[string]any, len(all))
	for i := range all {
		out[i] = all[i].(map[string]any)
	}
	return out
}

func word[T ~string](s T) *string { w := string(s); return &w }

var now = time.Now().UTC().Truncate(time.Millisecond)

func ago(d time.Duration) time.Time { return now.Add(-d) }

func at(t time.Time) status.Time { return status.Time(t.UnixMilli()) }

// company is a page with everything that a document can hold.
func company(t testing.TB) (o *apptest.Org, services map[string]string) {
	o = apptest.Start(t, apptest.OwnHosts).Org("acme", ago(99*24*time.Hour))
	services = map[string]string{}
	born := ago(98 * 24 * time.Hour)
	for i, x := range [][2]string{{"", "Website"}, {"Core", "API"}, {"Core", "Search"}, {"Storage", "Files"},
		{"", "Mail"}} {
		services[x[1]] = o.Service(born.Add(time.Duration(i)*time.Second), x[0], x[1])
	}
	past := o.Open(ago(50*time.Hour), "Slow search", status.Degraded, services["Search"])
	o.Do(ago(49*time.Hour), &page.UpdateIncident{ID: past, Status: "monitoring", Body: "Watching."})
	o.Do(ago(48*time.Hour), &page.UpdateIncident{ID: past, Status: "resolved", Body: "Over."})
	done := &page.PlanMaintenance{ID: apptest.NewID(), Title: "Disks", Description: "New disks.",
		Services:     []string{services["Files"]},
		ScheduledFor: at(ago(30 * time.Hour)), ScheduledUntil: at(ago(29 * time.Hour))}
	o.Do(ago(40*time.Hour), done)
	o.Do(ago(30*time.Hour), &page.EditMaintenance{ID: done.ID, Status: word(status.InProgress),
		Message: word("Begun.")})
	o.Do(ago(29*time.Hour), &page.EditMaintenance{ID: done.ID, Status: word(status.Completed)})
	planned := &page.PlanMaintenance{ID: apptest.NewID(), Title: "Cables", Services: []string{services["Mail"]},
		ScheduledFor: at(now.Add(2 * time.Hour)), ScheduledUntil: at(now.Add(3 * time.Hour))}
	o.Do(ago(3*time.Hour), planned)
	running := &page.PlanMaintenance{ID: apptest.NewID(), Title: "Switch", Services: []string{services["Mail"]},
		ScheduledFor: at(ago(time.Hour)), ScheduledUntil: at(now.Add(time.Hour))}
	o.Do(ago(2*time.Hour), running)
	o.Do(ago(time.Hour), &page.EditMaintenance{ID: running.ID, Status: word(status.InProgress)})
	dropped := &page.PlanMaintenance{ID: apptest.NewID(), Title: "Never mind", Services: []string{services["Files"]},
		ScheduledFor: at(now.Add(5 * time.Hour)), ScheduledUntil: at(now.Add(6 * time.Hour))}
	o.Do(ago(2*time.Hour), dropped)
	o.Do(ago(time.Hour), &page.EditMaintenance{ID: dropped.ID, Status: word(status.Cancelled)})
	open := o.Open(ago(30*time.Minute), "API fails", status.Partial, services["API"], services["Website"])
	o.Do(ago(20*time.Minute), &page.UpdateIncident{ID: open, Status: "identified", Body: "Found <it> & \"more\"."})
	return o, services
}

func TestEveryDocumentKeepsToItsSchemaOnABusyAndOnAnEmptyPage(t *testing.T) {
	busy, _ := company(t)
	empty := busy.Site.Org("empty", ago(time.Hour))
	for name := range schemaOf {
		read(busy, name)
		doc := read(empty, name)
		for key, value := range doc {
			if all, is := value.([]any); is && len(all) != 0 {
				t.Errorf("%s of an empty page has %s: %v", name, key, all)
			}
		}
	}
	if got := read(empty, "status.json")["status"]; fmt.Sprint(got) != "map[description:All Systems Operational "+
		"indicator:none]" {
		t.Errorf("an empty page is %v", got)
	}
}

func TestADocumentHoldsWhatItsNameSays(t *testing.T) {
	o, _ := company(t)
	names := func(doc, key string) string {
		var out []string
		for _, x := range list(read(o, doc), key) {
			out = append(out, x["name"].(string)+" "+x["status"].(string))
		}
		return strings.Join(out, ", ")
	}
	for _, c := range []struct{ doc, key, want string }{
		{"incidents.json", "incidents", "API fails identified, Slow search resolved"},
		{"incidents/unresolved.json", "incidents", "API fails identified"},
		{"summary.json", "incidents", "API fails identified"},
		{"scheduled-maintenances.json", "scheduled_maintenances", "Switch in_progress, Cables scheduled, Never mind " +
			"completed, Disks completed"},
		{"scheduled-maintenances/upcoming.json", "scheduled_maintenances", "Cables scheduled"},
		{"scheduled-maintenances/active.json", "scheduled_maintenances", "Switch in_progress"},
		{"summary.json", "scheduled_maintenances", "Switch in_progress, Cables scheduled"},
		{"components.json", "components", "Website partial_outage, Core partial_outage, API partial_outage, Search " +
			"operational, " +
			"Storage operational, Files operational, Mail under_maintenance"},
	} {
		if got := names(c.doc, c.key); got != c.want {
			t.Errorf("%s has\n%s, want\n%s", c.doc, got, c.want)
		}
	}
}

func TestAGroupNamesItsMembersAndTheyNameIt(t *testing.T) {
	o, _ := company(t)
	all := list(read(o, "components.json"), "components")
	core, api, search, site := all[1], all[2], all[3], all[0]
	if core["group"] != true || fmt.Sprint(core["components"]) != fmt.Sprint([]any{api["id"], search["id"]}) ||
		core["group_id"] != nil {
		t.Errorf("the group: %v", core)
	}
	if api["group_id"] != core["id"] || search["group_id"] != core["id"] || site["group_id"] != nil ||
		api["group"] != false {
		t.Errorf("members: %v %v %v", api, search, site)
	}
	for i, want := range []float64{1, 2, 1, 2, 3, 1, 4} {
		if all[i]["position"] != want {
			t.Errorf("%v stands at %v, want %v", all[i]["name"], all[i]["position"], want)
		}
	}
}

func TestATimelineSaysWhatHappenedToEachComponent(t *testing.T) {
	o, _ := company(t)
	told := func(doc, key string, n int) string {
		var out []string
		for _, u := range list(list(read(o, doc), key)[n], "incident_updates") {
			line := u["status"].(string)
			for _, a := range list(u, "affected_components") {
				line += fmt.Sprintf(" %s %s>%s", a["name"], a["old_status"], a["new_status"])
			}
			out = append(out, line)
		}
		return strings.Join(out, "\n")
	}
	for _, c := range []struct {
		doc, key string
		n        int
		want     string
	}{
		{"incidents.json", "incidents", 0, "identified API partial_outage>partial_outage Website " +
			"partial_outage>partial_outage\n" +
			"investigating API operational>partial_outage Website operational>partial_outage"},
		{"incidents.json", "incidents", 1, "resolved Search degraded_performance>operational\nmonitoring Search " +
			"degraded_performance>degraded_performance\n" +
			"investigating Search operational>degraded_performance"},
		{"scheduled-maintenances.json", "scheduled_maintenances", 3, "completed Files " +
			"under_maintenance>operational\nin_progress Files operational>under_maintenance\n" +
			"scheduled Files operational>operational"},
	} {
		if got := told(c.doc, c.key, c.n); got != c.want {
			t.Errorf("%s[%d]:\n%s\nwant\n%s", c.doc, c.n, got, c.want)
		}
	}
	past := list(read(o, "incidents.json"), "incidents")[1]
	if past["monitoring_at"] != ago(49*time.Hour).Format("2006-01-02T15:04:05.000Z") ||
		past["resolved_at"] != ago(48*time.Hour).Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("its moments: %v %v", past["monitoring_at"], past["resolved_at"])
	}
}

func TestRecoveriesCorrectionsAndPostmortemsAreToldAsStatuspageDoes(t *testing.T) {
	o, s := company(t)
	in := o.Open(ago(10*time.Minute), "Two fail", status.Partial, s["Search"], s["Files"])
	first := &page.UpdateIncident{ID: in, UpdateID: apptest.NewID(), Body: "One is bak.",
		Services: []page.Move{{ID: s["Search"], To: status.Operational}}}
	o.Do(ago(8*time.Minute), first)
	o.Do(ago(6*time.Minute), &page.UpdateIncident{ID: in, Body: "Worse.",
		Services: []page.Move{{ID: s["Files"], To: status.Major}}})
	o.Do(ago(4*time.Minute), &page.UpdateIncident{ID: in, Status: "resolved", Body: "Over."})
	o.Do(ago(3*time.Minute), &page.CorrectUpdate{ID: in, UpdateID: first.UpdateID, Body: "One is back."})
	o.Do(ago(2*time.Minute), &page.EditIncident{ID: in, Postmortem: word("A cable.")})
	doc := list(read(o, "incidents.json"), "incidents")[0]
	if doc["status"] != "postmortem" || doc["impact"] != "critical" {
		t.Errorf("it is %v with impact %v", doc["status"], doc["impact"])
	}
	var got []string
	for _, u := range list(doc, "incident_updates") {
		line := fmt.Sprint(u["status"], " ", u["body"])
		for _, a := range list(u, "affected_components") {
			line += fmt.Sprintf(" %s %s>%s", a["name"], a["old_status"], a["new_status"])
		}
		got = append(got, line)
	}
	want := []string{
		"postmortem A cable. Search operational>operational Files operational>operational",
		"resolved Over. Search operational>operational Files major_outage>operational",
		"investigating Worse. Search operational>operational Files partial_outage>major_outage",
		"investigating One is back. Search partial_outage>operational Files partial_outage>partial_outage",
		"investigating We are **looking** into it. Search operational>partial_outage Files operational>partial_outage",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told as\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if u := list(doc, "incident_updates")[3]; u["created_at"] == u["updated_at"] {
		t.Errorf("a correction leaves no trace: %v", u)
	}
	for _, x := range list(read(o, "incidents/unresolved.json"), "incidents") {
		if x["name"] == "Two fail" {
			t.Error("what was explained is unresolved")
		}
	}
}

func TestFiftyAreEnoughAndTheyAreTheNewest(t *testing.T) {
	o := apptest.Start(t, nil).Org("busy", ago(99*time.Hour))
	svc := o.Service(ago(98*time.Hour), "", "API")
	for i := range 53 {
		begin := ago(97*time.Hour - time.Duration(i)*time.Hour)
		in := o.Open(begin, fmt.Sprint("Number ", i), status.Degraded, svc)
		o.Do(begin.Add(time.Minute), &page.UpdateIncident{ID: in, Status: "resolved"})
	}
	all := list(read(o, "incidents.json"), "incidents")
	if len(all) != 50 || all[0]["name"] != "Number 52" || all[49]["name"] != "Number 3" {
		t.Errorf("%d incidents, from %v to %v", len(all), all[0]["name"], all[len(all)-1]["name"])
	}
}

func TestLinksAreAbsoluteAndIdsStayTheSame(t *testing.T) {
	o, _ := company(t)
	o.Host(now, "status.acme.example")
	slug := read(o, "summary.json")
	_, raw := o.Get("/api/v2/summary.json", "Host", "Status.Acme.Example:8080")
	own := checked(t, "summary.json", raw)
	if slug["page"].(map[string]any)["url"] != "http://"+o.Addr+"/status/acme" ||
		own["page"].(map[string]any)["url"] != "http://status.acme.example" {
		t.Errorf("the page's address: %v and %v", slug["page"], own["page"])
	}
	a, b := list(slug, "incidents")[0], list(own, "incidents")[0]
	id := strings.TrimPrefix(b["shortlink"].(string), "http://status.acme.example/incidents/")
	if a["id"] != b["id"] || a["shortlink"] != "http://"+o.Addr+"/status/acme/incidents/"+id || len(id) != 36 {
		t.Errorf("links %v and %v", a["shortlink"], b["shortlink"])
	}
	fixed := apptest.Start(t, func(c *config.Config) { c.BaseURL = "https://status.example.com/" }).Org("acme", now)
	if got := read(fixed,
		"status.json")["page"].(map[string]any)["url"]; got != "https://status.example.com/status/acme" {
		t.Errorf("under BASE_URL it is at %v", got)
	}
}

func TestNobodyElsesPageIsServedUnderAHostName(t *testing.T) {
	o, _ := company(t)
	for _, host := range []string{"status.acme.example", "localhost", "acme", o.Addr} {
		if res, raw := o.Get("/api/v2/summary.json", "Host", host); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s %s", host, res.Status, raw)
		}
	}
	res, raw := o.Get("/status/nobody/api/v2/summary.json")
	if res.StatusCode != http.StatusNotFound || res.Header.Get("Access-Control-Allow-Origin") != "*" ||
		!strings.Contains(string(raw), `"not_found"`) {
		t.Errorf("a page that is not there: %s %v %s", res.Status, res.Header, raw)
	}
}

func TestScriptsOfOtherSitesMayReadWithAndWithoutASlash(t *testing.T) {
	o, _ := company(t)
	res, body := o.Get("/status/acme/api/v2/status.json/")
	h := res.Header
	if res.StatusCode != 200 || h.Get("Access-Control-Allow-Origin") != "*" ||
		h.Get("Content-Type") != "application/json; charset=utf-8" || h.Get("Status-Seq") == "" {
		t.Fatalf("%s %v %s", res.Status, h, body)
	}
	if again, raw := o.Get("/status/acme/api/v2/status.json", "If-None-Match",
		h.Get("ETag")); again.StatusCode != http.StatusNotModified || len(raw) != 0 {
		t.Errorf("what is known is sent again: %s", again.Status)
	}
	if pre, _ := o.Ask(http.MethodOptions, "/status/acme/api/v2/status.json", nil, "Origin", "https://x.example",
		"Access-Control-Request-Method", "GET",
		"Access-Control-Request-Headers", "if-none-match"); pre.StatusCode != 204 ||
		pre.Header.Get("Access-Control-Allow-Headers") != "*" {
		t.Errorf("asked before: %s %v", pre.Status, pre.Header)
	}
	packed, raw := o.Get("/status/acme/api/v2/summary.json", "Accept-Encoding", "br")
	if packed.Header.Get("Content-Encoding") != "br" || len(raw) > 3000 {
		t.Errorf("%d bytes as %q", len(raw), packed.Header.Get("Content-Encoding"))
	}
}

// The program with nothing going on behind: whatever asks the database is a request.
func TestServingAsksTheDatabaseNothing(t *testing.T) {
	ctx := context.Background()
	cfg := config.Default(config.Database{DatabaseURL: "file:" + filepath.Join(t.TempDir(), "status.db")})
	cfg.RelayInterval, cfg.PublicRate = time.Minute, 10_000
	a, err := app.New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	by := usecase.Caller{System: true}
	org, err := a.UseCases.CreateOrg(ctx, by, "acme", "Acme", ago(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	svc := apptest.NewID()
	for _, c := range []page.Command{&page.CreateService{ID: svc, Name: "API"},
		&page.OpenIncident{Title: "API fails", Service: &svc, ToState: status.Partial}} {
		if _, err := a.UseCases.ChangeAt(ctx, by, org, c, ago(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	before := int64(0)
	for range 3 {
		for name := range schemaOf {
			res, err := a.Fiber.Test(httptest.NewRequest(http.MethodGet, "/status/acme/api/v2/"+name, nil), 20_000)
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("%s: %v %v", name, res, err)
			}
			_ = res.Body.Close()
			if before == 0 { // the first request loads the page
				before = a.DB.Queries()
			}
		}
	}
	if asked := a.DB.Queries() - before; asked != 0 {
		t.Errorf("%d queries while 24 documents were served", asked)
	}
}

func TestACallerIsNeverShownLessThanItHasSeen(t *testing.T) {
	o, services := company(t)
	if res, raw := o.Get("/status/acme/api/v2/status.json", "Status-Min-Seq",
		"100000"); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("the future: %s %s", res.Status, raw)
	}
	o.Do(now, &page.EditService{ID: services["Search"], Status: word(status.Major)})
	if got := read(o, "status.json")["status"].(map[string]any)["indicator"]; got != "major" {
		t.Errorf("after the change the page is %v", got)
	}
}

func TestTooManyRequestsAreRefused(t *testing.T) {
	o := apptest.Start(t, func(c *config.Config) { c.PublicRate = 3 }).Org("acme", now)
	refused := 0
	for range 20 {
		res, _ := o.Get("/status/acme/api/v2/status.json")
		if res.StatusCode == http.StatusTooManyRequests {
			if refused++; res.Header.Get("Retry-After") == "" || res.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Fatalf("refused without a word: %v", res.Header)
			}
		}
	}
	if refused == 0 {
		t.Error("20 at once are let through at 3 a second")
	}
}
