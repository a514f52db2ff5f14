package auth

import (
	"sync"
	"time"
)

// maxSpent bounds how many tickets each half remembers.
const maxSpent = 1 << 16

// spent remembers which tickets were used for longer than any of them is good: in two halves, of which the older is
// forgotten whole.
type spent struct {
	mu         sync.Mutex
	new, older map[string]struct{}
	turned     time.Time
}

// spend is nil the first time. One that there is no room to remember is refused, since it could come again.
func (s *spent) spend(id string, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.new == nil || now.Sub(s.turned) > TicketTTL+2*Leeway {
		s.new, s.older, s.turned = map[string]struct{}{}, s.new, now
	}
	if _, was := s.new[id]; was {
		return errTicket()
	}
	if _, was := s.older[id]; was {
		return errTicket()
	}
	if len(s.new) >= maxSpent {
		return errBusy()
	}
	s.new[id] = struct{}{}
	return nil
}
