package app_test

import (
	"testing"
	"time"
)

// TestReadyTellsHowFarARegionIs: by event and beat two regions are compared when the primary is lost, by time its
// clock.
func TestReadyTellsHowFarARegionIs(t *testing.T) {
	s := world(t)
	before := s.nobody().get("/readyz").is(200)
	s.org().service("API")
	for end := time.Now().Add(20 * time.Second); ; {
		now := s.nobody().get("/readyz").is(200)
		event, _ := now.at("event").(float64)
		was, _ := before.at("event").(float64)
		beat, err := time.Parse(time.RFC3339, now.str("time"))
		if err != nil || time.Since(beat).Abs() > time.Minute {
			t.Fatalf("the time here is %q", now.str("time"))
		}
		if event > was && now.at("primary_region") == now.at("region") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("event %v, then %s", was, now.raw)
		}
	}
}
