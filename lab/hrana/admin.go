package hrana

import (
	"encoding/json"
	"net/http"
)

// namespaceConfig is what sqld's admin API keeps of a namespace. Each POST replaces all of it but for the durability,
// which stays where none is given, and the largest size.
type namespaceConfig struct {
	BlockReads     *bool   `json:"block_reads"`
	BlockWrites    *bool   `json:"block_writes"`
	BlockReason    *string `json:"block_reason"`
	MaxDBSize      *string `json:"max_db_size"`
	HeartbeatURL   *string `json:"heartbeat_url"`
	JWTKey         *string `json:"jwt_key"`
	AllowAttach    bool    `json:"allow_attach"`
	TxnTimeout     *uint64 `json:"txn_timeout_s"`
	DurabilityMode *string `json:"durability_mode"`
}

// synchronous is how SQLite calls sqld's durability modes.
var synchronous = map[string]string{"extra": "EXTRA", "strong": "FULL", "relaxed": "NORMAL", "off": "OFF"}

// administers adds sqld's admin API, which asks for no password. What is set holds for streams that are opened
// afterwards, and is forgotten when the server ends.
func (s *Server) administers(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/namespaces/default/config", func(w http.ResponseWriter, _ *http.Request) {
		no, size, mode := false, "1000.0 PB", s.Durability()
		answer(w, http.StatusOK, namespaceConfig{BlockReads: &no, BlockWrites: &no, MaxDBSize: &size,
			DurabilityMode: &mode})
	})
	mux.HandleFunc("POST /v1/namespaces/default/config", func(w http.ResponseWriter, r *http.Request) {
		var c namespaceConfig
		broken := json.NewDecoder(r.Body).Decode(&c) != nil || c.BlockReads == nil || c.BlockWrites == nil
		if !broken && c.DurabilityMode != nil {
			broken = synchronous[*c.DurabilityMode] == ""
		}
		if broken {
			http.Error(w, "Failed to deserialize the JSON body into the target type", http.StatusUnprocessableEntity)
			return
		}
		if c.DurabilityMode != nil {
			s.durability.Store(*c.DurabilityMode)
		}
		w.WriteHeader(http.StatusOK)
	})
}

// Durability is "relaxed" or "off", in which a power cut takes back what was acknowledged, or "strong" or "extra".
func (s *Server) Durability() string {
	mode, is := s.durability.Load().(string)
	if !is {
		return "relaxed"
	}
	return mode
}
