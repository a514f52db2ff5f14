package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gofiber/fiber/v2"
	_ "github.com/mattn/go-sqlite3" // the driver
	"github.com/valyala/fasthttp"
)

// nginx serves the document from a file with one worker; exec.ErrNotFound where it is not installed.
func (b *bench) nginx(ctx context.Context, d *document) (*process, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		return nil, exec.ErrNotFound
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	root, err := os.MkdirTemp(b.dir, "nginx")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(b.dir, 0o755); err != nil { // #nosec G302 -- nginx's workers are of another user
		return nil, err
	}
	if err := os.Chmod(root, 0o755); err != nil { // #nosec G302 -- the same
		return nil, err
	}
	file := filepath.Join(root, "body")
	if err := os.WriteFile(file, d.file, 0o644); err != nil { // #nosec G306 -- the same
		return nil, err
	}
	coding := ""
	if d.coding != "" {
		coding = "add_header Content-Encoding " + d.coding + ";"
	}
	text := fmt.Sprintf(`daemon off; master_process off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 256; }
http {
	access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=10 inactive=1h;
	open_file_cache_valid 1h;
	client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u;
	scgi_temp_path %[1]s/s;
	server { listen %[2]s; default_type "%[3]s"; %[4]s location / { root %[1]s; try_files /body =404; } }
}
`, root, addr, d.mediaType, coding)
	config := filepath.Join(root, "nginx.conf")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return b.spawn(ctx, addr, nil, program, "-p", root, "-e", filepath.Join(root, "error.log"), "-c", config)
}

func etagOf(url string) (string, error) {
	res, err := http.Get(url) // #nosec G107 -- the loopback
	if err != nil {
		return "", err
	}
	return res.Header.Get("ETag"), res.Body.Close()
}

// constantFiber is a constant behind Fiber's router.
func constantFiber(args []string) int {
	body, err := os.ReadFile(args[1])
	if err == nil {
		f := fiber.New(fiber.Config{DisableStartupMessage: true})
		f.Get("/*", func(c *fiber.Ctx) error {
			c.Set("ETag", args[4])
			if c.Get("If-None-Match") == args[4] {
				c.Status(http.StatusNotModified)
				return nil
			}
			c.Set("Content-Type", args[2])
			if args[3] != "" {
				c.Set("Content-Encoding", args[3])
			}
			c.Response().SetBodyRaw(body)
			return nil
		})
		err = f.Listen(args[0])
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// constantSQLite reads the body from a database for each request.
func constantSQLite(args []string) int {
	fmt.Fprintln(os.Stderr, servedFromSQLite(args))
	return 1
}

func servedFromSQLite(args []string) error {
	body, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-sqlite-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "x.db")+"?_journal_mode=WAL")
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range []string{`CREATE TABLE docs (slug TEXT PRIMARY KEY, body BLOB NOT NULL)`,
		`INSERT INTO docs VALUES ('acme', ?)`} {
		var with []any
		if statement[0] == 'I' {
			with = append(with, body)
		}
		if _, err := db.Exec(statement, with...); err != nil {
			return err
		}
	}
	query, err := db.Prepare(`SELECT body FROM docs WHERE slug = ?`)
	if err != nil {
		return err
	}
	s := &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(c *fasthttp.RequestCtx) {
		var body []byte
		if err := query.QueryRow("acme").Scan(&body); err != nil {
			c.Error(err.Error(), http.StatusInternalServerError)
			return
		}
		c.Response.Header.Set("ETag", args[4])
		if string(c.Request.Header.Peek("If-None-Match")) == args[4] {
			c.SetStatusCode(http.StatusNotModified)
			return
		}
		c.SetContentType(args[2])
		if args[3] != "" {
			c.Response.Header.SetContentEncoding(args[3])
		}
		c.Response.SetBodyRaw(body)
	}}
	return s.ListenAndServe(args[0])
}
