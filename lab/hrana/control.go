package hrana

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Status is what the laboratory may ask of its own servers, at /lab/status; sqld has nothing like it.
type Status struct {
	Role      string `json:"role"`
	Log       string `json:"log"`
	Index     Index  `json:"index"`
	LagMS     int64  `json:"lag_ms"`
	Paused    bool   `json:"paused"`
	Ready     bool   `json:"ready"`     // a replica: it serves reads from its own file
	Forwarded int64  `json:"forwarded"` // a replica: programs handed to the primary
	Copies    int64  `json:"copies"`

	Durability string `json:"durability"` // relaxed or strong
}

// Replication changes how a replica follows; what is absent stays as it is.
type Replication struct {
	LagMS  *int64 `json:"lag_ms,omitempty"`
	Paused *bool  `json:"paused,omitempty"`
}

// Status says where the server stands.
func (s *Server) Status() Status {
	if s.log != nil {
		now := s.log.position()
		return Status{Role: "primary", Log: now.Log, Index: now.Index, Ready: true, Durability: s.Durability()}
	}
	r := s.replica
	r.mu.Lock()
	defer r.mu.Unlock()
	return Status{Role: "replica", Log: r.logID, Index: r.applied, LagMS: r.lag.Milliseconds(), Paused: r.paused,
		Ready: r.known && r.applied >= r.target, Forwarded: r.forwarded.Load(), Copies: r.copies.Load()}
}

// SetLag keeps a replica's state that old; 0 is as fresh as can be.
func (s *Server) SetLag(lag time.Duration) { s.replica.setLag(lag) }

// Pause stops replication until Resume; reads and forwarded writes go on.
func (s *Server) Pause() { s.replica.setPaused(true) }

// Resume ends Pause.
func (s *Server) Resume() { s.replica.setPaused(false) }

func (s *Server) controls(mux *http.ServeMux) {
	mux.HandleFunc("GET /lab/status", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK,
			s.Status())
	})
	mux.HandleFunc("POST /lab/replication", s.serveReplication)
}

func (s *Server) serveReplication(w http.ResponseWriter, r *http.Request) {
	var change Replication
	if s.replica == nil || json.NewDecoder(r.Body).Decode(&change) != nil {
		http.Error(w, "only a replica takes {lag_ms, paused}", http.StatusBadRequest)
		return
	}
	if change.LagMS != nil {
		s.SetLag(time.Duration(*change.LagMS) * time.Millisecond)
	}
	if change.Paused != nil {
		s.replica.setPaused(*change.Paused)
	}
	answer(w, http.StatusOK, s.Status())
}

// serveLog tells a replica how far the log has come, as soon as it is further than the replica knows.
func (s *Server) serveLog(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	known := position{Log: r.URL.Query().Get("log"), Index: Index(after)}
	answer(w, http.StatusOK, s.log.wait(r.Context(), known, pollHold))
}
