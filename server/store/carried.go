package store

import (
	"sync/atomic"

	"statuspage/shared/page"
)

// Carried is the page after an event, as who decided the event knows it. It is kept until somebody takes it.
type Carried struct {
	epoch string
	state atomic.Pointer[page.State]
}

func carry(epoch string, s *page.State) *Carried {
	c := &Carried{epoch: epoch}
	bare := *s
	bare.Past = nil // it is no part of the page
	c.state.Store(&bare)
	return c
}

// Take gives the page after the entry's event, once, to who has the page of that epoch before it; nil when it must be
// made of the event.
func (e *Entry) Take(epoch string) *page.State {
	if e.after == nil {
		return nil
	}
	if s := e.after.state.Swap(nil); s != nil && e.after.epoch == epoch && e.Bad == nil && s.Seq == e.Event.Seq {
		return s
	}
	return nil
}

// carried gives entries that were read back what the writes of their events carry.
func carried(entries []Entry, writes []*write) {
	for _, w := range writes {
		for i := range w.batch.statements {
			s := &w.batch.statements[i]
			if s.after == nil {
				continue
			}
			for k := range entries {
				e := &entries[k]
				if e.OrgID == s.org && e.Event.Seq == s.event.Seq && e.At.Command == s.event.Command {
					e.after = s.after
				}
			}
		}
	}
}
