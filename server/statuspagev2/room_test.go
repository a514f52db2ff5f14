package statuspagev2

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// crammed is a page with the longest timelines that there may be, each update naming a hundred services.
func crammed() *page.State {
	s := &page.State{Org: page.Org{ID: "o"}}
	text := strings.Repeat("word ", 4_000)
	var services []status.Affected
	for i := range page.MaxAffected {
		id := fmt.Sprint("s", i)
		s.Services = append(s.Services, status.Service{ID: id, Name: id, Description: text, Status: status.Major})
		services = append(services, status.Affected{ID: id, Name: id, From: status.Operational, To: status.Major})
	}
	for i := range page.MaxActive {
		in := status.Incident{ID: fmt.Sprint("i", i), Status: status.Identified, Services: services}
		m := status.Maintenance{ID: fmt.Sprint("m", i), Status: status.InProgress, Description: "planned"}
		for k := range page.MaxUpdates {
			body := fmt.Sprint(i, ".", k, " ", text)
			in.Updates = append(in.Updates, status.Update{ID: fmt.Sprint("u", i, ".", k), Status: status.Identified,
				Body: body, Services: services})
			m.Updates = append(m.Updates, status.MaintenanceUpdate{ID: fmt.Sprint("v", i, ".", k),
				Status: status.InProgress, Body: body})
		}
		s.Incidents, s.Maintenances = append(s.Incidents, in), append(s.Maintenances, m)
	}
	return s
}

func TestNoDocumentGrowsWithItsTimelines(t *testing.T) {
	s := crammed()
	for name, write := range documents {
		began := time.Now()
		body := string(document(s, "https://status.example", write))
		if testing.Verbose() {
			t.Logf("%s: %d bytes in %v", name, len(body), time.Since(began))
		}
		if len(body) > 5<<20 {
			t.Errorf("%s has %d bytes", name, len(body))
		}
		if n := strings.Count(body, ".499 word"); (strings.Contains(name, "incidents") ||
			strings.Contains(name, "active")) && n != most {
			t.Errorf("%s has the last word about %d", name, n)
		}
	}
}
