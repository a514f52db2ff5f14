package status

// Indicator sums a page up in one word (Statuspage API v2).
type Indicator string

const (
	None        Indicator = "none"
	Minor       Indicator = "minor"
	MajorImpact Indicator = "major"
	Critical    Indicator = "critical"
	Maintained  Indicator = "maintenance"
)

// RollUp is the indicator and its words over a page's services: CONTRACT 6, first match.
func RollUp(services []Service) (Indicator, string) {
	var n [5]int
	for i := range services {
		for k, s := range ServiceStatuses {
			if services[i].Status == s {
				n[k]++
			}
		}
	}
	all := len(services)
	degraded, partial, major, maintenance := n[1], n[2], n[3], n[4]
	switch {
	case all == 0:
		return None, "All Systems Operational"
	case major == all:
		return Critical, "Major System Outage"
	case major > 0, partial == all:
		return MajorImpact, "Partial System Outage"
	case partial > 0:
		return Minor, "Minor Service Outage"
	case degraded == all:
		return Minor, "Degraded System Service"
	case degraded > 0:
		return Minor, "Partially Degraded Service"
	case maintenance > 0:
		return Maintained, "Service Under Maintenance"
	}
	return None, "All Systems Operational"
}
