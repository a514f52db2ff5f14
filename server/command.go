package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"statuspage/server/app"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/demo"
	"statuspage/server/store"
	"statuspage/server/usecase"
)

// with opens the database, migrated, for a command that works beside the server or without it.
func with(ctx context.Context, d config.Database, work func(*app.App) error) (err error) {
	logTo("warn", "")
	if err := d.Validate(); err != nil {
		return err
	}
	cfg := config.Default(d)
	a, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return work(a)
}

// withThere is with for what only makes sense of a database that is there: none is made, and whoever forgot
// DATABASE_URL hears of it.
func withThere(ctx context.Context, d config.Database, work func(*app.App) error) error {
	if err := first(d.Validate(), store.There(d.URL())); err != nil {
		return err
	}
	return with(ctx, d, work)
}

func first(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// system is the command line as the audit log names it.
func system() usecase.Caller { return usecase.Caller{System: true, Address: "command line"} }

type migrate struct {
	config.Database `embed:""`
}

// Run migrates, which only the region that writes may do.
func (m *migrate) Run(ctx context.Context) error {
	if !m.Primary() {
		return fmt.Errorf("%s is not the region that writes (PRIMARY_REGION=%s): migrate there", m.Region(),
			m.PrimaryRegion)
	}
	return with(ctx, m.Database, func(*app.App) error { return nil })
}

type orgCreate struct {
	config.Database `embed:""`
	Slug            string `help:"Where the page stands: /status/{slug} (default: made of the name)."`
	Name            string `required:"" help:"The organisation's name."`
}

// Run prints the new organisation's id.
func (o *orgCreate) Run(ctx context.Context) error {
	if o.Slug == "" {
		o.Slug = usecase.SlugOf(o.Name)
	}
	return with(ctx, o.Database, func(a *app.App) error {
		id, err := a.UseCases.CreateOrg(ctx, system(), o.Slug, o.Name, a.Now(), nil)
		if err == nil {
			fmt.Println(id)
		}
		return err
	})
}

type userCreate struct {
	config.Database `embed:""`
	Org             string `required:"" help:"Slug of the organisation."`
	Email           string `required:"" help:"Address to sign in with."`
	Name            string `help:"The user's name."`
	Role            string `default:"member" enum:"admin,member" help:"admin or member."`
	PasswordStdin   bool   `name:"password-stdin" help:"Read the password from the first line of the standard input."`
}

// Run prints the new user's id.
func (u *userCreate) Run(ctx context.Context) error {
	m := usecase.NewMember{Email: u.Email, Name: u.Name, Role: auth.Role(u.Role)}
	if u.PasswordStdin {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the password: %w", err)
		}
		if m.Password = strings.TrimRight(line, "\r\n"); m.Password == "" {
			return errors.New("there is no password on the standard input")
		}
	}
	return withThere(ctx, u.Database, func(a *app.App) error {
		org, err := a.DB.OrgBySlug(ctx, u.Org)
		if errors.Is(err, store.ErrNone) {
			return fmt.Errorf("there is no organisation %s", u.Org)
		}
		if err != nil {
			return err
		}
		member, err := a.UseCases.AddMember(ctx, system(), org, m)
		if err == nil {
			fmt.Println(member.UserID)
		}
		return err
	})
}

type token struct {
	config.Database `embed:""`
	Org             string        `required:"" help:"Slug of the organisation."`
	Email           string        `required:"" help:"Address of a member."`
	TTL             time.Duration `name:"ttl" default:"1h" help:"How long the token is good."`
}

// Run prints the token.
func (t *token) Run(ctx context.Context) error {
	return withThere(ctx, t.Database, func(a *app.App) error {
		text, err := a.UseCases.Token(ctx, t.Org, t.Email, t.TTL)
		if err == nil {
			fmt.Println(text)
		}
		return err
	})
}

type link struct {
	config.Database `embed:""`
	Email           string `required:"" help:"Address of an account."`
	Org             string `help:"Slug of an organisation of the account, where an address has several."`
	BaseURL         string `name:"base-url" env:"BASE_URL" help:"What the link begins with, such as https://status.example.com. When it is empty only the path is printed: put the address at which this installation is reached before it."`
}

