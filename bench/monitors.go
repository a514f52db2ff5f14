package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"statuspage/server/usecase"
)

const (
	watched   = 10_000 // monitors
	watchers  = 10     // organisations that they belong to
	watchTime = 60     // seconds between looks, and of measuring
)

// monitors measures what 10,000 monitors cost that look each minute, and how much a monitor keeps.
func (b *bench) monitors(ctx context.Context) error {
	body := filepath.Join(b.dir, "watched")
	if err := os.WriteFile(body, []byte(`{"status":"ok"}`), 0o600); err != nil {
		return err
	}
	target, err := b.peer(ctx, "fasthttp", body, "application/json", "", `"one"`)
	if err != nil {
		return err
	}
	defer target.stop()
	database := "file:" + filepath.Join(b.dir, "monitors.db")
	if err := filled(ctx, database, watchers, func(u *usecase.UseCases, i int) error {
		org, err := u.CreateOrg(ctx, system, fmt.Sprintf("watcher-%d", i), "Watcher", time.Now(), nil)
		for k := 0; err == nil && k < watched/watchers; k++ {
			name, address, seconds := fmt.Sprintf("Monitor %d", k), fmt.Sprintf("%s/?%d", target.url(), k), int64(watchTime)
			_, err = u.CreateMonitor(ctx, system, org, usecase.MonitorText{Name: &name, Target: &address,
				Interval: &seconds})
		}
		return err
	}); err != nil {
		return err
	}
	metrics, err := freeAddr()
	if err != nil {
		return err
	}
	p, err := b.server(ctx, database, "MONITOR_NETWORKS=127.0.0.0/8", "METRICS_ADDR="+metrics)
	if err != nil {
		return err
	}
	defer p.stop()
	begin := p.cpu()
	for counted("http://"+metrics, "statuspage_monitor_looks_total") < watched { // each once, which is the start
		if time.Sleep(time.Second); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	started := p.cpu() - begin
	// The second looks come half an interval to one and a half after the first; from then on each monitor has its own
	// moment in every interval.
	time.Sleep(watchTime * time.Second)
	used, looks, late := p.cpu(), counted("http://"+metrics, "statuspage_monitor_looks_total"), 0.0
	for range watchTime {
		time.Sleep(time.Second)
		late = max(late, counted("http://"+metrics, "statuspage_monitor_late_seconds"))
	}
	took := p.cpu() - used
	looks = counted("http://"+metrics, "statuspage_monitor_looks_total") - looks
	failed := counted("http://"+metrics, "statuspage_monitor_failed_total")
	b.report.say("### %d monitors (http on the loopback, each %d s, of %d organisations; looks, results and decisions in "+
		"one process, which is the primary)", watched, watchTime, watchers)
	b.report.table("what|how much", [][]string{
		{"looks a second, once each monitor has its moment", fmt.Sprintf("%.0f", looks/watchTime)},
		{"CPU, of one core", fmt.Sprintf("%.1f%%", 100*took.Seconds()/watchTime)},
		{"CPU of a look, with what is kept and decided", fmt.Sprintf("%.2f ms", 1000*took.Seconds()/max(looks, 1))},
		{"memory (RSS)", fmt.Sprintf("%.1f MB", float64(p.rss())/1e6)},
		{"the latest that a look began", fmt.Sprintf("%.2f s", late)},
		{"looks that failed", fmt.Sprintf("%.0f", failed)},
		{"CPU of the first minute, in which each is read and looks for the first time", fmt.Sprintf("%.1f s",
			started.Seconds())},
	})
	p.stop()
	return b.keptOfMonitors(database)
}

// counted reads a number of /metrics.
func counted(url, name string) float64 {
	res, err := http.Get(url + "/metrics") // #nosec G107 -- the loopback
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if value, is := strings.CutPrefix(lines.Text(), name+" "); is {
			n, _ := strconv.ParseFloat(value, 64)
			return n
		}
	}
	return 0
}

// keptOfMonitors measures how many bytes of a database a monitor's rows take, in a table of their own size each.
func (b *bench) keptOfMonitors(database string) error {
	db, err := sql.Open("sqlite3", database)
	if err != nil {
		return err
	}
	defer db.Close()
	size := func() (n float64, err error) {
		if _, err := db.Exec("VACUUM"); err != nil {
			return 0, err
		}
		err = db.QueryRow("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&n)
		return n, err
	}
	const monitors = 20 // of which each kind of row is written
	year := int64(365 * 24 * 3600)
	var rows [][]string
	total := 0.0
	for _, x := range []struct {
		what  string
		count int64
		query string
	}{
		{"results, 48 hours", 48 * 3600 / watchTime, `INSERT INTO monitor_results SELECT m.org_id, m.id,
 1790000000000 + n.i * 60000, 'fra', 1, 100 + n.i % 50, '', '' FROM m, n`},
		{"buckets of five minutes, 8 days", 8 * 24 * 12, `INSERT INTO monitor_metrics SELECT m.org_id, m.id, 300,
 1790000000000 + n.i * 300000, 'fra', 5, 0, 100, 120, 150, 180 FROM m, n`},
		{"buckets of a day, a year", year / 86400, `INSERT INTO monitor_metrics SELECT m.org_id, m.id, 86400,
 1790000000000 + n.i * 86400000, 'fra', 1440, 2, 100, 120, 150, 180 FROM m, n`},
	} {
		if _, err := db.Exec("DELETE FROM monitor_results; DELETE FROM monitor_metrics"); err != nil {
			return err
		}
		before, err := size()
		if err != nil {
			return err
		}
		if _, err := db.Exec(`WITH m AS (SELECT org_id, id FROM monitors ORDER BY id LIMIT ?), n (i) AS (SELECT 0 UNION ALL
 SELECT i + 1 FROM n WHERE i < ? - 1) `+x.query, monitors, x.count); err != nil {
			return err
		}
		after, err := size()
		if err != nil {
			return err
		}
		each := (after - before) / monitors
		total += each
		rows = append(rows, []string{x.what, fmt.Sprint(x.count), fmt.Sprintf("%.0f", each/float64(x.count)),
			fmt.Sprintf("%.0f", each/1e3)})
	}
	var latest float64
	if err := db.QueryRow(`SELECT avg(length(kept) + 90) FROM monitor_states`).Scan(&latest); err != nil {
		return err
	}
	rows = append(rows, []string{"the latest result", "1", fmt.Sprintf("%.0f", latest), fmt.Sprintf("%.1f", latest/1e3)},
		[]string{"together, after a year", "", "", fmt.Sprintf("%.0f", (total+latest)/1e3)})
	b.report.say("What a monitor keeps that looks each %d s, for each region that it looks from; a failure's error and "+
		"the beginning of its answer (4 KB at most) come on top:", watchTime)
	b.report.table("what|rows|bytes a row, with its indexes|KB", rows)
	return nil
}
