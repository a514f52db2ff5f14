//go:build !linux

package clock

import "time"

func uptime() (boot string, since time.Duration) { return processUptime() }
