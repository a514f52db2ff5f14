package hrana

import (
	"context"
	"database/sql/driver"

	"github.com/mattn/go-sqlite3"
)

// describe says what a statement takes and gives without running it; sqld reports its columns' types too.
func (c *conn) describe(st statement) (*describeResult, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	prepared, err := c.raw.Prepare(st.text)
	if err != nil {
		return nil, stmtError(st.text, err)
	}
	defer prepared.Close()
	out := &describeResult{Params: []describeParam{}, Cols: []Col{}, IsExplain: st.explain}
	out.IsReadonly = prepared.(*sqlite3.SQLiteStmt).Readonly()
	for _, name := range st.params {
		p := describeParam{}
		if name != "" {
			p.Name = &name
		}
		out.Params = append(out.Params, p)
	}
	if st.kind == read && !st.explain {
		out.Cols, err = c.resultColumns(prepared, len(st.params))
	}
	return out, err
}

// resultColumns asks a reading statement with all parameters null; the driver names columns only after a first step.
func (c *conn) resultColumns(prepared driver.Stmt, params int) ([]Col, error) {
	rows, err := prepared.(driver.StmtQueryContext).QueryContext(context.Background(), nulls(params))
	if err != nil {
		return nil, stmtError("", err)
	}
	defer rows.Close()
	return columns(rows.(*sqlite3.SQLiteRows)), nil
}

func nulls(n int) []driver.NamedValue {
	out := make([]driver.NamedValue, n)
	for i := range out {
		out[i].Ordinal = i + 1
	}
	return out
}
