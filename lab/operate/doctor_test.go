package operate_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"statuspage/lab/cluster"
	"statuspage/server/racetest"
)

type finding struct{ Level, Check, Region, Says, Do string }

// doctor runs `statuspage doctor` in the copy of fly.toml, with a region's environment and the given tokens.
func (w *world) doctor(in *cluster.Region, tokens []string, args ...string) ([]finding, int) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), w.binary, append([]string{"doctor", "--json"}, args...)...)
	cmd.Dir = w.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "DATABASE_URL=" + in.DBURL(),
		"FLY_REGION=" + in.Name, "PRIMARY_REGION=ams"}, tokens...)
	out, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		w.t.Fatal(err)
	}
	var all []finding
	if err := json.Unmarshal(out, &all); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
	return all, cmd.ProcessState.ExitCode()
}

// TestADoctorFindsEachFault has one thing wrong at a time: by addresses, and by the one address with Fly's header.
func TestADoctorFindsEachFault(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	other, err := build("statuspage", "v0.9.0")
	if err != nil {
		t.Fatal(err)
	}
	mineNow, err := program()
	if err != nil {
		t.Fatal(err)
	}
	which := filepath.Join(t.TempDir(), "which") // what a process is that starts from now on
	if err := os.WriteFile(which, []byte(mineNow), 0o600); err != nil {
		t.Fatal(err)
	}
	w := start(t, func(o *cluster.Options) {
		o.App = cluster.Command{Args: []string{"/bin/sh", "-c", `exec "$(cat ` + which + `)" serve`}}
	})
	ams, fra, syd := w.Regions[0], w.Regions[1], w.Regions[2]
	rw, err := w.Token(ams)
	w.try(err)
	ro, err := w.Token(fra)
	w.try(err)
	all := []string{ams.AppURL(), fra.AppURL(), syd.AppURL()}
	edge := []string{ams.URL(), "--regions", "ams,fra,syd"}
	mine := []string{"DATABASE_AUTH_TOKEN=" + rw}
	worst := func(found []finding) (bad []finding) {
		return slices.DeleteFunc(slices.Clone(found), func(f finding) bool {
			return f.Level == "ok" ||
				f.Check == "durability"
		})
	}
	w.eventually("all is well", func() error {
		found, _ := w.doctor(ams, mine, all...)
		if bad := worst(found); len(bad) > 0 || len(found) < 15 {
			return errors.New(strings.TrimSpace(say(found)))
		}
		return nil
	})
	if found, _ := w.doctor(ams, mine, edge...); len(worst(found)) > 0 {
		t.Errorf("at one address: %s", say(worst(found)))
	}
	finds := func(level, check, region, says string, in *cluster.Region, tokens []string, args ...string) {
		t.Helper()
		w.eventually("the doctor finds "+says, func() error {
			found, code := w.doctor(in, tokens, args...)
			if slices.ContainsFunc(found, func(f finding) bool {
				return f.Level == level && f.Check == check && f.Region == region && strings.Contains(f.Says, says) &&
					f.Do != ""
			}) && (code == 1) == slices.ContainsFunc(found, func(f finding) bool { return f.Level == "fail" }) {
				return nil
			}
			return errors.New(say(worst(found)))
		})
	}
	both := []string{"DATABASE_AUTH_TOKEN=" + rw, "DATABASE_READ_TOKEN=" + ro}
	if found, _ := w.doctor(fra, both, all...); len(worst(found)) > 0 {
		t.Errorf("in a region that reads: %s", say(worst(found)))
	}
	finds("fail", "token", "fra", "DATABASE_READ_TOKEN may write", fra, []string{"DATABASE_READ_TOKEN=" + rw}, all...)
	finds("fail", "token", "fra", "DATABASE_AUTH_TOKEN may write", fra, mine, all...)
	finds("fail", "token", "ams", "DATABASE_AUTH_TOKEN may read", ams, []string{"DATABASE_AUTH_TOKEN=" + ro}, all...)
	finds("fail", "token", "ams", "DATABASE_AUTH_TOKEN is not taken", ams, []string{"DATABASE_AUTH_TOKEN=x.y.z"},
		all...)

	file := filepath.Join(w.dir, "fly.toml")
	raw, err := os.ReadFile(file) // #nosec G304 -- of the test
	w.try(err)
	for says, change := range map[string][2]string{
		"primary_region is syd, and fra runs with ams": {`primary_region = "ams"`, `primary_region = "syd"`},
		"nobody reads STALE_AFTR":                      {`LOG_FORMAT = "json"`, `STALE_AFTR = "1s"`},
		"internal_port is 9000":                        {"internal_port = 8080", "internal_port = 9000"},
		"auto_stop_machines must be":                   {`auto_stop_machines = "off"`, `auto_stop_machines = "stop"`},
		"visitors are routed by /readyz":               {`path = "/healthz"`, `path = "/readyz"`},
		"names ams.other-db.internal": {"{region}.statuspage-db.internal",
			"{region}.other-db.internal"},
	} {
		w.try(os.WriteFile(file, []byte(strings.Replace(string(raw), change[0], change[1], 1)), 0o600)) // #nosec G703
		finds("fail", "fly.toml", "", says, ams, mine, all...)
	}
	w.try(os.WriteFile(file, raw, 0o600)) // #nosec G703

	w.try(fra.Lag(4 * time.Second))
	finds("warn", "lag", "fra", "behind", ams, mine, all...)
	w.try(fra.Pause())
	finds("fail", "lag", "fra", "behind", ams, mine, all...)
	w.try(fra.Resume(), fra.Lag(0))
	syd.App.Kill()
	finds("fail", "reachable", all[2], "does not answer", ams, mine, all...)
	finds("fail", "reachable", "syd", "nothing of Status Page", ams, mine, edge...)

	w.try(os.WriteFile(which, []byte(other), 0o600), syd.App.Start())
	finds("fail", "version", "", "v0.9.0 (syd), v1.2.3 (ams, fra)", ams, mine, ams.AppURL(), fra.AppURL(), syd.AppURL())
}

func say(all []finding) string {
	var out strings.Builder
	for _, f := range all {
		out.WriteString(f.Level + " " + f.Check + " " + f.Region + ": " + f.Says + "\n")
	}
	return out.String()
}
