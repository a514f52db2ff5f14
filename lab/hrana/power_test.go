package hrana

import (
	"net/http"
	"strings"
	"testing"
)

func configured(t *testing.T, s *Server, mode string) {
	t.Helper()
	body := strings.NewReader(`{"block_reads":false,"block_writes":false,"durability_mode":"` + mode + `"}`)
	res, err := http.Post(s.AdminURL()+"/v1/namespaces/default/config", "application/json", body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	res.Body.Close()
}

// TestAPowerCutTakesTheNewestCommitsBack exactly as many as were asked for, and nothing of those before.
func TestAPowerCutTakesTheNewestCommitsBack(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Config{DBPath: dir})
	db := dial(t, s.URL())
	exec(t, db, `CREATE TABLE n (id INTEGER PRIMARY KEY, body TEXT)`)
	for i := 1; i <= 40; i++ {
		// several frames a commit
		exec(t, db, `BEGIN IMMEDIATE; INSERT INTO n VALUES (?, ?); COMMIT`, i, strings.Repeat("x", 300*i))
	}
	for last, commits := 40, 1; commits <= 12; commits += 4 {
		log := s.Status().Log
		lost, err := s.LosePower(commits)
		if err != nil || lost != commits {
			t.Fatalf("%d are lost of %d: %v", lost, commits, err)
		}
		s = start(t, Config{DBPath: dir})
		db, last = dial(t, s.URL()), last-commits
		if n := number(t, db, `SELECT max(id) FROM n`); n != int64(last) {
			t.Errorf("it ends at %d, not %d", n, last)
		}
		if n := number(t, db, `SELECT count(*) FROM n`); n != int64(last) {
			t.Errorf("%d are left of %d", n, last)
		}
		if s.Status().Log == log {
			t.Error("the log goes on as if nothing had happened")
		}
		for range 12 {
			last++
			exec(t, db, `INSERT INTO n VALUES (?, 'again')`, last)
		}
	}
}

// TestAPowerCutTakesNothingThatWasSynced by a checkpoint, or since the durability is strong.
func TestAPowerCutTakesNothingThatWasSynced(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Config{DBPath: dir, AdminListenAddr: "127.0.0.1:0"})
	db := dial(t, s.URL())
	exec(t, db, `CREATE TABLE n (id INTEGER PRIMARY KEY)`)
	exec(t, db, `INSERT INTO n VALUES (1)`)
	configured(t, s, "strong")
	exec(t, db, `INSERT INTO n VALUES (2)`)
	if lost, err := s.LosePower(5); err != nil || lost != 0 {
		t.Fatalf("%d are lost although it is strong: %v", lost, err)
	}
	s = start(t, Config{DBPath: dir, AdminListenAddr: "127.0.0.1:0"}) // which has forgotten the mode
	if s.Durability() != "relaxed" {
		t.Fatalf("after a start it is %s", s.Durability())
	}
	db = dial(t, s.URL())
	if n := number(t, db, `SELECT max(id) FROM n`); n != 2 {
		t.Fatalf("it ends at %d", n)
	}
	exec(t, db, `INSERT INTO n VALUES (3)`)
	configured(t, s, "strong")
	exec(t, db, `INSERT INTO n VALUES (4)`)
	configured(t, s, "relaxed")
	exec(t, db, `INSERT INTO n VALUES (5)`)
	exec(t, db, `INSERT INTO n VALUES (6)`)
	if lost, err := s.LosePower(5); err != nil || lost != 2 {
		t.Fatalf("%d are lost, not the two that nobody synced: %v", lost, err)
	}
	s = start(t, Config{DBPath: dir})
	if n := number(t, dial(t, s.URL()), `SELECT max(id) FROM n`); n != 4 {
		t.Errorf("it ends at %d", n)
	}
}
