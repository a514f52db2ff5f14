package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/lab/flyproxy"
	"statuspage/lab/hrana"
	"statuspage/server/app"
	"statuspage/server/config"
	"statuspage/server/store"
)

var names = []string{"fra", "iad", "syd"}

// birth is when a simulation begins: later than any clock of the product believes to be the past.
var birth = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// world is three regions in one process.
type world struct {
	t       *testing.T
	rand    *rand.Rand // of the schedule alone
	number  int64
	dir     string
	began   time.Time
	net     *Network
	proxy   *flyproxy.Proxy
	edges   []*http.Server
	client  map[string]*http.Client
	hosts   map[string]*Host // the clients', by region
	regions map[string]*place
	primary string
	working sync.WaitGroup
	ended   sync.WaitGroup // processes that were killed or stopped
	history history
	quiet   chan struct{} // closed when the writers stop
}

// place is a region: one app and one database.
type place struct {
	*world
	name     string
	skew     atomic.Int64 // ns
	db       *hrana.Server
	dbHost   *Host
	stopApp  context.CancelFunc
	appHost  *Host
	appEnded chan struct{}
}

func (w *world) host(kind, region string) string {
	return fmt.Sprintf("%s-%s-%d", kind, region, w.number)
}

var (
	worlds   atomic.Int64
	networks sync.Map // by number
)

// route is the way of http.DefaultTransport, by which libsql-client-go migrates.
func route(ctx context.Context, network, addr string) (net.Conn, error) {
	name, _, _ := net.SplitHostPort(addr)
	parts := strings.Split(name, "-")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%s is not in a simulation", addr)
	}
	n, there := networks.Load(parts[2])
	if !there {
		return nil, fmt.Errorf("the simulation of %s is over", addr)
	}
	from := n.(*Network).Named("app-" + parts[1] + "-" + parts[2])
	return from.Dial(ctx, network, addr)
}

func newWorld(t *testing.T, seed uint64) *world {
	time.Sleep(time.Until(birth))
	w := &world{t: t, rand: rand.New(rand.NewPCG(seed, 1)), number: worlds.Add(1), dir: t.TempDir(), began: time.Now(),
		net:    NewNetwork(),
		client: map[string]*http.Client{}, hosts: map[string]*Host{}, regions: map[string]*place{}, primary: names[0],
		quiet: make(chan struct{})}
	w.history.began = w.began
	networks.Store(fmt.Sprint(w.number), w.net)
	w.distances()
	w.proxy = flyproxy.New(flyproxy.Config{Regions: names, Patience: 3 * time.Second, DialTimeout: time.Second,
		Dial: func(ctx context.Context, edge string, to flyproxy.Machine) (net.Conn, error) {
			return w.net.Named(w.host("edge", edge)).Dial(ctx, "tcp", to.Addr)
		}})
	for _, name := range names {
		w.addEdge(name)
		w.regions[name] = &place{world: w, name: name}
	}
	return w
}

// distances are how far regions are apart; an app is beside its database.
func (w *world) distances() {
	for i, a := range names {
		for _, b := range names[:i] {
			d := time.Duration(20+w.rand.IntN(80)) * time.Millisecond
			for _, x := range []string{a, a + "/db"} {
				for _, y := range []string{b, b + "/db"} {
					w.net.Delay(x, y, d)
				}
			}
		}
		w.net.Delay(a, a+"/db", time.Millisecond)
	}
}

func (w *world) addEdge(name string) {
	h := w.net.Boot(w.host("edge", name), name)
	ln, err := h.Listen("tcp", w.host("edge", name)+":80")
	if err != nil {
		w.t.Fatal(err)
	}
	s := &http.Server{Handler: w.proxy.Edge(name), ReadHeaderTimeout: 10 * time.Second}
	w.edges = append(w.edges, s)
	w.ended.Go(func() { _ = s.Serve(ln) })
	w.hosts[name] = w.net.Boot(w.host("client", name), name)
	w.client[name] = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{DialContext: w.hosts[name].Dial,
		MaxIdleConnsPerHost: 16}}
}

func (p *place) folder() string { return filepath.Join(p.dir, p.name) }

func (p *place) dataFile() string { return filepath.Join(p.folder(), "dbs", "default", "data") }

func (p *place) url() string { return "http://" + p.host("edge", p.name) }

func (p *place) appURL() string { return "http://" + p.host("app", p.name) }

func (p *place) now() time.Time { return time.Now().Add(time.Duration(p.skew.Load())) }

