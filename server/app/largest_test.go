package app_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"statuspage/server/auth"
	"statuspage/server/racetest"
	"statuspage/server/store/storetest"
	"statuspage/shared/status"
)

// TestTheLargestOfEverythingStaysWithinItsColumns brings the longest text by each way in, and then looks at every
// column of every table.
func TestTheLargestOfEverythingStaysWithinItsColumns(t *testing.T) {
	racetest.Plain(t, "its requests come one after the other")
	s := startSite(t, nil)
	tenant := s.tenant("acme")
	acme := &caller{site: s, org: tenant.id, slug: "acme", token: tenant.token}
	const sign = "😀" // of four bytes
	title, text, reason := strings.Repeat(sign, status.TitleMax), strings.Repeat(sign, status.BodyMax),
		strings.Repeat(sign, status.ReasonMax)
	var services []string
	var moves []j
	for i := range 100 {
		body := j{"name": fmt.Sprintf("%03d", i) + title[12:], "group": title}
		if i == 0 {
			body = j{"name": title, "group": title, "description": text}
		}
		services = append(services, acme.post("/api/v1/services/", body).str("id"))
		moves = append(moves, j{"id": services[i], "to_state": "degraded_performance"})
	}
	acme.patch("/api/v1/organization/", j{"name": title, "description": text, "announcement": text})
	incident := "/api/v1/incidents/" + acme.post("/api/v1/incidents/",
		j{"title": title, "description": text, "services": moves}, "Idempotency-Key", "one").str("id") + "/"
	acme.post(incident+"updates/", j{"status": "resolved", "body": text})
	acme.patch(incident, j{"postmortem": text, "excluded_reason": reason})
	window := acme.post("/api/v1/maintenances/", j{"title": title, "description": text, "services": services,
		"scheduled_for": "2099-01-01T00:00:00Z", "scheduled_until": "2099-01-01T01:00:00Z"}).str("id")
	acme.patch("/api/v1/maintenances/"+window+"/", j{"message": text})
	acme.post("/api/v1/recurring-maintenances/", j{"title": title, "description": text, "services": services,
		"rrule": "FREQ=YEARLY", "starts_at": "2099-01-01T00:00", "duration_minutes": 5})
	acme.post("/api/v1/templates/", j{"name": title, "title": title, "body": text, "services": moves},
		"Idempotency-Key", "two")
	acme.post("/api/v1/api-keys/", j{"name": title, "scopes": []string{"read", "write", "admin"}}, "Idempotency-Key",
		"three")
	acme.post("/api/v1/members/", j{"email": strings.Repeat("a", 60) + "@example.com", "name": title,
		"role": auth.Member})
	acme.patch("/api/v1/users/me/", j{"name": title})
	acme.post("/api/v1/subscribers/", j{"email": strings.Repeat("a", 60) + "@example.com", "services": services,
		"consent": true})
	acme.do(http.MethodPut, "/api/v1/organization/logo/", noise(t, 356), "Content-Type", "image/png").is(200)

	db, err := sql.Open("sqlite3", "file:"+s.file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for table, columns := range storetest.Columns {
		for column, bound := range columns {
			var longest int
			if err := db.QueryRow(`SELECT coalesce(max(octet_length("` + column + `")), 0) FROM "` + table + `"`).
				Scan(&longest); err != nil {
				t.Fatal(table, column, err)
			}
			if longest > bound.Bytes {
				t.Errorf("%s.%s has %d bytes, and its bound is %d, by %s", table, column, longest, bound.Bytes,
					bound.By)
			}
			if bound.Tried && longest < bound.Bytes*9/10 {
				t.Errorf("%s.%s has %d bytes at most: %d were not tried", table, column, longest, bound.Bytes)
			}
		}
	}
}

// noise is a PNG that cannot be packed, of about size times size bytes.
func noise(t *testing.T, size int) string {
	t.Helper()
	picture, random := image.NewGray(image.Rect(0, 0, size, size)), rand.New(rand.NewPCG(1, 2))
	for i := range picture.Pix {
		picture.Pix[i] = byte(random.Uint32())
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
