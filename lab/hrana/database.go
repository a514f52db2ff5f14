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

// openFile opens a raw connection. Foreign keys are on, as in every build of sqld. NORMAL survives a killed process, which
// is all that the laboratory kills.
func openFile(path, more string) (*sqlite3.SQLiteConn, error) {
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	raw, err := (&sqlite3.SQLiteDriver{}).Open("file:" + escaped + "?_foreign_keys=1&_busy_timeout=5000&_synchronous=NORMAL&" + more)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return raw.(*sqlite3.SQLiteConn), nil
}

// get lends a connection that nobody else uses.
func (d *database) get() (*conn, error) {
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
	return &conn{db: d, raw: raw}, nil
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