// startDB begins the region's database, as the primary's or as a replica.
func (p *place) startDB() error {
	p.dbHost = p.net.Boot(p.host("db", p.name), p.name+"/db")
	cfg := hrana.Config{HTTPListenAddr: p.dbHost.name + ":8080", DBPath: p.folder(), MaxResponse: maxAnswer,
		Wedges: true,
		Listen: p.dbHost.Listen, Dial: p.dbHost.Dial, Now: time.Now}
	if p.name == p.primary {
		cfg.GRPCListenAddr = p.dbHost.name + ":5001"
	} else {
		cfg.PrimaryGRPCURL = "http://" + p.host("db", p.primary) + ":5001"
	}
	var err error
	p.db, err = hrana.Start(cfg)
	return err
}

// maxAnswer is sqld's limit of an answer, a tenth of it: so a seed reaches it with a tenth of the events.
const maxAnswer = 1_000_000

// killDB is kill -9 of the database, if it runs.
func (p *place) killDB() {
	if p.db == nil {
		return
	}
	p.dbHost.Die()
	p.db.Kill()
	p.db = nil
}

// startApp begins the region's program, in place of one that runs. A start that fails is tried again, as systemd does
// it.
func (p *place) startApp() {
	if p.stopApp != nil {
		p.killApp()
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stopApp, p.appEnded = stop, make(chan struct{})
	h := p.net.Boot(p.host("app", p.name), p.name)
	p.appHost = h
	p.proxy.Place(flyproxy.Machine{ID: "m-" + p.name, Region: p.name, Addr: h.name + ":80"})
	primary, ended := p.primary, p.appEnded
	p.ended.Go(func() {
		defer close(ended)
		for ctx.Err() == nil {
			if err := p.run(ctx, h, primary); err != nil && ctx.Err() == nil {
				p.say("%s did not start: %v", p.name, err)
				time.Sleep(time.Second)
			}
		}
	})
}

func (p *place) run(ctx context.Context, h *Host, primary string) error {
	cfg := config.Default(config.Database{DatabaseURL: "http://" + p.host("db", p.name) + ":8080", FlyRegion: p.name,
		PrimaryRegion: primary})
	cfg.RelayInterval, cfg.PublicRate, cfg.PublicSockets, cfg.CallerRate = 200*time.Millisecond, 1e6, 1e6, 1e6
	cfg.Host = config.Host{Dial: h.Dial, Now: p.now, Uptime: func() (string, time.Duration) {
		return "boot of " +
			p.name, time.Since(p.began)
	}}
	a, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	ln, err := h.Listen("tcp", h.name+":80")
	if err != nil {
		return errors.Join(err, a.Close())
	}
	return a.Serve(ctx, ln)
}

// killApp is kill -9: nothing that the program still does reaches anybody.
func (p *place) killApp() {
	p.appHost.Die()
	p.stopApp()
}

// endApp is SIGTERM: it drains.
func (p *place) endApp() {
	p.stopApp()
	<-p.appEnded
}

// start begins everything with the database that was made before.
func (w *world) start() {
	for _, name := range names {
		p := w.regions[name]
		if name == w.primary {
			copyFile(w.t, template.file, p.dataFile())
		}
		if err := p.startDB(); err != nil {
			w.t.Fatal(err)
		}
		p.startApp()
	}
	for _, name := range names {
		if err := w.within(30*time.Second, w.regions[name].ready); err != nil {
			w.t.Fatalf("%s is not ready at the start: %v", name, err)
		}
	}
}

// stop ends everything; afterwards no goroutine is left.
func (w *world) stop() {
	for _, name := range names {
		w.regions[name].stopApp()
	}
	for _, name := range names {
		<-w.regions[name].appEnded
	}
	for _, name := range names {
		if db := w.regions[name].db; db != nil {
			db.Kill()
		}
	}
	for _, c := range w.client {
		c.CloseIdleConnections()
	}
	w.proxy.Close()
	for _, s := range w.edges {
		_ = s.Close()
	}
	w.net.End()
	networks.Delete(fmt.Sprint(w.number))
	w.ended.Wait()
	time.Sleep(time.Hour) // goroutines that end by themselves have ended: a bubble's time stops with its test
}

// within waits for something that must become true, in virtual time.
func (w *world) within(d time.Duration, try func() error) (err error) {
	for end := time.Now().Add(d); ; time.Sleep(50 * time.Millisecond) {
		if err = try(); err == nil || !time.Now().Before(end) {
			return err
		}
	}
}

func (w *world) say(format string, args ...any) { w.history.note(fmt.Sprintf(format, args...)) }

func copyFile(t *testing.T, from, to string) {
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o750)
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// command opens the primary's database as the command line does.
func (w *world) command(do func(context.Context, *store.DB) error) error {
	p := w.regions[w.primary]
	db, err := store.OpenVia(w.net.Named(w.host("client", p.name)).Dial, "http://"+p.host("db", p.name)+":8080", "")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return do(ctx, db)
}
