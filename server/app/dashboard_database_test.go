package app_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"statuspage/server/auth"
)

// writeBrowser names the file of a schema that has none yet: go test ./server/app -run 'TestDashboard$/Every_database'
// -write-browser ../../wasm/testdata/browsers/2.json writes what today's dashboard leaves in a browser.
var writeBrowser = flag.String("write-browser", "", "the `file` that takes the database of today's dashboard")

// left is the database of a dashboard as it stands in a browser: its schema and its rows. ORG and USER stand for ids.
type left struct {
	Version int                        `json:"version"`
	Stores  map[string]json.RawMessage `json:"stores"`
	Rows    map[string]json.RawMessage `json:"rows"`
}

// dump reads the whole database of a page's origin.
const dump = `new Promise((resolve, reject) => {
	const open = indexedDB.open('statuspage');
	open.onerror = () => reject(open.error);
	open.onsuccess = () => {
		const db = open.result, names = [...db.objectStoreNames], tx = db.transaction(names);
		const out = { version: db.version, stores: {}, rows: {} };
		for (const name of names) {
			const store = tx.objectStore(name);
			out.stores[name] = { keyPath: store.keyPath, autoIncrement: store.autoIncrement, indexes: {} };
			for (const index of store.indexNames) {
				const { keyPath, unique, multiEntry } = store.index(index);
				out.stores[name].indexes[index] = { keyPath, unique, multiEntry };
			}
			store.getAll().onsuccess = (got) => (out.rows[name] = got.target.result);
		}
		tx.oncomplete = () => { db.close(); resolve(JSON.stringify(out)); };
	};
})`

// lay makes a database as it was left, and adds a queue to it with its times moved to today.
const lay = `new Promise((resolve, reject) => {
	const left = %s, queue = %s;
	const open = indexedDB.open('statuspage', left.version);
	open.onerror = () => reject(open.error);
	open.onupgradeneeded = () => {
		for (const [name, { keyPath, autoIncrement, indexes }] of Object.entries(left.stores)) {
			const store = open.result.createObjectStore(name, { keyPath, autoIncrement });
			for (const [index, { keyPath, ...how }] of Object.entries(indexes)) store.createIndex(index, keyPath, how);
		}
	};
	open.onsuccess = () => {
		const tx = open.result.transaction(Object.keys(left.stores), 'readwrite');
		for (const [name, rows] of Object.entries(left.rows)) {
			if (name !== 'queue') for (const row of rows) tx.objectStore(name).add(row);
		}
		const moved = Date.now() - Date.parse(queue.at(-1).at);
		const today = (_, at) => JSON.stringify(new Date(Date.parse(at) + moved).toISOString());
		for (const item of queue) {
			const text = JSON.stringify(item).replace(/"(\d{4}-\d\d-\d\dT[\d:.]+Z)"/g, today);
			tx.objectStore('queue').add(JSON.parse(text));
		}
		tx.onabort = () => reject(tx.error);
		tx.oncomplete = () => { open.result.close(); resolve(true); };
	};
})`

// holds waits until the browser's database is as it should be.
func (b *tab) holds(what string, is func(left) bool) (now left) {
	b.t.Helper()
	end, look := time.After(patience), time.NewTicker(50*time.Millisecond)
	defer look.Stop()
	for {
		now = left{}
		if err := json.Unmarshal([]byte(eval[string](b, "%s", dump)), &now); err != nil {
			b.t.Fatal(err)
		}
		if is(now) {
			return now
		}
		select {
		case <-look.C:
		case <-end:
			b.t.Fatalf("the browser never held %s: %s", what, now.Rows)
		}
	}
}

// keptDatabases opens what a dashboard of each schema left in a browser (wasm/testdata/browsers), with the queue of
// each release in it: today's upgrades it, sends the queue and keeps what was typed and not published.
func keptDatabases(t *testing.T, w *browser) {
	if *writeBrowser != "" {
		writeDatabase(t, w)
	}
	databases, err := filepath.Glob("../../wasm/testdata/browsers/*.json")
	if err != nil || len(databases) == 0 {
		t.Fatalf("%d databases, %v", len(databases), err)
	}
	queues, err := filepath.Glob("../../wasm/testdata/queues/*.json")
	if err != nil || len(queues) < 3 {
		t.Fatalf("%d queues, %v", len(queues), err)
	}
	var today, newest left
	for _, database := range databases {
		for _, queue := range queues {
			c := startSite(t, nil).tenant("acme")
			user := c.joined("ada@acme.example", auth.Admin, password)
			b := w.visitor(t, "http://"+c.addr)
			b.visit("/healthz") // the same origin, and no page that opens the database
			ours := strings.NewReplacer("ORG", c.id, "USER", user)
			eval[bool](b, lay, ours.Replace(contents(t, database)), ours.Replace(contents(t, queue)))
			b.signIn("ada@acme.example")
			today = b.holds("an empty queue", func(l left) bool {
				rows := string(l.Rows["queue"])
				if strings.Contains(rows, `"refused"`) {
					t.Fatalf("%s, %s: refused: %s", database, queue, rows)
				}
				return rows == "[]"
			})
			c.hasTheQueue(database + ", " + queue)
			if drafts := string(today.Rows["drafts"]); !strings.Contains(drafts, "typed and not published") {
				t.Errorf("%s: what was typed is gone: %s", database, drafts)
			}
			b.clean()
		}
		newest = left{}
		if err := json.Unmarshal([]byte(contents(t, database)), &newest); err != nil {
			t.Fatal(err)
		}
	}
	// Each schema has its file, and the newest file is today's schema.
	if today.Version != len(databases) || today.Version != newest.Version || !sameStores(today, newest) {
		t.Errorf("the schema is version %d, %s; %s has version %d, %s: write the file of a new one with -write-browser",
			today.Version, today.Stores, databases[len(databases)-1], newest.Version, newest.Stores)
	}
}

func sameStores(a, b left) bool {
	plain := func(l left) (out map[string]any) {
		raw, err := json.Marshal(l.Stores)
		if err == nil {
			err = json.Unmarshal(raw, &out)
		}
		if err != nil {
			panic(err)
		}
		return out
	}
	return reflect.DeepEqual(plain(a), plain(b))
}

func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path) // #nosec G304 -- our own data
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// writeDatabase leaves a queued command, a draft and a page in a browser, and writes down what is there.
func writeDatabase(t *testing.T, w *browser) {
	c := startSite(t, nil).tenant("acme")
	user := c.joined("ada@acme.example", auth.Admin, password)
	c.service("API")
	line := layCable(t, c.addr)
	b := w.visitor(t, line.url())
	b.signIn("ada@acme.example")
	b.kept()
	line.cut()
	b.until(`document.querySelector('.connection.offline')`)
	b.openIncident("Queued", "API")
	b.queued(1)
	b.visit("/dashboard")
	b.until(`document.querySelector('main h1')`)
	b.key("i")
	b.until(`document.activeElement?.id === 'f-title'`)
	b.key("typed and not published")
	now := b.holds("a draft", func(l left) bool {
		return strings.Contains(string(l.Rows["drafts"]),
			"typed and not published")
	})
	raw, err := json.MarshalIndent(now, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(c.id, "ORG", user, "USER").Replace(string(raw))
	if err := os.WriteFile(*writeBrowser, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
