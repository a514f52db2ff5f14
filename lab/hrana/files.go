package hrana

import (
	"os"
	"path/filepath"
	"strings"
)

// openFiles opens the replica's file for readers and for the copier; the caller holds mu or is alone.
func (r *replica) openFiles() error {
	db, err := openDatabase(r.dataPath(), true, r.txTimeout, nil)
	if err != nil {
		return err
	}
	copier, err := openFile(r.dataPath(), "")
	if err != nil {
		db.close()
		return err
	}
	if _, err := copier.Exec("PRAGMA synchronous=OFF", nil); err != nil {
		return err
	}
	db.now = r.now
	r.db, r.copier = db, copier
	return nil
}

// closeFiles waits for a copy at work before it takes the file away from it.
func (r *replica) closeFiles() {
	r.db.writer.acquire()
	r.db.close()
	r.copier.Close()
}

// openReplica finds what an earlier run left. Nothing of it is served before the primary has said which log it has.
func (r *replica) open() error {
	if id, err := os.ReadFile(r.logFile()); err == nil {
		r.logID = strings.TrimSpace(string(id))
	}
	left, _ := filepath.Glob(filepath.Join(r.dir, "staged-*"))
	for _, file := range left {
		os.Remove(file)
	}
	return r.openFiles()
}
