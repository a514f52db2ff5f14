package regions_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"statuspage/lab/history"
	"statuspage/lab/seed"
	"statuspage/server/store"
)

// obey carries out a schedule.
func (r *run) obey(schedule seed.Schedule) {
	end := func() error { return nil }
	for n, f := range schedule {
		r.writesGoOn(f.After)
		began := time.Now()
		mend, err := r.breaks(f)
		r.checks.Finally("what breaks is mended", errOf(n, f, err))
		r.checks.Finally("what breaks is mended", errOf(n, f, end()))
		time.Sleep(f.For - time.Since(began))
		if end = mend; !f.Beside {
			r.checks.Finally("what breaks is mended", errOf(n, f, end()))
			end = func() error { return nil }
		}
	}
	r.checks.Finally("what breaks is mended", end())
}

func errOf(n int, f seed.Fault, err error) error {
	if err != nil {
		err = fmt.Errorf("fault %d, %s: %w", n+1, f, err)
	}
	return err
}

// breaks begins a fault, and answers what ends it. What was killed is running again when it returns.
func (r *run) breaks(f seed.Fault) (mend func() error, err error) {
	at := r.Region(f.Region)
	mend = func() error { return nil }
	simply := func(do func()) func() error { return func() error { do(); return nil } }
	switch f.Kind {
	case seed.KillApp:
		return mend, at.App.Restart()
	case seed.KillDatabase:
		return mend, at.DB.Restart()
	case seed.KillRegion:
		at.App.Kill()
		if err := at.DB.Restart(); err != nil {
			return mend, err
		}
		return mend, at.App.Start()
	case seed.Partition:
		at.Partition()
		return simply(at.Heal), nil
	case seed.CutDatabase:
		at.CutDB()
		return simply(at.HealDB), nil
	case seed.Lag:
		return func() error { return at.Lag(0) }, at.Lag(f.By)
	case seed.Pause:
		return at.Resume, at.Pause()
	case seed.Slow:
		at.Slow(f.By)
		return simply(at.Heal), nil
	case seed.RestartAll:
		return mend, r.RestartAll()
	case seed.Backup:
		r.backup = filepath.Join(r.folder, fmt.Sprintf("backup-%d", r.history.Now()))
		return mend, r.Backup(r.backup)
	}
	return mend, r.forks(f)
}

// forks begins another log, and waits until every region has it.
func (r *run) forks(f seed.Fault) (err error) {
	next := history.Epoch{Call: r.history.Now()}
	begins := func() error { return r.inDatabase(func(db *store.DB) error { return r.newEpoch(db, &next) }) }
	switch f.Kind {
	case seed.Restore:
		err = r.Restore(r.backup, begins)
	case seed.Promotion:
		err = r.LosePrimary(r.Region(f.Region), begins)
	case seed.LoseCommits:
		err = r.loses(f.Count, &next)
	}
	if err != nil || next.Name == "" {
		return err
	}
	r.truth.Epochs = append(r.truth.Epochs, next)
	there := r.checks.Eventually("every region has the new epoch", soonEnough, func() error {
		for _, at := range r.Regions {
			code, said, _, err := r.ask("GET", at.AppURL()+"/readyz", nil)
			if err == nil && said["epoch"] != next.Name {
				err = fmt.Errorf("%s: %d, epoch %v", at.Name, code, said["epoch"])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if there {
		r.truth.Epochs[len(r.truth.Epochs)-1].Settled = r.history.Now()
	}
	return nil
}

// newEpoch is what an operator does before anything serves a database that was put in another's place.
func (r *run) newEpoch(db *store.DB, next *history.Epoch) (err error) {
	next.Dead = r.history.Now()
	if next.Base, err = r.ends(db); err != nil {
		return err
	}
	if err := db.NewEpoch(context.Background()); err != nil {
		return err
	}
	next.Name, err = db.Epoch(context.Background())
	return err
}

// ends is where the logs end in a database.
func (r *run) ends(db *store.DB) (map[string]int64, error) {
	ends := map[string]int64{}
	for _, p := range r.pages {
		end, err := endOf(db, p.id)
		if err != nil {
			return nil, err
		}
		ends[p.slug] = end
	}
	return ends, nil
}

// loses takes the newest commits away while the program runs: it has to notice by itself. When no event is among them,
// there is no new epoch.
func (r *run) loses(commits int, next *history.Epoch) error {
	_, err := r.Primary().PowerCutLook(commits, func(file string) error {
		next.Dead = r.history.Now()
		db, err := store.Open("file:"+file, "")
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		next.Base, err = r.ends(db)
		return err
	})
	if err != nil {
		return err
	}
	since := time.Now()
	r.checks.Eventually("a loss of what was seen begins a new epoch", soonEnough, func() error {
		return r.inDatabase(func(db *store.DB) error {
			name, err := db.Epoch(context.Background())
			switch {
			case err != nil:
				return err
			case !slices.ContainsFunc(r.truth.Epochs, func(e history.Epoch) bool { return e.Name == name }):
				next.Name = name
				return nil
			case r.missed(next) || time.Since(since) < 2*time.Second:
				return fmt.Errorf("still epoch %s", name)
			}
			return nil
		})
	})
	return nil
}

// missed says whether a client was shown something that is lost.
func (r *run) missed(next *history.Epoch) bool {
	last := r.truth.Epochs[len(r.truth.Epochs)-1]
	for _, op := range r.history.Ops() {
		if op.Return > last.Dead && op.Return < next.Dead && op.Seq > next.Base[op.Org] &&
			(op.Kind == history.Write || op.Epoch == last.Name) {
			return true
		}
	}
	return false
}
