//go:build unix

package store

import (
	"os/signal"
	"sync"
	"syscall"
)

// bearLimits makes a file that has reached the process's limit an error of the write (EFBIG), which it is told as a
// full disk, instead of the end of the process.
var bearLimits = sync.OnceFunc(func() { signal.Ignore(syscall.SIGXFSZ) })
