package status_test

import (
	"testing"

	"statuspage/shared/status"
)

func TestAnIncidentOnlyGoesForward(t *testing.T) {
	next := map[status.IncidentStatus][]status.IncidentStatus{
		"investigating": {"identified", "monitoring", "resolved"},
		"identified":    {"monitoring", "resolved"},
		"monitoring":    {"resolved"},
		"resolved":      {},
		"":              {},
		"scheduled":     {},
	}
	all := []status.IncidentStatus{"investigating", "identified", "monitoring", "resolved", "", "scheduled"}
	for from, allowed := range next {
		for _, to := range all {
			if got, want := has(from.Next(), to), has(allowed, to); got != want {
				t.Errorf("%q to %q: allowed = %v, want %v", from, to, got, want)
			}
		}
	}
}

func TestAMaintenanceGoesForwardAndIsCancelledOnlyBeforeItStarts(t *testing.T) {
	next := map[status.MaintenanceStatus][]status.MaintenanceStatus{
		"scheduled":   {"in_progress", "verifying", "completed", "cancelled"},
		"in_progress": {"verifying", "completed"},
		"verifying":   {"completed"},
		"completed":   {},
		"cancelled":   {},
		"":            {},
		"resolved":    {},
	}
	all := []status.MaintenanceStatus{"scheduled", "in_progress", "verifying", "completed", "cancelled", "", "resolved"}
	for from, allowed := range next {
		for _, to := range all {
			if got, want := has(from.Next(), to), has(allowed, to); got != want {
				t.Errorf("%q to %q: allowed = %v, want %v", from, to, got, want)
			}
		}
	}
	for s, want := range map[status.MaintenanceStatus][2]bool{
		"scheduled": {false, false}, "in_progress": {true, false}, "verifying": {true, false},
		"completed": {false, true}, "cancelled": {false, true},
	} {
		m := status.Maintenance{Status: s}
		if m.Running() != want[0] || m.Over() != want[1] {
			t.Errorf("%s: running %v, over %v, want %v", s, m.Running(), m.Over(), want)
		}
	}
}

func TestTheImpactIsThatOfTheWorstState(t *testing.T) {
	for _, c := range []struct {
		to   []status.ServiceStatus
		want status.Impact
	}{
		{nil, "none"},
		{[]status.ServiceStatus{"degraded_performance"}, "minor"},
		{[]status.ServiceStatus{"partial_outage"}, "major"},
		{[]status.ServiceStatus{"major_outage"}, "critical"},
		{[]status.ServiceStatus{"degraded_performance", "partial_outage"}, "major"},
		{[]status.ServiceStatus{"partial_outage", "degraded_performance"}, "major"},
		{[]status.ServiceStatus{"degraded_performance", "major_outage", "partial_outage"}, "critical"},
	} {
		var list []status.Affected
		for _, to := range c.to {
			list = append(list, status.Affected{To: to})
		}
		if got := status.ImpactOf(list); got != c.want {
			t.Errorf("the impact of %v is %q, want %q", c.to, got, c.want)
		}
	}
}

func TestTheFirstServiceStandsForTheIncident(t *testing.T) {
	var none status.Incident
	if none.First() != (status.Affected{}) {
		t.Error("an incident without services has a first one")
	}
	in := status.Incident{Services: []status.Affected{{ID: "a"}, {ID: "b", To: "major_outage"}}}
	if in.First().ID != "a" {
		t.Error("the first service is not the first")
	}
	if a, on := in.On("b"); !on || a.To != "major_outage" {
		t.Errorf("On(b) = %+v, %v", a, on)
	}
	if _, on := in.On("c"); on {
		t.Error("the incident is on a service that it does not name")
	}
}
