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
	flags := []string{"--http-listen-addr", addr, "--db-path", filepath.Join(c.opts.Dir, r.Name+".sqld")}
	if r.isPrimary() {
		grpc, err := freeAddr()
		if err != nil {
			return Command{}, err
		}
		r.moved(&r.primary, grpc, c.relaysTo(func(o *Region) *link.Relay { return o.toPrimaryDB })...)
		flags = append(flags, "--grpc-listen-addr", grpc)
	} else {
		flags = append(flags, "--primary-grpc-url", "http://"+r.toPrimaryDB.Addr())
	}
	env := command.Env
	if c.keys != nil {
		env = append(slices.Clone(env), "SQLD_AUTH_JWT_KEY="+c.keys.public)
	}
	return Command{Args: slices.Concat(command.Args, flags), Env: env}, nil
}

// dbReady waits until a query is answered. A replica answers none before it has reached its primary.
func (r *Region) dbReady(p *Process) error {
	if err := r.cluster.until(p, func() error { return r.Query(`SELECT 1`, nil) }); err != nil {
		return err
	}
	return r.applyReplication()
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
