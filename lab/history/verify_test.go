package history

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// story is a run of two organisations through two logs: what was accepted as 6 is lost with the first one. Times are in
// hundreds; each has room for more.
type story struct {
	ops   []Op
	truth Truth
}

func (s *story) add(op Op) { s.ops = append(s.ops, op) }

func write(session string, at int64, service, text string, seq int64) Op {
	return Op{Kind: Write, Session: session, Org: "acme", Region: "fra", Call: at, Return: at + 50, Service: service,
		Text: text, Code: 200, Seq: seq}
}

// read is of what the session had seen.
func read(session string, at int64, epoch string, seq, least int64, texts ...string) Op {
	op := Op{Kind: Read, Session: session, Org: "acme", Region: "syd", Call: at, Return: at + 50, Epoch: epoch,
		Seq: seq, MinSeq: least, Known: epoch, Code: 200, Texts: map[string]string{}}
	for n, text := range texts {
		op.Texts[fmt.Sprintf("s%d", n)] = text
	}
	return op
}

func heard(kind Kind, at int64, epoch string, seq int64, service, text string) Op {
	return Op{Kind: kind, Session: "socket", Org: "acme", Region: "iad", Call: at, Return: at + 1, Epoch: epoch,
		Seq: seq, Service: service, Text: text, Since: -1}
}

// good has every kind of operation, and nothing wrong.
func good() *story {
	s := &story{truth: Truth{
		Epochs: []Epoch{{Name: "one"}, {Name: "two", Call: 700, Dead: 800, Settled: 1200,
			Base: map[string]int64{"acme": 5, "other": 4}}},
		Logs: map[string]*Log{
			"acme":  {First: 2, Entries: []Entry{{"s0", "a"}, {"s1", "b"}, {"s0", "c"}, {"s1", "e"}, {"s0", "f"}}},
			"other": {First: 3, Entries: []Entry{{"s0", "x"}}},
		}}}
	s.add(write("ada", 100, "s0", "a", 3))
	s.add(heard(Listen, 105, "one", 2, "", ""))
	s.add(heard(Frame, 160, "one", 3, "s0", "a"))
	s.add(read("ada", 200, "one", 3, 3, "a", ""))
	s.add(write("bob", 210, "s1", "b", 4))
	s.add(read("bob", 300, "one", 4, 4, "a", "b"))
	s.add(read("ada", 310, "one", 3, 3, "a", "")) // an older one than bob's: it has not seen more
	s.add(heard(Frame, 320, "one", 4, "s1", "b"))
	// An answer that got lost, and one that never came.
	c := write("ada", 400, "s0", "c", 5)
	c.Return = 690
	s.add(c)
	never := write("bob", 410, "s1", "never", 0)
	never.Return, never.Code = 0, 0
	s.add(never)
	back := heard(Listen, 600, "one", 4, "", "")
	back.Since, back.Known = 4, "one"
	s.add(back)
	s.add(heard(Frame, 610, "one", 5, "s0", "c"))
	// Accepted, seen, and lost with its log.
	s.add(write("bob", 620, "s1", "d", 6))
	s.add(read("bob", 680, "one", 6, 6, "c", "d"))
	s.add(heard(Frame, 690, "one", 6, "s1", "d"))
	other := heard(Listen, 900, "two", 5, "", "")
	other.Since, other.Known = 6, "one"
	s.add(other)
	s.add(heard(Snapshot, 910, "two", 5, "", ""))
	s.add(write("ada", 920, "s1", "e", 6))
	s.add(read("bob", 925, "two", 5, 0, "c", "b")) // begins anew in the new log
	s.add(heard(Frame, 930, "two", 6, "s1", "e"))
	s.add(read("ada", 1000, "two", 6, 6, "c", "e"))
	s.add(write("bob", 1300, "s0", "f", 7))
	s.add(heard(Frame, 1310, "two", 7, "s0", "f"))
	s.add(read("bob", 1400, "two", 7, 7, "f", "e"))
	x := write("eve", 100, "s0", "x", 4)
	x.Org = "other"
	s.add(x)
	return s
}

func (s *story) judged(t *testing.T) *Checks {
	t.Helper()
	checks := &Checks{}
	Verify(s.ops, &s.truth, checks, t.TempDir())
	return checks
}

