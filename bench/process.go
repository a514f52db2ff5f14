package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"statuspage/lab/hrana"
)

const roleName = "STATUSPAGE_BENCH_ROLE"

// roles are what this program is when it is started as a peer.
var roles = map[string]func([]string) int{
	"fasthttp": constantFasthttp, "net/http": constantNetHTTP, "fiber": constantFiber, "sqlite": constantSQLite,
	"melody": fanMelody, "gorilla": fanGorilla, "centrifuge": fanCentrifuge,
	"hrana": hrana.Main,
}

// process is a server that was started here.
type process struct {
	*exec.Cmd
	addr string
	log  string
}

func freeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// spawn starts a program whose address is in its environment or arguments, and waits until it accepts connections.
func (b *bench) spawn(ctx context.Context, addr string, env []string, program string,
	args ...string) (*process, error) {
	// #nosec G204 -- our own programs
	p := &process{Cmd: exec.CommandContext(ctx, program, args...), addr: addr, log: filepath.Join(b.dir, "log")}
	p.Env = append(os.Environ(), env...)
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.Stdout, p.Stderr = log, log
	p.Cancel = func() error { return p.Process.Signal(syscall.SIGINT) }
	p.WaitDelay = 10 * time.Second
	if err := p.Start(); err != nil {
		return nil, err
	}
	return p, p.accepts(10 * time.Second)
}

func (p *process) accepts(within time.Duration) error {
	for deadline := time.Now().Add(within); ; time.Sleep(500 * time.Microsecond) {
		conn, err := net.Dial("tcp", p.addr)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(p.log)
			p.stop()
			return fmt.Errorf("%s does not listen: %s", p.Path, text)
		}
	}
}

// peer starts this program in another role.
func (b *bench) peer(ctx context.Context, role string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return b.spawn(ctx, addr, []string{roleName + "=" + role}, self, append([]string{addr}, args...)...)
}

// server starts Status Page with limits out of the way.
func (b *bench) server(ctx context.Context, database string, env ...string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	env = append([]string{"ADDR=" + addr, "DATABASE_URL=" + database, "PUBLIC_RATE=1000000", "PUBLIC_SOCKETS=20000",
		"LOG_LEVEL=warn"}, env...)
	p, err := b.spawn(ctx, addr, env, b.program, "serve")
	if err != nil {
		return nil, err
	}
	return p, p.ready()
}

func (p *process) url() string { return "http://" + p.addr }

// ready waits until a server says that it can do its work.
func (p *process) ready() error {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get(p.url() + "/readyz") // #nosec G107 -- the loopback
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(p.log)
			p.stop()
			return errors.Join(fmt.Errorf("%s is not ready: %s", p.addr, text), err)
		}
	}
}

// stop ends the process as an operator does.
func (p *process) stop() {
	if p == nil || p.Process == nil {
		return
	}
	_ = p.Process.Signal(syscall.SIGINT)
	defer time.AfterFunc(8*time.Second, func() { _ = p.Process.Kill() }).Stop()
	_ = p.Wait() // its code says nothing here
}

// cpu is what the process has used, to the nanosecond: ticks of 10 ms would be a sixth of a round.
func (p *process) cpu() time.Duration {
	var t unix.Timespec
	// #nosec G115 -- the clock of a process, clock_getcpuclockid(3)
	if err := unix.ClockGettime(int32(^p.Process.Pid<<3|2), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// rss is the memory that is in use, in bytes.
func (p *process) rss() int64 {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(p.Process.Pid) + "/status")
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return n * 1024
		}
	}
	return 0
}
