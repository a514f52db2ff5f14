package link

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// echo answers every line with itself and says how often it was dialled.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(c, c)
				c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func relay(t *testing.T) *Relay {
	t.Helper()
	r, err := NewRelay(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

type client struct {
	t *testing.T
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, r *Relay) *client {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &client{t, c, bufio.NewReader(c)}
}

func (c *client) say(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) hears(want string) {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	got, err := c.lines.ReadString('\n')
	if err != nil || strings.TrimSpace(got) != want {
		c.t.Fatalf("heard %q, %v, want %q", got, err, want)
	}
}

func (c *client) hearsNothing() {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if got, err := c.lines.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("heard %q, %v on a cut wire", got, err)
	}
}

func TestACutIsSilentAndHealingLetsThroughWhatWaited(t *testing.T) {
	for name, d := range map[string]Direction{"up": Up, "down": Down, "both": Both} {
		t.Run(name, func(t *testing.T) {
			r := relay(t)
			c := dial(t, r)
			c.say("one")
			c.hears("one")
			r.Cut(d)
			c.say("two")
			c.say("three")
			c.hearsNothing()
			r.Heal()
			c.hears("two")
			c.hears("three")
		})
	}
}

func TestAConnectionMadeDuringACutIsServedAfterIt(t *testing.T) {
	r := relay(t)
	r.Cut(Both)
	c := dial(t, r)
	c.say("hello")
	c.hearsNothing()
	r.Heal()
	c.hears("hello")
}

func TestABrokenWireResetsWhatIsOpenAndTakesNew(t *testing.T) {
	r := relay(t)
	c := dial(t, r)
	c.say("one")
	c.hears("one")
	r.Break()
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.lines.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("still open: %v", err)
	}
	again := dial(t, r)
	again.say("two")
	again.hears("two")
}

func TestDelayIsAddedInEachDirectionAndDoesNotPileUp(t *testing.T) {
	r := relay(t)
	c := dial(t, r)
	const delay = 200 * time.Millisecond
	r.SetDelay(delay)
	started := time.Now()
	for range 10 {
		c.say("x")
		time.Sleep(time.Millisecond) // so that each is a chunk of its own
	}
	for range 10 {
		c.hears("x")
	}
	if took := time.Since(started); took < 2*delay || took > 15*delay {
		t.Fatalf("ten lines took %s", took)
	}
}

func TestTheTargetMayMove(t *testing.T) {
	r := relay(t)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nowhere := gone.Addr().String()
	gone.Close()
	home := r.target
	r.SetTarget(nowhere)
	if c, err := net.Dial("tcp", r.Addr()); err == nil { // the reset may come even before
		defer c.Close()
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("a target that refuses is not passed on: %v", err)
		}
	}
	r.SetTarget(home)
	again := dial(t, r)
	again.say("back")
	again.hears("back")
}

func TestAStreamEndsWhereItsSenderEndsIt(t *testing.T) {
	c := dial(t, relay(t))
	c.say("last words")
	c.Conn.(*net.TCPConn).CloseWrite()
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	rest, err := io.ReadAll(c.lines)
	if err != nil || string(rest) != "last words\n" {
		t.Fatalf("%q, %v", rest, err)
	}
}

func TestADeathBehindACutIsNotHeardOf(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := relay(t)
	r.SetTarget(l.Addr().String())
	c := dial(t, r)
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	r.Cut(Both)
	far.(*net.TCPConn).SetLinger(0)
	far.Close()
	c.hearsNothing()
	r.Heal()
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.lines.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("not heard of after healing either: %v", err)
	}
}

func TestADialOverACutWireWaitsAsLongAsItsContext(t *testing.T) {
	w, addr := NewWire(), echo(t)
	w.Cut(Both)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.Dial(ctx, "tcp", addr); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
	w.Heal()
	c, err := w.Dial(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Break()
	io.WriteString(c, "hi\n")
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != "hi\n" {
		t.Fatalf("%q, %v", line, err)
	}
}
