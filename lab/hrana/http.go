package hrana

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// endpoints serves Hrana over HTTP on whatever sessions it is given.
type endpoints struct {
	server  *Server
	streams *streams
	open    func() (session, error)
}

func (e *endpoints) routes(mux *http.ServeMux) {
	hello := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "Hello, this is HTTP API v2 (Hrana over HTTP)")
	}
	mux.HandleFunc("GET /v2", hello)
	mux.HandleFunc("GET /v3", hello)
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "sqld stand-in") })
	mux.HandleFunc("POST /v2/pipeline", func(w http.ResponseWriter, r *http.Request) { e.pipeline(w, r, 2) })
	mux.HandleFunc("POST /v3/pipeline", func(w http.ResponseWriter, r *http.Request) { e.pipeline(w, r, 3) })
	mux.HandleFunc("POST /v3/cursor", e.cursor)
}

// request is one HTTP request at work on one stream.
type request struct {
	*http.Request
	version int
	call    call
	stream  *stream
	closed  bool // the client closed the stream; what follows in the same pipeline is an error
}

func (e *endpoints) pipeline(w http.ResponseWriter, r *http.Request, version int) {
	if !e.answers(w, r) {
		return
	}
	var body pipelineRequest
	req, err := e.begin(r, &body, func() *string { return body.Baton }, version)
	if err != nil {
		refuse(w, err)
		return
	}
	out := pipelineResponse{Results: []streamResult{}}
	for _, sub := range body.Requests {
		res, err := req.handle(sub)
		if err != nil {
			e.streams.end(req.stream)
			refuse(w, err)
			return
		}
		out.Results = append(out.Results, res)
	}
	out.Baton = e.finish(req)
	answer(w, http.StatusOK, out)
}

// begin checks the token, reads the body and takes the stream.
func (e *endpoints) begin(r *http.Request, body any, baton func() *string, version int) (*request, error) {
	access, token, err := authenticate(e.server.key, r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, protocolError("Could not read request body")
	}
	if err := json.Unmarshal(data, body); err != nil {
		return nil, protocolError("Cannot deserialize client message from JSON: " + err.Error())
	}
	req := &request{Request: r, version: version,
		call: call{auth: access, token: token, limit: e.server.cfg.MaxResponse}}
	if b := baton(); b != nil && *b != "" {
		req.stream, err = e.streams.acquire(*b)
	} else {
		req.stream, err = e.streams.create(e.open)
	}
	return req, err
}

// finish gives the stream back and returns its next baton. When the client went away meanwhile nobody will ever use it.
func (e *endpoints) finish(req *request) *string {
	if req.closed || req.Context().Err() != nil {
		e.streams.end(req.stream)
		return nil
	}
	baton := e.streams.release(req.stream)
	if baton == "" {
		return nil
	}
	return &baton
}

func answer(w http.ResponseWriter, status int, body any) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		refuse(w, internal("%v", err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(out.Bytes())
}

// refuse answers an error that ends the stream, each kind in its own form.
func refuse(w http.ResponseWriter, err error) {
	var broken protocolError
	var inner *internalError
	switch {
	case err == errExpired:
		answer(w, http.StatusBadRequest, errExpired)
	case errors.As(err, &broken):
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, broken.Error())
	case errors.As(err, &inner):
		answer(w, inner.status, map[string]string{"error": inner.message})
	default:
		answer(w, http.StatusInternalServerError, map[string]string{"error": "Internal Error: `" + err.Error() + "`"})
	}
}
