package store

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// pipeline speaks Hrana 2 over HTTP (HRANA_2_SPEC.md): each question and each batch is one request, `execute` or
// `batch` with `close` behind it.
//
// libsql-client-go, which migrates, needs two (it closes the stream by another one), cannot go on after a step that
// failed, which waiting writes that share a transaction must, and remembers a replication index with each connection
// that stays open: after a new log such a connection hangs.
type pipeline struct {
	url, token string
	client     *http.Client
}

func newPipeline(dial Dial, url, token string) *pipeline {
	// Connections of TCP are kept, as many as may be in use at once; nothing of Hrana is.
	return &pipeline{url: strings.TrimSuffix(url, "/") + "/v2/pipeline", token: token,
		client: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: dial,
			MaxIdleConnsPerHost: remoteConns, IdleConnTimeout: idleTCP, ForceAttemptHTTP2: true}}}
}

type pipelineValue struct {
	Type   string `json:"type"`
	Value  any    `json:"value,omitempty"`
	Base64 string `json:"base64,omitempty"`
}

type pipelineStmt struct {
	SQL      string          `json:"sql"`
	Args     []pipelineValue `json:"args,omitempty"`
	WantRows bool            `json:"want_rows"`
}

type pipelineCond struct {
	Type  string         `json:"type"`
	Step  *int           `json:"step,omitempty"`
	Cond  *pipelineCond  `json:"cond,omitempty"`
	Conds []pipelineCond `json:"conds,omitempty"`
}

type pipelineStep struct {
	Condition *pipelineCond `json:"condition,omitempty"`
	Stmt      pipelineStmt  `json:"stmt"`
}

type pipelineBatch struct {
	Steps []pipelineStep `json:"steps"`
}

type pipelineRequest struct {
	Type  string         `json:"type"`
	Stmt  *pipelineStmt  `json:"stmt,omitempty"`
	Batch *pipelineBatch `json:"batch,omitempty"`
}

type pipelineError struct {
	Message string `json:"message"`
	Code    string `json:"code"`
}

func (e *pipelineError) Error() string { return e.Message }

type pipelineRows struct {
	Cols []struct {
		Name string `json:"name"`
	} `json:"cols"`
	Rows [][]json.RawMessage `json:"rows"`
}

type pipelineSteps struct {
	Results []json.RawMessage `json:"step_results"`
	Errors  []*pipelineError  `json:"step_errors"`
}

func ok(step int) *pipelineCond { return &pipelineCond{Type: "ok", Step: &step} }

func notOK(step int) *pipelineCond { return &pipelineCond{Type: "not", Cond: ok(step)} }

// send makes one request and reads the outcome of its first part.
func (p *pipeline) send(ctx context.Context, first pipelineRequest, into any) error {
	answer, err := p.ask(ctx, first, pipelineRequest{Type: "close"})
	if err != nil {
		return err
	}
	return answer.outcome(0, into)
}

// ask makes one request of several parts, which share a connection of SQLite and are done one after the other.
func (p *pipeline) ask(ctx context.Context, parts ...pipelineRequest) (*pipelineAnswer, error) {
	body, err := json.Marshal(struct {
		Requests []pipelineRequest `json:"requests"`
	}{parts})
	if err != nil {
		return nil, fmt.Errorf("write a request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, &statusError{res.StatusCode, fmt.Sprintf("error code %d: %.300s", res.StatusCode, said)}
	}
	var out pipelineAnswer
	if err := json.Unmarshal(said, &out); err != nil {
		return nil, fmt.Errorf("no response received: %w", err)
	}
	return &out, nil
}

// statusError is an answer that is no answer of Hrana.
type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return e.text }

// pipelineAnswer has an outcome for each part of a request.
type pipelineAnswer struct {
	Results []struct {
		Type     string         `json:"type"`
		Error    *pipelineError `json:"error"`
		Response struct {
			Result json.RawMessage `json:"result"`
		} `json:"response"`
	} `json:"results"`
}

