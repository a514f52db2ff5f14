package hrana

import (
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"
)

// copyFile makes to what from is at one moment, in one transaction: readers of to see either the old state or the new
// one.
func copyFile(to, from *sqlite3.SQLiteConn) error {
	for try := 0; ; try++ {
		done, err := copyOnce(to, from)
		if done || err != nil {
			return err
		}
		if try == 100 {
			return fmt.Errorf("copy the database: busy")
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func copyOnce(to, from *sqlite3.SQLiteConn) (bool, error) {
	backup, err := to.Backup("main", from, "main")
	if err != nil {
		return false, err
	}
	done, err := backup.Step(-1)
	if finish := backup.Finish(); err == nil && done {
		err = finish
	}
	return done, err
}

// dataVersion changes whenever somebody else has written to the file.
func dataVersion(c *sqlite3.SQLiteConn) (int64, error) {
	rows, err := c.Query("PRAGMA data_version", nil)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	cell := make([]driver.Value, 1)
	if err := rows.Next(cell); err != nil {
		return 0, err
	}
	return cell[0].(int64), nil
}
