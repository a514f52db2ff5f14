package history

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"
)

// writesOnce is what the model of the log says.
const writesOnce = "an accepted write is in the log once, at the seq it was answered, in the order of time; only a " +
	"change of epoch loses it"

// logState is how far the log of an organisation has come.
type logState struct {
	epoch int
	seq   int64
}

// logStep is an operation on the log: a write, the beginning of an epoch, or a look at where it ends.
type logStep struct {
	write *Op
	at    int64 // where the write must be; 0 is nowhere: it was refused, or is there twice
	lost  bool  // the write was accepted and is not in the last log
	fork  int   // the epoch that begins
	end   bool
}

// logModel is a log that grows by one event after the other. Every event of the last log needs the write that made it,
// and every accepted write its event at the seq of its answer. Of a log that another one has replaced, what they do not
// share may be lost.
func (k *known) logModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return logState{0, k.log.First} },
		Step: func(state, input, _ any) (bool, any) {
			next, ok := k.stepLog(state.(logState), input.(logStep))
			return ok, next
		},
		DescribeOperation: func(input, _ any) string { return input.(logStep).String() },
		DescribeState: func(state any) string {
			return fmt.Sprintf("epoch %d, seq %d", state.(logState).epoch, state.(logState).seq)
		},
	}
}

func (k *known) stepLog(s logState, step logStep) (logState, bool) {
	switch {
	case step.end:
		return s, s == logState{k.last(), k.log.End()}
	case step.fork > 0:
		return logState{step.fork, k.epochs[step.fork].Base[k.org]}, s.epoch == step.fork-1 && s.seq >= k.kept[s.epoch]
	case step.lost: // behind everything that the epoch shares with the last log
		return logState{s.epoch, step.at}, s.epoch < k.last() && step.at > s.seq && s.seq >= k.kept[s.epoch]
	}
	return logState{s.epoch, step.at}, step.at == s.seq+1 && step.at <= k.kept[s.epoch]
}

func (s logStep) String() string {
	switch {
	case s.end:
		return "the log ends"
	case s.fork > 0:
		return fmt.Sprintf("epoch %d begins", s.fork)
	case s.lost:
		return fmt.Sprintf("%q accepted as %d, lost", s.write.Text, s.at)
	}
	return fmt.Sprintf("%q is %d", s.write.Text, s.at)
}

// logOps is the history of the log.
func (k *known) logOps(ops []Op) []porcupine.Operation {
	end := int64(1)
	var out []porcupine.Operation
	add := func(call, back int64, step logStep) {
		out = append(out, porcupine.Operation{Input: step, Call: call, Return: back})
	}
	for n := range ops {
		op := &ops[n]
		end = max(end, op.Call, op.Return)
		if op.Org != k.org || op.Kind != Write {
			continue
		}
		for _, step := range k.logSteps(op) {
			back := op.Return
			if back == 0 || !step.lost && accepted(op) && op.Seq != step.at { // it was answered for another try
				back = forever
			}
			add(op.Call, back, step)
		}
	}
	for n := 1; n < len(k.epochs); n++ {
		add(k.epochs[n].Call, k.epochs[n].Dead, logStep{fork: n})
		end = max(end, k.epochs[n].Dead)
	}
	add(end+1, end+2, logStep{end: true})
	return out
}

func accepted(op *Op) bool { return op.Return != 0 && op.Code >= 200 && op.Code < 300 }

// logSteps is what a write did to the log. One that was never answered may have happened or not: the log tells. One
// that was accepted and lost may have happened again, by a try of it that came late.
func (k *known) logSteps(op *Op) []logStep {
	at := k.at[op.Text]
	switch {
	case op.Return == 0 && len(at) == 0:
		return nil
	case op.Return == 0:
		return []logStep{{write: op, at: at[0]}}
	case !accepted(op) && len(at) == 0:
		return nil
	case !accepted(op):
		return []logStep{{write: op}}
	case slices.Contains(at, op.Seq):
		return []logStep{{write: op, at: op.Seq}}
	}
	if epochs, _ := k.in(op); len(epochs) == 0 {
		return []logStep{{write: op, at: op.Seq}} // the log has something else there, and nothing explains it
	}
	steps := []logStep{{write: op, at: op.Seq, lost: true}}
	if len(at) > 0 && op.Call < k.epochs[k.last()].Dead {
		steps = append(steps, logStep{write: op, at: at[0]})
	}
	return steps
}

// diagnose says in words what is wrong with the writes, as far as each is wrong by itself.
func (k *known) diagnose(ops []Op) (why []string) {
	say := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	for n := range ops {
		op := &ops[n]
		if op.Org != k.org || op.Kind != Write {
			continue
		}
		at := k.at[op.Text]
		epochs, _ := k.in(op)
		switch {
		case len(at) > 1:
			say("%q is in the log %d times, at %v", op.Text, len(at), at)
		case len(at) == 1 && op.Return != 0 && !accepted(op):
			say("%q was refused with %d and is in the log at %d", op.Text, op.Code, at[0])
		case accepted(op) && len(at) == 0 && len(epochs) == 0:
			say("%q was accepted as %d and is lost", op.Text, op.Seq)
		case accepted(op) && len(at) == 1 && at[0] != op.Seq && len(epochs) == 0:
			say("%q was answered %d and is in the log at %d", op.Text, op.Seq, at[0])
		}
	}
	for n, e := range k.log.Entries {
		if k.writes[e.Text] == nil {
			say("event %d, %q, was written by nobody", k.log.First+1+int64(n), e.Text)
		}
	}
	return why
}
