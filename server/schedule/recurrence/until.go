package recurrence

import (
	"errors"
	"strings"
	"time"
)

// Canonical is a rule as RFC 5545 writes it: in capitals, without the name of its property. Two rules that are the same
// are one text.
func Canonical(rule string) string {
	return strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(rule)), "RRULE:")
}

// ends is the last moment that a rule's UNTIL takes in; the zero time where it has none. RFC 5545 3.3.10: one that ends
// in Z is in UTC, one that is a day takes in the whole day, and one without a zone is a time of the clock there.
func ends(rule string, where *time.Location) (time.Time, error) {
	_, value, found := strings.Cut(";"+rule, ";UNTIL=")
	if !found {
		return time.Time{}, nil
	}
	value, _, _ = strings.Cut(value, ";")
	switch len(value) {
	case len("20060102"):
		day, err := time.Parse("20060102", value)
		return inZone(day.AddDate(0, 0, 1), where).Add(-1), err
	case len("20060102T150405"):
		wall, err := time.Parse("20060102T150405", value)
		return inZone(wall, where), err
	case len("20060102T150405Z"):
		return time.Parse("20060102T150405Z", value)
	}
	return time.Time{}, errors.New("UNTIL must be a day or a moment")
}

// inZone is when the clock of a place shows a time. Of one that comes twice it is the first; one that the clock jumps
// over is as much later as it jumps.
func inZone(wall time.Time, where *time.Location) time.Time {
	before := wall.Add(-offset(wall.Add(-24*time.Hour), where))
	if shows(before, wall, where) {
		return before
	}
	if after := wall.Add(-offset(wall.Add(24*time.Hour), where)); shows(after, wall, where) {
		return after
	}
	return before
}

func offset(at time.Time, where *time.Location) time.Duration {
	_, seconds := at.In(where).Zone()
	return time.Duration(seconds) * time.Second
}

func shows(at, wall time.Time, where *time.Location) bool {
	return at.Add(offset(at, where)).Equal(wall)
}
