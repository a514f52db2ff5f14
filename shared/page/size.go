package page

import "statuspage/shared/fault"

// MaxBytes is how large a page may be: State.Bytes of what a command leaves behind. A remote database answers
// 10,000,000 bytes at once, of which the records of MaxServices services over status.KeepDays days take at most
// 4,500,000, and takes a row of 5,000,000.
const MaxBytes = 4_000_000

// moveText is how much a move of an incident or window to another status may say when the page is full: what is over
// can always be said to be over.
const moveText = 2_000

// What an object without words takes in a database's answer, at most.
const (
	orgBytes         = 4_000 // with all its words but the long ones
	serviceBytes     = 600
	incidentBytes    = 900
	updateBytes      = 350
	affectedBytes    = 200
	maintenanceBytes = 600
	entryBytes       = 300 // of a window's timeline
	refBytes         = 90
	toldBytes        = 300 // of a translation
)

// inAnswer is how many bytes a text takes in the answer of a database over HTTP: JSON within JSON, in which a quote is
// \\\" and a line break \\n.
func inAnswer(text string) int64 {
	n := len(text)
	for i := 0; i < len(text); i++ {
		n += int(escapes[text[i]])
	}
	return int64(n)
}

// escapes is how many bytes each byte of a text takes beside itself.
var escapes = func() (more [256]uint8) {
	for c := range 0x20 {
		more[c] = 3
	}
	more['"'], more['\\'] = 3, 3
	return more
}()

// growth is how many bytes more a text takes than another; of one that stayed it is not counted again.
func growth(old, next string) int64 {
	if old == next {
		return 0
	}
	return inAnswer(next) - inAnswer(old)
}

// measure counts the bytes of a whole page. Evolve keeps count.
func (s *State) measure() (n int64) {
	for _, x := range nouns {
		n += x.size(s)
	}
	return n
}

func sizeOf[T any](list []T, size func(*T) int64) (n int64) {
	for i := range list {
		n += size(&list[i])
	}
	return n
}

// listGrowth counts nothing where both are one list.
func listGrowth[T any](old, next []T, size func(*T) int64) (n int64) {
	if len(old) == len(next) && (len(old) == 0 || &old[0] == &next[0]) {
		return 0
	}
	for i := range next {
		n += size(&next[i])
	}
	for i := range old {
		n -= size(&old[i])
	}
	return n
}

// fits refuses a command that makes a page longer which has MaxBytes already. What makes it shorter is always taken,
// and so is a move to another status with few words.
func (d *draft) fits(before *State, c Command) *fault.Error {
	grown := d.state.Bytes - before.Bytes
	if d.state.Bytes <= MaxBytes || grown <= d.reserve(before) {
		return nil
	}
	const sentence = "This page is full: all that it shows may have 4 MB together. Shorten texts, or delete " +
		"incidents and maintenance that are over."
	return fault.New(fault.TooLarge, sentence).With(longest(c), sentence)
}

// reserve is by how much the events may make a full page longer: where an incident or window is in another status than
// it was, by that entry of its timeline with few words.
func (d *draft) reserve(before *State) int64 {
	for i := range d.Events {
		if n, _ := d.Events[i].noun(); n != nil && n.moved != nil {
			if bytes := n.moved(before, &d.Events[i]); bytes > 0 {
				return bytes
			}
		}
	}
	return 0
}

// longest names the field of a command that has the longest text.
func longest(c Command) string {
	field, most := "services", 0
	if long, is := c.(interface {
		texts(each func(field string, text *string))
	}); is {
		long.texts(func(name string, text *string) {
			if text != nil && len(*text) > most {
				field, most = name, len(*text)
			}
		})
	}
	return field
}
