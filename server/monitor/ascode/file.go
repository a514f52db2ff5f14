// Package ascode keeps monitors as a file says them: it reads the file, or a configuration of Gatus, compares it with
// what an installation has, and makes the difference through its HTTP API.
package ascode

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// Wanted is a monitor as a file says it. What Members does not have is left as it is.
type Wanted struct {
	Name    string
	Line    int
	Members map[string]any // of the API; service may be a name
}

// Remark is something in a file that cannot be had here.
type Remark struct {
	Line int
	Text string
}

// maxFile is how large a file may be.
const maxFile = 5 << 20

// known are the members of a monitor that a file may set.
var known = map[string]bool{"name": true, "kind": true, "target": true, "service": true, "interval_s": true,
	"timeout_ms": true, "conditions": true, "headers": true, "method": true, "body": true, "regions": true,
	"failures": true, "successes": true, "quorum": true, "action": true, "to_state": true, "template": true,
	"hold_off_s": true, "shown": true, "paused": true}

// Read reads `monitors:`, each with the members of the API, or a configuration of Gatus (`endpoints:`). ${NAME} is
// taken from the environment.
func Read(text []byte) (list []Wanted, remarks []Remark, err error) {
	if len(text) > maxFile {
		return nil, nil, fmt.Errorf("the file has more than %d bytes", maxFile)
	}
	var doc struct {
		Monitors  []yaml.Node `yaml:"monitors"`
		Endpoints []yaml.Node `yaml:"endpoints"`
		External  []yaml.Node `yaml:"external-endpoints"`
	}
	expanded := os.Expand(string(text), func(name string) string {
		if name == "$" {
			return "$"
		}
		return os.Getenv(name)
	})
	if err := yaml.Unmarshal([]byte(expanded), &doc); err != nil {
		return nil, nil, err
	}
	if doc.Monitors == nil && doc.Endpoints == nil && doc.External == nil {
		return nil, nil, errors.New("it has neither monitors: nor, as Gatus, endpoints:")
	}
	for i := range doc.Monitors {
		w, err := own(&doc.Monitors[i])
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", doc.Monitors[i].Line, err)
		}
		list = append(list, w)
	}
	g := gatus{}
	for i := range doc.Endpoints {
		list = g.endpoint(list, &doc.Endpoints[i])
	}
	for i := range doc.External {
		list = g.external(list, &doc.External[i])
	}
	seen := map[string]int{}
	for _, w := range list {
		if before, twice := seen[w.Name]; twice {
			return nil, nil, fmt.Errorf("line %d: %q is in line %d, too: monitors are known by their names", w.Line,
				w.Name,
				before)
		}
		seen[w.Name] = w.Line
	}
	return list, g.remarks, nil
}

func own(node *yaml.Node) (w Wanted, err error) {
	w.Line = node.Line
	if err := node.Decode(&w.Members); err != nil {
		return w, err
	}
	for member := range w.Members {
		if !known[member] {
			return w, fmt.Errorf("a monitor has no member %q", member)
		}
	}
	if w.Name, _ = w.Members["name"].(string); w.Name == "" {
		return w, errors.New("a monitor needs a name")
	}
	_, err = json.Marshal(w.Members)
	return w, err
}
