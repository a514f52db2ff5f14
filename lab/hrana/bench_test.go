package hrana

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkBatch is the product's write: one batch of six statements, by the client, from one goroutine.
func BenchmarkBatch(b *testing.B) {
	s, err := Start(Config{HTTPListenAddr: "127.0.0.1:0", DBPath: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Kill()
	db := openClient(b, s.URL())
	if _, err := db.Exec(
		`CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, org TEXT, seq INTEGER, body TEXT, UNIQUE (org, seq)); CREATE TABLE t (a)`); err != nil {
		b.Fatal(err)
	}
	seq := 0
	for b.Loop() {
		seq++
		_, err := db.Exec(`BEGIN IMMEDIATE; INSERT INTO events (org, seq, body) VALUES (?, ?, ?); INSERT INTO t VALUES (?);
			INSERT INTO t VALUES (?); INSERT INTO t VALUES (?); COMMIT`, "acme", seq,
			"a body of usual length, more or less", 1, 2, 3)
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCopy is what a replica pays for one refresh, by the size of the database.
func BenchmarkCopy(b *testing.B) {
	for _, megabytes := range []int{1, 10} {
		b.Run(fmt.Sprintf("%dMB", megabytes), func(b *testing.B) {
			dir := b.TempDir()
			from, err := openFile(filepath.Join(dir, "from"), "_journal_mode=WAL")
			if err != nil {
				b.Fatal(err)
			}
			defer from.Close()
			to, err := openFile(filepath.Join(dir, "to"), "_journal_mode=WAL")
			if err != nil {
				b.Fatal(err)
			}
			defer to.Close()
			for _, statement := range []string{`CREATE TABLE t (a)`, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d)
				INSERT INTO t SELECT '%s' FROM n`, megabytes*1000, strings.Repeat("x", 1000))} {
				if _, err := from.Exec(statement, nil); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := to.Exec("PRAGMA synchronous=OFF", nil); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := copyFile(to, from); err != nil {
					b.Fatal(err)
				}
				if _, err := to.Exec("PRAGMA wal_checkpoint(PASSIVE)", nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
