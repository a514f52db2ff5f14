package hrana

import (
	"encoding/json"
	"strconv"
	"strings"
)

// The structures of Hrana 3 (HRANA_3_SPEC.md, "Shared structures") with the fields that sqld adds.

// Index is a replication index: written as a string, read as a string or a number.
type Index uint64

// MarshalJSON writes the index as sqld does, as a string.
func (i Index) MarshalJSON() ([]byte, error) {
	return []byte(strconv.Quote(strconv.FormatUint(uint64(i), 10))), nil
}

// UnmarshalJSON reads either form, because libsql-client-go sends a number.
func (i *Index) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseUint(strings.Trim(string(data), `"`), 10, 64)
	*i = Index(n)
	return err
}

type pipelineRequest struct {
	Baton    *string         `json:"baton"`
	Requests []streamRequest `json:"requests"`
}

type pipelineResponse struct {
	Baton   *string        `json:"baton"`
	BaseURL *string        `json:"base_url"`
	Results []streamResult `json:"results"`
}

type streamRequest struct {
	Type             string  `json:"type"`
	Stmt             *Stmt   `json:"stmt,omitempty"`
	Batch            *Batch  `json:"batch,omitempty"`
	SQL              *string `json:"sql,omitempty"`
	SQLID            *int32  `json:"sql_id,omitempty"`
	ReplicationIndex *Index  `json:"replication_index,omitempty"`
}

type streamResult struct {
	Type     string          `json:"type"`
	Response *streamResponse `json:"response,omitempty"`
	Error    *Error          `json:"error,omitempty"`
}

type streamResponse struct {
	Type         string          `json:"type"`
	Result       json.RawMessage `json:"result,omitempty"`
	IsAutocommit *bool           `json:"is_autocommit,omitempty"`
}

// Error is a refusal as the protocol carries it.
type Error struct {
	Message string `json:"message"`
	Code    string `json:"code"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Stmt is one statement with its arguments.
type Stmt struct {
	SQL              *string    `json:"sql,omitempty"`
	SQLID            *int32     `json:"sql_id,omitempty"`
	Args             []Value    `json:"args,omitempty"`
	NamedArgs        []NamedArg `json:"named_args,omitempty"`
	WantRows         *bool      `json:"want_rows,omitempty"`
	ReplicationIndex *Index     `json:"replication_index,omitempty"`
}

// NamedArg binds a parameter by its name, with or without the sign before it.
type NamedArg struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
}

// StmtResult is the outcome of one statement.
type StmtResult struct {
	Cols             []Col     `json:"cols"`
	Rows             [][]Value `json:"rows"`
	AffectedRowCount uint64    `json:"affected_row_count"`
	LastInsertRowid  *string   `json:"last_insert_rowid"`
	ReplicationIndex *Index    `json:"replication_index"`
	RowsRead         uint64    `json:"rows_read"`
	RowsWritten      uint64    `json:"rows_written"`
	QueryDurationMS  float64   `json:"query_duration_ms"`
}

// Col is one column of a result.
type Col struct {
	Name     string  `json:"name"`
	Decltype *string `json:"decltype"`
}

// Batch is a list of statements with conditions.
type Batch struct {
	Steps            []BatchStep `json:"steps"`
	ReplicationIndex *Index      `json:"replication_index,omitempty"`
}

// BatchStep is one statement of a batch.
type BatchStep struct {
	Condition *Cond `json:"condition,omitempty"`
	Stmt      Stmt  `json:"stmt"`
}

// Cond decides whether a step runs.
type Cond struct {
	Type  string  `json:"type"`
	Step  *uint32 `json:"step,omitempty"`
	Cond  *Cond   `json:"cond,omitempty"`
	Conds []Cond  `json:"conds,omitempty"`
}

// BatchResult has one entry per step; a step that was skipped has neither a result nor an error.
type BatchResult struct {
	StepResults      []*StmtResult `json:"step_results"`
	StepErrors       []*Error      `json:"step_errors"`
	ReplicationIndex *Index        `json:"replication_index"`
}

type describeResult struct {
	Params     []describeParam `json:"params"`
	Cols       []Col           `json:"cols"`
	IsExplain  bool            `json:"is_explain"`
	IsReadonly bool            `json:"is_readonly"`
}

type describeParam struct {
	Name *string `json:"name"`
}
