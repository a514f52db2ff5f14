package history

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// What the model of a session says.
const (
	readsAscend = "a session reads nothing older than it has seen"
	asAsked     = "an answer includes the event that was asked for"
	readsTrue   = "what is shown at a seq is what the log says there"
	rightEpoch  = "what is shown belongs to its epoch, and to one that is there at that time"
	framesWhole = "a socket hears each event once, in order, none left out"
	writesNext  = "what a session writes comes behind what it has seen"
)

// maxEpochs is how many a history may have.
const maxEpochs = 64

// sessionState is what a session has seen: by epoch, and on its socket.
type sessionState struct {
	seen  [maxEpochs]int64
	epoch int   // of the socket
	at    int64 // the last event on the socket; 0 before the first greeting, lost while it needs a snapshot
}

const lost = -1

// violation is a promise that was broken.
type violation struct{ check, why string }

func broken(check, format string, args ...any) *violation {
	return &violation{check, fmt.Sprintf(format, args...)}
}

// sessionModel is a session that does one thing after the other.
func (k *known) sessionModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return sessionState{} },
		Step: func(state, input, _ any) (bool, any) {
			next, no := k.step(state.(sessionState), input.(*Op), func(string) {})
			return no == nil, next
		},
		DescribeOperation: func(input, _ any) string { return input.(*Op).String() },
	}
}

func (op *Op) String() string {
	return fmt.Sprintf("%s %s: %s %q of epoch %.8s at %d (asked for %d)", op.Session, op.Region, op.Kind, op.Text,
		op.Epoch, op.Seq, max(op.MinSeq, op.Since))
}

// step is what an operation makes of what a session has seen, and which promise it breaks. looked hears of each promise
// that was held against it.
func (k *known) step(s sessionState, op *Op, looked func(check string)) (sessionState, *violation) {
	if op.Kind == Write {
		return k.stepWrite(s, op, looked)
	}
	looked(rightEpoch)
	epoch, there := k.number[op.Epoch]
	switch {
	case !there:
		return s, broken(rightEpoch, "%s: there is no such epoch", op)
	case !k.began(epoch, op.Return):
		return s, broken(rightEpoch, "%s: it had not begun", op)
	case k.gone(epoch, op.Call):
		return s, broken(rightEpoch, "%s: every region had another one", op)
	}
	switch op.Kind {
	case Listen:
		return k.stepListen(s, op, epoch, looked)
	case Frame:
		return k.stepFrame(s, op, epoch, looked)
	case Snapshot:
		return k.stepSnapshot(s, op, epoch, looked)
	}
	return k.stepRead(s, op, epoch, looked)
}

func (k *known) stepWrite(s sessionState, op *Op, looked func(string)) (sessionState, *violation) {
	if !accepted(op) {
		return s, nil
	}
	epochs, sure := k.in(op)
	if !sure {
		return s, nil
	}
	looked(writesNext)
	var no *violation
	for _, e := range epochs {
		if s.seen[e] >= op.Seq {
			no = broken(writesNext, "%s: it had seen %d", op, s.seen[e])
		}
		s.seen[e] = max(s.seen[e], op.Seq)
	}
	return s, no
}

func (k *known) stepRead(s sessionState, op *Op, epoch int, looked func(string)) (sessionState, *violation) {
	before := s
	s.seen[epoch] = max(s.seen[epoch], op.Seq)
	if op.MinSeq > 0 {
		looked(asAsked)
		if op.Seq < op.MinSeq {
			return s, broken(asAsked, "%s", op)
		}
		if k.number[op.Known] > epoch {
			// Status-Min-Seq counts in no epoch: a region that has not heard of the new one may answer from the old
			// one.
			return s, k.shows(op, epoch, looked)
		}
		looked(readsAscend)
		if least := k.least(&before, epoch); op.Seq < least {
			return s, broken(readsAscend, "%s: it had seen %d", op, least)
		}
	}
	return s, k.shows(op, epoch, looked)
}

