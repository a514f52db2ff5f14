package statuspagev2_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"statuspage/server/racetest"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// The clients that nobody on this project wrote, in the versions that the contract names.
var packages = map[string]string{"statuspage.js": "1.0.17", "@statuspage/status-widget": "1.0.5"}

// modules is a folder node_modules that holds the clients: the repository's, or a new one.
func modules(t testing.TB) string {
	t.Helper()
	racetest.Outside(t, "programs of others")
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if there := filepath.Join(dir, "node_modules"); complete(there) {
			return there
		}
	}
	dir = t.TempDir()
	args := []string{"install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts"}
	for name, version := range packages {
		args = append(args, name+"@"+version)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "npm", args...).CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v\n%s", err, out)
	}
	return filepath.Join(dir, "node_modules")
}

func complete(dir string) bool {
	for name, version := range packages {
		raw, err := os.ReadFile(filepath.Join(dir, name, "package.json"))
		if err != nil || !strings.Contains(string(raw), `"version": "`+version+`"`) {
			return false
		}
	}
	return true
}

// asks runs every method of statuspage.js. Its address is Atlassian's, but for the one line that a user of another host
// changes.
const asks = `
const {Statuspage, StatuspageUpdates} = require(process.argv[2] + "/statuspage.js");
(async () => {
  const s = new Statuspage("acme");
  s.axios.defaults.baseURL = process.argv[3] + "/api/v2";
  const out = {
    summary: await s.summary(), status: await s.status(), components: await s.components(), allIncidents: await s.allIncidents(),
    unresolvedIncidents: await s.unresolvedIncidents(), allScheduledMaintenances: await s.allScheduledMaintenances(),
    upcomingScheduledMaintenances: await s.upcomingScheduledMaintenances(), activeScheduledMaintenances: await s.activeScheduledMaintenances(),
  };
  out.dates = out.allIncidents.incidents.every(i => i.created_at instanceof Date && i.updated_at instanceof Date &&
    i.incident_updates.every(u => u.display_at instanceof Date && !isNaN(u.display_at))) && out.summary.page.updated_at instanceof Date;
  console.log(JSON.stringify(out));
})().catch(e => { console.error(e); process.exit(1); });
`

func node(t testing.TB, script string, args ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "client.js")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", append([]string{file}, args...)...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("node: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return out
}

func TestStatuspageJSReadsEveryDocument(t *testing.T) {
	o, _ := company(t)
	raw := node(t, asks, modules(t), "http://"+o.Addr+"/status/acme")
	var said map[string]json.RawMessage
	if err := json.Unmarshal(raw, &said); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	for method, doc := range map[string]string{
		"summary": "summary.json", "status": "status.json", "components": "components.json",
		"allIncidents":        "incidents.json",
		"unresolvedIncidents": "incidents/unresolved.json", "allScheduledMaintenances": "scheduled-maintenances.json",
		"upcomingScheduledMaintenances": "scheduled-maintenances/upcoming.json",
		"activeScheduledMaintenances":   "scheduled-maintenances/active.json",
	} {
		var got map[string]any
		if err := json.Unmarshal(said[method], &got); err != nil {
			t.Fatalf("%s: %v in %s", method, err, said[method])
		}
		for key, want := range read(o, doc) {
			if list, is := want.([]any); is && len(list) != len(got[key].([]any)) {
				t.Errorf("%s() has %d %s, the document %d", method, len(got[key].([]any)), key, len(list))
			} else if got[key] == nil {
				t.Errorf("%s() has no %s", method, key)
			}
		}
	}
	if string(said["dates"]) != "true" {
		t.Error("a moment is no date to the client")
	}
}

// watches runs the poller of statuspage.js over an update that comes meanwhile.
const watches = `
const {StatuspageUpdates} = require(process.argv[2] + "/statuspage.js");
const http = require("http");
const fetch = StatuspageUpdates.prototype.fetch;
StatuspageUpdates.prototype.fetch = function() {
  this.statuspage.axios.defaults.baseURL = process.argv[3] + "/api/v2";
  return fetch.call(this);
};
const w = new StatuspageUpdates("acme", 100);
let runs = 0;
w.on("run", () => { if (++runs === 2) http.get(process.argv[4]); });
w.on("incident_update", i => { console.log(i.name + ": " + i.incident_updates[0].body); process.exit(0); });
setTimeout(() => { console.error("nothing heard"); process.exit(1); }, 30000);
w.start();
`

func TestStatuspageJSHearsOfAnUpdate(t *testing.T) {
	o, services := company(t)
	in := o.Open(ago(time.Minute), "Search is down", status.Major, services["Search"])
	told := make(chan struct{}, 1)
	trigger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		o.Do(time.Now(), &page.UpdateIncident{ID: in, Status: "identified", Body: "A disk is full."})
		told <- struct{}{}
	}))
	defer trigger.Close()
	if got := string(node(t, watches, modules(t), "http://"+o.Addr+"/status/acme",
		trigger.URL)); got != "Search is down: A disk is full.\n" {
		t.Errorf("it heard %q", got)
	}
	<-told
}

func TestStatusWidgetShowsTheStateInABrowser(t *testing.T) {
	o, services := company(t)
	o.Host(now, "status.acme.example")
	o.Do(now, &page.EditService{ID: services["Search"], Status: word(status.Major)})
	widget, err := os.ReadFile(filepath.Join(modules(t), "@statuspage/status-widget/dist/src.77de5100.js"))
	if err != nil {
		t.Fatal(err)
	}
	customer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/widget.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(widget)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w,
			`<!doctype html><title>Customer</title><statuspage-widget src="http://status.acme.example/"></statuspage-widget>
<statuspage-widget appearance="badge" src="http://status.acme.example/"></statuspage-widget><script src="/widget.js"></script>`)
	}))
	defer customer.Close()
	ctx := browser(t, chromedp.Flag("host-resolver-rules", "MAP status.acme.example "+o.Addr))
	if err := chromedp.Do(ctx, chromedp.Navigate(customer.URL)); err != nil {
		t.Fatal(err)
	}
	const shown = `[...document.querySelectorAll("statuspage-widget")].map(w => (w.shadowRoot || w).innerHTML.replace(/<style>[^]*?<\/style>/g, "")).join("|")`
	got := until(t, ctx, shown, func(s string) bool { return strings.Count(s, "status-indicator") == 2 })
	for _, want := range []string{`"status-indicator major"`, "Partial System Outage"} {
		if !strings.Contains(strings.Join(strings.Fields(got), " "), want) {
			t.Errorf("the widget shows %s, without %s", got, want)
		}
	}
}

func browser(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	racetest.Outside(t, "a browser")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // starts the browser
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// until waits, generously, for a JavaScript value to be as it should, and gives it.
func until(t testing.TB, ctx context.Context, script string, good func(string) bool) string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](script))
		if err != nil {
			t.Fatal(err)
		}
		if good(got) {
			return got
		}
		if time.Now().After(end) {
			t.Fatalf("it stays %q", got)
		}
	}
}
