package main

import (
	"log/slog"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare is the part, in percent, of the machine's memory that Go's is to stay within. The rest is SQLite's, which
// the runtime does not count, and the kernel's.
const memoryShare = 80

// machine is the memory of the cgroup, or of the machine where that has no limit.
var machine = memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)

// limitMemory sets what GOMEMLIMIT would, where that is not set: the collector works harder before memory ends.
func limitMemory(from memlimit.Provider) {
	if _, err := memlimit.Set(memlimit.WithRatio(memoryShare/100.0), memlimit.WithProvider(from)); err != nil {
		slog.Warn("memory is not limited, since nobody says how much there is; set GOMEMLIMIT", "error", err)
	}
}
