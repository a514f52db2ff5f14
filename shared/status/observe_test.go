package status_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"statuspage/shared/status"
)

const minute = status.Time(60_000)

// play gives a monitor what regions see minute by minute: + works, - fails, x fails and sees nothing else, . is silent.
// What comes of it is a letter a minute: u up, D down and firing, d down in silence, ? unknown, p paused.
func play(m status.Monitor, regions []string, change func(minute int, m *status.Monitor)) string {
	start, out := 1000*minute, ""
	var w status.Window
	for i := range len(regions[0]) {
		at := start + status.Time(i)*minute
		var seen []status.Observation
		for r, row := range regions {
			if row[i] == '.' {
				continue
			}
			seen = append(seen, status.Observation{Region: string(rune('a' + r)), At: at, OK: row[i] == '+', Ms: 5,
				Error: "no answer",
				Blind: row[i] == 'x'})
		}
		if change != nil {
			change(i, &m)
		}
		v := status.Observe(m, w, seen, at)
		w, m.Window = v.Window, v.Window
		switch state := m.State(); {
		case state == status.MonitorUp:
			out += "u"
		case state == status.MonitorDown && v.Firing:
			out += "D"
		case state == status.MonitorDown:
			out += "d"
		case state == status.MonitorPaused:
			out += "p"
		default:
			out += "?"
		}
	}
	return out
}

func with(failures, successes, quorum int64) status.Monitor {
	m := status.NewMonitor()
	m.Failures, m.Successes, m.Quorum = failures, successes, quorum
	return m
}

func TestSequencesHaveTheRightVerdict(t *testing.T) {
	usual := status.NewMonitor()
	only := with(3, 2, 0)
	only.Regions = []string{"a"}
	for _, row := range []struct {
		name    string
		m       status.Monitor
		regions []string
		want    string
	}{
		{"one region, all well", usual, []string{"+++++"}, "uuuuu"},
		{"nothing was ever seen", usual, []string{"..."}, "???"},
		{"down from the start", usual, []string{"-----"}, "??DDD"},
		{"a single failure is a blip", usual, []string{"++-+++"}, "uuuuuu"},
		{"two failures are a deploy", usual, []string{"++--++"}, "uuuuuu"},
		{"three failures are down", usual, []string{"++---"}, "uuuuD"},
		{"one success is no recovery", usual, []string{"+---+-"}, "uuuDDD"},
		{"two successes are", usual, []string{"+---++"}, "uuuDDu"},
		{"a success in between begins the row again", usual, []string{"+--+--+--"}, "uuuuuuuuu"},
		{"one failure is enough where it is said so", with(1, 1, 0), []string{"+-+-"}, "uDuD"},
		{"one region of three fails", usual, []string{"++++++", "+-----", "++++++"}, "uuuuuu"},
		{"two regions of three fail", usual, []string{"++++++", "+-----", "+-----"}, "uuuDDD"},
		{"two of three, one later", usual, []string{"++++++", "+-----", "++----"}, "uuuuDD"},
		{"a partition heals before it counts", usual, []string{"++++++", "+--+++", "+--+++"}, "uuuuuu"},
		{"all three fail and recover", usual, []string{"+---++", "+---++", "+---++"}, "uuuDDu"},
		{"recovery needs a quorum, too", usual, []string{"+---++++", "+-------", "+-----++"}, "uuuDDDDu"},
		{"one of two is no majority", usual, []string{"+-----", "++++++"}, "uuuuuu"},
		{"both of two are", usual, []string{"+-----", "+-----"}, "uuuDDD"},
		{"a quorum of one hears each region", with(3, 2, 1), []string{"+-----", "++++++", "++++++"}, "uuuDDD"},
		{"a quorum of three of three waits for the last", with(3, 2, 3), []string{"+----", "+----", "++++-"}, "uuuuu"},
		{"a quorum that is more than there are is all", with(3, 2, 9), []string{"+---", "+---"}, "uuuD"},
		{"a region falls silent", usual, []string{"+++++++++", "+++++++++", "++......."}, "uuuuuuuuu"},
		{"a silent majority is unknown", usual, []string{"+++++++++", "+........", "+........"}, "uuuu?????"},
		{"everybody is silent", usual, []string{"+++......"}, "uuuuuu???"},
		{"silence does not end an outage", usual, []string{"+---......-"}, "uuuDDDD???D"},
		{"back from silence with a success only", usual, []string{"+---......++"}, "uuuDDDD???Du"},
		{"a blind region has no vote", usual, []string{"++++++", "+xxxxx", "++++++"}, "uuuuuu"},
		{"one region alone that is blind knows nothing", usual, []string{"++xxxx"}, "uu????"},
		{"two blind ones of three are a silent majority", usual, []string{"++++", "+xxx", "+xxx"}, "u???"},
		{"a blind one sees again", usual, []string{"+xxx++"}, "u???uu"},
		{"blind, then down", usual, []string{"+xx---"}, "u????D"},
		{"failures before a long silence are forgotten", usual, []string{"+--.......-+"}, "uuuuuu?????u"},
		{"one bad resolver", usual, []string{"+++++++++", "+-+-+-+-+", "+++++++++"}, "uuuuuuuuu"},
		{"slow drift, region by region", usual, []string{"+-------", "+++-----", "+++++---"}, "uuuuuDDD"},
		{"flapping needs more to end", with(1, 1, 0), []string{"+-+-+-+-+++++"}, "uDuDuDDDDDDuu"},
		{"only one region is asked", only, []string{"+---", "++++"}, "uuuD"},
		{"another region's failures are not its matter", only, []string{"++++", "----"}, "uuuu"},
	} {
		if got := play(row.m, row.regions, nil); got != row.want {
			t.Errorf("%s: %v gives %s, not %s", row.name, row.regions, got, row.want)
		}
	}
}

