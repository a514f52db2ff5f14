package doctor

import (
	"slices"
	"strings"
)

// said groups regions by what they say, in words: "a (fra, syd), b (ams)".
func said(all []*region, what func(*region) string) (distinct int, words string) {
	by := map[string][]string{}
	for _, r := range all {
		by[what(r)] = append(by[what(r)], r.name())
	}
	var parts []string
	for value, names := range by {
		if value == "" {
			value = "nothing"
		}
		slices.Sort(names)
		parts = append(parts, value+" ("+strings.Join(names, ", ")+")")
	}
	slices.Sort(parts)
	return len(by), strings.Join(parts, ", ")
}

func versions(all []*region, ours string) Finding {
	f := Finding{Level: OK, Check: "version"}
	distinct, words := said(all, func(r *region) string { return r.Version })
	f.Says = words
	switch {
	case distinct > 1:
		f.Level, f.Do = Fail, "a deploy has not reached every region: fly deploy"
	case all[0].Version != ours:
		f.Level, f.Do = Warn, "this program is "+ours+
			": its other commands bring the schema up to that version, so use the one that is deployed"
	}
	return f
}

// writers: one region writes, and all know which.
func writers(all []*region) Finding {
	f := Finding{Level: OK, Check: "primary"}
	distinct, words := said(all, func(r *region) string { return r.PrimaryRegion })
	var write []string
	for _, r := range all {
		if r.Primary {
			write = append(write, r.name())
		}
	}
	slices.Sort(write)
	f.Says = strings.Join(write, " and ") + " writes; by their environment it is " + words
	switch {
	case len(write) > 1:
		f.Level, f.Says, f.Do = Fail, strings.Join(write, " and ")+" write",
			"at once: stop all but one (docs/deploy.md, \"Losing the primary region\")"
	case distinct > 1:
		f.Level, f.Do = Fail, "a promotion has not reached every region: fly deploy"
	case len(write) == 0:
		f.Level, f.Says, f.Do = Fail, "none that was asked writes; by their environment it is "+words,
			"is it lost? docs/deploy.md, \"Losing the primary region\""
	}
	return f
}

func epochs(all []*region) Finding {
	f := Finding{Level: OK, Check: "epoch"}
	distinct, words := said(all, func(r *region) string { return r.Epoch })
	if f.Says = words; distinct > 1 {
		f.Level, f.Do = Fail, "a region has not loaded the log that was restored last: restart its database, then "+
			"its program"
	}
	return f
}

func durability(all []*region) Finding {
	f := Finding{Level: Warn, Check: "durability", Says: "no primary says", Do: "ask a region that writes"}
	for _, r := range all {
		if !r.Primary {
			continue
		}
		f.Region, f.Says, f.Do = r.name(), r.Durability,
			"a power cut may take acknowledged writes: durability_mode must be strong (deploy/libsql/start.sh sets "+
				"it; see its log)"
		switch r.Durability {
		case "strong":
			f.Level, f.Do = OK, ""
		case "", "unknown":
			f.Says = "its database does not say"
		default:
			f.Level = Fail
		}
	}
	return f
}
