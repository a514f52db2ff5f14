package status_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func at(s string) status.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return status.Time(t.UnixMilli())
}

// born is a service that is well since a moment.
func born(s string) *status.Service {
	return &status.Service{Status: "operational", CreatedAt: at(s), Since: at(s)}
}

func TestAnOutageOverMidnightCountsOnBothDays(t *testing.T) {
	svc := born("2026-03-01T00:00:00Z")
	svc.Move("major_outage", at("2026-03-10T23:45:00Z"))
	svc.Move("operational", at("2026-03-11T00:30:00Z"))
	days, total := status.Uptime(svc, 3, at("2026-03-12T00:00:00Z"), status.DefaultWeights)
	ten, eleven, today := days[0], days[1], days[2]
	if wire.Date(ten.Day) != "2026-03-10" || ten.Tally.Major != 15*60_000 || ten.Worst != "major_outage" {
		t.Errorf("the 10th: %+v", ten)
	}
	if eleven.Tally.Major != 30*60_000 || eleven.Percent != 100_000-2084 { // 30 of 1,440 minutes are 2.0834 %
		t.Errorf("the 11th: %+v", eleven)
	}
	if today.Percent != 100_000 || today.Worst != "operational" {
		t.Errorf("today, no moment of which has passed: %+v", today)
	}
	if want := int64(100_000 - 1563); total != want { // 45 of 2,880 minutes are 1.5625 %
		t.Errorf("in all %d, want %d", total, want)
	}
}

func TestAnOutageThatGoesOnCountsUpToNow(t *testing.T) {
	svc := born("2026-03-01T00:00:00Z")
	svc.Move("major_outage", at("2026-03-08T12:00:00Z"))
	days, _ := status.Uptime(svc, 3, at("2026-03-10T06:00:00Z"), status.DefaultWeights)
	for i, want := range []int64{50_000, 0, 0} {
		if days[i].Percent != want || days[i].Worst != "major_outage" {
			t.Errorf("day %d: %+v, want %d", i, days[i], want)
		}
	}
	if days[2].Seconds != 6*3600 {
		t.Errorf("today has %d seconds so far", days[2].Seconds)
	}
}

func TestSeveralStatesOnOneDayAddUp(t *testing.T) {
	svc := born("2026-03-01T00:00:00Z")
	svc.Move("degraded_performance", at("2026-03-02T00:00:00Z"))
	svc.Move("major_outage", at("2026-03-02T06:00:00Z"))
	svc.Move("partial_outage", at("2026-03-02T09:00:00Z"))
	svc.Move("operational", at("2026-03-02T15:00:00Z"))
	svc.Move("under_maintenance", at("2026-03-02T18:00:00Z"))
	svc.Move("operational", at("2026-03-02T19:00:00Z"))
	svc.Move("major_outage", at("2026-03-02T23:00:00Z"))
	svc.Move("operational", at("2026-03-03T00:00:00Z"))
	days, total := status.Uptime(svc, 2, at("2026-03-03T00:00:00Z"), status.DefaultWeights)
	const hour = 3_600_000
	want := status.Tally{Day: days[0].Day, Degraded: 6 * hour, Major: 4 * hour, Partial: 6 * hour, Maintenance: hour}
	if days[0].Tally != want || days[0].Worst != "major_outage" {
		t.Errorf("tally %+v, want %+v", days[0].Tally, want)
	}
	// 4 + 6/2 of 24 hours.
	if days[0].Percent != 70_833 || total != 70_833 {
		t.Errorf("percent %d, total %d", days[0].Percent, total)
	}
	all := status.Weights{Degraded: 1000, Partial: 1000, Major: 1000, Maintenance: 1000}
	if _, total := status.Uptime(svc, 2, at("2026-03-03T00:00:00Z"), all); total != 29_166 { // 17 of 24 hours lost
		t.Errorf("with other weights %d", total)
	}
}

