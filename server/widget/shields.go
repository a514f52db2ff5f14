package widget

import (
	"strings"

	"statuspage/server/site/visit"
	"statuspage/shared/wire"
)

// colours are shields.io's names.
var colours = map[string]string{"none": "brightgreen", "minor": "yellow", "major": "orange", "critical": "red",
	"maintenance": "blue"}

// shields is the endpoint schema of shields.io.
func shields(v *visit.Visit) error {
	in := v.Spoken()
	return v.Document("shields.json/"+string(in), always, func() (string, []byte, error) {
		indicator, words := sum(&v.State)
		return "application/json; charset=utf-8", wire.Marshal(object(func(f *wire.Fields) {
			version := int64(1)
			f.Int("schemaVersion", &version)
			f.Derived("label", strings.ToLower(in.Say("Status")))
			f.Derived("message", in.Say(words))
			f.Derived("color", colours[indicator])
		})), nil
	})
}
