package public

import (
	"os/exec"
	"strings"
	"testing"
)

// A whole state that was asked for before messages came takes none of them back, and one of another log does.
func TestAnOlderWholeStateTakesNothingBack(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node")
	}
	// #nosec G204 -- our own script
	said, err := exec.CommandContext(t.Context(), node, "--input-type=module", "-e", `
globalThis.indexedDB = { open: () => ({}) };
globalThis.document = { documentElement: { dataset: {} }, querySelector: () => null, addEventListener() {}, cookie: "" };
globalThis.window = globalThis; globalThis.addEventListener = () => {}; globalThis.location = { href: "http://x/", pathname: "/", search: "" };
const { base, hear, replace } = await import("./js/dashboard/page.js");
const tell = [];
const take = (seq, epoch) => { replace({ seq }, epoch).catch(() => {}); tell.push(base.seq); };
take(5, "a");
hear({ seq: 6, type: "x" });
hear({ seq: 7, type: "x" });
take(6, "a");
take(7, "a");
take(9, "a");
take(2, "b");
console.log(tell.join(" "));
process.exit(0);
`).CombinedOutput()
	if got := strings.TrimSpace(string(said)); err != nil || got != "5 7 7 9 2" {
		t.Errorf("it went through %s, %v", got, err)
	}
}

// A command that causes two messages stays on top of the page until both are there: what waits behind it rests on both.
func TestACommandStaysUntilThePageHasAllThatItCaused(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node")
	}
	// #nosec G204 -- our own script
	said, err := exec.CommandContext(t.Context(), node, "--input-type=module", "-e", `
globalThis.indexedDB = { open: () => ({}) };
globalThis.document = { documentElement: { dataset: {} }, querySelector: () => null, addEventListener() {}, cookie: "" };
globalThis.window = globalThis; globalThis.addEventListener = () => {}; globalThis.location = { href: "http://x/", pathname: "/", search: "" };
const page = await import("./js/dashboard/page.js");
const { model } = await import("./js/dashboard/model.js");
const { link } = await import("./js/dashboard/connection.js");
const { rebase } = await import("./js/dashboard/rebase.js");
const item = { id: "c", state: "waiting", title: "x", seq: 5, command: {} };
const tell = [];
page.replace({ seq: 5 }, "a").catch(() => {});
model.queue = [item];
const hear = (seq) => { link.handlers.frame({ seq, type: "x", command: "c" }); rebase(); tell.push(model.queue.length); };
hear(6);
hear(7);
Object.assign(item, { state: "sent", sentSeq: 8 });
hear(8);
setTimeout(() => { console.log(tell.join(" "), item.state, page.base.seq); process.exit(0); }, 50);
`).CombinedOutput()
	if got := strings.TrimSpace(string(said)); err != nil || !strings.HasPrefix(got, "1 1 0 sent 8") {
		t.Errorf("%s, %v", got, err)
	}
}
