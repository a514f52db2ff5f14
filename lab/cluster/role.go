package cluster

import (
	"os"

	"statuspage/lab/hrana"
)

const roleVariable = "LAB_ROLE"

// Roles must be the first call of TestMain in a package that starts clusters: the cluster starts its own executable
// anew as database server ("hrana") or in one of the given roles, and then Roles does not return.
func Roles(more map[string]func(args []string) int) {
	name := os.Getenv(roleVariable)
	switch run := more[name]; {
	case name == "":
	case name == "hrana":
		os.Exit(hrana.Main(os.Args[1:]))
	case run != nil:
		os.Exit(run(os.Args[1:]))
	default:
		os.Stderr.WriteString("no such role: " + name + "\n")
		os.Exit(2)
	}
}

// Role is this very executable in a role of Roles.
func Role(name string, args ...string) Command {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return Command{Args: append([]string{self}, args...), Env: []string{roleVariable + "=" + name}}
}