// Run prints the link by which an account's owner chooses a password. It proves the address by the operator's word; the
// link before it is void.
func (l *link) Run(ctx context.Context) error {
	return withThere(ctx, l.Database, func(a *app.App) error {
		url, err := a.UseCases.OperatorsLink(ctx, l.Org, l.Email, strings.TrimSuffix(l.BaseURL, "/"))
		if err != nil {
			return err
		}
		fmt.Println(url)
		_, err = fmt.Fprint(os.Stderr, l.completes(isatty.IsTerminal(os.Stdout.Fd())))
		return err
	})
}

// completes says to a person how a path becomes a link. A script that reads what is printed gets the path alone.
func (l *link) completes(terminal bool) string {
	if l.BaseURL != "" || !terminal {
		return ""
	}
	return "Put the address of this installation before it, such as http://localhost:8080, or set BASE_URL.\n"
}

type removeFactors struct {
	config.Database `embed:""`
	Email           string `required:"" help:"Address of an account."`
	Org             string `help:"Slug of an organisation of the account, where an address has several."`
}

// Run removes the second factors of somebody who has lost them, and prints how many there were.
func (r *removeFactors) Run(ctx context.Context) error {
	return withThere(ctx, r.Database, func(a *app.App) error {
		n, err := a.UseCases.RemoveFactors(ctx, r.Org, r.Email)
		if err == nil {
			fmt.Println(n)
		}
		return err
	})
}

type orgRef struct {
	config.Database `embed:""`
	Slug            string `required:"" help:"The organisation's short name."`
}

type orgDelete struct{ orgRef }

// Run hides the organisation, and prints when it is erased.
func (o *orgDelete) Run(ctx context.Context) error {
	return withThere(ctx, o.Database, func(a *app.App) error {
		id, err := a.DB.OrgBySlug(ctx, o.Slug)
		if errors.Is(err, store.ErrNone) {
			return fmt.Errorf("there is no organisation %s", o.Slug)
		}
		if err != nil {
			return err
		}
		gone, err := a.UseCases.DeleteOrg(ctx, system(), id, o.Slug)
		if err == nil {
			fmt.Println(gone.EraseAt.UTC().Format(time.RFC3339))
		}
		return err
	})
}

type orgRestore struct{ orgRef }

// Run brings a deleted organisation back, and prints its id.
func (o *orgRestore) Run(ctx context.Context) error {
	return o.deleted(ctx, func(a *app.App, id string) error { return a.UseCases.RestoreOrg(ctx, system(), id) })
}

type orgErase struct{ orgRef }

// Run erases a deleted organisation at once, its audit log too, and prints its id.
func (o *orgErase) Run(ctx context.Context) error {
	return o.deleted(ctx, func(a *app.App, id string) error { return a.UseCases.EraseOrg(ctx, id) })
}

func (o *orgRef) deleted(ctx context.Context, do func(*app.App, string) error) error {
	return withThere(ctx, o.Database, func(a *app.App) error {
		id, err := a.DB.DeletedBySlug(ctx, o.Slug)
		if errors.Is(err, store.ErrNone) {
			return fmt.Errorf("there is no deleted organisation %s", o.Slug)
		}
		if err == nil {
			err = do(a, id)
		}
		if err == nil {
			fmt.Println(id)
		}
		return err
	})
}

type fillDemo struct {
	config.Database `embed:""`
}

// Run fills the database and prints the login.
func (d *fillDemo) Run(ctx context.Context) error {
	return with(ctx, d.Database, func(a *app.App) error {
		login, err := demo.Fill(ctx, a.DB, a.UseCases, a.Now())
		if err == nil && login == nil {
			err = errors.New("there is an organisation already; the demonstration needs an empty database")
		}
		if err == nil {
			fmt.Printf("%s %s\n", login.Email, login.Password)
		}
		return err
	})
}

