package hrana

import (
	"net/http"
	"time"
)

// Stick is what sqld's replica does, by its source, when its primary goes while it loads everything anew: it answers
// nobody for so long, 100 s in sqld, and then denies that its namespace exists, until it is started anew with a primary
// that answers. 0 ends it, as such a start does.
func (s *Server) Stick(locked time.Duration) {
	r := s.replica
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stuck, r.denies = locked > 0, time.Now().Add(locked)
	r.notify()
}

// answers is false where a request was refused, or given up, since the replica is stuck.
func (e *endpoints) answers(w http.ResponseWriter, q *http.Request) bool {
	r := e.server.replica
	if r == nil {
		return true
	}
	for {
		r.mu.Lock()
		stuck, left, changed := r.stuck, time.Until(r.denies), r.changed
		r.mu.Unlock()
		switch {
		case !stuck:
			return true
		case left <= 0:
			answer(w, http.StatusBadRequest, map[string]string{"error": "Namespace `default` doesn't exist"})
			return false
		}
		select {
		case <-changed:
		case <-time.After(left):
		case <-q.Context().Done():
			return false
		}
	}
}
