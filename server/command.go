package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"statuspage/server/app"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/demonstration"
	"statuspage/server/desk"
	"statuspage/server/store"
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

// system is the command line as the audit log names it.
func system() desk.Caller { return desk.Caller{System: true, Address: "command line"} }

type migrate struct {
	config.Database `embed:""`
}

// Run migrates, which only the region that writes may do.
func (m *migrate) Run(ctx context.Context) error {
	if !m.Primary() {
		return fmt.Errorf("%s is not the region that writes (PRIMARY_REGION=%s): migrate there", m.Region(), m.PrimaryRegion)
	}
	return with(ctx, m.Database, func(*app.App) error { return nil })
}

type orgCreate struct {
	config.Database `embed:""`
	Slug            string `required:"" help:"Where the page stands: /status/{slug}."`
	Name            string `required:"" help:"The organisation's name."`
}

// Run prints the new organisation's id.
func (o *orgCreate) Run(ctx context.Context) error {
	return with(ctx, o.Database, func(a *app.App) error {
		id, err := a.Desk.CreateOrg(ctx, system(), o.Slug, o.Name, time.Now(), nil)
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
	m := desk.NewMember{Email: u.Email, Name: u.Name, Role: auth.Role(u.Role)}
	if u.PasswordStdin {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if m.Password = strings.TrimRight(line, "\r\n"); m.Password == "" {
			return errors.Join(errors.New("there is no password on the standard input"), err)
		}
	}
	return with(ctx, u.Database, func(a *app.App) error {
		org, err := a.DB.OrgBySlug(ctx, u.Org)
		if errors.Is(err, store.ErrNone) {
			return fmt.Errorf("there is no organisation %s", u.Org)
		}
		if err != nil {
			return err
		}
		member, err := a.Desk.AddMember(ctx, system(), org, m)
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
	return with(ctx, t.Database, func(a *app.App) error {
		text, err := a.Desk.Token(ctx, t.Org, t.Email, t.TTL)
		if err == nil {
			fmt.Println(text)
		}
		return err
	})
}

type demo struct {
	config.Database `embed:""`
}

// Run fills the database and prints the login.
func (d *demo) Run(ctx context.Context) error {
	return with(ctx, d.Database, func(a *app.App) error {
		login, err := demonstration.Fill(ctx, a.DB, a.Desk, time.Now())
		if err == nil && login == nil {
			err = errors.New("there is an organisation already; the demonstration needs an empty database")
		}
		if err == nil {
			fmt.Printf("%s %s\n", login.Email, login.Password)
		}
		return err
	})
}

// greet fills an empty database and says where to go.
func greet(ctx context.Context, a *app.App, addr net.Addr) error {
	login, err := demonstration.Fill(ctx, a.DB, a.Desk, time.Now())
	if err != nil {
		return err
	}
	base := localBase(addr)
	fmt.Printf("\n  Public page   %s/status/acme\n  Dashboard     %s/dashboard\n", base, base)
	if login != nil {
		fmt.Printf("  Sign in       %s  %s\n\n", login.Email, login.Password)
	} else {
		fmt.Printf("  Sign in       with the login that the first start printed (demo: %s  %s)\n\n", demonstration.Email, demonstration.Password)
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

// offerSetup prints the link that sets an empty installation up, once.
func offerSetup(ctx context.Context, a *app.App, base string, addr net.Addr) error {
	secret, err := a.Desk.SetupLink(ctx)
	if err != nil || secret == "" {
		return err
	}
	if base == "" {
		base = localBase(addr)
	}
	fmt.Printf("\n  Nothing is here yet. Set it up within a day, once, at\n  %s/setup?token=%s\n\n", strings.TrimSuffix(base, "/"), secret)
	return nil
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
	Force           bool   `help:"Replace a database that is there; it is kept beside, with the ending .replaced."`
}

// Run puts a copy in the database's place, under a new epoch: clients and other regions load everything again.
func (r *restore) Run(ctx context.Context) error {
	if err := r.Validate(); err != nil {
		return err
	}
	return store.Restore(ctx, r.URL(), r.From, r.Force)
}

type epoch struct {
	config.Database `embed:""`
}

// Run gives the log a new name, after a copy was put in the database's place by other means than restore: every region and client then
// loads everything again. It prints the new epoch.
func (e *epoch) Run(ctx context.Context) error {
	if !e.Primary() {
		return fmt.Errorf("%s is not the region that writes (PRIMARY_REGION=%s)", e.Region(), e.PrimaryRegion)
	}
	return with(ctx, e.Database, func(a *app.App) error {
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
