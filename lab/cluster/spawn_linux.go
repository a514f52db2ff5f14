package cluster

import "syscall"

// childAttributes put a child in a group of its own, so that Ctrl-C reaches only us, and end it when we are gone.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
