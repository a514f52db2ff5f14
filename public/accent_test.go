package public_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// rings asks the dashboard's script for the ring of many accents, and for its contrast with what it may stand on.
const rings = `import { contrast, grounds, ring } from "./js/dashboard/accent.js";
let tried = 0;
for (let r = 0; r <= 255; r += 15) for (let g = 0; g <= 255; g += 15) for (let b = 0; b <= 255; b += 15) {
	const colour = "#" + [r, g, b].map((c) => c.toString(16).padStart(2, "0")).join("");
	for (const [scheme, ground] of Object.entries(grounds)) {
		const drawn = ring(colour, ground);
		tried++;
		for (const under of ground.on) if (contrast(drawn, under) < 3) console.log(scheme, colour, drawn, under);
	}
}
if (tried < 10000) console.log("only", tried);
for (const { on, towards } of Object.values(grounds)) console.error([...on, towards].join("\n"));`

// Whatever colour an organisation chooses, what has the focus in the dashboard can be seen (WCAG 2.2, 1.4.11).
func TestTheFocusIsSeenWithEveryAccent(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node")
	}
	run := exec.CommandContext(t.Context(), node, "--input-type=module", "-e", rings) // #nosec G204 -- our own script
	var used strings.Builder
	run.Stderr = &used
	said, err := run.Output()
	if err != nil || len(said) > 0 {
		t.Fatalf("%v: too little contrast:\n%.500s%.500s", err, said, used.String())
	}
	tokens, err := os.ReadFile("css/status/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, colour := range strings.Fields(used.String()) {
		written := strings.Replace(colour, "#ffffff", "#fff", 1)
		if !regexp.MustCompile(`--(?:ground|surface|raised|text): ` + written + `;`).Match(tokens) {
			t.Errorf("%s is no ground of tokens.css", colour)
		}
	}
}