func (a *pipelineAnswer) outcome(part int, into any) error {
	switch {
	case part >= len(a.Results):
		return errors.New("no response received")
	case a.Results[part].Error != nil:
		return a.Results[part].Error
	}
	return json.Unmarshal(a.Results[part].Response.Result, into)
}

// valueOf writes an argument as Hrana has it.
func valueOf(arg any) (pipelineValue, error) {
	v, err := driver.DefaultParameterConverter.ConvertValue(arg)
	if err != nil {
		return pipelineValue{}, err
	}
	switch v := v.(type) {
	case nil:
		return pipelineValue{Type: "null"}, nil
	case int64:
		return pipelineValue{Type: "integer", Value: strconv.FormatInt(v, 10)}, nil
	case bool:
		if v {
			return pipelineValue{Type: "integer", Value: "1"}, nil
		}
		return pipelineValue{Type: "integer", Value: "0"}, nil
	case float64:
		return pipelineValue{Type: "float", Value: v}, nil
	case string:
		return pipelineValue{Type: "text", Value: v}, nil
	case []byte:
		return pipelineValue{Type: "blob", Base64: base64.RawStdEncoding.EncodeToString(v)}, nil
	}
	return pipelineValue{}, fmt.Errorf("a %T is no value of SQLite", v)
}

func readValue(raw json.RawMessage) (driver.Value, error) {
	var v struct {
		Type   string          `json:"type"`
		Value  json.RawMessage `json:"value"`
		Base64 string          `json:"base64"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	switch v.Type {
	case "null":
		return nil, nil
	case "integer":
		return strconv.ParseInt(strings.Trim(string(v.Value), `"`), 10, 64)
	case "float":
		return strconv.ParseFloat(string(v.Value), 64)
	case "text":
		var s string
		return s, json.Unmarshal(v.Value, &s)
	case "blob":
		return base64.RawStdEncoding.DecodeString(strings.TrimRight(v.Base64, "="))
	}
	return nil, fmt.Errorf("%q is no type of Hrana", v.Type)
}

// Connect and Driver make a pipeline a driver.Connector that only reads: its connections hold nothing.
func (p *pipeline) Connect(context.Context) (driver.Conn, error) { return question{p}, nil }

// Driver is driver.Connector's.
func (p *pipeline) Driver() driver.Driver { return noDriver{} }

type noDriver struct{}

func (noDriver) Open(string) (driver.Conn, error) { return nil, errors.ErrUnsupported }

// question is a connection of database/sql.
type question struct{ p *pipeline }

func (question) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (question) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (question) Close() error                        { return nil }

// asking is a statement whose rows are wanted.
func asking(query string, args []any) (*pipelineStmt, error) {
	stmt := &pipelineStmt{SQL: query, WantRows: true}
	for _, a := range args {
		v, err := valueOf(a)
		if err != nil {
			return nil, err
		}
		stmt.Args = append(stmt.Args, v)
	}
	return stmt, nil
}

// QueryContext is driver.QueryerContext's.
func (q question) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a.Value
	}
	stmt, err := asking(query, values)
	if err != nil {
		return nil, err
	}
	out := &answered{}
	if err := q.p.send(ctx, pipelineRequest{Type: "execute", Stmt: stmt}, &out.pipelineRows); err != nil {
		return nil, err
	}
	return out, nil
}

// answered are the rows of an answer.
type answered struct {
	pipelineRows
	at int
}

func (a *answered) Columns() []string {
	names := make([]string, len(a.Cols))
	for i := range a.Cols {
		names[i] = a.Cols[i].Name
	}
	return names
}

func (a *answered) Close() error { return nil }

func (a *answered) Next(into []driver.Value) error {
	if a.at >= len(a.Rows) {
		return io.EOF
	}
	row := a.Rows[a.at]
	a.at++
	for i := range into {
		v, err := readValue(row[i])
		if err != nil {
			return fmt.Errorf("no response received: %w", err)
		}
		into[i] = v
	}
	return nil
}
