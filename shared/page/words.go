package page

// Words are the texts of the state.
func (s *State) Words() *Words {
	w := &Words{}
	for _, n := range tellings {
		if n.words != nil {
			n.words(s, w)
		}
	}
	return w
}

// Today is the event with the words that its objects have today, whatever they were when it happened: what is told
// again is told so. Who folds such events comes to today's page. Withdrawn says that it had other words.
func (e *Event) Today(w *Words) Event {
	out := e.stripped()
	if n := out.told(); n != nil {
		n.today(rewriter{&out.Withdrawn}, &out, e, w)
	}
	return out
}

// stripped is a copy whose object may be changed. Of what it deletes there are no words.
func (e *Event) stripped() Event {
	out := *e
	if n := out.told(); n != nil {
		n.copy(&out)
		if e.deletes() {
			n.strip(rewriter{&out.Withdrawn}, &out)
		}
	}
	return out
}

// deletes says that the event takes its object from the page.
func (e *Event) deletes() bool {
	n, _ := e.noun()
	return n != nil && n.deleted != "" && e.Type == n.deleted
}

// Withdraws says whether words that were on the page before the event are not on it after: what was made to be told
// again must be made anew.
func Withdraws(before *State, e *Event) bool {
	if e.deletes() {
		return true
	}
	var gone bool
	if n := e.told(); n != nil {
		n.gone(rewriter{&gone}, before, e)
	}
	return gone
}

// rewriter puts today's words in the place of older ones, and notes where they were others.
type rewriter struct{ changed *bool }

// text leaves what had no words yet without them.
func (r rewriter) text(text *string, now string) {
	if *text != "" && *text != now {
		*text, *r.changed = now, true
	}
}

// changed changes a copy: what was handed out stays as it was.
func changed[T any](list []T, change func(*T)) []T {
	out := append([]T(nil), list...)
	for i := range out {
		change(&out[i])
	}
	return out
}
