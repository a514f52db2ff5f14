package hrana

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// stage puts a copy of the primary's file aside until it is due.
func (r *replica) stage(index Index, fresh bool, lag time.Duration) error {
	s := staged{due: time.Now().Add(lag), index: index}
	if fresh {
		s.file = filepath.Join(r.dir, fmt.Sprintf("staged-%d", time.Now().UnixNano()))
		if err := r.copyAside(s.file); err != nil {
			discard(s.file)
			return err
		}
	} else {
		r.source.same()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.staged = append(r.staged, s)
	r.notify()
	return nil
}

func (r *replica) copyAside(file string) error {
	to, err := openFile(file, "")
	if err != nil {
		return err
	}
	defer to.Close()
	if _, err := to.Exec("PRAGMA synchronous=OFF", nil); err != nil {
		return err
	}
	return r.source.copyTo(to)
}

// publish makes staged copies visible when they are due, until ctx ends.
func (r *replica) publish(ctx context.Context) {
	for ctx.Err() == nil {
		r.mu.Lock()
		due, wait := r.due()
		changed := r.changed
		r.mu.Unlock()
		if len(due) == 0 {
			select {
			case <-changed:
			case <-time.After(wait):
			case <-ctx.Done():
			}
			continue
		}
		if err := r.show(due); err != nil && ctx.Err() == nil {
			r.log.Error("replica cannot publish a copy", "error", err)
			sleep(ctx, pollRetry)
		}
	}
}

// due takes out what has waited long enough, or says how long until something has; the caller holds mu.
func (r *replica) due() ([]staged, time.Duration) {
	n := 0
	for !r.paused && n < len(r.staged) && !r.staged[n].due.After(time.Now()) {
		n++
	}
	if n > 0 {
		return r.staged[:n:n], 0
	}
	if r.paused || len(r.staged) == 0 {
		return nil, time.Minute
	}
	return nil, time.Until(r.staged[0].due)
}

// show writes the newest of the copies and forgets all of them.
func (r *replica) show(due []staged) error {
	for i := len(due) - 1; i >= 0; i-- {
		if due[i].file == "" {
			continue
		}
		if err := r.showFile(due[i]); err != nil {
			return err
		}
		break
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.staged) < len(due) || r.staged[0] != due[0] {
		return nil // a new log has dropped them meanwhile
	}
	r.staged = r.staged[len(due):]
	r.applied = max(r.applied, due[len(due)-1].index)
	for _, s := range due {
		discard(s.file)
	}
	r.notify()
	return nil
}

func (r *replica) showFile(s staged) error {
	from := source{}
	defer from.close()
	if _, err := from.changed(s.file); err != nil {
		return err
	}
	return r.write(&from, s.index)
}

func discard(file string) {
	if file == "" {
		return
	}
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		os.Remove(file + end)
	}
}
