package main

import (
	"reflect"
	"slices"
	"strings"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// object is one that other languages know, by the name of its Go type.
type object struct {
	goType string
	schema string // of openapi.json
	js     string // of types.js; "" is not there
	new    wire.Object
}

var objects = append([]object{
	{"Service", "Service", "Service", &status.Service{}},
	{"Service", "ServiceHistory", "", history{&status.Service{}}},
	{"Tally", "Tally", "", &status.Tally{}},
	{"Affected", "Affected", "Affected", &status.Affected{}},
	{"Update", "Update", "Update", &status.Update{}},
	{"Incident", "Incident", "Incident", &status.Incident{}},
	{"MaintenanceUpdate", "MaintenanceUpdate", "", &status.MaintenanceUpdate{}},
	{"Maintenance", "Maintenance", "Maintenance", &status.Maintenance{}},
	{"Weights", "Weights", "", &status.Weights{}},
	{"Org", "Organization", "Organization", &page.Org{}},
	{"", "", "View", view{}},
}, others()...)

// others are the nouns whose types have the noun's name, and nothing else to be said here.
func others() (list []object) {
	for _, noun := range page.Nouns() {
		switch noun {
		case page.ServiceNoun, page.IncidentNoun, page.MaintenanceNoun, page.OrgNoun:
			continue
		}
		name := strings.ToUpper(string(noun[:1])) + string(noun[1:])
		list = append(list, object{name, name, name, noun.Blank()})
	}
	return list
}

// view is what the dashboard sees of a page (wasm/bridge/view.go).
type view struct{}

func (view) Wire(f *wire.Fields) {
	s := &page.State{}
	f.Int("seq", &s.Seq)
	f.Time("at", &s.At)
	wire.One(f, "org", &s.Org, (*page.Org).Wire)
	f.Derived("indicator", "")
	f.Derived("description", "")
	s.WireView(f)
}

// schemaObjects are those that openapi.json has.
func schemaObjects() []object {
	return slices.DeleteFunc(slices.Clone(objects), func(o object) bool { return o.schema == "" })
}

// history is a service with its days.
type history struct{ *status.Service }

func (h history) Wire(f *wire.Fields) { h.WireHistory(f) }

// described are the members of the objects, by schema.
func described() map[string][]wire.Member {
	all := map[string][]wire.Member{}
	for _, o := range schemaObjects() {
		fresh := o.new // what was described is not worth anything afterwards
		if t := reflect.TypeOf(o.new); t.Kind() == reflect.Pointer {
			fresh, _ = reflect.New(t.Elem()).Interface().(wire.Object)
		}
		all[o.schema] = wire.Describe(fresh)
	}
	return all
}
