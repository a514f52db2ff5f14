package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"sync"

	"statuspage/server/relay"
	"statuspage/server/site/serve"
)

//go:embed openapi.json
var openapiJSON []byte

//go:embed openapi.md
var openapiText string

// OpenAPI is the description of the interface, as it is served: the document with its introduction. Tests hold the
// routes, and every answer that they get, to it.
var OpenAPI = sync.OnceValue(func() []byte {
	text, err := json.Marshal(openapiText)
	if err == nil {
		// The introduction is Markdown, which nobody would want to edit inside JSON.
		var out bytes.Buffer
		with := bytes.Replace(openapiJSON, []byte(`"info": {`),
			append(append([]byte(`"info": {"description": `), text...), ','), 1)
		if err = json.Compact(&out, with); err == nil {
			return out.Bytes()
		}
	}
	panic("openapi.json: " + err.Error()) // it is part of the program
})

var openapiDoc = sync.OnceValue(func() *relay.Doc { return relay.NewDoc("application/json; charset=utf-8", OpenAPI()) })

func openapi(c *call) error { return serve.Doc(c.Ctx, openapiDoc()) }
