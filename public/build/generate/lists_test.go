package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// edit puts lines before, or behind, a text that is once in a file.
type edit struct {
	file, before, behind string
	lines                string
}

// change is what one of README.md's lists is followed for.
type change struct {
	list  string // its heading
	edits []edit
	own   string // a folder of testdata/lists with files of its own
	// how many files that were there may be changed, generated ones included; a command has one of its own
	most   int
	hand   int // likewise, by hand
	checks []string
}

var generated = []string{"public/js/dashboard/commands.js", "public/js/dashboard/types.js"}

var aField = change{
	list: "### A new field", most: 4, hand: 3,
	edits: []edit{
		{file: "shared/status/service.go", before: "	StartDate ", lines: "	Link string // that stands beside " +
			"it, or \"\"\n"},
		{file: "shared/status/service.go", before: `	f.Str("group", &s.Group)`,
			lines: "	f.Str(\"link\", &s.Link)\n"},
		{file: "shared/page/service.go", before: "	StartDate   *string", lines: "	Link *string\n"},
		{file: "shared/page/service.go", before: `	f.OptStr("start_date", &c.StartDate)`,
			lines: "	f.OptStr(\"link\", &c.Link)\n"},
		{file: "shared/page/service.go", before: "	if same(&next, svc) {", lines: "	edit(&next.Link, c.Link)\n"},
		{file: "shared/page/service.go", behind: "return a.Name == b.Name", lines: " && a.Link == b.Link"},
	},
	checks: []string{"go build ./shared/... ./server/store ./server/api",
		"go test ./shared/page ./public/build/generate"},
}

var anEvent = change{
	list: "### A new event, with its command", own: "event", most: 6, hand: 4,
	edits: []edit{
		{file: "shared/page/incident_noun.go", before: "	IncidentDeleted   EventType",
			lines: "	IncidentPinned EventType = \"incident_pinned\"\n"},
		{file: "shared/page/incident_noun.go", before: "		{IncidentDeleted,",
			lines: "		{IncidentPinned, \"incident_update\", \"it was pinned\"},\n"},
		{file: "shared/page/incident_noun.go", before: `		{"correct_update",`,
			lines: `		{"pin_incident", IncidentNoun, "POST", "/incidents/:id/pin", Changes, Writers, Never,
			"Pin", "Pinned", func() Command { return &PinIncident{} }},
`},
		{file: "server/api/openapi.json", before: `  "/api/v1/incidents/{id}/updates/": {`,
			lines: `  "/api/v1/incidents/{id}/pin/": {
   "post": {
    "operationId": "pinIncident",
    "tags": ["Incidents"],
    "summary": "Pin an incident",
    "parameters": [{"$ref": "#/components/parameters/ObjectId"}],
    "responses": {
     "200": {"description": "Pinned.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Incident"}}}},
     "default": {"$ref": "#/components/responses/Problem"}
    }
   }
  },
`},
		{file: "server/app/api_access_test.go", before: `	"GET /api/v1/incidents/{incident}/updates"`,
			lines: "	\"POST /api/v1/incidents/{incident}/pin\": {writes, nil, 200},\n"},
		{file: "shared/page/diary_test.go", before: "func TestAForbiddenMoveNamesWhatIsAllowed",
			lines: `func TestAnIncidentIsPinned(t *testing.T) {
	d, ids := newDiary(t, "API")
	incident := d.ID()
	d.does("14:05", &page.OpenIncident{ID: incident, UpdateID: d.ID(), Title: "Down", Services: []page.Move{{ID: ids[0], To: status.Major}}})
	c := &page.PinIncident{}
	c.Remove(incident, nil)
	if is := d.does("14:06", c); is != "incident_pinned" {
		t.Error(is)
	}
}

`},
	},
	checks: []string{"go build ./shared/... ./server/store ./server/api",
		"go test ./shared/page ./public/build/generate"},
}

var aNoun = change{
	list: "### A new noun", own: "noun", most: 5, hand: 3,
	edits: []edit{
		{file: "shared/page/nouns.go", before: "	OrgNoun ", lines: "	NoticeNoun Noun = \"notice\"\n"},
		{file: "shared/page/nouns.go", behind: "&incidents, &maintenances,", lines: " &notices,"},
		{file: "shared/page/nouns.go", behind: "&incidentsTold, &maintenancesTold,", lines: " &noticesTold,"},
		{file: "shared/page/nouns.go", before: "	Bytes ", lines: "	Notices []status.Notice // newest first\n"},
		{file: "shared/page/nouns.go", before: "	Days ", lines: "	Notice *status.Notice\n"},
		{file: "shared/page/nouns.go", before: "	Maintenances map", lines: "	Notices map[string]status.Notice\n"},
		{file: "public/js/dashboard.js", before: "import './dashboard/views/maintenance.js';",
			lines: "import './dashboard/views/notice.js';\n"},
		{file: "server/api/openapi.json", before: `  "/api/v1/maintenances/": {`, lines: noticePaths},
		{file: "server/api/openapi.json", before: `   "Template": {`, lines: noticeSchemas},
	},
	checks: []string{
		"go build ./shared/... ./wasm/bridge ./server/store ./server/api ./server/site",
		"go test ./server/store -run TestEveryMigrationHasADatabase -write-databases",
		"go test ./shared/page ./public/build/generate",
		"go test ./server/store -run TestEveryColumn|TestTheErasureOfAnOrganization",
		"go test ./server/store -run TestAFileKeeps/(the_page_that_is_read|tables_can_be)",
	},
}