func (s *story) find(t *testing.T, kind Kind, session, text string, seq int64) *Op {
	t.Helper()
	n := slices.IndexFunc(s.ops, func(op Op) bool {
		return op.Kind == kind && op.Session == session && (text == "" || op.Text == text) &&
			(seq == 0 || op.Seq == seq)
	})
	if n < 0 {
		t.Fatalf("the story has no %s of %s", kind, session)
	}
	return &s.ops[n]
}

func (s *story) drop(t *testing.T, kind Kind, session, text string, seq int64) {
	t.Helper()
	gone := s.find(t, kind, session, text, seq)
	s.ops = slices.DeleteFunc(s.ops, func(op Op) bool { return op.Call == gone.Call && op.Session == session })
}

func TestAGoodHistoryPasses(t *testing.T) {
	checks := good().judged(t)
	if err := checks.Err(); err != nil {
		t.Errorf("%v\n%s", err, checks)
	}
	t.Logf("\n%s", checks)
}

// What may happen beside what the story has: each change leaves it good.
func TestWhatMayHappenPasses(t *testing.T) {
	for name, change := range map[string]func(*story){
		"an answer that never came, of a write that happened": func(s *story) {
			op := s.find(t, Write, "ada", "c", 5)
			op.Return, op.Code, op.Seq = 0, 0, 0
		},
		"a lost write that a late try did again": func(s *story) {
			log := s.truth.Logs["acme"]
			log.Entries = append(log.Entries, Entry{"s1", "d"})
		},
		"a write that was refused": func(s *story) {
			s.add(Op{Kind: Write, Session: "eve", Org: "acme", Call: 1, Return: 2, Service: "s0", Text: "no",
				Code: 422})
		},
		"replayed with today's words": func(s *story) { s.find(t, Frame, "socket", "a", 3).Text = "c" },
		"a snapshot of the same log, farther on": func(s *story) {
			s.find(t, Frame, "socket", "c", 5).Kind = Snapshot
		},
		"an old region, before the new epoch is everywhere": func(s *story) {
			s.add(read("dan", 1100, "one", 5, 0, "c", "b"))
		},
		"the old log again, asked for as if it were the new one": func(s *story) {
			op := read("bob", 1100, "one", 5, 5, "c", "b")
			op.Known = "two"
			s.add(op)
		},
		"a log that lost nothing goes on under the old name": func(s *story) {
			log := s.truth.Logs["other"]
			log.Entries = append(log.Entries, Entry{"s1", "y"})
			for _, op := range []Op{write("eve", 850, "s1", "y", 5), read("eve", 910, "one", 5, 5, "x", "y")} {
				op.Org = "other"
				s.add(op)
			}
		},
		"a region that lost events, before the new epoch has come": func(s *story) {
			op := heard(Snapshot, 850, "one", 5, "", "")
			s.find(t, Listen, "socket", "", 5).Since = 5
			s.add(op)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			change(s)
			if checks := s.judged(t); checks.Err() != nil {
				t.Errorf("%v\n%s", checks.Err(), checks)
			}
		})
	}
}

func TestABadHistoryIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		check  string
		change func(*story)
	}{
		"a stale read": {readsAscend, func(s *story) {
			op := s.find(t, Read, "bob", "", 4)
			op.Seq, op.MinSeq, op.Texts = 3, 3, map[string]string{"s0": "a", "s1": ""}
		}},
		"a stale read in the other log": {readsAscend, func(s *story) {
			op := s.find(t, Read, "bob", "", 7)
			op.Seq, op.MinSeq, op.Texts = 5, 5, map[string]string{"s0": "c", "s1": "b"}
		}},
		"older than what both logs have": {readsAscend, func(s *story) {
			s.drop(t, Write, "ada", "e", 6) // what it wrote says the same
			log := s.truth.Logs["acme"]
			log.Entries = append(log.Entries[:3:3], Entry{"s0", "f"})
			s.find(t, Write, "bob", "f", 7).Seq = 6
			op := s.find(t, Read, "ada", "", 6)
			op.Seq, op.MinSeq, op.Texts = 4, 4, map[string]string{"s0": "a", "s1": "b"}
		}},
		"an answer older than asked for": {asAsked, func(s *story) { s.find(t, Read, "bob", "", 7).MinSeq = 8 }},
		"a seq with an older page": {readsTrue, func(s *story) {
			s.find(t, Read, "bob", "", 7).Texts["s0"] = "c"
		}},
		"a page newer than its seq": {readsTrue, func(s *story) { s.find(t, Read, "ada", "", 3).Texts["s1"] = "b" }},
		"a text that nobody wrote":  {readsTrue, func(s *story) { s.find(t, Read, "bob", "", 6).Texts["s1"] = "z" }},
		"a doubled write": {writesOnce, func(s *story) {
			log := s.truth.Logs["acme"]
			log.Entries = append(log.Entries, Entry{"s0", "f"})
		}},
		"a doubled write whose answer is the second": {writesOnce, func(s *story) {
			log := s.truth.Logs["acme"]
			log.Entries = append(log.Entries, Entry{"s0", "f"})
			s.find(t, Write, "bob", "f", 7).Seq = 8
			s.drop(t, Read, "bob", "", 7)
		}},
		"a doubled write without an answer": {writesOnce, func(s *story) {
			log := s.truth.Logs["acme"]
			log.Entries = append(log.Entries, Entry{"s1", "never"}, Entry{"s1", "never"})
		}},
		"a lost write": {writesOnce, func(s *story) {
			log := s.truth.Logs["acme"]
			log.Entries = log.Entries[:4]
		}},
		"a lost write that another took the place of": {writesOnce, func(s *story) {
			s.truth.Logs["acme"].Entries[1] = Entry{"s1", "never"}
		}},
		"lost without a change of epoch": {writesOnce, func(s *story) {
			log := s.truth.Logs["acme"]
			log.Entries = log.Entries[:3]
			s.truth.Epochs = s.truth.Epochs[:1]
		}},
		"lost, though it was in the log that was kept": {writesOnce, func(s *story) {
			s.truth.Logs["acme"].Entries[2] = Entry{"s0", "never"}
		}},
		"lost, though it was written in the new log": {writesOnce, func(s *story) {
			s.add(write("eve", 850, "s0", "g", 6))
		}},
		"lost in the old log, seqs twice": {writesOnce, func(s *story) { s.add(write("eve", 500, "s0", "g", 6)) }},
		"refused and done":                {writesOnce, func(s *story) { s.find(t, Write, "bob", "f", 7).Code = 409 }},
		"written by nobody": {writesOnce, func(s *story) {
			log := s.truth.Logs["acme"]
			log.Entries = append(log.Entries, Entry{"s0", "z"})
		}},
		"the answer has another seq": {writesOnce, func(s *story) { s.find(t, Write, "bob", "f", 7).Seq = 8 }},
		"against the order of time": {writesOnce, func(s *story) {
			op := s.find(t, Write, "bob", "b", 4)
			op.Call, op.Return = 20, 40
		}},
		"a write that comes before what its session has seen": {writesNext, func(s *story) {
			s.add(read("bob", 1, "one", 5, 0, "c", "b"))
		}},
		"another organisation's log": {writesOnce, func(s *story) { s.truth.Logs["other"].Entries = nil }},
		"an event left out":          {framesWhole, func(s *story) { s.drop(t, Frame, "socket", "b", 4) }},
		"an event left out after coming back": {framesWhole, func(s *story) {
			s.drop(t, Frame, "socket", "c", 5)
		}},
		"an event twice": {framesWhole, func(s *story) {
			op := *s.find(t, Frame, "socket", "b", 4)
			op.Call, op.Return = 330, 331
			s.add(op)
		}},
		"events backwards": {framesWhole, func(s *story) {
			a, b := s.find(t, Frame, "socket", "a", 3), s.find(t, Frame, "socket", "b", 4)
			a.Seq, b.Seq, a.Text, b.Text, a.Service, b.Service = 4, 3, "b", "a", "s1", "s0"
		}},
		"an event about something else": {readsTrue, func(s *story) {
			op := s.find(t, Frame, "socket", "b", 4)
			op.Service, op.Text = "s0", "a"
		}},
		"an event with yesterday's words": {readsTrue,
			func(s *story) { s.find(t, Frame, "socket", "c", 5).Text = "a" }},
		"another log without a snapshot": {framesWhole, func(s *story) { s.drop(t, Snapshot, "socket", "", 5) }},
		"a snapshot that goes back": {framesWhole,
			func(s *story) { s.add(heard(Snapshot, 1320, "two", 6, "", "")) }},
		"an epoch that nobody knows": {rightEpoch, func(s *story) { s.find(t, Read, "bob", "", 7).Epoch = "three" }},
		"an epoch before it began":   {rightEpoch, func(s *story) { s.find(t, Read, "bob", "", 4).Epoch = "two" }},
		"an epoch that was over everywhere": {rightEpoch, func(s *story) {
			s.add(read("eve", 1500, "one", 5, 0, "c", "b"))
		}},
		"a socket in an epoch that was over": {rightEpoch,
			func(s *story) { s.add(heard(Listen, 1500, "one", 5, "", "")) }},
		"a new event under the old epoch": {rightEpoch, func(s *story) {
			s.add(read("eve", 1000, "one", 6, 0, "c", "e"))
		}},
		"a new event on a socket of the old epoch": {rightEpoch, func(s *story) {
			back := heard(Listen, 940, "one", 5, "", "")
			back.Session = "other socket"
			frame := heard(Frame, 950, "one", 6, "s1", "e")
			frame.Session = "other socket"
			s.ops = append(s.ops, back, frame)
		}},
		"the truth forgets an organisation": {writesOnce, func(s *story) { s.truth.Logs["acme"] = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			c.change(s)
			checks := s.judged(t)
			err := checks.Err()
			if err == nil || !strings.Contains(err.Error(), c.check) {
				t.Errorf("%v\n%s", err, checks)
			}
		})
	}
}

