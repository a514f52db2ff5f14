package page

import "statuspage/shared/status"

// Evolved hears of each event that is evolved. Tests that count them set it before anything runs; else it is nil.
var Evolved func()

// Evolve is the state after one more event. The event must be the next one (Seq+1); the state it is given stays as it
// was.
func Evolve(s State, e *Event) State {
	if Evolved != nil {
		Evolved()
	}
	s.Seq, s.At = e.Seq, e.At
	if n, _ := e.noun(); n != nil {
		s.Bytes += n.evolve(&s, e)
	}
	return s
}

// corrected puts the event's tallies in their services' records; the list it was given stays as it was.
func corrected(list []status.Service, e *Event) []status.Service {
	if len(e.Days) == 0 {
		return list
	}
	days := map[string][]status.Tally{}
	for _, d := range e.Days {
		days[d.ServiceID] = append(days[d.ServiceID], d.Tally)
	}
	out := append(make([]status.Service, 0, len(list)), list...)
	for i := range out {
		if d := days[out[i].ID]; d != nil {
			out[i].Correct(d, e.At)
			out[i].Days = status.Trimmed(out[i].Days, e.At)
		}
	}
	return out
}

// placed adds an entry to a timeline, or corrects the one of the same id, and says by how many bytes it grew; the list
// it was given stays as it was.
func placed[T any](list []T, x *T, id func(*T) string, size func(*T) int64) (out []T, grown int64) {
	out = append(make([]T, 0, len(list)+1), list...)
	for i := range out {
		if id(&out[i]) == id(x) {
			grown = size(x) - size(&out[i])
			out[i] = *x
			return out, grown
		}
	}
	return append(out, *x), size(x)
}

// capped keeps what is open and, of the others, the KeepClosed that were closed last; the bytes of the others are
// freed.
func capped[T any](list []T, closed func(*T) (status.Time, string, bool), size func(*T) int64) (out []T, freed int64) {
	for {
		n, first := firstClosed(list, closed)
		if n <= KeepClosed {
			return list, freed
		}
		freed += size(&list[first])
		list = append(list[:first], list[first+1:]...)
	}
}
