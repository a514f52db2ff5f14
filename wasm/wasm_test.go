// Package main_test runs the rules as browsers get them, and holds them against the rules as the server runs them.
package main_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"pgregory.net/rapid"

	"statuspage/public/build/core"
	"statuspage/server/racetest"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
	"statuspage/shared/wire"
	"statuspage/wasm/bridge"
)

// stories is how many random sequences of commands each of the two halves tells (issue "The dashboard that works in a
// tunnel": 10,000 in all), without the race detector, which has nothing to find in a core without goroutines.
func stories() string {
	if testing.Short() {
		return "500"
	}
	return "5000"
}

func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", stories()); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// shipped is the core that the build left in public/wasm, or, when the sources have changed since, one that is built
// the same way.
func shipped(t testing.TB) []byte {
	t.Helper()
	path, fresh := core.Current("..")
	if !fresh {
		t.Log("public/wasm is older than the sources; building the core for this test")
		wasm, err := core.Compile("..")
		if err != nil {
			t.Fatal(err)
		}
		return wasm
	}
	wasm, err := os.ReadFile(path) // #nosec G304 -- our own build
	if err != nil {
		t.Fatal(err)
	}
	packed, err := os.Open(path + ".br") // #nosec G304 -- our own build
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }()
	var unpacked bytes.Buffer
	if _, err := unpacked.ReadFrom(brotli.NewReader(packed)); err != nil || !bytes.Equal(unpacked.Bytes(), wasm) {
		t.Fatalf("what is served compressed is not what is served plain: %v", err)
	}
	return wasm
}

// instance is the core in a WebAssembly machine.
type instance struct {
	ctx                 context.Context
	memory              api.Memory
	alloc, call, answer api.Function
}

