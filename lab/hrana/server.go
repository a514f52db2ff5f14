package hrana

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Config is one database server. Its first five fields are sqld's flags of the same names.
type Config struct {
	HTTPListenAddr  string // clients; "127.0.0.1:0" takes a free port
	GRPCListenAddr  string // replicas; only at a primary, may be empty
	PrimaryGRPCURL  string // the primary; makes this a replica
	AdminListenAddr string // the configuration of namespaces; may be empty
	DBPath          string // a directory

	AuthJWTKey string // as SQLD_AUTH_JWT_KEY; empty is no authentication

	StreamExpiry time.Duration // 10 s when 0
	TxTimeout    time.Duration // 5 s when 0
	MaxResponse  int64         // 10 MB when 0
	MaxStreams   int           // 128 when 0
	Log          *slog.Logger
	// Wedges is the fault of sqld's write queue (see writer). Programs have it; tests of the stand-in itself may leave
	// it out.
	Wedges bool

	// The machine's network and clock when nil. Now is what SQL's unixepoch() says.
	Listen func(network, addr string) (net.Listener, error)
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	Now    func() time.Time
}

func (c Config) withDefaults() Config {
	if c.StreamExpiry == 0 {
		c.StreamExpiry = 10 * time.Second
	}
	if c.TxTimeout == 0 {
		c.TxTimeout = 5 * time.Second
	}
	if c.MaxResponse == 0 {
		c.MaxResponse = 10_000_000
	}
	if c.MaxStreams == 0 {
		c.MaxStreams = 128
	}
	if c.Listen == nil {
		c.Listen = net.Listen
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Server is a running primary or replica.
type Server struct {
	cfg       Config
	key       ed25519.PublicKey
	endpoints *endpoints
	listeners []net.Listener
	https     []*http.Server
	ctx       context.Context
	cancel    context.CancelFunc
	done      sync.WaitGroup // listeners and the replica's loops
	active    *gate          // requests

	log      *commitLog // at a primary
	database *database  // at a primary
	replica  *replica   // at a replica

	durability atomic.Value // string; forgotten at each start, as in sqld
}

// Start opens the database and listens. Whoever starts a server must Close or Kill it.
func Start(cfg Config) (*Server, error) {
	s := &Server{cfg: cfg.withDefaults(), active: newGate()}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.endpoints = &endpoints{server: s, streams: newStreams(s.cfg.StreamExpiry, s.cfg.MaxStreams)}
	var err error
	if s.key, err = parseKey(cfg.AuthJWTKey); err != nil {
		return nil, err
	}
	if cfg.PrimaryGRPCURL != "" {
		err = s.openReplica()
	} else {
		err = s.openPrimary()
	}
	if err == nil {
		err = s.listen()
	}
	if err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}

func (s *Server) openPrimary() (err error) {
	path, err := filepath.Abs(filepath.Join(s.cfg.DBPath, "dbs", "default", "data"))
	if err != nil {
		return err
	}
	bump := func() {
		if mode := s.Durability(); mode == "strong" || mode == "extra" {
			if err := s.database.sync(); err != nil {
				s.cfg.Log.Error("what was committed cannot be noted as synced", "error", err)
			}
		}
		s.log.bump()
	}
	if s.database, err = openDatabase(path, false, s.cfg.TxTimeout, bump); err != nil {
		return err
	}
	s.database.writer.wedges, s.database.durability, s.database.now = s.cfg.Wedges, s.Durability, s.cfg.Now
	if s.log, err = openLog(filepath.Join(s.cfg.DBPath, "log.json"), path); err != nil {
		return err
	}
	s.endpoints.open = func() (session, error) {
		c, err := s.database.get()
		return &localSession{c, s.log.index}, err
	}
	return nil
}

func (s *Server) openReplica() error {
	client := &http.Client{Transport: &http.Transport{DialContext: s.cfg.Dial, MaxIdleConnsPerHost: 16,
		IdleConnTimeout: time.Minute}}
	r := &replica{dir: s.cfg.DBPath, primary: s.cfg.PrimaryGRPCURL, client: client, txTimeout: s.cfg.TxTimeout,
		log: s.cfg.Log, now: s.cfg.Now, streams: s.endpoints.streams, changed: make(chan struct{}),
		source: source{flags: "mode=ro"}}
	if err := r.open(); err != nil {
		return err
	}
	s.replica = r
	s.endpoints.open = func() (session, error) {
		return &proxySession{replica: r, remote: &remote{url: r.primary, client: client}}, nil
	}
	s.done.Go(func() { r.follow(s.ctx) })
	s.done.Go(func() { r.publish(s.ctx) })
	return nil
}

func (s *Server) listen() error {
	mux := http.NewServeMux()
	s.endpoints.routes(mux)
	s.controls(mux)
	if err := s.serve(s.cfg.HTTPListenAddr, mux); err != nil {
		return err
	}
	if s.log != nil && s.cfg.GRPCListenAddr != "" {
		inner := http.NewServeMux()
		s.endpoints.routes(inner)
		inner.HandleFunc("GET /lab/log", s.serveLog)
		if err := s.serve(s.cfg.GRPCListenAddr, inner); err != nil {
			return err
		}
	}
	if s.cfg.AdminListenAddr == "" {
		return nil
	}
	admin := http.NewServeMux()
	s.administers(admin)
	return s.serve(s.cfg.AdminListenAddr, admin)
}

func (s *Server) serve(addr string, handler http.Handler) error {
	l, err := s.cfg.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.active.enter() {
			panic(http.ErrAbortHandler)
		}
		defer s.active.leave()
		handler.ServeHTTP(w, r)
	})
	srv := &http.Server{Handler: counted, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return s.ctx }}
	s.listeners, s.https = append(s.listeners, l), append(s.https, srv)
	s.done.Go(func() { srv.Serve(l) })
	return nil
}

// URL is where clients connect.
func (s *Server) URL() string { return "http://" + s.listeners[0].Addr().String() }

// GRPCURL is where replicas connect.
func (s *Server) GRPCURL() string { return "http://" + s.listeners[1].Addr().String() }

// AdminURL is where namespaces are configured; the last to listen.
func (s *Server) AdminURL() string {
	return "http://" + s.listeners[len(s.listeners)-1].Addr().String()
}

// Close finishes the requests at work, stops, and lets the log go on at the next start.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, l := range s.listeners {
		l.Close()
	}
	s.cancel()
	for _, srv := range s.https {
		srv.Shutdown(ctx)
	}
	s.Kill()
	if s.log == nil {
		return nil
	}
	return s.log.save(true)
}

// Kill stops as a crash does: the next start is a new log. When it returns nothing of the server runs any more.
func (s *Server) Kill() {
	s.cancel()
	for _, srv := range s.https {
		srv.Close()
	}
	s.endpoints.streams.closeAll(true)
	if s.database != nil {
		s.database.writer.close()
	}
	s.done.Wait()
	s.active.shut()
	s.endpoints.streams.closeAll(true)
	if s.database != nil {
		s.database.close()
	}
	if s.replica != nil {
		s.replica.client.CloseIdleConnections()
		s.replica.closeFiles()
	}
}
