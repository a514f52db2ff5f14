package simulation

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// Network is places, the hosts in them, and the ways between places. It has no sockets: whoever waits for it waits on
// channels and timers, so that time under testing/synctest goes on.
type Network struct {
	mu    sync.Mutex
	ways  map[[2]string]*way
	hosts map[string]*Host // by name: who has it now
	count int
}

// NewNetwork has no hosts and takes no time.
func NewNetwork() *Network {
	return &Network{ways: map[[2]string]*way{}, hosts: map[string]*Host{}}
}

// way is how two places reach each other. What is sent while it is cut arrives once it is whole, in order; nobody is
// told.
type way struct {
	mu      sync.Mutex
	cut     bool
	delay   time.Duration
	changed chan struct{}
}

func (w *way) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *way) state() (cut bool, delay time.Duration, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut, w.delay, w.changed
}

func (n *Network) way(a, b string) *way {
	if b < a {
		a, b = b, a
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	w := n.ways[[2]string{a, b}]
	if w == nil {
		w = &way{changed: make(chan struct{})}
		n.ways[[2]string{a, b}] = w
	}
	return w
}

// Cut stops everything between two places until Heal.
func (n *Network) Cut(a, b string) {
	w := n.way(a, b)
	w.set(func() { w.cut = true })
}

// Heal ends Cut.
func (n *Network) Heal(a, b string) {
	w := n.way(a, b)
	w.set(func() { w.cut = false })
}

// Delay is how long everything takes between two places, in each direction.
func (n *Network) Delay(a, b string, d time.Duration) {
	w := n.way(a, b)
	w.set(func() { w.delay = d })
}

// Host is a machine with one process: an end of connections. Its name is what others dial.
type Host struct {
	net         *Network
	name, place string
	ip          net.IP

	mu        sync.Mutex
	dead      bool
	conns     map[*Conn]bool
	listeners map[string]*listener
}

// Boot gives a name to a new host; who had it before is dead.
func (n *Network) Boot(name, place string) *Host {
	n.mu.Lock()
	n.count++
	h := &Host{net: n, name: name, place: place, ip: net.IPv4(10, 1, byte(n.count>>8), byte(n.count)),
		conns: map[*Conn]bool{}, listeners: map[string]*listener{}}
	before := n.hosts[name]
	n.hosts[name] = h
	n.mu.Unlock()
	if before != nil {
		before.Die()
	}
	return h
}

// Die is kill -9 as the network sees it: connections are reset, nobody listens, and nothing that still runs there
// reaches anybody.
func (h *Host) Die() {
	h.mu.Lock()
	h.dead = true
	conns, listeners := h.conns, h.listeners
	h.conns, h.listeners = map[*Conn]bool{}, map[string]*listener{}
	h.mu.Unlock()
	for c := range conns {
		c.end(errReset)
	}
	for _, l := range listeners {
		_ = l.Close()
	}
}

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

func refused(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }

// Dial connects to a host and port by name. Over a cut way it waits for as long as the context lasts.
func (h *Host) Dial(ctx context.Context, _, addr string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, refused(err)
	}
	h.net.mu.Lock()
	to := h.net.hosts[name]
	h.net.mu.Unlock()
	if to == nil {
		return nil, refused(errors.New("no host " + name))
	}
	w := h.net.way(h.place, to.place)
	if err := w.cross(ctx); err != nil {
		return nil, refused(err)
	}
	h.net.mu.Lock()
	to = h.net.hosts[name] // it may have been booted anew meanwhile
	h.net.mu.Unlock()
	near, far := pair(w, h, to)
	if !h.hold(near) {
		return nil, refused(syscall.ENETDOWN)
	}
	if !to.take(port, far) {
		near.end(net.ErrClosed)
		return nil, refused(syscall.ECONNREFUSED)
	}
	return near, nil
}

// cross waits until something that is sent now has arrived.
func (w *way) cross(ctx context.Context) error {
	cut, delay, changed := w.state()
	due := time.NewTimer(delay)
	defer due.Stop()
	select {
	case <-due.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	for cut {
		select {
		case <-changed:
			cut, _, changed = w.state()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (h *Host) hold(c *Conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.dead {
		h.conns[c] = true
	}
	return !h.dead
}

func (h *Host) forget(c *Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
}

func (h *Host) take(port string, c *Conn) bool {
	h.mu.Lock()
	l := h.listeners[port]
	h.mu.Unlock()
	if l == nil || !h.hold(c) {
		return false
	}
	select {
	case l.backlog <- c:
		return true
	case <-l.closed:
		h.forget(c)
		return false
	}
}

// Listen takes connections to a port of the host.
func (h *Host) Listen(_, addr string) (net.Listener, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	l := &listener{host: h, port: port, backlog: make(chan *Conn, 128), closed: make(chan struct{})}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dead || h.listeners[port] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Err: syscall.EADDRINUSE}
	}
	h.listeners[port] = l
	return l, nil
}

type listener struct {
	host    *Host
	port    string
	backlog chan *Conn
	once    sync.Once
	closed  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.host.mu.Lock()
		if l.host.listeners[l.port] == l {
			delete(l.host.listeners, l.port)
		}
		l.host.mu.Unlock()
	})
	for {
		select {
		case c := <-l.backlog:
			c.end(errReset)
		default:
			return nil
		}
	}
}

func (l *listener) Addr() net.Addr {
	return named{net.TCPAddr{IP: l.host.ip, Port: 80}, l.host.name + ":" + l.port}
}

// named is an address that others can dial.
type named struct {
	net.TCPAddr
	name string
}

func (n named) Network() string { return "tcp" }
func (n named) String() string  { return n.name }

func addrOf(h *Host, port int) net.Addr { return &net.TCPAddr{IP: h.ip, Port: port} }

// Named is the host that has a name now.
func (n *Network) Named(name string) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hosts[name]
}

// End lets every host die.
func (n *Network) End() {
	n.mu.Lock()
	hosts := n.hosts
	n.mu.Unlock()
	for _, h := range hosts {
		h.Die()
	}
}
