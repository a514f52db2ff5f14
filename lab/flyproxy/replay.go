package flyproxy

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// replay is what a fly-replay header asks for.
type replay struct {
	regions        []string
	preferRegions  []string
	instance       string
	preferInstance string
	app            string
	state          string
	elsewhere      bool
	timeout        time.Duration
	fallback       string // force_self, prefer_self or ""
}

// parseReplay reads a fly-replay header. Unknown fields and values that cannot be read are errors: the app has a bug.
func parseReplay(header string) (replay, error) {
	var r replay
	for field := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		value = strings.Trim(value, `"`)
		if err := r.set(name, value); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *replay) set(name, value string) (err error) {
	switch name {
	case "region":
		r.regions = splitRegions(value)
	case "prefer_region":
		r.preferRegions = splitRegions(value)
	case "instance":
		r.instance = value
	case "prefer_instance":
		r.preferInstance = value
	case "app":
		r.app = value
	case "state":
		r.state = value
	case "elsewhere":
		r.elsewhere = value == "true"
	case "timeout":
		r.timeout, err = time.ParseDuration(value)
	case "fallback":
		if r.fallback = value; value != "force_self" && value != "prefer_self" {
			err = fmt.Errorf("fallback=%s", value)
		}
	case "":
	default:
		err = fmt.Errorf("unknown field %q", name)
	}
	return err
}

func splitRegions(value string) []string {
	var out []string
	for region := range strings.SplitSeq(value, ",") {
		out = append(out, strings.TrimSpace(region))
	}
	return out
}

// targets are the machines that a replay from one machine, taken at one edge, may go to.
func (p *Proxy) targets(r replay, edge string, from Machine) []Machine {
	except := ""
	if r.elsewhere {
		except = from.ID
	}
	near := p.near(edge)
	var out []Machine
	switch {
	case r.app != "":
		return nil // another app is not part of the laboratory
	case r.instance != "":
		if m, ok := p.machine(r.instance); ok {
			out = []Machine{m}
		}
		return out
	case len(r.regions) > 0:
		out = p.candidates(anywhere(r.regions, near), except)
	case len(r.preferRegions) > 0:
		out = p.candidates(append(slices.Clone(r.preferRegions), near...), except)
	default:
		out = p.candidates(near, except)
	}
	if m, ok := p.machine(r.preferInstance); ok {
		out = append([]Machine{m}, out...)
	}
	return out
}

// anywhere spells out the alias `any`.
func anywhere(regions, near []string) []string {
	var out []string
	for _, region := range regions {
		if region == "any" {
			out = append(out, near...)
		} else {
			out = append(out, region)
		}
	}
	return out
}

// source is the fly-replay-src header of a replayed request.
func (r replay) source(from Machine, at time.Time) string {
	text := fmt.Sprintf("instance=%s;region=%s;t=%d", from.ID, from.Region, at.UnixMicro())
	if r.state != "" {
		text += ";state=" + r.state
	}
	return text
}

// failed is the fly-replay-failed header of a request that comes back to the machine that wanted it replayed.
func (r replay) failed(from Machine, reason string, took time.Duration) string {
	return fmt.Sprintf("instance=%s;app=%s;region=%s;replay_source=%s;reason=%s;elapsed_ms=%d",
		r.instance, r.app, strings.Join(r.regions, ","), from.ID, reason, took.Milliseconds())
}

// preferences are the targets that a client asks for by header.
func (p *Proxy) preferences(h http.Header, edge string) []Machine {
	near := p.near(edge)
	if id := h.Get("Fly-Force-Instance-Id"); id != "" {
		return p.targets(replay{instance: id}, edge, Machine{})
	}
	if regions := h.Get("Fly-Force-Region"); regions != "" {
		return p.candidates(splitRegions(regions), "")
	}
	out := p.candidates(near, "")
	if regions := h.Get("Fly-Prefer-Region"); regions != "" {
		out = append(p.candidates(splitRegions(regions), ""), out...)
	}
	if m, ok := p.machine(h.Get("Fly-Prefer-Instance-Id")); ok {
		out = append([]Machine{m}, out...)
	}
	return out
}