func TestPausedAndMaintainedMonitorsAreSilent(t *testing.T) {
	pause := func(i int, m *status.Monitor) { m.Paused = i >= 2 && i < 5 }
	if got := play(status.NewMonitor(), []string{"++---++"}, pause); got != "uupppuu" {
		t.Error(got)
	}
	work := func(i int, m *status.Monitor) { m.Quiet = i >= 1 && i < 6 }
	if got := play(status.NewMonitor(), []string{"+-------"}, work); got != "uuudddDD" {
		t.Error(got)
	}
}

func TestAClockThatIsAheadCannotHoldARegionsVoteBack(t *testing.T) {
	m, at := status.NewMonitor(), 1000*minute
	v := status.Observe(m, status.Window{}, []status.Observation{{Region: "a", At: at + 60*minute, OK: true}}, at)
	for range 3 {
		at += minute
		v = status.Observe(m, v.Window, []status.Observation{{Region: "a", At: at, Error: "x"}}, at)
	}
	if v.Window.State != status.MonitorDown || v.Error != "x" || !slices.Equal(v.Regions, []string{"a"}) {
		t.Errorf("%+v", v)
	}
}

func TestARegionIsBlindWhenNothingAnswersIt(t *testing.T) {
	dark, answered := status.Observation{}, status.Observation{Reached: true}
	for _, row := range []struct {
		hosts string
		looks []status.Observation
		want  bool
	}{
		{"a b c", []status.Observation{dark, dark, dark}, true}, {"a b b", []status.Observation{dark, dark, dark},
			false},
		{"a b c", []status.Observation{dark, answered, dark}, false},
		{"a b c", []status.Observation{dark, {OK: true}, dark}, false},
		{"a", []status.Observation{dark}, false},
	} {
		if got := status.Blind(strings.Fields(row.hosts), row.looks); got != row.want {
			t.Errorf("%s %v: %v", row.hosts, row.looks, got)
		}
	}
}

func TestReplayCountsWhatWouldHaveFired(t *testing.T) {
	var list []status.Observation
	for i, c := range "++---++++-++----++" {
		list = append(list, status.Observation{Region: "a", At: 1000*minute + status.Time(i)*minute, OK: c == '+'})
	}
	if fired, lasted := status.Replay(status.NewMonitor(), list, 1018*minute); fired != 2 || lasted != int64(5*minute) {
		t.Error(fired, lasted)
	}
	if fired, _ := status.Replay(with(4, 1, 0), list, 1018*minute); fired != 1 {
		t.Error(fired)
	}
}

