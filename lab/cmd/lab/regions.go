package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"statuspage/lab/cluster"
)

type settings struct {
	app     string
	names   []string
	port    int
	data    string
	forward string
	demo    bool
	every   time.Duration
}

func parseSettings(args []string, out io.Writer) (settings, error) {
	var s settings
	fs := flag.NewFlagSet("lab regions", flag.ContinueOnError)
	fs.SetOutput(out)
	names := fs.String("regions", "fra,iad,syd", "the regions; the first one is the primary")
	fs.StringVar(&s.app, "app", "bin/statuspage", "the app's binary (make build makes it)")
	fs.IntVar(&s.port, "port", 8081, "the port of the first region's edge; the others follow; 0 takes free ones")
	fs.StringVar(&s.data, "data", "", "where databases and logs are kept; a temporary folder, removed at the end, "+
		"when empty")
	fs.StringVar(&s.forward, "forward", "fly-replay", "how writes find the primary: fly-replay or proxy")
	fs.BoolVar(&s.demo, "demo", true, "fill the database with the demo organisation")
	fs.DurationVar(&s.every, "every", time.Second, "how often the table is drawn")
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	s.names = strings.Split(*names, ",")
	if _, err := os.Stat(s.app); err != nil {
		return s, fmt.Errorf("there is no app at %s: run `make build` first, or name it with --app", s.app)
	}
	return s, nil
}

// regions runs until ctx ends, the input says quit, or a start fails.
func regions(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	s, err := parseSettings(args, out)
	if err != nil {
		return err
	}
	dir := s.data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "lab-regions-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	fmt.Fprintln(out, "starting", strings.Join(s.names, ", "), "…")
	c, err := start(s, dir)
	if err != nil {
		return err
	}
	defer c.Stop()
	d := &cases{cluster: c, screen: newScreen(out)}
	d.say("logs and databases are in " + dir)
	if s.demo {
		d.demo(s.app)
	}
	return d.run(ctx, in, s.every)
}

func start(s settings, dir string) (*cluster.Cluster, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	app, err := filepath.Abs(s.app)
	if err != nil {
		return nil, err
	}
	var listen []string
	for i := range s.names {
		port := 0
		if s.port > 0 {
			port = s.port + i
		}
		listen = append(listen, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	}
	return cluster.Start(cluster.Options{Regions: s.names, Dir: dir, Listen: listen, Forward: s.forward,
		App: cluster.Command{Args: []string{app, "serve"}}, Hrana: cluster.Command{Args: []string{self, "hrana"}}})
}

// cases is where a person sits: commands come in, the table goes out.
type cases struct {
	cluster *cluster.Cluster
	screen  *screen
	notes   []string
}

// say keeps the last words below the table.
func (d *cases) say(text string) {
	d.notes = append(d.notes, strings.Split(strings.TrimSpace(text), "\n")...)
	d.notes = d.notes[max(0, len(d.notes)-8):]
}

// demo lets the app fill its database; what it prints, the login, is shown.
func (d *cases) demo(app string) {
	cmd := exec.Command(app, "demo")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+d.cluster.Primary().DBURL())
	said, err := cmd.CombinedOutput()
	d.say(string(said))
	if err != nil {
		d.say("no demo organisation: " + err.Error())
	}
}

func (d *cases) run(ctx context.Context, in io.Reader, every time.Duration) error {
	lines := make(chan string)
	go read(ctx, in, lines)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		d.screen.draw(table(d.cluster.Inspect()), d.notes)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case line := <-lines:
			if d.obey(line) {
				return nil
			}
			d.screen.prompt()
		}
	}
}

// read passes lines on until the input ends; then there are simply no more commands.
func read(ctx context.Context, in io.Reader, lines chan<- string) {
	for scanner := bufio.NewScanner(in); scanner.Scan(); {
		select {
		case lines <- scanner.Text():
		case <-ctx.Done():
			return
		}
	}
}