// machine compiles the core once; each call of what it gives starts an instance of its own.
func machine(t testing.TB) func() *instance {
	t.Helper()
	racetest.Plain(t, "a core without goroutines has nothing to find")
	ctx := context.Background()
	machine := wazero.NewRuntime(ctx)
	t.Cleanup(func() { _ = machine.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, machine)
	compiled, err := machine.CompileModule(ctx, shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	return func() *instance {
		config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").WithStderr(os.Stderr)
		module, err := machine.InstantiateModule(ctx, compiled, config)
		if err != nil {
			t.Fatal(err)
		}
		return &instance{ctx, module.Memory(), module.ExportedFunction("alloc"), module.ExportedFunction("call"),
			module.ExportedFunction("answer")}
	}
}

func (i *instance) Call(t failer, in []byte) []byte {
	at := i.run(t, i.alloc, uint64(len(in)))
	if !i.memory.Write(at, in) {
		t.Fatalf("no room for %d bytes at %d", len(in), at)
	}
	n := i.run(t, i.call, uint64(len(in)))
	out, ok := i.memory.Read(i.run(t, i.answer), n)
	if !ok {
		t.Fatalf("no answer of %d bytes", n)
	}
	return bytes.Clone(out) // the view is the machine's own memory
}

func (i *instance) run(t failer, f api.Function, args ...uint64) uint32 {
	out, err := f.Call(i.ctx, args...)
	if err != nil {
		t.Fatalf("the core broke: %v", err)
	}
	return api.DecodeU32(out[0])
}

type failer interface{ Fatalf(string, ...any) }

// pair is both copies of the rules, told the same.
type pair struct {
	t              *rapid.T
	wasm           *instance
	native         bridge.Core
	calls, refused *int
}

// ask compares what both answer, byte for byte.
func (p *pair) ask(message []byte) {
	*p.calls++
	want, got := p.native.Call(message), p.wasm.Call(p.t, message)
	if !bytes.Equal(want, got) {
		p.t.Fatalf("asked  %s\nnative %s\nwasm   %s", message, want, got)
	}
	if bytes.HasPrefix(got, []byte(`{"error"`)) {
		*p.refused++
	}
	if bytes.Contains(got, []byte(`"code":"internal"`)) {
		p.t.Fatalf("both broke on %s", message)
	}
}

// object writes a message; the mapping tells its fields.
type object func(*wire.Fields)

func (o object) Wire(f *wire.Fields) { o(f) }

func message(op string, fields func(*wire.Fields)) []byte {
	return wire.Marshal(object(func(f *wire.Fields) {
		f.Derived("op", op)
		fields(f)
	}))
}

func load(s page.State) []byte {
	return message("load", func(f *wire.Fields) { wire.One(f, "state", &s, (*page.State).Wire) })
}

func fold(frame []byte) []byte {
	return message("fold", func(f *wire.Fields) { f.Raw("frame", frame) })
}

// item is one command that waits to be sent.
type item struct {
	id      string
	at      status.Time
	command []byte
}

func (i *item) Wire(f *wire.Fields) {
	f.Str("id", &i.id)
	f.Time("at", &i.at)
	f.Raw("command", i.command)
}

func queue(items []item) []byte {
	return message("queue", func(f *wire.Fields) { wire.List(f, "queue", &items, (*item).Wire) })
}

func decide(i item) []byte { return message("decide", i.Wire) }

func uptime(service string, days int64, at status.Time) []byte {
	return message("uptime", func(f *wire.Fields) {
		f.Str("service", &service)
		f.Int("days", &days)
		f.Time("at", &at)
	})
}

func TestTheShippedCoreAnswersAsTheServerDoesByteForByte(t *testing.T) {
	start := machine(t)
	for _, half := range []string{"one half", "other half"} { // one for each core of the machine
		t.Run(half, func(t *testing.T) {
			t.Parallel()
			wasm := start()
			told, calls, refused := 0, 0, 0
			rapid.Check(t, func(t *rapid.T) {
				told++
				tell(t, &pair{t: t, wasm: wasm, calls: &calls, refused: &refused})
			})
			t.Logf("%d stories, %d calls, %d of them refused", told, calls, refused)
		})
	}
}

// tell is one story: a server that decides and a browser that hears of it, with commands of its own that wait.
func tell(t *rapid.T, p *pair) {
	a := &pagetest.Author{Space: 1}
	s, at := a.Page(), pagetest.Start
	p.ask(load(s))
	var waiting []item
	for range 1 + rapid.IntRange(0, 7).Draw(t, "commands") {
		at = a.Later(t, at)
		c := a.Command(t, s, at)
		i := item{a.ID(), at, page.MarshalCommand(c)}
		p.ask(decide(i))
		switch rapid.IntRange(0, 9).Draw(t, "then") {
		case 0: // it waits to be sent
			waiting = append(waiting, i)
			p.ask(queue(waiting))
		case 1: // somebody wonders how well it went
			if n := len(s.Services); n > 0 {
				p.ask(uptime(s.Services[n-1].ID, int64(rapid.IntRange(-1, 95).Draw(t, "days")), at))
			}
		case 2: // something broken arrives; the state is not what it was before
			p.ask(broken(t, decide(i)))
			p.ask(broken(t, load(s)))
			p.ask(load(s))
		}
		// The server decides, too, and everybody hears of it; what waits is decided again on top.
		events, _ := page.DecideAs(s, c, at, i.id)
		for k := range events {
			if s = page.Evolve(s, &events[k]); rapid.IntRange(0, 30).Draw(t, "lost") == 30 {
				p.ask(load(s)) // as after a gap
			} else {
				p.ask(fold(events[k].Frame()))
			}
		}
		if len(waiting) > 0 && len(events) > 0 {
			p.ask(queue(waiting))
		}
	}
	p.ask(fold([]byte(`{"type":"page_update","event":"page_changed","seq":` + wire.Itoa(s.Seq+2) +
		`,"data":{"id":"gap"}}`)))
}

func TestMemoryDoesNotGrowWithTheNumberOfMessages(t *testing.T) {
	wasm := machine(t)()
	message := []byte(`{"op":"` + strings.Repeat("x", 200_000) + `"}`)
	for range 400 {
		wasm.Call(t, message)
	}
	if size := wasm.memory.Size(); size > 64<<20 {
		t.Errorf("after 400 messages of %d bytes the core holds %d MB", len(message), size>>20)
	} else {
		t.Logf("%d MB", size>>20)
	}
}

// broken damages a message as networks, disks and programs do.
func broken(t *rapid.T, message []byte) []byte {
	out := bytes.Clone(message)
	at := rapid.IntRange(0, len(out)-1).Draw(t, "at")
	switch rapid.IntRange(0, 3).Draw(t, "damage") {
	case 0:
		return out[:at]
	case 1:
		out[at] = rapid.SampledFrom([]byte("\x00\xff\"\\{}[]:,0a ")).Draw(t, "byte")
		return out
	case 2:
		return append(out, out[at:]...)
	}
	return bytes.Replace(out, []byte(`"`), []byte(`null`), 1+at%5)
}

func TestBothRefuseWhatNobodyShouldSend(t *testing.T) {
	wasm := machine(t)()
	deep := strings.Repeat(`{"a":`, 2000)
	for name, in := range map[string]string{
		"nothing":              ``,
		"no object":            `[]`,
		"no operation":         `{}`,
		"an unknown one":       `{"op":"reboot"}`,
		"another kind":         `{"op":7}`,
		"load of nothing":      `{"op":"load"}`,
		"load of null":         `{"op":"load","state":null}`,
		"load of another kind": `{"op":"load","state":[]}`,
		"fold of nothing":      `{"op":"fold"}`,
		"fold of hello":        `{"op":"fold","frame":{"type":"hello","seq":1,"epoch":"e","region":"r"}}`,
		"fold of a gap":        `{"op":"fold","frame":{"type":"page_update","event":"page_changed","seq":9,"data":{"id":"x"}}}`,
		"decide of nothing":    `{"op":"decide","at":0}`,
		"an unknown command":   `{"op":"decide","at":0,"command":{"kind":"explode"}}`,
		"an unknown field":     `{"op":"decide","at":0,"command":{"kind":"create_service","nmae":"x"}}`,
		"a time out of range":  `{"op":"decide","at":999999999999999999,"command":{"kind":"create_service"}}`,
		"uptime of nobody":     `{"op":"uptime","at":0,"service":"x","days":90}`,
		"a bad queue":          `{"op":"queue","queue":[7,null]}`,
		"an empty queue item":  `{"op":"queue","queue":[{}]}`,
		"twins":                `{"op":"load","op":"load"}`,
		"too deep":             `{"op":"fold","frame":` + deep,
		"not UTF-8":            "{\"op\":\"\xff\"}",
		"a megabyte":           `{"op":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			var native bridge.Core
			want, got := native.Call([]byte(in)), wasm.Call(t, []byte(in))
			if !bytes.Equal(want, got) {
				t.Errorf("native %s\nwasm   %s", want, got)
			}
			if !bytes.HasPrefix(got, []byte(`{"error":{"code":"`)) && name != "an empty queue item" {
				t.Errorf("accepted: %s", got)
			}
		})
	}
}
