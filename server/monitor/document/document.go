// Package document finds what stands somewhere in a JSON document that was read into Go's own types.
package document

import (
	"strconv"
	"strings"
)

// Pointer are the steps of a JSON pointer. RFC 6901 4.
func Pointer(pointer string) []string {
	if pointer == "" {
		return nil
	}
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, step := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return steps
}

// Find follows steps, names of members and places in lists; false where there is nothing.
func Find(doc any, steps []string) (any, bool) {
	for _, step := range steps {
		switch x := doc.(type) {
		case map[string]any:
			value, there := x[step]
			if !there {
				return nil, false
			}
			doc = value
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			doc = x[i]
		default:
			return nil, false
		}
	}
	return doc, true
}
