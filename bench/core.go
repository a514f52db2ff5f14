package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"statuspage/public/build/core"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
	"statuspage/wasm/bridge"
)

const decisions = 1000

// rules measures one decision: in the browser's engine through public/js/core.js, and natively.
func (b *bench) rules(ctx context.Context) error {
	if _, err := exec.LookPath("node"); err != nil {
		b.report.say("### The rules\n\nNot measured: there is no node here.")
		return nil
	}
	wasm, fresh := core.Current(b.root)
	if !fresh {
		return fmt.Errorf("the core is older than its sources")
	}
	load, decide, refused := messages()
	input := filepath.Join(b.dir, "messages.json")
	text, err := json.Marshal(map[string]any{"load": json.RawMessage(load), "decide": json.RawMessage(decide),
		"refused": json.RawMessage(refused), "n": decisions})
	if err != nil {
		return err
	}
	if err := os.WriteFile(input, text, 0o600); err != nil {
		return err
	}
	var browser, native, ready []time.Duration
	for range b.rounds {
		// #nosec G204 -- our own words
		c := exec.CommandContext(ctx, "node", "core.mjs", filepath.Join(b.root, "public", "js", "core.js"), wasm, input)
		c.Stderr = os.Stderr
		out, err := c.Output()
		if err != nil {
			return err
		}
		var got struct{ Start, Decide float64 } // µs
		if err := json.Unmarshal(out, &got); err != nil {
			return fmt.Errorf("%s: %w", out, err)
		}
		browser, ready = append(browser, time.Duration(got.Decide*1e3)), append(ready, time.Duration(got.Start*1e3))
		native = append(native, natively(load, decide))
	}
	b.report.say("### One decision of the rules, with the preview of the whole page (an incident on a page of 20 " +
		"services; 0.3 KB in, 11 KB out)")
	b.report.table("where|CPU µs|× native", [][]string{
		{"native Go", us(median(native)), "1.00"},
		{"core.wasm in node, through public/js/core.js", us(median(browser)), times(float64(median(browser)),
			float64(median(native)))},
	})
	b.report.say("Compiling and starting core.wasm in node: %s ms.", ms(median(ready)))
	return b.inChromium(ctx, wasm, input)
}

// inChromium holds what an admin's browser needs to its budgets.
func (b *bench) inChromium(ctx context.Context, wasm, input string) error {
	all, err := b.weights()
	if err != nil {
		return err
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		b.report.say("There is no chromium here: the start in a browser was not measured.")
		return b.hold(all)
	}
	var cold, warm, full, small []float64
	for range b.rounds {
		v, err := b.chromium(ctx, wasm, input)
		if err != nil {
			return err
		}
		last := v[len(v)-1]
		cold, warm, full, small = append(cold, v[0].Start), append(warm, last.Start), append(full,
			last.Full), append(small, last.Refused)
	}
	return b.hold(append(all,
		budget{"from asking for core.wasm to the first decision, first visit", median(cold), 1000, "ms"},
		budget{"the same, later visits", median(warm), 500, "ms"},
		budget{"a decision with the preview of the whole page", median(full), 5, "ms"},
		budget{"a decision that refuses", median(small), 1, "ms"},
	))
}

// natively is the CPU time of one decision: other people's work on the machine is not counted.
func natively(load, decide []byte) time.Duration {
	var c bridge.Core
	c.Call(load)
	began := used()
	for range decisions {
		c.Call(decide)
	}
	return (used() - began) / decisions
}

func used() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

const at = 1_790_000_000_000

// messages are a page of 20 services, an incident on the first, and one that cannot be.
func messages() (load, decide, refused []byte) {
	event, no := page.Create("01900000-0000-7000-8000-000000000001", "acme", "Acme", at)
	if no != nil {
		panic(no)
	}
	state := page.Evolve(page.State{}, &event)
	id := func(n int) string { return fmt.Sprintf("01900000-0000-7000-8000-%012d", n) }
	for i := range 20 {
		events, no := page.Decide(state, &page.CreateService{ID: id(100 + i), Name: fmt.Sprintf("Service %d", i)}, at)
		if no != nil {
			panic(no)
		}
		for k := range events {
			state = page.Evolve(state, &events[k])
		}
	}
	load = fmt.Appendf(nil, `{"op":"load","state":%s}`, wire.Marshal(&state))
	open := page.MarshalCommand(&page.OpenIncident{ID: id(900), UpdateID: id(901), Title: "Slow pages",
		Description: "We are looking into it.",
		Services:    []page.Move{{ID: id(100), To: status.Degraded}}})
	decide = fmt.Appendf(nil, `{"op":"decide","at":%d,"command":%s}`, int64(at), open)
	never := page.MarshalCommand(&page.OpenIncident{ID: id(900), UpdateID: id(901), Title: "Nothing",
		Services: []page.Move{{ID: id(100), To: status.Operational}}})
	refused = fmt.Appendf(nil, `{"op":"decide","at":%d,"command":%s}`, int64(at), never)
	return load, decide, refused
}
