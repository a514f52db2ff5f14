package cluster

import (
	"errors"
	"os"
	"slices"
	"time"

	"statuspage/lab/flyproxy"
)

// Options of a cluster. Regions and Dir are required.
type Options struct {
	Regions []string // the first one is the primary's, unless Primary says otherwise
	Primary string
	Dir     string // databases and logs; whoever gives it removes it

	// App is how the app is started; without arguments there are only databases and the proxy.
	App Command
	// Env is added to the environment of the app in a region.
	Env func(region string) []string
	// AppReady waits for the app at a URL; nil asks /readyz for 200.
	AppReady func(url string) error

	// Forward is WRITE_FORWARD: "fly-replay" when empty, or "proxy".
	Forward string
	// RelayInterval is RELAY_INTERVAL; the app's default when 0.
	RelayInterval time.Duration
	// Auth gives the databases a key and the apps tokens, one that writes to the primary's and ones that read to the
	// others.
	Auth bool

	// Durable sets durability_mode to strong after every start of the primary's database, as deploy/libsql/start.sh
	// does. Without it a PowerCut takes commits.
	Durable bool

	// SQLD is the real database server; the environment variable of that name when empty, the stand-in when that is
	// empty too.
	SQLD string
	// Hrana is how the stand-in is started, with flags like sqld's behind it; this executable as Roles("hrana") when
	// empty.
	Hrana Command

	Proxy flyproxy.Config // Regions is filled in
	// Listen is where edges listen, in the order of Regions; free ports when there are too few.
	Listen []string
	// ReadyTimeout is how long a program may take to start; 30 s when 0.
	ReadyTimeout time.Duration
}

func (o Options) complete() (Options, error) {
	if len(o.Regions) == 0 || o.Dir == "" {
		return o, errors.New("a cluster needs regions and a folder")
	}
	if o.Primary == "" {
		o.Primary = o.Regions[0]
	}
	if !slices.Contains(o.Regions, o.Primary) {
		return o, errors.New("the primary region is none of the regions")
	}
	if o.Forward == "" {
		o.Forward = "fly-replay"
	}
	if o.SQLD == "" {
		o.SQLD = os.Getenv("SQLD")
	}
	if len(o.Hrana.Args) == 0 {
		o.Hrana = Role("hrana")
	}
	if o.ReadyTimeout == 0 {
		o.ReadyTimeout = 30 * time.Second
	}
	o.Proxy.Regions = o.Regions
	return o, os.MkdirAll(o.Dir, 0o755)
}
