package hrana

import (
	"encoding/json"
	"fmt"
)

const (
	maxStoredSQL     = 50   // texts a stream may store
	maxStoredSQLSize = 5000 // bytes of each
)

// handle answers one request of a pipeline. A *Error is an answer; any other error ends the stream.
func (r *request) handle(sub streamRequest) (streamResult, error) {
	res, err := r.dispatch(sub)
	if refusal, ok := err.(*Error); ok {
		return streamResult{Type: "error", Error: refusal}, nil
	}
	if err != nil {
		return streamResult{}, err
	}
	res.Type = sub.Type
	return streamResult{Type: "ok", Response: res}, nil
}

func (r *request) dispatch(sub streamRequest) (*streamResponse, error) {
	if r.closed && sub.Type != "close" && sub.Type != "store_sql" && sub.Type != "close_sql" {
		return nil, errStreamClosed
	}
	switch sub.Type {
	case "close":
		r.closed = true
		return &streamResponse{}, nil
	case "execute":
		return r.execute(sub)
	case "batch":
		return r.batch(sub)
	case "sequence":
		return r.sequence(sub)
	case "describe":
		return r.describe(sub)
	case "store_sql":
		return r.storeSQL(sub)
	case "close_sql":
		if sub.SQLID != nil {
			delete(r.stream.sqls, *sub.SQLID)
		}
		return &streamResponse{}, nil
	case "get_autocommit":
		return r.autocommit()
	}
	return nil, protocolError("Cannot deserialize client message from JSON: unknown variant `" + sub.Type + "`")
}

func (r *request) execute(sub streamRequest) (*streamResponse, error) {
	if sub.Stmt == nil {
		return nil, missing("stmt")
	}
	s, err := r.step(*sub.Stmt)
	if err != nil {
		return nil, err
	}
	out, err := r.run(program{s}, sub.Stmt.ReplicationIndex)
	if err != nil {
		return nil, err
	}
	if refusal := out.StepErrors[0]; refusal != nil {
		return nil, refusal
	}
	out.StepResults[0].ReplicationIndex = &out.index
	return result(out.StepResults[0])
}

func (r *request) batch(sub streamRequest) (*streamResponse, error) {
	if sub.Batch == nil {
		return nil, missing("batch")
	}
	p, err := r.program(sub.Batch)
	if err != nil {
		return nil, err
	}
	out, err := r.run(p, sub.Batch.ReplicationIndex)
	if err != nil {
		return nil, err
	}
	out.ReplicationIndex = &out.index
	return result(out.BatchResult)
}

// sequence runs statements one after the other until one fails.
func (r *request) sequence(sub streamRequest) (*streamResponse, error) {
	text, err := r.text(sub.SQL, sub.SQLID)
	if err != nil {
		return nil, err
	}
	statements, err := parse(text)
	if err != nil {
		return nil, err
	}
	var p program
	for i, st := range statements {
		s := step{query: query{statement: st}, wire: Stmt{SQL: &st.text, WantRows: new(bool)}}
		if i > 0 {
			before := uint32(i - 1)
			s.cond = &Cond{Type: "ok", Step: &before}
		}
		p = append(p, s)
	}
	out, err := r.run(p, sub.ReplicationIndex)
	if err != nil {
		return nil, err
	}
	for _, refusal := range out.StepErrors {
		if refusal != nil {
			return nil, refusal
		}
	}
	return &streamResponse{}, nil
}

func (r *request) describe(sub streamRequest) (*streamResponse, error) {
	text, err := r.text(sub.SQL, sub.SQLID)
	if err != nil {
		return nil, err
	}
	st, err := one(text)
	if err != nil {
		return nil, err
	}
	out, err := r.stream.session.describe(r.Context(), r.after(sub.ReplicationIndex), st)
	if err != nil {
		return nil, err
	}
	return result(out)
}

func (r *request) storeSQL(sub streamRequest) (*streamResponse, error) {
	if sub.SQL == nil || sub.SQLID == nil {
		return nil, missing("sql")
	}
	sqls := r.stream.sqls
	switch _, exists := sqls[*sub.SQLID]; {
	case exists:
		return nil, protocolError(fmt.Sprintf("SQL text %d already exists", *sub.SQLID))
	case len(sqls) >= maxStoredSQL:
		return nil, &Error{fmt.Sprintf("The server already stores %d SQL texts, it cannot store more", len(sqls)),
			"SQL_STORE_TOO_MANY"}
	case len(*sub.SQL) > maxStoredSQLSize:
		return nil, &Error{fmt.Sprintf("The statement is too large to be stored: %d B/5.0 KB", len(*sub.SQL)),
			"SQL_STORE_TOO_LARGE"}
	}
	sqls[*sub.SQLID] = *sub.SQL
	return &streamResponse{}, nil
}

func (r *request) autocommit() (*streamResponse, error) {
	if r.version < 3 {
		return nil,
			protocolError("The `get_autocommit` request is only supported in protocol version hrana3 and higher")
	}
	is := r.stream.session.autocommit()
	return &streamResponse{IsAutocommit: &is}, nil
}

func (r *request) run(p program, after *Index) (outcome, error) {
	return r.stream.session.run(r.Context(), r.after(after), p)
}

func (r *request) after(index *Index) call {
	c := r.call
	if index != nil {
		c.after = *index
	}
	return c
}

func result(v any) (*streamResponse, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, internal("%v", err)
	}
	return &streamResponse{Result: data}, nil
}

func missing(field string) error {
	return protocolError("Cannot deserialize client message from JSON: missing field `" + field + "`")
}
