package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"statuspage/lab/link"
)

// dbCommand places the database at a new address. Only flags that sqld documents are used.
func (r *Region) dbCommand() (Command, error) {
	c := r.cluster
	addr, err := freeAddr()
	if err != nil {
		return Command{}, err
	}
	r.moved(&r.database, addr, r.toDB)
	command := c.opts.Hrana
	if c.opts.SQLD != "" {
		command = Command{Args: []string{c.opts.SQLD}}
	}
	flags := []string{"--http-listen-addr", addr, "--db-path", r.dbPath()}
	if r.isPrimary() {
		grpc, err := freeAddr()
		if err != nil {
			return Command{}, err
		}
		r.moved(&r.primary, grpc, r.followers(func(o *Region) (*Region, *link.Relay) {
			return o.dbFollows,
				o.toPrimaryDB
		})...)
		flags = append(flags, "--grpc-listen-addr", grpc)
		if c.opts.Durable {
			admin, err := freeAddr()
			if err != nil {
				return Command{}, err
			}
			r.moved(&r.admin, admin)
			flags = append(flags, "--admin-listen-addr", admin)
		}
	} else {
		r.follow(&r.dbFollows, r.toPrimaryDB, func(p *Region) *string { return &p.primary })
		flags = append(flags, "--primary-grpc-url", "http://"+r.toPrimaryDB.Addr())
	}
	env := command.Env
	if c.keys != nil {
		env = append(slices.Clone(env), "SQLD_AUTH_JWT_KEY="+c.keys.public)
	}
	return Command{Args: slices.Concat(command.Args, flags), Env: env}, nil
}

// dbPath is the folder of the region's database.
func (r *Region) dbPath() string { return filepath.Join(r.cluster.opts.Dir, r.Name+".sqld") }

// dbReady waits until a query is answered. A replica answers none before it has reached its primary.
func (r *Region) dbReady(p *Process) error {
	if err := r.cluster.until(p, func() error { return r.Query(`SELECT 1`, nil) }); err != nil {
		return err
	}
	if c := r.cluster; c.opts.Durable && r.isPrimary() {
		return r.Configure("strong")
	}
	return r.applyReplication()
}

// Configure sets the durability_mode of the primary's database until it ends: relaxed or strong. Only with
// Options.Durable it has an admin API.
func (r *Region) Configure(durability string) error {
	body := fmt.Appendf(nil, `{"block_reads":false,"block_writes":false,"durability_mode":%q}`, durability)
	client := http.Client{Timeout: 5 * time.Second}
	res, err := client.Post(r.address(&r.admin)+"/v1/namespaces/default/config", "application/json",
		bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: set the durability: %w", r.Name, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: set the durability: the admin API says %s", r.Name, res.Status)
	}
	return nil
}

// Query runs one statement at the region's database and hands the answer's body to use, if there is one.
func (r *Region) Query(sql string, use func([]byte) error) error {
	token, err := r.cluster.Token(r)
	if err != nil {
		return err
	}
	quoted, err := json.Marshal(sql)
	if err != nil {
		return err
	}
	body := fmt.Appendf(nil, `{"requests":[{"type":"execute","stmt":{"sql":%s}},{"type":"close"}]}`, quoted)
	req, err := http.NewRequest("POST", r.DBURL()+"/v2/pipeline", bytes.NewReader(body))
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Timeout: time.Second}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("the database says %s %s: %v", res.Status, answer, err)
	}
	if use == nil {
		return nil
	}
	return use(answer)
}
