package cluster

import (
	"path/filepath"
	"testing"
)

func TestABackupIsRestoredAndARegionPromoted(t *testing.T) {
	c := startCluster(t, Options{})
	write := func(key string) {
		t.Helper()
		eventually(t, "a write", func() bool {
			status, _, _ := say("POST", c.Region("syd").URL()+"/",
				key)
			return status == 200
		})
	}
	everywhere := func(n int64) {
		t.Helper()
		for _, r := range c.Regions {
			eventually(t, r.Name+" has it", func() bool { return count(r) == n })
		}
	}
	write("1")
	write("2")
	everywhere(2)
	copied := filepath.Join(t.TempDir(), "backup")
	if err := c.Backup(copied); err != nil {
		t.Fatal(err)
	}
	write("3")
	everywhere(3)
	prepared := 0
	prepare := func() error {
		prepared++
		if c.Region("syd").App.Alive() || !c.Primary().DB.Alive() || c.Primary().App.Alive() {
			t.Error("somebody serves the database before it is prepared")
		}
		return nil
	}
	if err := c.Restore(copied, prepare); err != nil {
		t.Fatal(err)
	}
	everywhere(2)
	write("4")
	everywhere(3)

	fra, iad := c.Region("fra"), c.Region("iad")
	if err := iad.Pause(); err != nil { // what comes now never reaches it
		t.Fatal(err)
	}
	write("5")
	if err := iad.Resume(); err != nil {
		t.Fatal(err)
	}
	everywhere(4)
	if err := c.LosePrimary(fra, nil); err == nil {
		t.Error("the primary was promoted")
	}
	if err := c.LosePrimary(iad, prepare); err != nil {
		t.Fatal(err)
	}
	if c.Primary() != iad || prepared != 2 {
		t.Errorf("%s writes, prepared %d times", c.Primary().Name, prepared)
	}
	everywhere(4)
	write("6")
	everywhere(5)
	_, _, header := say("POST", fra.URL()+"/", "7")
	if header.Get("Status-Region") != "iad" {
		t.Errorf("written in %q", header.Get("Status-Region"))
	}
	if report := fra.Inspect(); report.Role != "replica" {
		t.Errorf("%+v", report)
	}
}
