package hrana

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

const (
	pollHold    = time.Second             // the primary answers a poll at the latest after this
	pollTimeout = 1500 * time.Millisecond // after this the link counts as cut
	pollRetry   = 200 * time.Millisecond
	maxBreath   = 200 * time.Millisecond // between two copies of a replica that lags
)

// follow asks the primary for news and takes them, until ctx ends.
func (r *replica) follow(ctx context.Context) {
	defer r.source.close()
	var seen position
	for ctx.Err() == nil {
		if r.await(ctx, func() bool { return !r.paused }) != nil {
			return
		}
		pos, err := r.poll(ctx, seen)
		if err == nil {
			err = r.take(pos)
		}
		if err != nil {
			sleep(ctx, pollRetry)
			continue
		}
		seen = pos
		r.breathe(ctx)
	}
}

func (r *replica) poll(ctx context.Context, seen position) (position, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	query := url.Values{"log": {seen.Log}, "after": {strconv.FormatUint(uint64(seen.Index), 10)}}
	req, err := http.NewRequestWithContext(ctx, "GET", r.primary+"/lab/log?"+query.Encode(), nil)
	if err != nil {
		return position{}, err
	}
	res, err := r.client.Do(req)
	if err != nil {
		return position{}, err
	}
	defer res.Body.Close()
	var pos position
	if res.StatusCode != http.StatusOK {
		return pos, fmt.Errorf("the primary answers %s", res.Status)
	}
	return pos, json.NewDecoder(res.Body).Decode(&pos)
}

// breathe leaves the machine to others between two copies: copying takes at most a quarter of the time, and a lag of
// seconds is not kept to the millisecond. A shorter lag ends the pause.
func (r *replica) breathe(ctx context.Context) {
	for started := time.Now(); ctx.Err() == nil; {
		r.mu.Lock()
		pause, changed := max(2*time.Millisecond, 3*time.Duration(r.rest.Load()), min(r.lag/20, maxBreath)), r.changed
		r.mu.Unlock()
		left := time.Until(started.Add(pause))
		if left <= 0 {
			return
		}
		select {
		case <-changed:
		case <-time.After(left):
		case <-ctx.Done():
		}
	}
}

// errPaused is when replication was stopped while an answer was on its way. It is asked for again, and not read in the
// primary's file later, which a primary that has died in the meantime could not give it.
var errPaused = errors.New("replication is paused")

// take brings what the primary has at least at pos into the file, at once or after the lag.
func (r *replica) take(pos position) error {
	r.mu.Lock()
	paused := r.paused
	r.mu.Unlock()
	if paused {
		return errPaused
	}
	if err := r.enter(pos); err != nil {
		r.log.Error("replica cannot follow a new log", "error", err)
		return err
	}
	fresh, err := r.source.changed(pos.Path)
	if err != nil {
		return err
	}
	r.mu.Lock()
	lag := r.lag
	r.mu.Unlock()
	switch {
	case lag > 0:
		return r.stage(pos.Index, fresh, lag)
	case fresh:
		return r.write(&r.source, pos.Index)
	}
	r.source.same()
	r.advance(pos.Index)
	return nil
}

func (r *replica) advance(index Index) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.applied = max(r.applied, index)
	r.notify()
}

// write replaces the file's content in one transaction, unless the file is already further than index.
func (r *replica) write(from *source, index Index) error {
	r.mu.Lock()
	db, copier := r.db, r.copier
	r.mu.Unlock()
	if err := db.writer.acquire(); err != nil {
		return errors.New("the replica is stopping")
	}
	defer db.writer.release()
	if r.index() > index {
		return nil
	}
	started := time.Now()
	if err := from.copyTo(copier); err != nil {
		return err
	}
	r.advance(index)
	// A backup does not run the checkpoint that a statement would, and the WAL would grow by the whole file every time.
	if _, err := copier.Exec("PRAGMA wal_checkpoint(PASSIVE)", nil); err != nil {
		return err
	}
	r.rest.Store(int64(time.Since(started)))
	r.copies.Add(1)
	return nil
}

// enter starts over when the primary has another log than the file's: the file is dropped, its streams end, and
// everything is loaded again.
func (r *replica) enter(pos position) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.logID == pos.Log && r.known {
		return nil
	}
	if r.logID != pos.Log {
		if err := r.startOver(pos.Log); err != nil {
			return err
		}
	}
	r.known, r.applied, r.target = true, 0, pos.Index
	r.notify()
	return nil
}

func (r *replica) startOver(logID string) error {
	r.source.close()
	r.streams.closeAll(false)
	r.closeFiles()
	for _, s := range r.staged {
		discard(s.file)
	}
	r.staged = nil
	if err := r.forget(); err != nil {
		return err
	}
	if err := os.WriteFile(r.logFile(), []byte(logID), 0o644); err != nil {
		return err
	}
	r.logID = logID
	return r.openFiles()
}

func (r *replica) logFile() string { return filepath.Join(r.dir, "replica.log") }

func (r *replica) forget() error {
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(r.dataPath() + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
