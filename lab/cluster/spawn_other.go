//go:build !linux

package cluster

import "syscall"

// childAttributes put a child in a group of its own, so that Ctrl-C reaches only us.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
