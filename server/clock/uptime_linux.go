package clock

import (
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// uptime counts the time that a machine slept, too (CLOCK_BOOTTIME), and no one can set it.
func uptime() (boot string, since time.Duration) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return processUptime()
	}
	return bootID(), time.Duration(t.Nano())
}

var bootID = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return processBoot
	}
	return strings.TrimSpace(string(id))
})