// least is the oldest that a session may be shown in an epoch: of another one, what both have.
func (k *known) least(s *sessionState, epoch int) (least int64) {
	for e := range k.epochs {
		least = max(least, min(s.seen[e], k.shared(e, epoch)))
	}
	return least
}

// stepListen goes on where the session says, if it counts in the same log.
func (k *known) stepListen(s sessionState, op *Op, epoch int, looked func(string)) (sessionState, *violation) {
	looked(framesWhole)
	before := s
	switch {
	case op.Since < 0:
		s.epoch, s.at = epoch, op.Seq
	case op.Known == op.Epoch:
		s.epoch, s.at = epoch, op.Since
	default:
		s.epoch, s.at = epoch, lost
	}
	if op.Since >= 0 && before.at > 0 && (op.Since != before.at || k.number[op.Known] != before.epoch) {
		return s, broken(framesWhole, "%s: it has heard %d of epoch %d", op, before.at, before.epoch)
	}
	return s, nil
}

func (k *known) stepFrame(s sessionState, op *Op, epoch int, looked func(string)) (sessionState, *violation) {
	looked(framesWhole)
	before := s.at
	s.at = op.Seq
	s.seen[epoch] = max(s.seen[epoch], op.Seq)
	if epoch != s.epoch || before == lost || op.Seq != before+1 {
		return s, broken(framesWhole, "%s: behind %d of epoch %d", op, before, s.epoch)
	}
	looked(readsTrue)
	if epoch = k.goesOn[epoch]; op.Seq <= k.kept[epoch] {
		return s, k.todaysWords(op)
	}
	return s, k.whose(op, epoch, op.Service, op.Text)
}

// todaysWords: what is replayed has the words that its object has now.
func (k *known) todaysWords(op *Op) *violation {
	if op.Seq <= k.log.First {
		return nil // nothing of the history
	}
	if e, _ := k.log.At(op.Seq); e.Service != op.Service {
		return broken(readsTrue, "%s: the event is about %s", op, e.Service)
	}
	at := k.at[op.Text]
	w := k.writes[op.Text]
	if w == nil || w.Service != op.Service || len(at) > 0 && at[0] < op.Seq {
		return broken(readsTrue, "%s: the text is of %v", op, at)
	}
	return nil
}

func (k *known) stepSnapshot(s sessionState, op *Op, epoch int, looked func(string)) (sessionState, *violation) {
	looked(framesWhole)
	before := s
	s.at = op.Seq
	s.seen[epoch] = max(s.seen[epoch], op.Seq)
	if epoch != s.epoch {
		return s, broken(framesWhole, "%s: the greeting was of epoch %d", op, s.epoch)
	}
	// What a session has seen may be gone before the new epoch has come.
	if op.Seq < before.at && (before.at <= k.kept[epoch] || !k.over(epoch, op.Return)) {
		return s, broken(framesWhole, "%s: behind %d", op, before.at)
	}
	return s, k.shows(op, epoch, looked)
}

// shows holds a whole page against the log.
func (k *known) shows(op *Op, epoch int, looked func(string)) *violation {
	looked(readsTrue)
	epoch = k.goesOn[epoch]
	for service, text := range op.Texts {
		if op.Seq <= k.kept[epoch] {
			if said := k.text(service, op.Seq); text != said {
				return broken(readsTrue, "%s: %s is %q, the log says %q", op, service, text, said)
			}
			continue
		}
		if text == "" {
			continue
		}
		if no := k.whose(op, epoch, service, text); no != nil {
			return no
		}
	}
	return nil
}

// whose holds a text that was shown in a part of a log which is lost against who wrote it when.
func (k *known) whose(op *Op, epoch int, service, text string) *violation {
	w := k.writes[text]
	switch {
	case w == nil || w.Service != service:
		return broken(readsTrue, "%s: nobody wrote %q to %s", op, text, service)
	case w.Call > op.Return:
		return broken(readsTrue, "%s: %q was written later", op, text)
	case epoch < k.last() && w.Call >= k.epochs[epoch+1].Dead:
		return broken(rightEpoch, "%s: %q was written when the log was another one", op, text)
	}
	return nil
}