// sights draws what up to four regions see in a while.
func sights(t *rapid.T) []string {
	n, long := rapid.IntRange(1, 4).Draw(t, "regions"), rapid.IntRange(1, 30).Draw(t, "minutes")
	rows := make([]string, n)
	for r := range rows {
		for range long {
			rows[r] += rapid.SampledFrom([]string{"+", "+", "-", "-", "x", "."}).Draw(t, "look")
		}
	}
	return rows
}

func TestWhateverIsSeenTheRulesHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := with(rapid.Int64Range(1, 5).Draw(t, "failures"), rapid.Int64Range(1, 5).Draw(t, "successes"),
			rapid.Int64Range(0, 3).Draw(t, "quorum"))
		rows := sights(t)
		got := play(m, rows, nil)
		for i := range got {
			e := evidenceOf(rows, i, &m)
			if 2*e.heard < e.known && got[i] != '?' { // silent or blind
				t.Fatalf("minute %d of %v is %s: a majority says nothing", i, rows, got)
			}
			need := e.heard/2 + 1
			if m.Quorum > 0 {
				need = min(int(m.Quorum), e.known)
			}
			if turned := i == 0 || got[i-1] != got[i]; turned && got[i] == 'D' && e.failing < need &&
				(i == 0 || got[i-1] != '?') {
				t.Fatalf("minute %d of %v is %s: %d of %d saw %d failures in a row", i, rows, got, e.failing, need,
					m.Failures)
			} else if turned && got[i] == 'u' && e.working < need {
				t.Fatalf("minute %d of %v is %s: %d of %d saw it work", i, rows, got, e.working, need)
			}
			if e.failing >= need && e.working < need && 2*e.heard >= e.known && got[i] != 'D' {
				t.Fatalf("minute %d of %v is %s: %d of %d saw %d failures in a row", i, rows, got, e.failing, need,
					m.Failures)
			}
		}
	})
}

// evidence is what regions saw until a minute, counted from the rows alone.
type evidence struct {
	known   int // regions that ever spoke
	heard   int // of them, those that spoke lately and were not blind then
	failing int // of those, how many saw so many failures in a row
	working int // and how many saw it work, the last time
}

func evidenceOf(rows []string, i int, m *status.Monitor) (e evidence) {
	const lately = 3 // minutes, and a little more
	for _, row := range rows {
		said := strings.TrimRight(row[:i+1], ".")
		if said == "" {
			continue
		}
		e.known++
		if len(said) < i+1-lately || strings.HasSuffix(said, "x") {
			continue
		}
		e.heard++
		if strings.HasSuffix(said, "+") {
			e.working++
		}
		n, silent := 0, 0
		for k := len(said) - 1; k >= 0 && silent < lately; k-- {
			switch said[k] {
			case '.':
				silent++
				continue
			case '-':
				n, silent = n+1, 0
				continue
			}
			break
		}
		if int64(n) >= m.Failures {
			e.failing++
		}
	}
	return e
}

func TestTheOrderInWhichRegionsAreHeardDoesNotMatterNorDoRepeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []status.Observation
		for i := range rapid.IntRange(1, 12).Draw(t, "n") {
			list = append(list, status.Observation{Region: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "region"),
				At: 1000*minute + status.Time(i)*minute/4, OK: rapid.Bool().Draw(t, "ok")})
		}
		at := 1010 * minute
		one := status.Observe(status.NewMonitor(), status.Window{}, list, at)
		mixed := rapid.Permutation(list).Draw(t, "mixed")
		two := status.Observe(status.NewMonitor(), status.Window{}, mixed, at)
		again := status.Observe(status.NewMonitor(), one.Window, list, at)
		if one.Window.State != two.Window.State || one.Firing != two.Firing {
			t.Fatalf("%v: %s and %s", list, one.Window.State, two.Window.State)
		}
		if len(again.Window.Seen) != len(one.Window.Seen) || again.Window.Seen[0] != one.Window.Seen[0] {
			t.Fatalf("%v twice is %v", one.Window.Seen, again.Window.Seen)
		}
	})
}
