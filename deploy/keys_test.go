package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// kind says what is wrong with a value, or nothing.
type kind func(any) error

// documented is every key of Fly's "App configuration (fly.toml)" that such files may use, with the values that it
// takes. A name in the place of "*" is anybody's. What the reference has and these files do not need is left out: then
// a new key is looked up before it is used.
var documented = map[string]kind{
	"app": like(`[a-z0-9][a-z0-9-]{0,62}`), "primary_region": region,
	"kill_signal":  oneOf("SIGINT", "SIGTERM", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGKILL", "SIGSTOP"),
	"kill_timeout": seconds(1, 300), "console_command": text, "swap_size_mb": whole(1, 1<<20),

	"build.dockerfile": text, "build.image": text, "build.builder": text, "build.ignorefile": text,
	"build.build-target": text, "build.args.*": text,

	"deploy.strategy": oneOf("rolling", "immediate", "canary", "bluegreen"), "deploy.max_unavailable": share,
	"deploy.wait_timeout":    duration,
	"deploy.release_command": text, "deploy.release_command_timeout": duration,

	"env.*": text,

	"http_service.internal_port": port, "http_service.force_https": yesNo,
	"http_service.auto_stop_machines":  oneOf("off", "stop", "suspend"),
	"http_service.auto_start_machines": yesNo, "http_service.min_machines_running": whole(0, 1000),
	"http_service.processes":        texts,
	"http_service.concurrency.type": oneOf("connections", "requests"), "http_service.concurrency.soft_limit": whole(1,
		1<<20),
	"http_service.concurrency.hard_limit": whole(1, 1<<20), "http_service.http_options.idle_timeout": whole(1, 86400),
	"http_service.checks[].grace_period": duration, "http_service.checks[].interval": duration,
	"http_service.checks[].timeout": duration,
	"http_service.checks[].method":  method, "http_service.checks[].path": path,
	"http_service.checks[].protocol":  oneOf("http", "https"),
	"http_service.checks[].headers.*": text,

	"http_service.machine_checks[].image": text, "http_service.machine_checks[].entrypoint": texts,
	"http_service.machine_checks[].command": texts,
	"http_service.machine_checks[].kill_signal": oneOf("SIGINT", "SIGTERM", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGKILL",
		"SIGSTOP"), "http_service.machine_checks[].kill_timeout": duration,

	"checks.*.type": oneOf("http", "tcp"), "checks.*.port": port, "checks.*.method": method, "checks.*.path": path,
	"checks.*.grace_period": duration, "checks.*.interval": duration, "checks.*.timeout": duration,
	"checks.*.headers.*": text, "checks.*.processes": texts,

	"metrics.port": port, "metrics.path": path,

	"mounts.source": like(`[a-z0-9_]{1,30}`), "mounts.destination": path, "mounts.initial_size": size,
	"mounts.processes":          texts,
	"mounts.snapshot_retention": whole(1, 60), "mounts.scheduled_snapshots": yesNo,
	"mounts.auto_extend_size_threshold": whole(1, 99),
	"mounts.auto_extend_size_increment": size, "mounts.auto_extend_size_limit": size,

	"vm[].size": like(`(shared-cpu-[1248]x|performance-(1|2|4|8|16)x)`), "vm[].memory": size, "vm[].cpus": whole(1, 16),
	"vm[].cpu_kind":  oneOf("shared", "performance"),
	"vm[].processes": texts,

	"restart[].policy": oneOf("always", "never", "on-failure"), "restart[].retries": whole(0, 1000),
	"restart[].processes": texts,
}

// faults says of each key in a file that Fly does not document, or gives another kind of value, what is wrong with it.
func faults(file map[string]any) []string {
	var out []string
	walk("", file, func(at string, value any) {
		check, known := documented[at]
		if !known {
			check, known = documented[starred(at)]
		}
		if !known {
			out = append(out, at+": not documented")
		} else if err := check(value); err != nil {
			out = append(out, at+": "+err.Error())
		}
	})
	slices.Sort(out)
	return out
}

func walk(at string, value any, see func(string, any)) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			walk(strings.TrimPrefix(at+"."+key, "."), inner, see)
		}
	case []map[string]any:
		for _, inner := range v {
			walk(at+"[]", inner, see)
		}
	default:
		see(at, value)
	}
}

// named are the sections whose keys are the author's.
var named = regexp.MustCompile(`^(env|build\.args|checks)\.[^.]+|(headers)\.[^.]+$`)

func starred(at string) string {
	return named.ReplaceAllStringFunc(at, func(s string) string { return s[:strings.LastIndexByte(s, '.')] + ".*" })
}

func is[T any](value any, then func(T) error) error {
	v, ok := value.(T)
	if !ok {
		return fmt.Errorf("a %T", value)
	}
	return then(v)
}

func that(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func text(v any) error { return is(v, func(s string) error { return that(s != "", "empty") }) }

func yesNo(v any) error { return is(v, func(bool) error { return nil }) }

func texts(v any) error {
	return is(v, func(list []any) error { return that(len(list) > 0 && text(list[0]) == nil, "no list of names") })
}

func like(pattern string) kind {
	whole := regexp.MustCompile(`^` + pattern + `$`)
	return func(v any) error {
		return is(v, func(s string) error { return that(whole.MatchString(s), "%q", s) })
	}
}

func oneOf(words ...string) kind {
	return func(v any) error {
		return is(v, func(s string) error { return that(slices.Contains(words, s), "%q is none of %v", s, words) })
	}
}

func whole(least, most int64) kind {
	return func(v any) error {
		return is(v, func(n int64) error {
			return that(n >= least && n <= most, "%d is not from %d to %d", n, least,
				most)
		})
	}
}

var (
	region = like(`[a-z]{3}`)
	path   = like(`/[!-~]*`)
	method = like(`(?i)(get|head|post)`)
	size   = like(`(?i)[1-9][0-9]*(mb|gb)`)
	port   = whole(1, 65535)
)

// duration is a text with a unit: a bare number would be milliseconds in one place and seconds in another.
func duration(v any) error {
	return is(v, func(s string) error {
		d, err := time.ParseDuration(s)
		return that(err == nil && d > 0, "%q is no duration", s)
	})
}

// seconds is a bare number of seconds, or a duration.
func seconds(least, most int64) kind {
	return func(v any) error {
		if _, bare := v.(int64); bare {
			return whole(least, most)(v)
		}
		return duration(v)
	}
}

// share is a number of Machines, or a part of them.
func share(v any) error {
	if n, bare := v.(int64); bare {
		return that(n >= 1, "%d", n)
	}
	return is(v, func(f float64) error { return that(f > 0 && f < 1, "%g", f) })
}
