package hrana

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
)

// remote is a stream at the primary that belongs to a stream at the replica.
type remote struct {
	url    string
	client *http.Client
	baton  *string
	token  string
}

// forwardRetry is the pause between two tries to reach the primary. There is no limit to their number, as in sqld: only
// the client's own patience ends them.
const forwardRetry = 500 * time.Millisecond

// run executes a program at the primary and says whether it left no transaction open.
func (m *remote) run(ctx context.Context, c call, p program) (outcome, bool, error) {
	m.token = c.token
	reply, err := m.persist(ctx, []streamRequest{{Type: "batch", Batch: p.batch()}, {Type: "get_autocommit"}})
	if err != nil {
		m.baton = nil
		return outcome{}, false, err
	}
	m.baton = reply.Baton
	if len(reply.Results) != 2 || reply.Results[1].Response == nil || reply.Results[1].Response.IsAutocommit == nil {
		return outcome{}, false, internal("Proxy protocal misuse")
	}
	autocommit := *reply.Results[1].Response.IsAutocommit
	if refusal := reply.Results[0].Error; refusal != nil {
		return outcome{}, autocommit, proxied(refusal)
	}
	out := outcome{BatchResult: &BatchResult{}}
	if err := json.Unmarshal(reply.Results[0].Response.Result, out.BatchResult); err != nil {
		return outcome{}, autocommit, internal("%v", err)
	}
	for i, refusal := range out.StepErrors {
		if refusal != nil {
			out.StepErrors[i] = proxied(refusal)
		}
	}
	if out.ReplicationIndex != nil {
		out.index = *out.ReplicationIndex
	}
	return out, autocommit, nil
}

// proxied is how the primary's refusals look at a replica: the code is lost.
func proxied(e *Error) *Error {
	return &Error{"error executing a request on the primary: " + strings.TrimPrefix(e.Message, "SQLite error: "),
		"PROXY_ERROR"}
}

// persist sends until the primary was reached. Once it may have heard the request it is never sent again.
func (m *remote) persist(ctx context.Context, requests []streamRequest) (*pipelineResponse, error) {
	for {
		reply, err := m.send(ctx, requests)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" {
			return reply, err
		}
		sleep(ctx, forwardRetry)
		if ctx.Err() != nil {
			return nil, internal("Connection with primary broken")
		}
	}
}

func (m *remote) send(ctx context.Context, requests []streamRequest) (*pipelineResponse, error) {
	body, err := json.Marshal(pipelineRequest{Baton: m.baton, Requests: requests})
	if err != nil {
		return nil, internal("%v", err)
	}
	req, err := http.NewRequestWithContext(ctx, "POST", m.url+"/v3/pipeline", bytes.NewReader(body))
	if err != nil {
		return nil, internal("%v", err)
	}
	req.Header.Set("Authorization", m.token)
	res, err := m.client.Do(req)
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return nil, err
	}
	if err != nil {
		return nil, internal("Connection with primary broken")
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, refused(res)
	}
	var reply pipelineResponse
	if json.NewDecoder(res.Body).Decode(&reply) != nil {
		return nil, internal("Connection with primary broken")
	}
	return &reply, nil
}

func refused(res *http.Response) error {
	var body struct {
		Error string `json:"error"`
	}
	if json.NewDecoder(res.Body).Decode(&body) != nil || body.Error == "" {
		return internal("Connection with primary broken")
	}
	return &internalError{res.StatusCode, body.Error}
}

// close lets the primary forget the stream; when it cannot be told, its own expiry does.
func (m *remote) close() {
	if m.baton == nil {
		return
	}
	last := *m
	m.baton = nil
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		last.send(ctx, []streamRequest{{Type: "close"}})
	}()
}