func TestACheckThatWasNeverEvaluatedFails(t *testing.T) {
	checks := &Checks{}
	checks.Always("one").That(true, "")
	if err := checks.Err(); err != nil {
		t.Fatal(err)
	}
	checks.Always("two")
	if err := checks.Err(); err == nil || !strings.Contains(checks.String(), "NEVER EVALUATED 0 times: two") {
		t.Errorf("%v\n%s", err, checks)
	}
	checks.Always("two").That(true, "")
	n := 0
	if !checks.Eventually("three", 1<<40, func() error {
		if n++; n < 3 {
			return fmt.Errorf("not yet")
		}
		return nil
	}) || checks.Err() != nil {
		t.Errorf("%s", checks)
	}
	if checks.Eventually("three", 0, func() error { return fmt.Errorf("no") }) || checks.Err() == nil {
		t.Errorf("%s", checks)
	}
	checks.Finally("four", fmt.Errorf("broken"))
	if text := checks.String(); !strings.Contains(text, "finally     FAILED 1 of 1 times: four") ||
		!strings.Contains(text, "- broken") {
		t.Errorf("%s", text)
	}
}

// LAB_HISTORY=file go test -v -run AFileThatWasKept ./lab/history
func TestAFileThatWasKept(t *testing.T) {
	path := os.Getenv("LAB_HISTORY")
	if path == "" {
		t.Skip("LAB_HISTORY names no file")
	}
	ops, truth, err := Load(path)
	if err != nil || truth == nil {
		t.Fatalf("%s: %v; it has %d operations, and whether it says what was true: %v", path, err, len(ops),
			truth != nil)
	}
	checks := &Checks{}
	Verify(ops, truth, checks, filepath.Dir(path))
	t.Logf("%d operations\n%s", len(ops), checks)
	if err := checks.Err(); err != nil {
		t.Error(err)
	}
}

func TestAKeptHistoryIsJudgedAsBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	h, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	s := good()
	for _, op := range s.ops {
		h.Add(op)
	}
	if h.Now() < 1 || len(h.Ops()) != len(s.ops) {
		t.Errorf("%d operations at %d", len(h.Ops()), h.Now())
	}
	if err := h.Close(&s.truth); err != nil {
		t.Fatal(err)
	}
	ops, truth, err := Load(path)
	if err != nil || truth == nil {
		t.Fatal(err, truth)
	}
	first, again := s.judged(t), &Checks{}
	Verify(ops, truth, again, "")
	if first.String() != again.String() {
		t.Errorf("%s\n%s", first, again)
	}
}
