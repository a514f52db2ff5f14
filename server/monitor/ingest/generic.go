package ingest

import (
	"slices"
	"strconv"
	"strings"

	"statuspage/server/monitor/document"
	"statuspage/shared/fault"
)

// Pointers are the parameters of generic that are JSON pointers (RFC 6901), with what each is without being said.
var Pointers = map[string]string{"each": "", "fingerprint": "/fingerprint", "status": "/status", "title": "/title",
	"body": "/description", "severity": "/severity", "service_at": "/service"}

// over are the words of a status that say that it is over.
var over = []string{"resolved", "ok", "closed", "close", "up", "recovered", "recovery", "success", "normal",
	"inactive", "healthy", "false", "0"}

// generic reads any JSON by pointers; each points at a list whose members are alerts.
func generic(doc map[string]any, query map[string]string) ([]Alert, *fault.Error) {
	at := map[string]string{}
	for name, usual := range Pointers {
		at[name] = usual
		if said := query[name]; said != "" {
			at[name] = said
		}
		if at[name] != "" && !strings.HasPrefix(at[name], "/") {
			return nil, fault.OnField(name, "%s must be a JSON pointer such as /alert/id.", name)
		}
	}
	members := []any{doc}
	if at["each"] != "" {
		found, _ := document.Find(doc, document.Pointer(at["each"]))
		list, is := found.([]any)
		if !is {
			return nil, fault.OnField("each", "There is no list at %s.", at["each"])
		}
		members = list
	}
	var out []Alert
	for i, m := range members {
		text := func(name string) string {
			x, _ := document.Find(m, document.Pointer(at[name]))
			return written(x)
		}
		a := Alert{Fingerprint: text("fingerprint"), Title: text("title"), Body: text("body"),
			Severity: text("severity"),
			Labels:   map[string]string{}}
		a.ID = a.Fingerprint
		if a.Fingerprint == "" {
			return nil, fault.OnField("fingerprint", "There is no text at %s of alert %s: it says which alert this is.",
				at["fingerprint"], strconv.Itoa(i))
		}
		a.Firing = !slices.Contains(over, strings.ToLower(text("status")))
		if name := text("service_at"); name != "" {
			a.Names = []string{name}
		}
		if o, is := m.(map[string]any); is {
			a.Labels = object(o).texts()
		}
		out = append(out, a)
	}
	return out, nil
}
