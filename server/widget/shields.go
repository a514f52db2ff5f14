package widget

import (
	"statuspage/server/visit"
	"statuspage/shared/wire"
)

// colours are shields.io's names.
var colours = map[string]string{"none": "brightgreen", "minor": "yellow", "major": "orange", "critical": "red", "maintenance": "blue"}

// shields is the endpoint schema of shields.io.
func shields(v *visit.Visit) error {
	return v.Document("shields.json", always, func() (string, []byte, error) {
		indicator, words := sum(&v.State)
		return "application/json; charset=utf-8", wire.Marshal(object(func(f *wire.Fields) {
			version := int64(1)
			f.Int("schemaVersion", &version)
			f.Derived("label", "status")
			f.Derived("message", words)
			f.Derived("color", colours[indicator])
		})), nil
	})
}
