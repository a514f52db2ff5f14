package hrana

import "fmt"

// program turns a batch into steps. A statement that cannot be read refuses the whole batch before any of it runs.
func (r *request) program(b *Batch) (program, error) {
	p := make(program, 0, len(b.Steps))
	for i, wire := range b.Steps {
		s, err := r.step(wire.Stmt)
		if err != nil {
			return nil, err
		}
		if s.cond = wire.Condition; s.cond != nil {
			if err := checkCond(s.cond, i, r.version); err != nil {
				return nil, err
			}
		}
		p = append(p, s)
	}
	return p, nil
}

func (r *request) step(wire Stmt) (step, error) {
	text, err := r.text(wire.SQL, wire.SQLID)
	if err != nil {
		return step{}, err
	}
	st, err := one(text)
	if err != nil {
		return step{}, err
	}
	if err := r.stream.session.syntax(st.text); err != nil {
		return step{}, err
	}
	wire.SQL, wire.SQLID, wire.ReplicationIndex = &st.text, nil, nil
	q := query{statement: st, wantRows: wire.WantRows == nil || *wire.WantRows}
	q.values, q.invalid = st.bind(wire.Args, wire.NamedArgs)
	if refusal, ok := q.invalid.(*Error); ok && refusal.Code == "ARGS_BOTH_POSITIONAL_AND_NAMED" {
		return step{}, refusal
	}
	return step{query: q, wire: wire}, nil
}

// text is the SQL of a request, given or stored.
func (r *request) text(sql *string, id *int32) (string, error) {
	switch {
	case sql != nil && id != nil:
		return "", protocolError("Either `sql` or `sql_id` are required, but not both")
	case sql != nil:
		return *sql, nil
	case id == nil:
		return "", protocolError("Either `sql` or `sql_id` are required")
	}
	stored, ok := r.stream.sqls[*id]
	if !ok {
		return "", protocolError(fmt.Sprintf("SQL text %d not found", *id))
	}
	return stored, nil
}

func one(text string) (statement, error) {
	statements, err := parse(text)
	switch {
	case err != nil:
		return statement{}, err
	case len(statements) == 0:
		return statement{}, &Error{"SQL string does not contain any statement", "SQL_NO_STATEMENT"}
	case len(statements) > 1:
		return statement{}, &Error{"SQL string contains more than one statement", "SQL_MANY_STATEMENTS"}
	}
	return statements[0], nil
}
