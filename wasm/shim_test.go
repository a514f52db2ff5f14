package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/wasm/bridge"
)

// node runs a script of testdata on an address and standard input, and gives what it prints. Node.js is needed by `make test`.
func node(t *testing.T, script, url string, in []byte) []byte {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, "node", filepath.Join("testdata", script), url) // #nosec G204 -- our own script
	cmd.Stdin = bytes.NewReader(in)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, said.String())
	}
	return out
}

func serve(t *testing.T, wasm []byte, mediaType string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/core.wasm" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", mediaType)
		_, _ = w.Write(wasm)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// One story, asked through public/js/core.js as the dashboard asks it, answered as the server's own copy answers.
func TestTheBrowsersShimGivesTheServersAnswers(t *testing.T) {
	var messages [][]byte
	rapid.Custom(func(t *rapid.T) bool {
		a := &pagetest.Author{Space: 1}
		s, at := a.Page(), pagetest.Start
		messages = [][]byte{load(s)}
		for range 60 {
			at = a.Later(t, at)
			i := item{a.ID(), at, page.MarshalCommand(a.Command(t, s, at))}
			c, _ := page.UnmarshalCommand(i.command)
			events, _ := page.DecideAs(s, c, at, i.id)
			messages = append(messages, decide(i))
			for k := range events {
				s = page.Evolve(s, &events[k])
				messages = append(messages, fold(events[k].Frame()))
			}
			messages = append(messages, queue([]item{i}))
			if len(s.Services) > 0 {
				messages = append(messages, uptime(s.Services[0].ID, 90, at))
			}
		}
		return true
	}).Example(7)
	messages = append(messages, []byte(`{"op":"unknown"}`), []byte(`{"op":"`+strings.Repeat("🚒", 300_000)+`"}`),
		[]byte(`{"op":"\ud83d alone"}`))

	in, err := json.Marshal(texts(messages))
	if err != nil {
		t.Fatal(err)
	}
	var answers []string
	if err := json.Unmarshal(node(t, "ask.mjs", serve(t, shipped(t), "application/wasm")+"/core.wasm", in),
		&answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(messages) {
		t.Fatalf("%d answers to %d messages", len(answers), len(messages))
	}
	var native bridge.Core
	refused := 0
	for i, message := range messages {
		want := canonical(t, native.Call(message))
		if strings.HasPrefix(want, `{"error"`) {
			refused++
		}
		if got := canonical(t, []byte(answers[i])); got != want {
			t.Fatalf("asked %.2000s\nwant %.2000s\ngot  %.2000s", message, want, got)
		}
	}
	t.Logf("%d messages, %d refused", len(messages), refused)
}

func texts(list [][]byte) []string {
	out := make([]string, len(list))
	for i, b := range list {
		out[i] = string(b)
	}
	return out
}

// canonical is the value as such: JavaScript writes the same one with other escapes.
func canonical(t *testing.T, in []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(in, &v); err != nil {
		t.Fatalf("%v: %.200s", err, in)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestTheShimWorksWithoutTheRightMediaTypeAndSaysWhenThereAreNoRules(t *testing.T) {
	url := serve(t, shipped(t), "application/octet-stream")
	out := node(t, "ask.mjs", url+"/core.wasm", []byte(`["{\"op\":\"none\"}"]`))
	if !strings.Contains(string(out), "There is no operation named none.") {
		t.Errorf("%s", out)
	}
	if out := node(t, "missing.mjs", url+"/nothing.wasm", nil); strings.TrimSpace(
		string(out)) != "The rules could not be fetched: 404." {
		t.Errorf("%s", out)
	}
}

func TestTheShimStartsTheRulesAnewWhenTheyBreak(t *testing.T) {
	out := node(t, "restart.mjs", serve(t, trapping(), "application/wasm")+"/core.wasm", nil)
	want := `{"first":{"value":1},"broken":{"code":"internal"},"told":1,"after":{"value":2},"again":2,"threw":"no"}`
	if strings.TrimSpace(string(out)) != want {
		t.Errorf("got  %s\nwant %s", out, want)
	}
}

// trapping is a module by hand: memory; _initialize does nothing; alloc gives 1024; call(n) breaks when n > 100, else
// gives n; answer gives 1024.
func trapping() []byte {
	section := func(id byte, body ...byte) []byte { return append([]byte{id, byte(len(body))}, body...) }
	name := func(s string, kind, index byte) []byte {
		return append(append([]byte{byte(len(s))}, s...), kind, index)
	}
	exports := []byte{5}
	for _, e := range [][]byte{name("memory", 2, 0), name("_initialize", 0, 0), name("alloc", 0, 1), name("call", 0, 2),
		name("answer", 0, 3)} {
		exports = append(exports, e...)
	}
	const i32, unreachable, end = 0x7f, 0x00, 0x0b
	at1024 := []byte{0, 0x41, 0x80, 0x08, end} // i32.const 1024
	call := []byte{0, 0x20, 0, 0x41, 0xe4, 0x00, 0x4a, 0x04, 0x40, unreachable, end, 0x20, 0, end}
	code := []byte{4, 2, 0, end}
	for _, body := range [][]byte{at1024, call, at1024} {
		code = append(append(code, byte(len(body))), body...)
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = append(out, section(1, 3, 0x60, 0, 0, 0x60, 1, i32, 1, i32, 0x60, 0, 1, i32)...)
	out = append(out, section(3, 4, 0, 1, 1, 2)...)
	out = append(out, section(5, 1, 0, 1)...)
	out = append(out, section(7, exports...)...)
	return append(out, section(10, code...)...)
}

// What the module asks of its host is what the shim offers, neither more nor less.
func TestTheShimOffersWhatTheCoreImportsAndNoMore(t *testing.T) {
	out := node(t, "imports.mjs", serve(t, shipped(t), "application/wasm")+"/core.wasm", nil)
	shim, err := os.ReadFile(filepath.Join("..", "public", "js", "core.js"))
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(out))
	for _, name := range names {
		if !bytes.Contains(shim, []byte("\n    "+name+": ")) {
			t.Errorf("the core imports %s, which core.js does not offer", name)
		}
	}
	_, host, _ := strings.Cut(string(shim), "const host = {")
	host, _, _ = strings.Cut(host, "\n  };")
	offered := regexp.MustCompile(`(?m)^    (\w+): `).FindAllStringSubmatch(host, -1)
	if len(offered) != len(names) {
		t.Errorf("the core imports %d functions, core.js offers %d", len(names), len(offered))
	}
}
