package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"statuspage/server/store"
)

const (
	writers   = 8
	writeTime = 1500 * time.Millisecond
	statement = 6 // statements of a bare batch: about what opening an incident takes
)

// database is a place to write to.
type place struct {
	name, url string
	close     func()
	full      []float64 // writes a second through the whole server
	bare      []float64 // batches a second by the driver alone
	cpu       []float64 // µs of the server's a write
}

// writes measures incidents opened and resolved, beside the same database with nothing around it.
func (b *bench) writes(ctx context.Context) error {
	hrana, err := b.hrana(ctx, "writes")
	if err != nil {
		return err
	}
	defer hrana.stop()
	places := []*place{{name: "SQLite, synchronous=FULL", url: "file:" + filepath.Join(b.dir, "writes.db")},
		{name: "the stand-in for sqld, over HTTP", url: hrana.url()}}
	for _, p := range places {
		all, err := tenants(ctx, p.url, writers)
		if err != nil {
			return err
		}
		for range b.rounds {
			if err := b.full(ctx, p, all); err != nil {
				return err
			}
			if err := p.alone(ctx); err != nil {
				return err
			}
		}
	}
	rows := [][]string{}
	for _, p := range places {
		rows = append(rows, []string{p.name, fmt.Sprintf("%.0f", median(p.full)), fmt.Sprintf("%.0f", median(p.cpu)),
			fmt.Sprintf("%.0f", median(p.bare)), times(median(p.full), median(p.bare))})
	}
	b.report.say("### Writes: %d admins of %d organisations open and resolve incidents", writers, writers)
	b.report.table(fmt.Sprintf("database|writes a second|CPU µs a write|bare batches a second (%d inserts)|share of "+
		"bare", statement), rows)
	b.report.say("A write is a request over HTTP: token, rate limit, decision, one batch (events, rows, audit), read " +
		"back by the relay, answered. " +
		"The stand-in is not sqld; its numbers say what the protocol costs, not what sqld does.")
	return nil
}

func (b *bench) hrana(ctx context.Context, name string, flags ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	args := append([]string{"--http-listen-addr", addr, "--db-path", filepath.Join(b.dir, name)}, flags...)
	return b.spawn(ctx, addr, []string{roleName + "=hrana"}, self, args...)
}

// many lets every writer do its work again and again for a while, and counts.
func many(work func(writer int) (int64, error)) (float64, error) {
	var n atomic.Int64
	var wait sync.WaitGroup
	failed := make([]error, writers)
	began := time.Now()
	for i := range writers {
		wait.Go(func() {
			for time.Since(began) < writeTime {
				did, err := work(i)
				n.Add(did)
				if err != nil {
					failed[i] = err
					return
				}
			}
		})
	}
	wait.Wait()
	return float64(n.Load()) / time.Since(began).Seconds(), errors.Join(failed...)
}

func (b *bench) full(ctx context.Context, p *place, all []tenant) error {
	server, err := b.server(ctx, p.url)
	if err != nil {
		return err
	}
	defer server.stop()
	used := server.cpu()
	rate, err := many(func(i int) (int64, error) {
		incident, err := all[i].open(server.url())
		if err != nil {
			return 0, err
		}
		return 2, all[i].resolve(server.url(), incident)
	})
	if err != nil {
		return err
	}
	p.full = append(p.full, rate)
	p.cpu = append(p.cpu, float64((server.cpu()-used).Microseconds())/(rate*writeTime.Seconds()))
	return nil
}

// alone writes batches of the same size through the driver.
func (p *place) alone(ctx context.Context) error {
	db, err := store.Open(p.url, "")
	if err != nil {
		return err
	}
	defer db.Close()
	var create store.Batch
	create.Add(`CREATE TABLE IF NOT EXISTS bench_rows (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)`)
	if err := db.Do(ctx, &create); err != nil {
		return err
	}
	body := strings.Repeat("x", 300)
	rate, err := many(func(int) (int64, error) {
		var batch store.Batch
		for range statement {
			batch.Add(`INSERT INTO bench_rows (body) VALUES (?)`, body)
		}
		return 1, db.Do(ctx, &batch)
	})
	p.bare = append(p.bare, rate)
	return err
}
