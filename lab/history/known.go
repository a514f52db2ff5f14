package history

import (
	"fmt"
	"math"
)

// known is what the models ask about one organisation.
type known struct {
	org    string
	epochs []Epoch
	log    *Log
	// kept is, by epoch, up to which seq its log is in the last one: all epochs share the beginning of the last one's
	// log.
	kept   []int64
	number map[string]int // an epoch's place, by name
	// goesOn is, by epoch, the one whose log it is: of an organisation that lost nothing the log goes on, whatever it
	// is called meanwhile.
	goesOn []int
	at     map[string][]int64 // where a text stands in the log
	writes map[string]*Op     // by text
}

// learn puts it together of a whole history.
func learn(org string, ops []Op, t *Truth) (*known, error) {
	k := &known{org: org, epochs: t.Epochs, log: t.Logs[org], number: map[string]int{}, at: map[string][]int64{},
		writes: map[string]*Op{}}
	if k.log == nil || len(t.Epochs) == 0 {
		return nil, fmt.Errorf("the truth says nothing about %s", org)
	}
	k.kept = make([]int64, len(t.Epochs))
	least := k.log.End()
	for n := len(t.Epochs) - 1; n >= 0; n-- {
		if _, twice := k.number[t.Epochs[n].Name]; twice {
			return nil, fmt.Errorf("two epochs are %s", t.Epochs[n].Name)
		}
		k.kept[n], k.number[t.Epochs[n].Name] = least, n
		if n > 0 {
			least = min(least, t.Epochs[n].Base[org])
		}
	}
	if base := t.Epochs[k.last()].Base[org]; k.last() > 0 && base > k.log.End() {
		return nil, fmt.Errorf("the log of %s began with %d events and has %d", org, base, k.log.End())
	}
	for n, e := range k.log.Entries {
		k.at[e.Text] = append(k.at[e.Text], k.log.First+1+int64(n))
	}
	for n := range ops {
		op := &ops[n]
		if op.Org != org || op.Kind != Write {
			continue
		}
		if k.writes[op.Text] != nil {
			return nil, fmt.Errorf("two writes of %s write %q: the history itself is wrong", org, op.Text)
		}
		k.writes[op.Text] = op
	}
	k.follow(ops)
	return k, nil
}

// follow finds out which logs go on in the next epoch, since nobody was shown an event of theirs that is lost.
func (k *known) follow(ops []Op) {
	ended := make([]bool, len(k.epochs))
	for n := range ops {
		op := &ops[n]
		if op.Org != k.org || op.Return == 0 || op.Kind == Listen {
			continue
		}
		for e := range k.last() {
			if op.Seq > k.epochs[e+1].Base[k.org] && k.began(e, op.Return) && k.isGone(op, e) {
				ended[e] = true
			}
		}
	}
	k.goesOn = make([]int, len(k.epochs))
	for e := k.last(); e >= 0; e-- {
		if k.goesOn[e] = e; e < k.last() && !ended[e] {
			k.goesOn[e] = k.goesOn[e+1]
		}
	}
}

// isGone says whether an operation shows that an epoch had an event which the next one has not.
func (k *known) isGone(op *Op, epoch int) bool {
	if op.Kind == Write {
		at, there := k.log.At(op.Seq)
		return accepted(op) && op.Call < k.epochs[epoch+1].Dead && (!there || at.Text != op.Text)
	}
	return op.Epoch == k.epochs[epoch].Name && op.Return < k.epochs[epoch+1].Dead
}

func (k *known) last() int { return len(k.epochs) - 1 }

// began says whether an epoch may have begun before a time.
func (k *known) began(epoch int, at int64) bool { return epoch == 0 || k.epochs[epoch].Call < at }

// over says whether an epoch may have ended before a time: the next one may have begun.
func (k *known) over(epoch int, at int64) bool { return epoch < k.last() && k.began(epoch+1, at) }

// shared is up to which seq the logs of two epochs are the same.
func (k *known) shared(a, b int) int64 {
	least := int64(forever)
	for n := min(a, b) + 1; n <= max(a, b); n++ {
		least = min(least, k.epochs[n].Base[k.org])
	}
	return least
}

// gone says whether an epoch was gone from every region at a time.
func (k *known) gone(epoch int, at int64) bool {
	for n := epoch + 1; n <= k.last(); n++ {
		if s := k.epochs[n].Settled; s != 0 && s <= at {
			return true
		}
	}
	return false
}

// text is what a service says in the log at a seq.
func (k *known) text(service string, seq int64) string {
	for ; seq > k.log.First; seq-- {
		if e, there := k.log.At(seq); there && e.Service == service {
			return e.Text
		}
	}
	return ""
}

// in lists the epochs in whose log the event of an accepted write certainly is, or may be when sure is false: one that
// was lost is in none of those that are kept.
func (k *known) in(op *Op) (epochs []int, sure bool) {
	if e, there := k.log.At(op.Seq); there && e.Text == op.Text && e.Service == op.Service {
		for n := range k.epochs {
			if k.kept[n] >= op.Seq {
				epochs = append(epochs, n)
			}
		}
		return epochs, true
	}
	for n := range k.last() {
		if op.Seq > k.kept[n] && k.began(n, op.Return) && op.Call < k.epochs[n+1].Dead {
			epochs = append(epochs, n)
		}
	}
	return epochs, len(epochs) == 1
}

// forever is the return of what was never answered.
const forever = math.MaxInt64
