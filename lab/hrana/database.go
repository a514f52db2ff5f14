package hrana

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"
)

// database is one file and the connections to it.
type database struct {
	path      string
	readOnly  bool
	writer    *writer
	txTimeout time.Duration
	// committed is called after every write transaction, once the file shows it.
	committed func()
	// durability is what a stream gets that is opened now; nil is relaxed.
	durability func() string
	now        func() time.Time // of SQL's unixepoch(); nil is the machine's
	// keeper holds the file open, so that closing the last stream does not fold the WAL.
	keeper *sqlite3.SQLiteConn

	mu     sync.Mutex
	idle   []*conn
	closed bool
}

func openDatabase(path string, readOnly bool, txTimeout time.Duration, committed func()) (*database, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	d := &database{path: path, readOnly: readOnly, writer: &writer{}, txTimeout: txTimeout, committed: committed}
	keeper, err := openFile(path, "_journal_mode=WAL")
	if err != nil {
		return nil, err
	}
	d.keeper = keeper
	return d, nil
}

// maxLength is how many bytes a row or a value may have in sqld: more is "string or blob too big".
const maxLength = 5_000_000

// openFile opens a raw connection. Foreign keys are on, as in every build of sqld. NORMAL survives a killed process,
// which is all that the laboratory kills.
func openFile(path, more string) (*sqlite3.SQLiteConn, error) {
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	raw, err := (&sqlite3.SQLiteDriver{}).
		Open("file:" + escaped + "?_foreign_keys=1&_busy_timeout=5000&_synchronous=NORMAL&" + more)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	conn := raw.(*sqlite3.SQLiteConn)
	conn.SetLimit(sqlite3.SQLITE_LIMIT_LENGTH, maxLength)
	return conn, nil
}

// get lends a connection that nobody else uses.
func (d *database) get() (*conn, error) {
	c, err := d.take()
	if err != nil || d.durability == nil {
		return c, err
	}
	if _, err := c.raw.Exec("PRAGMA synchronous="+synchronous[d.durability()], nil); err != nil {
		c.raw.Close()
		return nil, internal("%v", err)
	}
	return c, nil
}

// take finds a connection, or opens one.
func (d *database) take() (*conn, error) {
	d.mu.Lock()
	if n := len(d.idle); n > 0 {
		c := d.idle[n-1]
		d.idle = d.idle[:n-1]
		d.mu.Unlock()
		return c, nil
	}
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return nil, internal("the database is closed")
	}
	more := ""
	if d.readOnly {
		more = "_query_only=1"
	}
	raw, err := openFile(d.path, more)
	if err != nil {
		return nil, internal("%v", err)
	}
	if d.now != nil {
		if err := raw.RegisterFunc("unixepoch", d.unixepoch, false); err != nil {
			return nil, internal("%v", err)
		}
	}
	return &conn{db: d, raw: raw}, nil
}

// unixepoch is SQLite's function of that name for the current moment, whole seconds or with 'subsec'.
func (d *database) unixepoch(modifiers ...string) (any, error) {
	switch {
	case len(modifiers) == 0:
		return d.now().Unix(), nil
	case len(modifiers) == 1 && modifiers[0] == "subsec":
		return float64(d.now().UnixMilli()) / 1000, nil
	}
	return nil, fmt.Errorf("unixepoch: %q is not simulated", modifiers)
}

// put takes a connection back; whatever transaction it had is rolled back.
func (d *database) put(c *conn) {
	c.reset()
	d.mu.Lock()
	keep := !d.closed && !c.altered && len(d.idle) < 32
	if keep {
		d.idle = append(d.idle, c)
	}
	d.mu.Unlock()
	if !keep {
		c.raw.Close()
	}
}

// close ends the idle connections now and the lent ones as they come back.
func (d *database) close() {
	d.writer.close()
	d.mu.Lock()
	d.closed = true
	idle := d.idle
	d.idle = nil
	d.mu.Unlock()
	for _, c := range idle {
		c.raw.Close()
	}
	d.keeper.Close()
}
