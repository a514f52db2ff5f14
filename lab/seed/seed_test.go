package seed_test

import (
	"slices"
	"sync"
	"testing"

	"statuspage/lab/seed"
)

var regions = []string{"fra", "iad", "syd"}

func TestTheSameSeedIsTheSameSchedule(t *testing.T) {
	for n := range seed.Seed(200) {
		first, second := n.Schedule(regions, 3), n.Schedule(regions, 3)
		if !slices.Equal(first, second) || first.String() != second.String() {
			t.Fatalf("%s:\n%s\n%s", n, first, second)
		}
		if short := n.Schedule(regions, 2); !slices.Equal(short, first[:len(short)]) {
			t.Fatalf("%s: fewer rounds are no beginning of more:\n%s\n%s", n, short, first)
		}
	}
	if seed.Seed(1).Schedule(regions, 1).String() == seed.Seed(2).Schedule(regions, 1).String() {
		t.Error("two seeds are the same schedule")
	}
}

func TestAScheduleCanBePlayed(t *testing.T) {
	for n := range seed.Seed(500) {
		s := n.Schedule(regions, 2)
		primary, backups := "fra", 0
		seen := map[seed.Kind]int{}
		for i, f := range s {
			seen[f.Kind]++
			switch f.Kind {
			case seed.Backup:
				backups++
			case seed.Restore:
				if backups == 0 {
					t.Fatalf("%s restores what was never saved:\n%s", n, s)
				}
			case seed.Promotion:
				if f.Region == primary {
					t.Fatalf("%s promotes the primary:\n%s", n, s)
				}
				primary = f.Region
			case seed.Lag, seed.Pause:
				if f.Region == primary {
					t.Fatalf("%s: the primary is no replica (fault %d):\n%s", n, i+1, s)
				}
			case seed.LoseCommits:
				if f.Region != primary || f.Count < 1 {
					t.Fatalf("%s: fault %d:\n%s", n, i+1, s)
				}
			}
			if f.Beside && (i+1 == len(s) || s[i+1].Forks()) {
				t.Fatalf("%s: fault %d goes on beside another log:\n%s", n, i+1, s)
			}
		}
		for kind, times := range seen {
			if times != 2 {
				t.Fatalf("%s has %s %d times in two rounds", n, kind, times)
			}
		}
	}
}

// An actor's decisions depend on nobody else's, and not on who was first.
func TestStreamsAreIndependent(t *testing.T) {
	draw := func(names ...any) (out []int) {
		r := seed.Seed(7).Stream(names...)
		for range 50 {
			out = append(out, r.IntN(1000))
		}
		return out
	}
	want := map[int][]int{}
	for n := range 20 {
		want[n] = draw("client", n)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := 19; n >= 0; n-- {
		all.Go(func() {
			got := draw("client", n)
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(got, want[n]) {
				t.Errorf("client %d decides otherwise", n)
			}
		})
	}
	all.Wait()
	if slices.Equal(draw("a", "bc"), draw("ab", "c")) || slices.Equal(draw("client", 1), draw("client", 2)) {
		t.Error("two actors have one stream")
	}
}

func TestWhichSeedARunHas(t *testing.T) {
	t.Setenv(seed.Variable, "")
	if s, err := seed.Choose(false, 5); s != 5 || err != nil {
		t.Errorf("%s, %v", s, err)
	}
	a, _ := seed.Choose(true, 5)
	b, _ := seed.Choose(true, 5)
	if a == b {
		t.Error("a soak has the same seed twice")
	}
	for _, text := range []string{a.String(), "42", "0x2a"} {
		t.Setenv(seed.Variable, text)
		want, _ := seed.Parse(text)
		if s, err := seed.Choose(true, 5); s != want || err != nil {
			t.Errorf("%s: %s, %v", text, s, err)
		}
	}
	for _, text := range []string{"x", "-1", "0xzz", "99999999999999999999", " 1"} {
		t.Setenv(seed.Variable, text)
		if s, err := seed.Choose(false, 5); err == nil {
			t.Errorf("%q is taken for %s", text, s)
		}
	}
}
