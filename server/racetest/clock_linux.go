package racetest

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock is how much CPU this thread has used.
func clock() time.Duration {
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &at); err != nil {
		panic(err)
	}
	return time.Duration(at.Nano())
}
