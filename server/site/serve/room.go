package serve

import (
	"strings"
	"unicode/utf8"

	"statuspage/shared/status"
)

// MaxText is how many bytes of people's texts one document shows, an entry's own bytes included.
const MaxText = 96 << 10

const (
	entryBytes = 200 // that an entry takes beside its text
	briefBytes = 280 // that each object is told with, at least
)

// Room shares out what one document may show among the objects that it is about, each with texts of its own, the newest
// first. What it decides depends on the texts alone: every region shows the same.
type Room struct {
	left    int // bytes
	share   int // of the object whose turn it is
	objects int // that have not had their turn
	told    bool
}

// NewRoom is room for a number of objects.
func NewRoom(bytes, objects int) *Room { return &Room{left: bytes, objects: objects} }

// Turn begins with the next object. It may take half of what there is, as long as those that follow can be told in
// brief; the last may take all.
func (r *Room) Turn() {
	if r.objects--; r.objects > 0 {
		r.share = (r.left - r.objects*(briefBytes+entryBytes)) / 2
	} else {
		r.share = r.left
	}
	r.told = false
}

// Take is the next text of the object whose turn it is; ok is false when there is no room for it. The first has room
// always, in brief if need be.
func (r *Room) Take(text string) (shown string, ok bool) {
	if len(text)+entryBytes > r.share {
		if r.told {
			return "", false
		}
		text = Brief(text, max(r.share-entryBytes, briefBytes))
	}
	r.told = true
	r.share -= len(text) + entryBytes
	r.left -= len(text) + entryBytes
	return text, true
}

// Brief is the beginning of a text, in bytes at most.
func Brief(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := max(most-len("…"), 0)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.TrimRight(s[:end], " \n") + "…"
}

// Portion finds which of n texts, the oldest first, stand on one part of a timeline that begins with the newest. Each
// part has as many as a document may show, and one at least; ok is false when there is no such part.
func Portion(n, part int, size func(int) int) (from, to int, more, ok bool) {
	for to = n; ; part-- {
		room := MaxText
		for from = to; from > 0; from-- {
			if room -= size(from-1) + entryBytes; room < 0 && from < to {
				break
			}
		}
		if part == 1 {
			return from, to, from > 0, true
		}
		if from == 0 {
			return 0, 0, false, false
		}
		to = from
	}
}

// MaxJSON is how many bytes of people's texts a document for programs has: it is not rendered.
const MaxJSON = 512 << 10

// affectedBytes is what a service takes that an update names.
const affectedBytes = 150

// Newest finds how many texts of an object there is room for, the newest first: those of n from `from` on. The last of
// n is always among them.
func (r *Room) Newest(n int, size func(int) int) (from int) {
	r.Turn()
	for from = n; from > 0; from-- {
		cost := size(from-1) + entryBytes
		if from < n && cost > r.share {
			break
		}
		r.share -= cost
		r.left -= cost
	}
	return from
}

// Incidents is the list with as many updates, the newest of each, as there is room for.
func (r *Room) Incidents(list []status.Incident) []status.Incident {
	return trimmed(list, func(in *status.Incident) {
		from := r.Newest(len(in.Updates), func(i int) int { return updateSize(&in.Updates[i]) })
		in.Updates = in.Updates[from:]
	})
}

// Maintenances is the same of windows.
func (r *Room) Maintenances(list []status.Maintenance) []status.Maintenance {
	return trimmed(list, func(m *status.Maintenance) {
		from := r.Newest(len(m.Updates), func(i int) int { return len(m.Updates[i].Body) })
		m.Updates = m.Updates[from:]
	})
}

func updateSize(u *status.Update) int { return len(u.Body) + affectedBytes*len(u.Services) }

// trimmed cuts copies: the page's own objects stay whole.
func trimmed[T any](list []T, cut func(*T)) []T {
	out := append([]T{}, list...)
	for i := range out {
		cut(&out[i])
	}
	return out
}
