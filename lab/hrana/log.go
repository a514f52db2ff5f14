package hrana

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"sync"
	"time"
)

// position is how far a log has come. Path is the primary's file, which replicas on the same machine copy.
type position struct {
	Log   string `json:"log"`
	Index Index  `json:"index"`
	Path  string `json:"path"`
}

// commitLog numbers the commits of a primary. As in sqld a stop that was not clean starts another log, whose numbers
// begin again, and every replica loads everything anew.
type commitLog struct {
	file string

	mu      sync.Mutex
	now     position
	changed chan struct{}
}

type logFile struct {
	position
	Clean bool `json:"clean"`
}

func openLog(file, dataPath string) (*commitLog, error) {
	var last logFile
	if data, err := os.ReadFile(file); err == nil {
		json.Unmarshal(data, &last) // a torn file is no clean stop
	}
	if !last.Clean {
		last.position = position{Log: newLogID(), Index: 1}
	}
	last.Path = dataPath
	l := &commitLog{file: file, now: last.position, changed: make(chan struct{})}
	return l, l.save(false)
}

func newLogID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// save notes whether the log may be continued; while the server runs it may not.
func (l *commitLog) save(clean bool) error {
	data, err := json.Marshal(logFile{l.position(), clean})
	if err != nil {
		return err
	}
	return os.WriteFile(l.file, data, 0o644)
}

func (l *commitLog) position() position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *commitLog) index() Index { return l.position().Index }

// bump is called after a commit that readers can see.
func (l *commitLog) bump() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.Index++
	close(l.changed)
	l.changed = make(chan struct{})
}

// wait answers at once to whoever does not know the newest position, else at the next commit or after hold.
func (l *commitLog) wait(ctx context.Context, known position, hold time.Duration) position {
	ctx, cancel := context.WithTimeout(ctx, hold)
	defer cancel()
	for {
		l.mu.Lock()
		now, changed := l.now, l.changed
		l.mu.Unlock()
		if now.Log != known.Log || now.Index > known.Index {
			return now
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return now
		}
	}
}
