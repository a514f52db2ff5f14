package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// litestream is the tool that `make drill` builds.
func litestream(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob("../.tools/litestream-v*")
	if len(found) == 0 {
		t.Skip("Litestream is not built here: make drill")
	}
	path, err := filepath.Abs(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// addService writes as a program does, and says whether it was answered.
func addService(ctx context.Context, base, token, name string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/services/",
		strings.NewReader(`{"name": "`+name+`"}`))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusCreated
}

// TestTheMachineIsLostAndTheDatabaseComesBackFromLitestream is the drill of docs/deploy.md, with deploy/litestream.yml
// as it stands.
func TestTheMachineIsLostAndTheDatabaseComesBackFromLitestream(t *testing.T) {
	tool := litestream(t)
	o := newOperator(t)
	token := o.does("", "token --org acme --email ada@people.example --ttl 1h")
	base, _, kill := o.serving()
	replica := "file://" + filepath.Join(t.TempDir(), "replica")
	env := append(os.Environ(), "DATABASE_FILE="+o.file, "REPLICA_URL="+replica)
	replicate := exec.Command(tool, "replicate", "-config", "../deploy/litestream.yml")
	var said bytes.Buffer
	replicate.Env, replicate.Stdout, replicate.Stderr = env, &said, &said
	if err := replicate.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = replicate.Process.Kill() })
	const n = 30
	for i := range n {
		if !addService(t.Context(), base, token, fmt.Sprint("Service ", i)) {
			t.Fatalf("write %d is refused", i)
		}
	}
	restored := filepath.Join(t.TempDir(), "copy.db")
	restore := func() error {
		for _, end := range []string{"", "-wal", "-shm", ".tmp"} {
			_ = os.Remove(restored + end)
		}
		cmd := exec.Command(tool, "restore", "-o", restored, replica)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	answered := time.Now()
	for end := answered.Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // until the copy has what was answered
		err := restore()
		if err == nil && (&operator{t: t, file: restored}).count(`SELECT count(*) FROM services`) == n {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the copy never has it all: %v\n%s", err, said.String())
		}
	}
	t.Logf("the copy had the last write after %s at most", time.Since(answered).Round(time.Millisecond))
	epoch, events := o.text(`SELECT value FROM meta WHERE key = 'epoch'`), o.count(`SELECT count(*) FROM events`)
	kill()
	_ = replicate.Process.Kill()
	_ = replicate.Wait()
	if err := os.RemoveAll(filepath.Dir(o.file)); err != nil { // the machine is gone
		t.Fatal(err)
	}
	begun := time.Now()
	if err := restore(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(o.file), 0o750); err != nil {
		t.Fatal(err)
	}
	o.run("", "restore "+restored)
	base, _, _ = o.serving()
	if !addService(t.Context(), base, token, "Afterwards") {
		t.Error("the restored database takes no write")
	}
	t.Logf("it took %s from the empty machine to the next write", time.Since(begun).Round(time.Millisecond))
	if got := o.count(`SELECT count(*) FROM services`); got != n+1 {
		t.Errorf("%d services, want %d", got, n+1)
	}
	if got := o.count(`SELECT count(*) FROM events`); got != events+1 || o.count(`SELECT max(seq) FROM events`) != got {
		t.Errorf("%d events after %d, and the last is number %d", got, events, o.count(`SELECT max(seq) FROM events`))
	}
	if now := o.text(`SELECT value FROM meta WHERE key = 'epoch'`); now == epoch {
		t.Error("the log has its old epoch")
	}
}