func TestTheWorstStateOfADayIsShown(t *testing.T) {
	for state, worse := range map[status.ServiceStatus][]status.ServiceStatus{
		"under_maintenance":    {"operational"},
		"degraded_performance": {"operational", "under_maintenance"},
		"partial_outage":       {"operational", "under_maintenance", "degraded_performance"},
		"major_outage":         {"operational", "under_maintenance", "degraded_performance", "partial_outage"},
	} {
		for _, other := range worse {
			svc := born("2026-03-01T00:00:00Z")
			svc.Move(other, at("2026-03-01T01:00:00Z"))
			svc.Move(state, at("2026-03-01T02:00:00Z"))
			svc.Move(other, at("2026-03-01T03:00:00Z"))
			days, _ := status.Uptime(svc, 1, at("2026-03-01T04:00:00Z"), status.DefaultWeights)
			if days[0].Worst != state {
				t.Errorf("a day with %s and %s shows %s", state, other, days[0].Worst)
			}
		}
	}
}

func TestDaysBeforeAServiceExistedHaveNoData(t *testing.T) {
	svc := born("2026-03-10T12:00:00Z")
	days, total := status.Uptime(svc, 90, at("2026-03-11T12:00:00Z"), status.DefaultWeights)
	if len(days) != 90 {
		t.Fatalf("%d days", len(days))
	}
	for i, d := range days[:88] {
		if !d.NoData || d.Percent != 0 || d.Seconds != 0 {
			t.Errorf("day %d before birth: %+v", i, d)
		}
	}
	if birth := days[88]; birth.NoData || birth.Seconds != 12*3600 || birth.Percent != 100_000 {
		t.Errorf("the day of birth: %+v", birth)
	}
	if total != 100_000 {
		t.Errorf("in all %d", total)
	}
	svc.Move("major_outage", at("2026-03-10T18:00:00Z"))
	svc.Move("operational", at("2026-03-11T00:00:00Z"))
	days, total = status.Uptime(svc, 90, at("2026-03-11T12:00:00Z"), status.DefaultWeights)
	if days[88].Percent != 50_000 || total != 75_000 {
		t.Errorf("6 of the 12 hours that it existed on that day: %d, in all %d", days[88].Percent, total)
	}
}

func TestNothingIsKnownOfAServiceBornNow(t *testing.T) {
	svc := born("2026-03-10T12:00:00Z")
	days, total := status.Uptime(svc, 2, at("2026-03-10T12:00:00Z"), status.DefaultWeights)
	if total != -1 || !days[0].NoData {
		t.Errorf("total %d, days %+v", total, days)
	}
	if days, total = status.Uptime(svc, 2, at("2026-03-10T11:00:00Z"), status.DefaultWeights); total != -1 ||
		!days[1].NoData {
		t.Errorf("an hour before its birth: total %d, days %+v", total, days)
	}
}

func TestTheSmallestOutageNeverShowsAsHundredPercent(t *testing.T) {
	svc := born("2026-01-01T00:00:00Z")
	svc.Move("partial_outage", at("2026-03-01T10:00:00Z"))
	svc.Move("operational", at("2026-03-01T10:00:00.001Z"))
	days, total := status.Uptime(svc, 90, at("2026-03-05T00:00:00Z"), status.DefaultWeights)
	if total != 99_999 || status.PercentText(total) != "99.99" {
		t.Errorf("half a millisecond of 64 days: %d, %s", total, status.PercentText(total))
	}
	if d := days[85]; wire.Date(d.Day) != "2026-03-01" || d.Percent != 99_999 {
		t.Errorf("its day: %+v", d)
	}
}

func TestPercentText(t *testing.T) {
	for p, want := range map[int64]string{
		-1: "–", 0: "0.00", 9: "0.00", 10: "0.01", 999: "0.99", 50_000: "50.00", 99_009: "99.00", 99_989: "99.98",
		99_999: "99.99", 100_000: "100",
	} {
		if got := status.PercentText(p); got != want {
			t.Errorf("%d is %q, want %q", p, got, want)
		}
	}
}

func TestOnlyTheDaysThatAreKeptStay(t *testing.T) {
	now := at("2026-06-01T12:00:00Z")
	today := now.DayNumber()
	days := []status.Tally{{Day: today - 93}, {Day: today - 92}, {Day: today}}
	if got := status.Trimmed(days, now); len(got) != 2 || got[0].Day != today-92 {
		t.Errorf("kept %+v", got)
	}
	if len(days) != 3 || days[0].Day != today-93 {
		t.Error("the list that was given is another now")
	}
}

