package statuspagev2

import (
	"crypto/sha256"
	"encoding/binary"

	"statuspage/shared/page"
)

// naming gives an object of ours the id by which v2 clients know it.
type naming map[string]string

// newNaming names everything on a page, the oldest first: an id depends on the object alone, unless an older object of
// the same page has it already (once in 10^9 pages of 100,000 objects); then the younger one is named again.
func newNaming(s *page.State, hash func(string) string) naming {
	n, taken := naming{}, map[string]bool{}
	add := func(key string) {
		if n[key] != "" {
			return
		}
		id := hash(key)
		for again := key; taken[id]; {
			again += "+"
			id = hash(again)
		}
		n[key], taken[id] = id, true
	}
	add(s.Org.ID)
	for i := range s.Services {
		add(s.Services[i].ID)
		if g := s.Services[i].Group; g != "" {
			add(groupKey(s, g))
		}
	}
	for i := len(s.Maintenances) - 1; i >= 0; i-- {
		m := &s.Maintenances[i]
		add(m.ID)
		add(planned(m))
		if m.Noted() {
			add(began(m))
			add(ended(m))
		}
		for k := range m.Updates {
			add(m.Updates[k].ID)
		}
		for _, x := range m.Services {
			add(x.ID)
		}
	}
	for i := len(s.Incidents) - 1; i >= 0; i-- {
		in := &s.Incidents[i]
		add(in.ID)
		for k := range in.Updates {
			add(in.Updates[k].ID)
		}
		if in.PostmortemAt != nil {
			add(explained(in))
		}
		for _, a := range in.Services {
			add(a.ID)
		}
	}
	return n
}

// groupKey stands for a group, which has no id of its own: it is its name.
func groupKey(s *page.State, group string) string { return s.Org.ID + "/group/" + group }

// shortID is twelve of a-z and 0-9, made of a key's hash and nothing else: the same in every region and for ever.
func shortID(key string) string {
	sum := sha256.Sum256([]byte(key))
	n := binary.BigEndian.Uint64(sum[:8])
	var out [12]byte
	for i := range out {
		out[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[n%36]
		n /= 36
	}
	return string(out[:])
}
