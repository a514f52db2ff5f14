package cluster

import (
	"os/exec"
	"runtime"
	"sync"
)

// spawn starts a process from one thread that never ends: a child is to die with this process, and Linux ties that to
// the thread that started it.
func spawn(cmd *exec.Cmd) error {
	startSpawner.Do(func() { go spawner() })
	done := make(chan error)
	spawns <- spawnRequest{cmd, done}
	return <-done
}

type spawnRequest struct {
	cmd  *exec.Cmd
	done chan<- error
}

var (
	startSpawner sync.Once
	spawns       = make(chan spawnRequest)
)

func spawner() {
	runtime.LockOSThread()
	for s := range spawns {
		s.cmd.SysProcAttr = childAttributes()
		s.done <- s.cmd.Start()
	}
}
