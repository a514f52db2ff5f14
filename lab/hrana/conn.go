package hrana

import (
	"database/sql/driver"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"
)

// conn is one stream's SQLite connection. mu is held for one statement at a time, so that the transaction timeout can
// step in between two of them and never in the middle of one.
type conn struct {
	db  *database
	raw *sqlite3.SQLiteConn

	mu       sync.Mutex
	holds    bool // the right to write
	turn     int  // counts the times it was held, so that a late timer hits no other transaction
	timer    *time.Timer
	timedOut bool // the next program is told, once
	altered  bool // a PRAGMA changed the connection: it is not lent again
}

// acquire takes the right to write for a transaction and starts its clock.
func (c *conn) acquire() error {
	if err := c.db.writer.acquire(); err != nil {
		return err
	}
	c.holds = true
	c.turn++
	turn := c.turn
	c.timer = time.AfterFunc(c.db.txTimeout, func() { c.expire(turn) })
	return nil
}

// settle gives the right to write back when the transaction is over.
func (c *conn) settle() {
	if !c.holds || !c.raw.AutoCommit() {
		return
	}
	c.holds = false
	c.timer.Stop()
	if c.db.committed != nil {
		c.db.committed()
	}
	c.db.writer.release()
}

// expire rolls a transaction back that had its time.
func (c *conn) expire(turn int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.holds || c.turn != turn {
		return
	}
	c.rollback()
	c.timedOut = true
}

func (c *conn) rollback() {
	if !c.raw.AutoCommit() {
		c.raw.Exec("ROLLBACK", nil)
	}
	c.settle()
}

func (c *conn) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rollback()
	c.timedOut = false
}

func (c *conn) autocommit() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw.AutoCommit()
}

// syntax says whether SQLite can read the statement at all; unknown tables are no matter of syntax.
func (c *conn) syntax(sql string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	stmt, err := c.raw.Prepare(sql)
	if err == nil {
		return stmt.Close()
	}
	if isSyntax(err) {
		return parseError(err.Error())
	}
	return nil
}

// execute runs one statement; the caller holds mu. Its error is errTooLarge, an internal error, or what SQLite says.
func (c *conn) execute(q query, size *budget) (*StmtResult, error) {
	stmt, err := c.raw.Prepare(q.text)
	if err != nil {
		return nil, err
	}
	defer stmt.Close()
	if !stmt.(*sqlite3.SQLiteStmt).Readonly() && !c.holds {
		if err := c.acquire(); err != nil {
			return nil, err
		}
	}
	defer c.settle()
	started := time.Now()
	rows, err := stmt.Query(driverValues(q.values))
	if err != nil {
		return nil, err
	}
	res, err := collect(rows.(*sqlite3.SQLiteRows), size)
	rows.Close()
	if err != nil {
		return nil, err
	}
	if q.iud {
		c.count(q, res)
	}
	if !q.wantRows {
		res.Rows = [][]Value{}
	}
	res.QueryDurationMS = float64(time.Since(started).Microseconds()) / 1000
	return res, nil
}

func driverValues(values []any) []driver.Value {
	out := make([]driver.Value, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// collect reads all rows. Wanted or not, they count towards the limit of the response.
func collect(rows *sqlite3.SQLiteRows, size *budget) (*StmtResult, error) {
	res := &StmtResult{Cols: columns(rows), Rows: [][]Value{}}
	for _, col := range res.Cols {
		if err := size.spend(colSize(col)); err != nil {
			return nil, err
		}
	}
	cells := make([]driver.Value, len(res.Cols))
	for {
		switch err := rows.Next(cells); err {
		case nil:
		case io.EOF:
			return res, nil
		default:
			return nil, err
		}
		row := make([]Value, len(cells))
		for i, cell := range cells {
			row[i] = Value{cell}
			if err := size.spend(row[i].wireSize()); err != nil {
				return nil, err
			}
		}
		res.Rows = append(res.Rows, row)
	}
}

// columns also stops the driver from turning dates and booleans into Go's own types: it looks at the declared types
// that it hands out here, so they are copied and wiped.
func columns(rows *sqlite3.SQLiteRows) []Col {
	names, types := rows.Columns(), rows.DeclTypes()
	cols := make([]Col, len(names))
	for i, name := range names {
		cols[i].Name = name
		if types[i] != "" {
			declared := types[i]
			cols[i].Decltype = &declared
		}
	}
	clear(types)
	return cols
}

func colSize(c Col) int64 {
	declared := "null"
	if c.Decltype != nil {
		declared = *c.Decltype
	}
	return int64(len(`{"name":"","decltype":""}`) + len(c.Name) + len(declared))
}

// count fills in what only INSERT, UPDATE and DELETE report.
func (c *conn) count(q query, res *StmtResult) {
	rows, err := c.raw.Query("SELECT changes(), last_insert_rowid()", nil)
	if err != nil {
		return
	}
	defer rows.Close()
	cells := make([]driver.Value, 2)
	if rows.Next(cells) != nil {
		return
	}
	res.AffectedRowCount = uint64(cells[0].(int64))
	if q.insert {
		id := strconv.FormatInt(cells[1].(int64), 10)
		res.LastInsertRowid = &id
	}
}

// budget is what may still be answered, in bytes of sqld's estimate; a negative limit is none.
type budget struct{ left int64 }

func newBudget(limit int64) *budget { return &budget{limit} }

func (b *budget) spend(n int64) error {
	if b.left < 0 {
		return nil
	}
	if n > b.left {
		return errTooLarge
	}
	b.left -= n
	return nil
}
