package store

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestAnotherFileIsNeverConnectedTo takes every connection while another file has the database's name, so that the pool
// must make new ones.
func TestAnotherFileIsNeverConnectedTo(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "status.db")
	db, err := Open("file:"+path, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	first, err := db.read.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var f *Failure
	if err := db.Reachable(ctx); !errors.As(err, &f) || f.Trouble != Removed {
		t.Errorf("a connection to another file: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 0 {
		t.Errorf("the other file was written to: %d bytes", info.Size())
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	held := []*sql.Conn{first}
	for len(held) < readers { // all that the pool can have
		c, err := db.read.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	for _, c := range held {
		var epoch string
		if err := c.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'epoch'`).Scan(&epoch); err != nil {
			t.Errorf("a connection of another file was kept: %v", err)
		}
		_ = c.Close()
	}
}
