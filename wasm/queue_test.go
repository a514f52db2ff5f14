package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"statuspage/shared/page"
	"statuspage/wasm/bridge"
)

// kept is one of the queues that a release of the dashboard left in a browser, as it stood there. A release that writes
// another form of them adds its own: testdata/queues/DAY.json.
func kept(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/queues/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d queues, %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[filepath.Base(file)], err = os.ReadFile(file); err != nil { // #nosec G304 -- our own data
			t.Fatal(err)
		}
	}
	return all
}

// The rules of today take what was typed under those of any release, natively and in the browser.
func TestAQueueThatAReleaseLeftIsTakenByTheRulesOfToday(t *testing.T) {
	started := machine(t)
	queues, held := kept(t), map[string][]string{}
	for name, queue := range queues {
		load := []byte(
			`{"op":"load","state":{"seq":1,"org":{"id":"01920000-0000-7000-8000-000000000001","slug":"acme","name":"Acme","time_zone":"UTC","version":1}}}`)
		decide := []byte(`{"op":"queue","at":"2026-11-28T12:00:00Z","queue":` + string(queue) + `}`)
		var native bridge.Core
		wasm := started()
		if is, want := wasm.Call(t, load), native.Call(load); !bytes.Equal(is, want) {
			t.Fatalf("%s: load: %s and %s", name, is, want)
		}
		answer := native.Call(decide)
		if is := wasm.Call(t, decide); !bytes.Equal(is, answer) {
			t.Errorf("%s: the two copies of the rules differ", name)
		}
		var said struct {
			Value struct {
				Verdicts []struct {
					ID     string
					Events []json.RawMessage
					Error  json.RawMessage
				}
			}
			Error json.RawMessage
		}
		var items []struct {
			ID      string
			Command struct{ Kind string }
		}
		if err := json.Unmarshal(queue, &items); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(answer, &said); err != nil || said.Error != nil ||
			len(said.Value.Verdicts) != len(items) {
			t.Fatalf("%s: %.300s, %v", name, answer, err)
		}
		kinds := map[string]bool{}
		for i, v := range said.Value.Verdicts {
			kinds[items[i].Command.Kind] = true
			if v.ID != items[i].ID || v.Error != nil || len(v.Events) == 0 {
				t.Errorf("%s: item %d, %s: %s, %d events", name, i+1, items[i].Command.Kind, v.Error, len(v.Events))
			}
		}
		for kind := range kinds {
			held[kind] = append(held[kind], name)
		}
	}
	holdAll(t, queues, held)
}

// inQueues is how many kinds of commands stand in the queues: more with a release that adds some, never fewer.
const inQueues = 12

// holdAll: from the first queue on that has a kind, all have it. A kind that came after the last release is in none
// yet.
func holdAll(t *testing.T, queues map[string][]byte, held map[string][]string) {
	t.Helper()
	if len(held) < inQueues {
		t.Errorf("the queues hold %d kinds of commands", len(held))
	}
	for _, row := range page.Commands {
		in := held[row.Kind]
		for name := range queues {
			if len(in) > 0 && name > slices.Min(in) && !slices.Contains(in, name) {
				t.Errorf("%s: no %s in it", name, row.Kind)
			}
		}
	}
}
