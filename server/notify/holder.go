package notify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"statuspage/server/store"
)

const (
	beatEvery = time.Second     // while something is under way
	silent    = 6 * time.Second // without a beat a worker that holds leases is gone
)

// running are the workers of this process.
var running sync.Map

// thisProcess names the process in a way that no other has: machine, boot, pid and start.
var thisProcess = sync.OnceValue(func() string {
	host, _ := os.Hostname() // "" is a name, too
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return fmt.Sprintf("%s %s %d %s", strings.ReplaceAll(host, " ", ""), strings.TrimSpace(string(boot)), os.Getpid(),
		started(os.Getpid()))
})

// started is when a process began, in ticks since the boot; "" when there is none, or nobody can know.
func started(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return ""
	}
	return fields[19]
}

// gone says that a worker's process is surely not there any more. Of another machine's nobody knows.
func gone(h store.Holder) bool {
	mine, theirs := strings.Fields(thisProcess()), strings.Fields(h.Process)
	if len(mine) != 4 || len(theirs) != 4 || mine[0] != theirs[0] || mine[1] != theirs[1] {
		return false
	}
	if theirs[2] == mine[2] && theirs[3] == mine[3] {
		_, here := running.Load(h.ID)
		return !here
	}
	if _, err := os.Stat("/proc/" + theirs[2]); err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	var pid int
	_, _ = fmt.Sscan(theirs[2], &pid) // we wrote it
	return started(pid) != theirs[3]
}

// watch renews the worker's leases, and frees those of workers that are gone: at the start, and as soon as one falls
// silent.
func (w *Worker) watch(ctx context.Context) {
	type seen struct {
		beat int64
		at   time.Time
	}
	others := map[string]seen{}
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	var renewed time.Time
	for {
		ctx := store.Unasked(ctx)
		now := time.Now()
		if every := min(beatEvery, w.opts.Lease/4); w.underWay() && now.Sub(renewed) >= every {
			renewed = now
			if err := w.db.Hold(ctx, w.me, moment(w.opts.Now().Add(w.opts.Lease))); err != nil {
				slog.Debug("leases could not be renewed", "error", err)
			}
		}
		holders, err := w.db.Holders(ctx)
		if err != nil {
			holders = nil
		}
		for _, h := range holders {
			last, known := others[h.ID]
			switch {
			case h.ID == w.me.ID:
				continue
			case gone(h), known && last.beat == h.Beat && now.Sub(last.at) > silent:
			default:
				if !known || last.beat != h.Beat {
					others[h.ID] = seen{h.Beat, now}
				}
				continue
			}
			delete(others, h.ID)
			if err := w.db.Free(ctx, h.ID, moment(w.opts.Now())); err != nil {
				slog.Warn("jobs of a worker that is gone could not be freed", "error", err)
				continue
			}
			w.Wake()
		}
		if err := w.db.FreeExpired(ctx, moment(w.opts.Now())); err != nil {
			slog.Debug("leases could not be ended", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (w *Worker) underWay() bool {
	for _, g := range w.gates {
		if g.busy() {
			return true
		}
	}
	return false
}
