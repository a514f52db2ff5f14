package operate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"statuspage/lab/cluster"
	"statuspage/server/racetest"
)

// promote runs deploy/promote.sh of the copy, as an operator near fra does. Later flags win.
func (w *world) promote(flags ...string) (said string, code int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 4*time.Minute)
	defer cancel()
	args := append([]string{"deploy/promote.sh", "--url", w.Regions[1].URL(), "--key", w.key, "--image",
		"libsql-server@sha256:0", "--port", w.port}, flags...)
	cmd := exec.CommandContext(ctx, "/bin/sh", args...)
	cmd.Dir = w.dir
	cmd.Env = []string{"PATH=" + w.bin + ":" + os.Getenv("PATH"), "STATUSPAGE=" + w.binary, "HOME=" + w.dir}
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		w.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// primaries are the regions that both files name as the one that writes.
func (w *world) primaries() string {
	w.t.Helper()
	var all []string
	for _, name := range []string{"fly.toml", "deploy/libsql/fly.toml"} {
		raw, err := os.ReadFile(filepath.Join(w.dir, name)) // #nosec G304 -- of the test
		w.try(err)
		for line := range strings.Lines(string(raw)) {
			if name, value, is := strings.Cut(line, "="); is &&
				strings.EqualFold(strings.TrimSpace(name), "primary_region") {
				all = append(all, strings.Trim(strings.Fields(value)[0], `"`))
			}
		}
	}
	return strings.Join(all, " ")
}

// write is one that was answered.
type write struct {
	seq int64
	at  time.Time
}

// writing changes the service again and again through a region's edge, until it is told to stop.
func (w *world) writing(through *cluster.Region) (stop func() []write) {
	end, all := make(chan struct{}), make(chan []write)
	go func() {
		var out []write
		for n := 0; ; n++ {
			select {
			case <-end:
				all <- out
				return
			default:
			}
			a, err := w.ask("PATCH", through.URL()+"/api/v1/services/"+w.service+"/", `{"description":"`+
				strconv.Itoa(n)+`"}`)
			if err == nil {
				out = append(out, write{a.seq, time.Now()})
			}
		}
	}()
	return func() []write { close(end); return <-all }
}

// TestALostPrimaryIsReplacedByTheScript is the rehearsal that docs/deploy.md has its numbers from: ams is killed,
// database and all, while somebody writes there.
func TestALostPrimaryIsReplacedByTheScript(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	w := start(t, nil)
	ams, fra, syd := w.Regions[0], w.Regions[1], w.Regions[2]
	if said, code := w.promote("--to", "fra"); code != 1 || !strings.Contains(said, "refused: ams writes") {
		t.Fatalf("with the primary alive it ends with %d: %s", code, said)
	}
	w.try(syd.Pause()) // it has less
	for _, r := range w.Regions {
		r.Slow(25 * time.Millisecond) // 50 ms each way between two, as across an ocean
	}
	before := w.ready(fra)["epoch"]
	stop := w.writing(ams)
	w.answered(60)
	ams.Partition() // before its end nobody hears of it any more, but those who are nearest
	cut := time.Now()
	w.answered(30)
	ams.DB.Kill()
	ams.App.Kill()
	killed := time.Now()
	acknowledged := stop()

	if said, code := w.promote("--to", "syd", "--run"); code != 1 || !strings.Contains(said, "fra has more than syd") ||
		w.primaries() != "ams ams ams ams" {
		t.Errorf("the region that has less: %d %s", code, said)
	}
	w.try(syd.Resume()) // and now it may have what fra never heard of
	to, other := fra, syd
	if said, _ := w.promote("--to", "fra"); strings.Contains(said, "promote syd") {
		to, other = syd, fra
	}
	known := len(w.fly.Said())
	said, code := w.promote("--to", to.Name)
	if code != 0 || !strings.Contains(said, "nothing was changed") || w.primaries() != "ams ams ams ams" {
		t.Errorf("a dry run ends with %d, %s: %s", code, w.primaries(), said)
	}
	for _, line := range w.fly.Said()[known:] {
		if !strings.HasPrefix(line, "machine list ") {
			t.Errorf("a dry run has done %s", line)
		}
	}
	dry := commands(said)

	known, begun := len(w.fly.Said()), time.Now()
	said, code = w.promote("--to", to.Name, "--run")
	if code != 0 || w.primaries() != strings.Repeat(to.Name+" ", 3)+to.Name {
		t.Fatalf("it ends with %d, %s: %s", code, w.primaries(), said)
	}
	w.eventually(other.Name+" writes again", func() error {
		_, err := w.ask("PATCH", other.URL()+"/api/v1/services/"+w.service+"/", `{"description":"after"}`)
		return err
	})
	took := time.Since(begun)
	if ran := w.fly.Said()[known+2:]; strings.Join(ran, "\n") != strings.Join(dry, "\n") {
		t.Errorf("the dry run printed\n%s\nand it ran\n%s", strings.Join(dry, "\n"), strings.Join(ran, "\n"))
	}
	w.onePast(to, other, before)
	w.lost(to, acknowledged, cut, killed, took)
}

