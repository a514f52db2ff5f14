package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Command is how a program is started. Env is added to this process's own, and wins over it.
type Command struct{ Args, Env []string }

// Process is one program that can be killed and started again.
type Process struct {
	Name string
	// prepare makes the command of the next start; addresses change with every one.
	prepare func() (Command, error)
	// ready waits until the program answers.
	ready   func(*Process) error
	logFile string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has ended and was waited for
}

// Start starts the program, if it is not running, and waits until it is ready.
func (p *Process) Start() error {
	if err := p.Launch(); err != nil {
		return err
	}
	if err := p.ready(p); err != nil {
		return fmt.Errorf("%s: %w\n%s", p.Name, err, p.Tail())
	}
	return nil
}

// Launch starts the program without waiting for it.
func (p *Process) Launch() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running() {
		return nil
	}
	command, err := p.prepare()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(p.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(command.Args[0], command.Args[1:]...)
	cmd.Env = append(inherited(), command.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := spawn(cmd); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	done := make(chan struct{})
	p.cmd, p.done = cmd, done
	go func() {
		cmd.Wait()
		close(done)
	}()
	return nil
}

// inherited is this process's environment without what would speak to an app or a database that a cluster configures.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return name == "PORT" || name == "DATABASE_AUTH_TOKEN" || strings.HasPrefix(name, "SQLD_") ||
			strings.HasPrefix(name, "FLY_")
	})
}

// running reports on the current command; the caller holds mu.
func (p *Process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Alive says whether the program runs.
func (p *Process) Alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running()
}

// PID is the process id of the last start, 0 before the first.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Kill ends the program as a crash does (SIGKILL) and returns when it is gone.
func (p *Process) Kill() { p.signal(syscall.SIGKILL, 0) }

// Stop asks the program to end (SIGTERM) and kills it when it has not done so after grace.
func (p *Process) Stop(grace time.Duration) { p.signal(syscall.SIGTERM, grace) }

func (p *Process) signal(sig os.Signal, grace time.Duration) {
	p.mu.Lock()
	running, cmd, done := p.running(), p.cmd, p.done
	p.mu.Unlock()
	if !running {
		return
	}
	cmd.Process.Signal(sig)
	if grace > 0 {
		select {
		case <-done:
			return
		case <-time.After(grace):
		}
	}
	cmd.Process.Kill()
	<-done
}

// Restart kills the program, if it runs, and starts it.
func (p *Process) Restart() error {
	p.Kill()
	return p.Start()
}

// Tail is the end of what the program wrote.
func (p *Process) Tail() string {
	data, err := os.ReadFile(p.logFile)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// LogFile is where everything that the program wrote can be read.
func (p *Process) LogFile() string { return p.logFile }
