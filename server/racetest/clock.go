//go:build !linux

package racetest

import "time"

var begun = time.Now()

// clock is the time, where a thread's CPU is not told.
func clock() time.Duration { return time.Since(begun) }
