package store

import (
	"context"
	"errors"
	"strings"
)

// Rights are what a token may do at a remote database.
type Rights string

// The rights.
const (
	NoRights Rights = "do nothing"
	MayRead  Rights = "read"
	MayWrite Rights = "write"
)

// TokenRights tries a token at a remote database. It changes nothing there: the write is one that finds no row.
func TokenRights(ctx context.Context, url, token string) (Rights, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	p := newPipeline(nil, strings.Replace(url, "libsql://", "https://", 1), token)
	defer p.client.CloseIdleConnections()
	if err := p.try(ctx, `SELECT 1`); refusesToken(err) {
		return NoRights, nil
	} else if err != nil {
		return NoRights, err
	}
	err := p.try(ctx, `DELETE FROM heartbeat WHERE 0`)
	switch {
	case err == nil:
		return MayWrite, nil
	case strings.Contains(err.Error(), "Not authorized"):
		return MayRead, nil
	}
	return MayRead, err
}

func (p *pipeline) try(ctx context.Context, sql string) error {
	return p.send(ctx, pipelineRequest{Type: "execute", Stmt: &pipelineStmt{SQL: sql, WantRows: true}},
		new(pipelineRows))
}

// refusesToken knows the two statuses by which a database turns a token down.
func refusesToken(err error) bool {
	var status *statusError
	return errors.As(err, &status) && (status.code == 401 || status.code == 403)
}