// greet fills an empty database, lets monitors look at the demonstration's own target, and says where to go.
func greet(ctx context.Context, a *app.App, cfg *config.Config, addr net.Addr) error {
	login, err := demo.Fill(ctx, a.DB, a.UseCases, a.Now())
	if err != nil {
		return err
	}
	if err := demo.Watch(ctx, a.DB, a.UseCases, login, cfg.MonitorBeside, cfg.Region(), a.Now()); err != nil {
		return err
	}
	base := localBase(addr)
	fmt.Printf("\n  Public page   %s/status/acme\n  Dashboard     %s/dashboard\n", base, base)
	if login != nil {
		fmt.Printf("  Sign in       %s  %s\n\n", login.Email, login.Password)
	} else {
		fmt.Printf("  Sign in       with the login that the first start printed (demo: %s  %s)\n\n", demo.Email,
			demo.Password)
	}
	return nil
}

// localBase is where a browser on this machine finds the server.
func localBase(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	return "http://localhost"
}

// offerSetup tells the operator of the link that sets an empty installation up, once: on the terminal; where there is
// none, in a file beside the database that nobody else reads, since what is printed stands in somebody's log.
func offerSetup(ctx context.Context, a *app.App, base string, addr net.Addr) error {
	secret, err := a.UseCases.SetupLink(ctx)
	if err != nil || secret == "" {
		return err
	}
	if base == "" {
		base = localBase(addr)
	}
	url := strings.TrimSuffix(base, "/") + "/setup#token=" + secret
	if isatty.IsTerminal(os.Stdout.Fd()) {
		fmt.Printf("\n  Nothing is here yet. Set it up within a day, once, at\n  %s\n\n", url)
		a.SetupIs("It was printed on the terminal where the server was started.")
		return nil
	}
	file, err := keepSetup(a.DB.Beside("setup"), url+"\n")
	if err != nil {
		return fmt.Errorf("write the link that sets this installation up: %w", err)
	}
	slog.Info("nothing is here yet: set it up within a day, once, at the link in this file", "file", file)
	a.SetupIs("It stands in the file " + filepath.Base(file) + " on the server's machine; the server's log says where.")
	return nil
}

// keepSetup writes the link into a file that its owner alone reads, and answers which. Beside a database on another
// machine there is no place: the file is then of this process alone, under a name that nobody can take before it.
func keepSetup(beside, text string) (file string, err error) {
	if beside != "" {
		return beside, private(beside, text)
	}
	f, err := os.CreateTemp("", "statuspage-*.setup") // 0600, and new
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	return f.Name(), errors.Join(err, f.Close())
}

// private writes a file that its owner alone reads.
func private(path, text string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

type backup struct {
	config.Database `embed:""`
	To              string `arg:"" help:"File to write; it must not exist."`
}

// Run copies the database into one file.
func (b *backup) Run(ctx context.Context) error {
	if err := b.Validate(); err != nil {
		return err
	}
	return store.Backup(ctx, b.URL(), b.To)
}

type restore struct {
	config.Database `embed:""`
	From            string `arg:"" help:"A file that backup wrote."`
	Force           bool   `help:"Replace a database that is there; it is kept beside, as .replaced with a number."`
}

// Run puts a copy in the database's place, under a new epoch: clients and other regions load everything again. It
// prints where the database that was there is kept.
func (r *restore) Run(ctx context.Context) error {
	logTo("warn", "")
	if err := r.Validate(); err != nil {
		return err
	}
	kept, err := store.RestoreKeeping(ctx, r.URL(), r.From, r.Force)
	if err == nil && kept != "" {
		fmt.Println(kept)
	}
	return err
}

type epoch struct {
	config.Database `embed:""`
}

// Run gives the log a new name, after a copy was put in the database's place by other means than restore: every region
// and client then loads everything again. It prints the new epoch.
func (e *epoch) Run(ctx context.Context) error {
	if !e.Primary() {
		return fmt.Errorf("%s is not the region that writes (PRIMARY_REGION=%s)", e.Region(), e.PrimaryRegion)
	}
	return withThere(ctx, e.Database, func(a *app.App) error {
		if err := a.DB.NewEpoch(ctx); err != nil {
			return err
		}
		name, err := a.DB.Epoch(ctx)
		if err == nil {
			fmt.Println(name)
		}
		return err
	})
}
