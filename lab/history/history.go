// Package history writes down what clients did and were answered, and checks it against what the product promises: with
// porcupine, by models of the log and of a session, and by checks that are named always, eventually and finally.
package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Kind is what a client did.
type Kind string

// The kinds of operations.
const (
	// Write gives one service a text that nobody else writes, sent again under one key until it is answered.
	Write Kind = "write"
	// Read is a page, asked for once: Texts has each service's. MinSeq says what the session had seen.
	Read Kind = "read"
	// Listen is the greeting of a socket. Since and Known are what the session said it had seen; Since is -1 when it
	// said nothing.
	Listen Kind = "listen"
	// Frame is an event on a socket, Snapshot a whole page there.
	Frame    Kind = "frame"
	Snapshot Kind = "snapshot"
)

// Op is one operation of one session. A session does one after the other.
type Op struct {
	Kind    Kind   `json:"kind"`
	Session string `json:"session"`
	Org     string `json:"org"`
	Region  string `json:"region"` // through which it was asked; of a repeated write the last

	// Call and Return are nanoseconds since the history began. Return is 0 when no answer came that says what happened.
	Call   int64 `json:"call"`
	Return int64 `json:"return"`

	Service string `json:"service,omitempty"`
	Text    string `json:"text,omitempty"`
	Since   int64  `json:"since,omitempty"`
	MinSeq  int64  `json:"min_seq,omitempty"`
	Known   string `json:"known,omitempty"` // the epoch that goes with Since or MinSeq

	Code  int               `json:"code,omitempty"`
	Seq   int64             `json:"seq,omitempty"`
	Epoch string            `json:"epoch,omitempty"`
	Texts map[string]string `json:"texts,omitempty"` // by service
}

// Truth is what really happened, as it is known when all is over.
type Truth struct {
	Epochs []Epoch         `json:"epochs"` // in their order
	Logs   map[string]*Log `json:"logs"`   // by organisation, as they are in the end
}

// Epoch is one log of all organisations. The first one has no Call, Dead and Base.
type Epoch struct {
	Name string `json:"name"`
	// Call and Dead bound the moment at which the log before it took its last event, in a history's nanoseconds.
	Call int64 `json:"call"`
	Dead int64 `json:"dead"`
	// Settled is when every region was known to have it; 0 is never.
	Settled int64 `json:"settled"`
	// Base is the last event that it has in common with the log before it, by organisation.
	Base map[string]int64 `json:"base"`
}

// Log is an organisation's events behind seq First.
type Log struct {
	First   int64   `json:"first"`
	Entries []Entry `json:"entries"`
}

// Entry is a text that a service got.
type Entry struct {
	Service string `json:"service"`
	Text    string `json:"text"`
}

// End is the seq of the last event.
func (l *Log) End() int64 { return l.First + int64(len(l.Entries)) }

// At is the event of a seq behind First.
func (l *Log) At(seq int64) (Entry, bool) {
	if seq <= l.First || seq > l.End() {
		return Entry{}, false
	}
	return l.Entries[seq-l.First-1], true
}

// History is all operations of a run, also in a file as they come.
type History struct {
	began time.Time
	mu    sync.Mutex
	file  *os.File
	out   *bufio.Writer
	ops   []Op
	err   error
}

// New begins a history in a file.
func New(path string) (*History, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &History{began: time.Now(), file: f, out: bufio.NewWriter(f)}, nil
}

// Now is the time in a history; it is never 0.
func (h *History) Now() int64 { return max(1, int64(time.Since(h.began))) }

// Path is where the file is.
func (h *History) Path() string { return h.file.Name() }

// Add notes an operation.
func (h *History) Add(op Op) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, op)
	h.line("op", op)
}

// Ops are all operations so far.
func (h *History) Ops() []Op {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ops[:len(h.ops):len(h.ops)]
}

// line writes one; the caller holds mu.
func (h *History) line(name string, value any) {
	raw, err := json.Marshal(map[string]any{name: value})
	if err == nil {
		_, err = h.out.Write(append(raw, '\n'))
	}
	h.err = errors.Join(h.err, err)
}

// Close adds the truth, when it is known, and ends the file.
func (h *History) Close(t *Truth) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t != nil {
		h.line("truth", t)
	}
	return errors.Join(h.err, h.out.Flush(), h.file.Close())
}

// Load reads a file that Close has ended.
func Load(path string) (ops []Op, truth *Truth, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	for lines := json.NewDecoder(bufio.NewReader(f)); ; {
		var line struct {
			Op    *Op
			Truth *Truth
		}
		err := lines.Decode(&line)
		switch {
		case errors.Is(err, io.EOF):
			return ops, truth, nil
		case err != nil:
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		case line.Op != nil:
			ops = append(ops, *line.Op)
		case line.Truth != nil:
			truth = line.Truth
		}
	}
}