const noticePaths = `  "/api/v1/notices/": {
   "get": {
    "operationId": "listNotices",
    "tags": ["Notices"],
    "summary": "List notices",
    "responses": {"default": {"$ref": "#/components/responses/Problem"}}
   },
   "post": {
    "operationId": "addNotice",
    "tags": ["Notices"],
    "summary": "Add a notice",
    "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewNotice"}}}},
    "responses": {"default": {"$ref": "#/components/responses/Problem"}}
   }
  },
  "/api/v1/notices/{id}/": {
   "patch": {
    "operationId": "editNotice",
    "tags": ["Notices"],
    "summary": "Change a notice",
    "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NoticeChange"}}}},
    "responses": {"default": {"$ref": "#/components/responses/Problem"}}
   }
  },
`

const noticeSchemas = `   "Notice": {
    "type": "object",
    "required": ["id"],
    "properties": {
     "id": {"$ref": "#/components/schemas/Id"}
    }
   },
   "NewNotice": {
    "type": "object",
    "required": ["title"],
    "properties": {
     "id": {"$ref": "#/components/schemas/NewId"}
    },
    "additionalProperties": false
   },
   "NoticeChange": {
    "type": "object",
    "properties": {
     "title": {"type": "string"}
    },
    "additionalProperties": false
   },
`

// Each list is followed as it stands, on a copy, whose packages are built and tested. It takes a minute, so that make
// lists alone does it.
func TestTheListsOfTheReadmeAreWhatAChangeTakes(t *testing.T) {
	if os.Getenv("LISTS") == "" {
		t.Skip("make lists")
	}
	for _, c := range []change{aField, anEvent, aNoun} {
		t.Run(strings.TrimPrefix(c.list, "### "), c.follow)
	}
}

func (c change) follow(t *testing.T) {
	const root = "../../.."
	dir := t.TempDir()
	all := strings.Fields(run(t, root, "git", "ls-files", "--cached", "--others", "--exclude-standard"))
	for _, path := range all {
		if !strings.HasPrefix(path, "bench/") && !strings.HasPrefix(path, "docs/") {
			put(t, filepath.Join(dir, path), filepath.Join(root, path))
		}
	}
	run(t, dir, "git", "init", "-q")
	run(t, dir, "git", "add", "-A")
	for _, e := range c.edits {
		e.make(t, dir)
	}
	if c.own != "" {
		from := filepath.Join("testdata", "lists", c.own)
		if err := os.CopyFS(filepath.Join(dir), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	changed := strings.Fields(run(t, dir, "git", "diff", "--name-only"))
	for _, path := range changed {
		if strings.HasSuffix(path, ".go") {
			run(t, dir, "gofmt", "-w", path)
		}
	}
	run(t, dir, "go", "run", "./public/build/generate")
	for _, check := range c.checks {
		run(t, dir, strings.Fields(check)[0], strings.Fields(check)[1:]...)
	}
	c.count(t, dir)
}

// count holds the files that were changed to the list, and to how many there may be.
func (c change) count(t *testing.T, dir string) {
	t.Logf("%s%s", run(t, dir, "git", "diff", "--stat"), run(t, dir, "git", "ls-files", "--others"))
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(readme), c.list+"\n")
	list, _, _ = strings.Cut(list, "\n### ")
	changed := strings.Fields(run(t, dir, "git", "diff", "--name-only"))
	hand := 0
	for _, path := range changed {
		if !found || !strings.Contains(list, "`"+path+"`") {
			t.Errorf("%s was changed, and README.md does not say so", path)
		}
		if !slices.Contains(generated, path) {
			hand++
		}
	}
	if len(changed) > c.most || hand > c.hand {
		t.Errorf("%d files are changed, %d of them by hand", len(changed), hand)
	}
}

func (e edit) make(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, e.file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := e.before + e.behind
	i := strings.Index(string(text), at)
	if i < 0 {
		t.Fatalf("%s has no %q", e.file, at)
	}
	if e.behind != "" {
		i += len(at)
	}
	if err := os.WriteFile(path, []byte(string(text[:i])+e.lines+string(text[i:])), 0o600); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, to, from string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if os.IsNotExist(err) {
		return // deleted, and not committed yet
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o750)
	}
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...) // #nosec G204 -- our own commands
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LISTS=", "GOFLAGS=-trimpath")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
