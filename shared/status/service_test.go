package status_test

import (
	"testing"

	"statuspage/shared/status"
)

// The table of CONTRACT 2, "Transition rules", row by row as it stands there.
var contract = map[status.ServiceStatus]struct{ byIncident, byHand, byHandDuringIncident []status.ServiceStatus }{
	"operational": {
		byIncident: []status.ServiceStatus{"degraded_performance", "partial_outage", "major_outage"},
		byHand: []status.ServiceStatus{"degraded_performance", "partial_outage", "major_outage",
			"under_maintenance"},
		byHandDuringIncident: []status.ServiceStatus{"degraded_performance", "partial_outage", "major_outage",
			"under_maintenance"},
	},
	"degraded_performance": {
		byIncident:           []status.ServiceStatus{"partial_outage", "major_outage"},
		byHand:               []status.ServiceStatus{"partial_outage", "major_outage", "operational"},
		byHandDuringIncident: []status.ServiceStatus{"partial_outage", "major_outage"},
	},
	"partial_outage": {
		byIncident:           []status.ServiceStatus{"major_outage"},
		byHand:               []status.ServiceStatus{"major_outage", "degraded_performance", "operational"},
		byHandDuringIncident: []status.ServiceStatus{"major_outage"},
	},
	"major_outage": {
		byHand: []status.ServiceStatus{"partial_outage", "degraded_performance", "operational"},
	},
	"under_maintenance": {
		byHand:               []status.ServiceStatus{"operational"},
		byHandDuringIncident: []status.ServiceStatus{"operational"},
	},
}

func has[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

func TestEveryServiceMoveOfTheContractIsAllowedAndEveryOtherIsRefused(t *testing.T) {
	words := []status.ServiceStatus{
		"operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance",
		"", "Operational", "degraded", "resolved", // no states at all
	}
	allowed, refused := 0, 0
	for _, from := range words {
		row := contract[from]
		for cause, list := range map[status.Cause][]status.ServiceStatus{
			status.ByIncident: row.byIncident, status.ByHand: row.byHand,
			status.ByHandIncident: row.byHandDuringIncident,
		} {
			for _, to := range words {
				want := has(list, to)
				if got := from.CanMove(to, cause); got != want {
					t.Errorf("%q to %q by cause %d: allowed = %v, the contract says %v", from, to, cause, got, want)
				}
				if want {
					allowed++
				} else {
					refused++
				}
			}
			if next := from.Next(cause); len(next) != len(list) {
				t.Errorf("%q by cause %d may go to %v, the contract says %v", from, cause, next, list)
			}
		}
	}
	// 6 moves by an incident, 14 by hand, 8 by hand while an incident is active.
	if allowed != 28 || refused != 3*9*9-28 {
		t.Errorf("the test asserted %d moves and %d refusals", allowed, refused)
	}
}

func TestAllowedMovesAreListedBestFirst(t *testing.T) {
	rank := map[status.ServiceStatus]int{}
	for i, s := range status.ServiceStatuses {
		rank[s] = i
	}
	for _, from := range status.ServiceStatuses {
		for _, cause := range []status.Cause{status.ByIncident, status.ByHand, status.ByHandIncident} {
			next := from.Next(cause)
			for i := 1; i < len(next); i++ {
				if rank[next[i-1]] >= rank[next[i]] {
					t.Errorf("%s by cause %d: %v is not in order", from, cause, next)
				}
			}
		}
	}
}

func TestStatesInWords(t *testing.T) {
	for word, display := range map[string]string{
		"operational": "Operational", "degraded_performance": "Degraded Performance",
		"partial_outage": "Partial Outage",
		"major_outage":   "Major Outage", "under_maintenance": "Under Maintenance",
	} {
		if s := status.ServiceStatus(word); s.Display() != display || !s.Valid() {
			t.Errorf("service %q is shown as %q, valid %v", word, s.Display(), s.Valid())
		}
	}
	for word, display := range map[string]string{
		"investigating": "Investigating", "identified": "Identified", "monitoring": "Monitoring",
		"resolved": "Resolved",
	} {
		if s := status.IncidentStatus(word); s.Display() != display || !s.Valid() {
			t.Errorf("incident %q is shown as %q, valid %v", word, s.Display(), s.Valid())
		}
	}
	for word, display := range map[string]string{
		"scheduled": "Scheduled", "in_progress": "In Progress", "verifying": "Verifying", "completed": "Completed",
		"cancelled": "Cancelled",
	} {
		if s := status.MaintenanceStatus(word); s.Display() != display || !s.Valid() {
			t.Errorf("maintenance %q is shown as %q, valid %v", word, s.Display(), s.Valid())
		}
	}
	for _, wrong := range []string{"", "Resolved", "operational ", "down"} {
		if status.ServiceStatus(wrong).Valid() || status.IncidentStatus(wrong).Valid() ||
			status.MaintenanceStatus(wrong).Valid() {
			t.Errorf("%q passes for a state", wrong)
		}
		if status.ServiceStatus(wrong).Display() != wrong || status.IncidentStatus(wrong).Display() != wrong ||
			status.MaintenanceStatus(wrong).Display() != wrong {
			t.Errorf("%q is not shown as it is", wrong)
		}
	}
}

func TestAMoveBooksTheTimeInTheOldState(t *testing.T) {
	at := status.Time(1_000_000)
	svc := status.Service{Status: "major_outage", Since: at}
	svc.Move("major_outage", at+5)
	if svc.Since != at || svc.Days != nil {
		t.Fatalf("a move to the same state changed %+v", svc)
	}
	well := status.Service{Status: "operational", Since: at}
	if well.Move("major_outage", at+500); well.Days != nil {
		t.Errorf("a good time was booked: %+v", well.Days)
	}
	before := svc
	svc.Move("operational", at+500)
	if svc.Status != "operational" || svc.Since != at+500 || len(svc.Days) != 1 || svc.Days[0].Major != 500 {
		t.Errorf("after the move: %+v", svc)
	}
	if before.Days != nil || before.Status != "major_outage" {
		t.Errorf("the copy taken before was changed: %+v", before)
	}
}