// answered waits until the primary has answered more writes.
func (w *world) answered(more int64) {
	w.t.Helper()
	from := int64(-1)
	w.eventually("some writes are answered", func() error {
		a, err := w.ask("GET", w.Primary().URL()+"/api/v1/snapshot/", "")
		if from < 0 && err == nil {
			from = a.seq
		}
		if err != nil || a.seq < from+more {
			return fmt.Errorf("at %d: %w", a.seq, err)
		}
		return nil
	})
}

// commands are the fly commands that were printed, as flyctl gets them.
func commands(said string) []string {
	var out []string
	for line := range strings.Lines(said) {
		if rest, is := strings.CutPrefix(strings.TrimSpace(line), "+ fly "); is {
			out = append(out, strings.TrimSuffix(rest, " &"))
		}
	}
	return out
}

// onePast holds what both regions say afterwards against each other, and against the time before.
func (w *world) onePast(to, other *cluster.Region, before any) {
	w.t.Helper()
	w.eventually("both regions say the same", func() error {
		a, b := w.ready(to), w.ready(other)
		switch {
		case a["primary"] != true || b["primary"] != false || a["primary_region"] != to.Name ||
			b["primary_region"] != to.Name:
			return fmt.Errorf("who writes: %v, %v", a, b)
		case a["epoch"] == before || a["epoch"] != b["epoch"] || a["event"] != b["event"] || b["ready"] != true:
			return fmt.Errorf("the log: %v, %v", a, b)
		}
		return nil
	})
	var seqs []string
	w.try(to.Query(`SELECT count(*) || ' ' || max(seq) || ' ' || min(seq) FROM events`, func(raw []byte) error {
		_, rest, _ := strings.Cut(string(raw), `"value":"`)
		value, _, _ := strings.Cut(rest, `"`)
		seqs = strings.Fields(value)
		return nil
	}))
	if len(seqs) != 3 || seqs[0] != seqs[1] || seqs[2] != "1" {
		w.t.Errorf("the log has %v (events, last, first)", seqs)
	}
}

// lost says which acknowledged writes are gone: some that were answered while the region was cut off, and none that was
// answered before.
func (w *world) lost(to *cluster.Region, acknowledged []write, cut, killed time.Time, took time.Duration) {
	w.t.Helper()
	a, err := w.ask("GET", to.URL()+"/api/v1/snapshot/", "")
	w.try(err)
	has := a.seq - 1 // less the write that came after
	var gone, before, beforeGone int
	oldest := killed
	for _, x := range acknowledged {
		early := x.at.Before(cut)
		if early {
			before++
		}
		if x.seq <= has {
			continue
		}
		if gone++; early {
			beforeGone++
		}
		if x.at.Before(oldest) {
			oldest = x.at
		}
	}
	if before < 60 || gone == 0 || cut.Sub(oldest) > 2*time.Second {
		w.t.Errorf("%d of %d writes are gone, the oldest answered %s before the region was cut off", gone,
			len(acknowledged), cut.Sub(oldest))
	}
	w.t.Logf("RPO: %d of the %d writes that were answered before the cut are gone, the oldest was answered %s before "+
		"it, and %d of the %d that were answered in the %s of it",
		beforeGone, before, cut.Sub(oldest).Round(time.Millisecond), gone-beforeGone, len(acknowledged)-before,
		killed.Sub(cut).Round(time.Millisecond))
	w.t.Logf("RTO: the next write through another region was answered %s after the script began",
		took.Round(100*time.Millisecond))
}