// A record that is made with time.Time, minute by minute, agrees with the arithmetic on spans.
func TestUptimeAgreesWithCountingEveryMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		birth := at("2026-03-01T00:00:00Z") + status.Time(rapid.IntRange(0, 3000).Draw(t, "born"))*wire.Minute
		svc := &status.Service{Status: "operational", CreatedAt: birth, Since: birth}
		type minute struct {
			from  status.Time
			state status.ServiceStatus
		}
		var diary []minute
		now := birth
		for range rapid.IntRange(0, 6).Draw(t, "moves") {
			next := now + status.Time(rapid.IntRange(0, 2000).Draw(t, "minutes"))*wire.Minute
			for ; now < next; now += wire.Minute {
				diary = append(diary, minute{now, svc.Status})
			}
			svc.Move(rapid.SampledFrom(status.ServiceStatuses).Draw(t, "to"), now)
		}
		last := now + status.Time(rapid.IntRange(1, 2000).Draw(t, "rest"))*wire.Minute
		for ; now < last; now += wire.Minute {
			diary = append(diary, minute{now, svc.Status})
		}
		n := int64(rapid.IntRange(1, 12).Draw(t, "days"))
		days, total := status.Uptime(svc, n, last, status.DefaultWeights)
		var known, lost int64 // lost in half minutes
		for _, d := range days {
			var k, l int64
			for _, m := range diary {
				if m.from.DayNumber() == d.Day {
					k++
					l += map[status.ServiceStatus]int64{"major_outage": 2, "partial_outage": 1}[m.state]
				}
			}
			known, lost = known+k, lost+l
			if d.NoData && k > 0 || d.Seconds != k*60 {
				t.Fatalf("%s: %+v, counted %d minutes", wire.Date(d.Day), d, k)
			}
			if k > 0 {
				compare(t, wire.Date(d.Day), d.Percent, k, l)
			}
		}
		if known > 0 {
			compare(t, "in all", total, known, lost)
		} else if total != -1 {
			t.Fatalf("nothing is known, and yet it is %d", total)
		}
	})
}

func compare(t *rapid.T, what string, got, known, lost int64) {
	exact := 100_000 * (1 - float64(lost)/2/float64(known))
	if diff := exact - float64(got); diff < -1e-6 || diff >= 1 {
		t.Fatalf("%s: %d thousandths, exactly %f", what, got, exact)
	}
	if (got == 100_000) != (lost == 0) {
		t.Fatalf("%s: %d thousandths although %d half minutes were lost", what, got, lost)
	}
}

func TestAGroupIsAsGoodAsAllTheTimeOfItsServices(t *testing.T) {
	now := at("2026-03-12T00:00:00Z")
	old, young := born("2026-03-01T00:00:00Z"), born("2026-03-11T00:00:00Z")
	old.Move("partial_outage", at("2026-03-10T00:00:00Z"))
	old.Move("operational", at("2026-03-10T12:00:00Z"))
	young.Move("major_outage", at("2026-03-11T06:00:00Z"))
	young.Move("operational", at("2026-03-11T12:00:00Z"))
	var records [][]status.DayUptime
	for _, s := range []*status.Service{old, young} {
		days, _ := status.UptimeOn(s, at("2026-02-28T00:00:00Z").DayNumber(), 13, now, status.DefaultWeights)
		records = append(records, days)
	}
	days, total := status.UptimeTogether(records, status.DefaultWeights)
	if !days[0].NoData || days[1].NoData || days[0].Worst != "operational" {
		t.Errorf("before anything was there: %+v", days[:2])
	}
	tenth, eleventh := days[10], days[11]
	// the young one was not there
	if tenth.Percent != 75_000 || tenth.Worst != "partial_outage" || tenth.Seconds != 86_400 {
		t.Errorf("the 10th: %+v", tenth)
	}
	if eleventh.Percent != 87_500 || eleventh.Worst != "major_outage" || eleventh.Seconds != 2*86_400 {
		t.Errorf("the 11th: %+v", eleventh)
	}
	if want := int64(100_000 - 4_167); total != want { // 12 of 288 hours
		t.Errorf("in all %d, want %d", total, want)
	}
	if _, none := status.UptimeTogether(nil, status.DefaultWeights); none != -1 {
		t.Errorf("nothing is %d", none)
	}
}
