package app_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"statuspage/server/store"
)

func TestARestoredDatabaseIsAnotherLog(t *testing.T) {
	ctx := context.Background()
	s := startSite(t, nil)
	acme := s.tenant("acme")
	id := acme.service("API")
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := store.Backup(ctx, "file:"+s.file, copied); err != nil {
		t.Fatal(err)
	}
	if err := store.Backup(ctx, "file:"+s.file, copied); err == nil {
		t.Error("a backup wrote over another")
	}
	for i := range 3 { // what the restored database will never have heard of
		acme.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"description": fmt.Sprint(i)})
	}
	hello := next(t, dial(t, s.addr, "/ws/status/public/acme/", nil))
	s.stop()
	if err := store.Restore(ctx, "file:"+s.file, copied, false); err == nil {
		t.Error("a restore replaced a database without being told to")
	}
	if err := store.Restore(ctx, "file:"+s.file, copied, true); err != nil {
		t.Fatal(err)
	}
	s.start()
	ws := dial(t, s.addr, fmt.Sprintf("/ws/status/public/acme/?since=%d&epoch=%s", hello.Seq, hello.Epoch), nil)
	again := next(t, ws)
	if again.Epoch == hello.Epoch || again.Seq != 2 {
		t.Errorf("the log is %s at %d, it was %s at %d", again.Epoch, again.Seq, hello.Epoch, hello.Seq)
	}
	if m := next(t, ws); m.Type != "snapshot" || m.Seq != 2 {
		t.Errorf("who comes back gets %s %d", m.Type, m.Seq)
	}
	acme.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"description": "after"})
	if m := next(t, ws); m.Seq != 3 {
		t.Errorf("then event %d", m.Seq)
	}
}
