package main

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

func TestMemoryIsLimitedByTheMachineUnlessTheEnvironmentSays(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	unset := func() {
		t.Helper()
		t.Setenv("GOMEMLIMIT", "") // which puts back what was there
		if err := os.Unsetenv("GOMEMLIMIT"); err != nil {
			t.Fatal(err)
		}
	}
	unset()
	limitMemory(memlimit.Limit(10 << 30))
	if got := debug.SetMemoryLimit(-1); got != 8<<30 {
		t.Errorf("of 10 GiB Go has %d", got)
	}
	t.Setenv("GOMEMLIMIT", "1GiB")
	limitMemory(memlimit.Limit(5 << 30))
	if got := debug.SetMemoryLimit(-1); got != 8<<30 {
		t.Errorf("what the environment said was changed to %d", got)
	}
	unset()
	limitMemory(machine)
	if got := debug.SetMemoryLimit(-1); got <= 0 || got == 8<<30 {
		t.Errorf("of this machine Go has %d", got)
	}
}
