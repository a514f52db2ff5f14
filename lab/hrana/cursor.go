package hrana

import (
	"encoding/json"
	"net/http"
)

type cursorRequest struct {
	Baton *string `json:"baton"`
	Batch *Batch  `json:"batch"`
}

type cursorEntry struct {
	Type             string   `json:"type"`
	Step             *int     `json:"step,omitempty"`
	Cols             *[]Col   `json:"cols,omitempty"`
	Row              *[]Value `json:"row,omitempty"`
	AffectedRowCount *uint64  `json:"affected_row_count,omitempty"`
	LastInsertRowid  *string  `json:"last_insert_rowid,omitempty"`
	Error            *Error   `json:"error,omitempty"`
	ReplicationIndex *Index   `json:"replication_index,omitempty"`
}

// cursor answers a batch line by line. A cursor has no limit of size.
func (e *endpoints) cursor(w http.ResponseWriter, r *http.Request) {
	if !e.answers(w, r) {
		return
	}
	var body cursorRequest
	req, err := e.begin(r, &body, func() *string { return body.Baton }, 3)
	if err != nil {
		refuse(w, err)
		return
	}
	req.call.limit = -1
	out, err := req.cursorRun(body.Batch)
	if _, refusal := err.(*Error); err != nil && !refusal {
		e.streams.end(req.stream)
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	lines := json.NewEncoder(w)
	lines.Encode(pipelineResponse{Baton: e.finish(req)}.head())
	if err != nil {
		lines.Encode(cursorEntry{Type: "error", Error: err.(*Error)})
		return
	}
	for i := range out.StepResults {
		writeStep(lines, i, out.StepResults[i], out.StepErrors[i])
	}
	lines.Encode(cursorEntry{Type: "replication_index", ReplicationIndex: &out.index})
}

func (r *request) cursorRun(b *Batch) (outcome, error) {
	if b == nil {
		return outcome{}, missing("batch")
	}
	p, err := r.program(b)
	if err != nil {
		return outcome{}, err
	}
	return r.run(p, b.ReplicationIndex)
}

func (p pipelineResponse) head() any {
	return struct {
		Baton   *string `json:"baton"`
		BaseURL *string `json:"base_url"`
	}{p.Baton, p.BaseURL}
}

func writeStep(lines *json.Encoder, i int, res *StmtResult, refusal *Error) {
	if refusal != nil {
		lines.Encode(cursorEntry{Type: "step_error", Step: &i, Error: refusal})
		return
	}
	if res == nil {
		return
	}
	lines.Encode(cursorEntry{Type: "step_begin", Step: &i, Cols: &res.Cols})
	for _, row := range res.Rows {
		lines.Encode(cursorEntry{Type: "row", Row: &row})
	}
	lines.Encode(cursorEntry{Type: "step_end", AffectedRowCount: &res.AffectedRowCount,
		LastInsertRowid: res.LastInsertRowid})
}
