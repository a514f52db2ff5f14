package history

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// patience is how long one part of a history may take to check: the log of one organisation, or one session.
const patience = time.Minute

// Verify holds a history against the truth: the log of each organisation by itself, and each session by itself.
// Pictures of what is wrong are left in a folder, "" for none.
func Verify(ops []Op, truth *Truth, checks *Checks, folder string) {
	for _, name := range []string{writesOnce, writesNext, readsAscend, asAsked, readsTrue, rightEpoch, framesWhole} {
		checks.Always(name)
	}
	for _, org := range slices.Sorted(maps.Keys(truth.Logs)) {
		k, err := learn(org, ops, truth)
		if err == nil && len(truth.Epochs) > maxEpochs {
			err = fmt.Errorf("%d epochs are too many to check", len(truth.Epochs))
		}
		if err != nil {
			checks.Always(writesOnce).That(false, "%v", err)
			continue
		}
		k.checkLog(ops, checks, folder)
		sessions := map[string][]Op{}
		for _, op := range ops {
			if op.Org == org {
				sessions[op.Session] = append(sessions[op.Session], op)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(sessions)) {
			k.checkSession(name, sessions[name], checks, folder)
		}
	}
}

func (k *known) checkLog(ops []Op, checks *Checks, folder string) {
	check := checks.Always(writesOnce)
	history := k.logOps(ops)
	result := judge(k.logModel(), history, folder, "log-"+k.org)
	if result == porcupine.Ok {
		for range history {
			check.That(true, "")
		}
		return
	}
	why := k.diagnose(ops)
	if len(why) == 0 {
		why = []string{"no order of the writes explains the log"}
	}
	for _, one := range why {
		check.That(false, "%s: %s", k.org, one)
	}
}

// checkSession lets porcupine decide, and says then, in the order of the answers, where it went wrong.
func (k *known) checkSession(name string, ops []Op, checks *Checks, folder string) {
	var history []porcupine.Operation
	for n := range ops {
		if op := &ops[n]; op.Return != 0 && (op.Kind == Write || op.Kind == Listen || op.Kind == Frame ||
			op.Kind == Snapshot || op.Code == 200) {
			history = append(history, porcupine.Operation{Input: op, Call: op.Call, Return: op.Return})
		}
	}
	slices.SortStableFunc(history, func(a, b porcupine.Operation) int {
		return int(
			min(1, max(-1, a.Return-b.Return)))
	})
	result := judge(k.sessionModel(), history, folder, "session-"+name)
	if result == porcupine.Unknown {
		checks.Always(readsAscend).That(false, "session %s could not be checked in %v", name, patience)
		return
	}
	var s sessionState
	told := false
	for _, one := range history {
		next, no := k.step(s, one.Input.(*Op), func(check string) { checks.Always(check).That(true, "") })
		if s = next; no != nil && result == porcupine.Illegal {
			checks.Always(no.check).That(false, "%s", no.why)
			told = true
		}
	}
	if result == porcupine.Illegal && !told {
		checks.Always(readsAscend).That(false, "session %s: no order of what it did explains its answers", name)
	}
}

// judge asks porcupine, and draws what is wrong.
func judge(model porcupine.Model, history []porcupine.Operation, folder, name string) porcupine.CheckResult {
	result := porcupine.CheckOperationsTimeout(model, history, patience)
	if result == porcupine.Illegal && folder != "" {
		_, info := porcupine.CheckOperationsVerbose(model, history, patience)
		name = strings.ReplaceAll(name, "/", "-") + ".html"
		_ = porcupine.VisualizePath(model, info, filepath.Join(folder, name)) // the words are enough
	}
	return result
}
