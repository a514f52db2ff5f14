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
)

// follow asks the primary for news and takes them, until ctx ends.
func (r *replica) follow(ctx context.Context) {
	defer r.source.close()
	var seen position
	for ctx.Err() == nil {
		pos, err := r.poll(ctx, seen)
		if err == nil {
			err = r.take(ctx, pos)
		}
		if err != nil {
			sleep(ctx, pollRetry)
			continue
		}
		seen = pos
		sleep(ctx, r.pace())
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

// pace leaves the machine to others: copying takes at most a quarter of the time, and a lag of seconds is not kept to the
// millisecond.
func (r *replica) pace() time.Duration {
	r.mu.Lock()
	lag := r.lag
	r.mu.Unlock()
	return max(2*time.Millisecond, 3*time.Duration(r.rest.Load()), lag/20)
}

// take brings what the primary has at least at pos into the file, at once or after the lag.
func (r *replica) take(ctx context.Context, pos position) error {
	if err := r.await(ctx, func() bool { return !r.paused }); err != nil {
		return err
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
	lag, waiting := r.lag, len(r.staged) > 0
	r.mu.Unlock()
	if lag == 0 && !waiting {
		return r.takeNow(pos.Index, fresh)
	}
	return r.stage(pos.Index, fresh, lag)
}

func (r *replica) takeNow(index Index, fresh bool) error {
	if fresh {
		if err := r.write(&r.source); err != nil {
			return err
		}
	} else {
		r.source.same()
	}
	r.advance(index)
	return nil
}

func (r *replica) advance(index Index) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.applied = max(r.applied, index)
	r.notify()
}

// write replaces the file's content in one transaction.
func (r *replica) write(from *source) error {
	r.mu.Lock()
	db, copier := r.db, r.copier
	r.mu.Unlock()
	if !db.writer.acquire() {
		return errors.New("the replica is stopping")
	}
	defer db.writer.release()
	started := time.Now()
	if err := from.copyTo(copier); err != nil {
		return err
	}
	// A backup does not run the checkpoint that a statement would, and the WAL would grow by the whole file every time.
	if _, err := copier.Exec("PRAGMA wal_checkpoint(PASSIVE)", nil); err != nil {
		return err
	}
	r.rest.Store(int64(time.Since(started)))
	r.copies.Add(1)
	return nil
}

// enter starts over when the primary has another log than the file's: the file is dropped, its streams end, and everything
// is loaded again.
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