// TestAPromotionIsRefusedUntilTheRunbookAllowsIt has each thing that must hold first, one at a time, and none of it
// changes anything.
func TestAPromotionIsRefusedUntilTheRunbookAllowsIt(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	w := start(t, nil)
	ams, fra, syd := w.Regions[0], w.Regions[1], w.Regions[2]
	other, err := build("other", "v9.9.9")
	w.try(err)
	refused := func(says string, flags ...string) {
		t.Helper()
		said, code := w.promote(flags...)
		if code != 1 || !strings.Contains(said, "refused: ") || !strings.Contains(said, says) ||
			w.primaries() != "ams ams ams ams" {
			t.Errorf("%v: %d, %s: %s", flags, code, w.primaries(), said)
		}
	}
	refused("ams writes", "--to", "fra", "--run")
	refused("ams is the primary region already", "--to", "ams", "--run")
	refused("is no region", "--to", "Frankfurt", "--run")
	refused("no Machine in nrt", "--to", "nrt", "--run")
	refused("no key", "--to", "fra", "--run", "--key", "nowhere.pem")
	refused("--image or SQLD_IMAGE", "--to", "fra", "--run", "--image", "")
	w.try(os.WriteFile(filepath.Join(w.bin, "other"), []byte("#!/bin/sh\nexec "+other+" \"$@\"\n"), 0o700)) // #nosec G306 -- it is run

	ams.DB.Kill()
	ams.App.Kill()
	w.eventually("fra can be promoted", func() error {
		if said, code := w.promote("--to", "fra"); code != 0 && !strings.Contains(said, "promote syd") {
			return errors.New(said)
		}
		return nil
	})
	mine := w.binary
	w.binary = filepath.Join(w.bin, "other")
	refused("v9.9.9 and fra runs v1.2.3", "--to", "fra", "--run")
	w.binary = mine
	syd.Partition()
	refused("syd does not answer", "--to", "fra", "--run")
	if said, code := w.promote("--to", "fra", "--without", "syd"); code != 0 {
		t.Errorf("without syd: %d %s", code, said)
	}
	syd.Heal()
	fra.DB.Kill()
	refused("the database in fra says unreachable", "--to", "fra", "--run")
	fra.App.Kill()
	refused("fra does not answer", "--to", "fra", "--run")
	file := filepath.Join(w.dir, "deploy/libsql/fly.toml")
	raw, err := os.ReadFile(file) // #nosec G304 -- of the test
	w.try(err, os.WriteFile(file, []byte(strings.Replace(string(raw), `PRIMARY_REGION = "ams"`,
		`PRIMARY_REGION = "fra"`, 1)), 0o600)) // #nosec G703
	if said, code := w.promote("--to", "fra", "--run"); code != 1 ||
		!strings.Contains(said, "must agree on who writes") {
		t.Errorf("files that do not agree: %d %s", code, said)
	}
	for _, line := range w.fly.Said() {
		if !strings.HasPrefix(line, "machine list ") {
			t.Errorf("a refusal has done %s", line)
		}
	}
}

// TestAPromotionThatFailsSaysWhatIsLeft, and does nothing of it.
func TestAPromotionThatFailsSaysWhatIsLeft(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	w := start(t, func(o *cluster.Options) { o.Regions = []string{"ams", "fra"} })
	w.Regions[0].DB.Kill()
	w.Regions[0].App.Kill()
	w.fly.Fail("deploy deploy/libsql")
	said, code := w.promote("--to", "fra", "--yes")
	if code != 1 || !strings.Contains(said, "failed: fly deploy deploy/libsql --regions fra") {
		t.Fatalf("it ends with %d: %s", code, said)
	}
	for _, line := range []string{"left: fly proxy", "left: fly deploy --regions fra\n", "left: (wait until"} {
		if !strings.Contains(said, line) {
			t.Errorf("no %q in %s", line, said)
		}
	}
	if last := w.fly.Said(); !strings.HasPrefix(last[len(last)-1], "deploy deploy/libsql") {
		t.Errorf("it went on with %s", last[len(last)-1])
	}
}
