package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

var serviceStates = []string{"operational", "degraded_performance", "partial_outage", "major_outage",
	"under_maintenance"}

// The table of the contract, written here once more so that a mistake in shared/ is seen.
var (
	byIncident = map[string]string{
		"operational":          "degraded_performance partial_outage major_outage",
		"degraded_performance": "partial_outage major_outage", "partial_outage": "major_outage",
	}
	byHand = map[string]string{
		"operational":          "degraded_performance partial_outage major_outage under_maintenance",
		"degraded_performance": "operational partial_outage major_outage",
		"partial_outage":       "operational degraded_performance major_outage",
		"major_outage":         "operational degraded_performance partial_outage",
		"under_maintenance":    "operational",
	}
	// No service is operational or under maintenance while an incident is active on it: nothing leads there.
	byHandDuringIncident = map[string]string{
		"degraded_performance": "partial_outage major_outage", "partial_outage": "major_outage", "major_outage": "",
	}
)

func TestEveryMoveOfAServiceIsAllowedOrRefusedAsTheTableSays(t *testing.T) {
	acme := world(t).org()
	inState := func(name, state string) string {
		id := acme.service(name)
		if state != "operational" {
			acme.patch("/api/v1/services/"+id+"/", j{"status": state})
		}
		return id
	}
	allowed := func(table map[string]string, from, to string) bool {
		return slices.Contains(strings.Fields(table[from]), to)
	}
	for _, from := range serviceStates {
		for _, to := range serviceStates {
			t.Run(from+" by an incident to "+to, func(t *testing.T) {
				id := inState("service", from)
				a := acme.do("POST", "/api/v1/incidents/", j{"title": "x", "service": id, "to_state": to})
				if allowed(byIncident, from, to) {
					a.is(201).has("from_state", from).has("to_state", to)
					acme.get("/api/v1/services/"+id+"/").has("status", to)
					acme.patch("/api/v1/incidents/"+a.str("id")+"/", j{"status": "resolved", "message": "Over."})
					acme.get("/api/v1/services/"+id+"/").has("status", "operational")
					return
				}
				a.refuses(409, "to_state").has("allowed", fmt.Sprint(strings.Fields(byIncident[from])))
				acme.get("/api/v1/services/"+id+"/").has("status", from)
			})
			t.Run(from+" by hand to "+to, func(t *testing.T) {
				id := inState("service", from)
				a := acme.do("PATCH", "/api/v1/services/"+id+"/", j{"status": to})
				switch {
				case from == to:
					a.is(200).has("status", from)
				case allowed(byHand, from, to):
					a.is(200).has("status", to)
					acme.get("/api/v1/services/"+id+"/").has("status", to)
				default:
					a.refuses(409, "status").has("allowed", fmt.Sprint(strings.Fields(byHand[from])))
					acme.get("/api/v1/services/"+id+"/").has("status", from)
				}
			})
			if _, there := byHandDuringIncident[from]; !there {
				continue
			}
			t.Run(from+" by hand during an incident to "+to, func(t *testing.T) {
				id := acme.service("service")
				incident := acme.post("/api/v1/incidents/", j{"title": "x", "service": id, "to_state": from}).str("id")
				defer acme.do("DELETE", "/api/v1/incidents/"+incident+"/", nil)
				a := acme.do("PATCH", "/api/v1/services/"+id+"/", j{"status": to})
				switch {
				case from == to:
					a.is(200).has("status", from)
				case allowed(byHandDuringIncident, from, to):
					a.is(200).has("status", to)
				default:
					a.refuses(409, "status").has("allowed", fmt.Sprint(strings.Fields(byHandDuringIncident[from])))
					acme.get("/api/v1/services/"+id+"/").has("status", from)
				}
			})
		}
	}
}

func TestEveryMoveOfAnIncidentIsAllowedOrRefusedAsTheTableSays(t *testing.T) {
	acme := world(t).org()
	states := []string{"investigating", "identified", "monitoring", "resolved"}
	for i, from := range states {
		for k, to := range states {
			for _, way := range []string{"PATCH", "POST"} {
				t.Run(way+" "+from+" to "+to, func(t *testing.T) {
					id := acme.incident(from + to)
					path := "/api/v1/incidents/" + id + "/"
					if i > 0 {
						acme.patch(path, j{"status": from, "message": "x"})
					}
					defer acme.do("DELETE", path, nil)
					var a *answer
					if way == "PATCH" {
						a = acme.do("PATCH", path, j{"status": to, "message": "x"})
					} else {
						a = acme.do("POST", path+"updates/", j{"status": to, "body": "x"})
					}
					if k < i || from == "resolved" {
						a.refuses(409, "status")
						if from != "resolved" {
							a.has("allowed", fmt.Sprint(states[i+1:]))
						}
						acme.get(path).has("status", from)
						return
					}
					if a.code >= 300 {
						t.Fatalf("refused: %s", a.raw)
					}
					acme.get(path).has("status", to)
				})
			}
		}
	}
}

func TestEveryMoveOfAMaintenanceIsAllowedOrRefusedAsTheTableSays(t *testing.T) {
	acme := world(t).org()
	table := map[string]string{"scheduled": "in_progress verifying completed cancelled",
		"in_progress": "verifying completed", "verifying": "completed", "completed": "", "cancelled": ""}
	for from := range table {
		for to := range table {
			t.Run(from+" to "+to, func(t *testing.T) {
				path := "/api/v1/maintenances/" + acme.window(from+to) + "/"
				if from != "scheduled" {
					acme.patch(path, j{"status": from})
				}
				a := acme.do("PATCH", path, j{"status": to})
				switch {
				case from == to:
					a.is(200).has("status", from)
				case slices.Contains(strings.Fields(table[from]), to):
					a.is(200).has("status", to)
				default:
					a.refuses(409, "status")
					acme.get(path).has("status", from)
				}
			})
		}
	}
}

func TestAServiceBelongsToTheNewestIncidentThatIsLeft(t *testing.T) {
	acme := world(t).org()
	id := acme.service("API")
	open := func(state string) string {
		return "/api/v1/incidents/" + acme.post("/api/v1/incidents/",
			j{"title": state, "service": id, "to_state": state}).str("id") + "/"
	}
	first, second, third := open("degraded_performance"), open("partial_outage"), open("major_outage")
	is := func(state string) { acme.get("/api/v1/services/"+id+"/").has("status", state) }
	is("major_outage")
	acme.patch(third, j{"status": "resolved", "message": "x"})
	is("partial_outage")
	acme.do("DELETE", first, nil).is(204)
	is("partial_outage")
	acme.do("DELETE", second, nil).is(204)
	is("operational")
}
