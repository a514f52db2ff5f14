package clock

import (
	"time"

	"github.com/google/uuid"
)

var (
	processBoot  = "process " + uuid.NewString()
	processBegan = time.Now()
)

// processUptime is Go's monotonic clock, which begins with the process.
func processUptime() (boot string, since time.Duration) { return processBoot, time.Since(processBegan) }
