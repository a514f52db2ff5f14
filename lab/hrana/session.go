package hrana

import "context"

// call is who asks and how.
type call struct {
	auth permission
	// token goes along when a replica asks its primary.
	token string
	// after is the replication index that the answer must include; a replica waits for it, without limit, as in sqld.
	after Index
	limit int64
}

// outcome is the result of a program with the index it is current to.
type outcome struct {
	*BatchResult
	index Index
}

// session is a stream's database: the file itself at the primary, the file or the primary at a replica.
type session interface {
	run(context.Context, call, program) (outcome, error)
	describe(context.Context, call, statement) (*describeResult, error)
	syntax(sql string) error
	autocommit() bool
	close()
}

// localSession is a connection to the file of a primary.
type localSession struct {
	*conn
	index func() Index
}

func (s *localSession) run(_ context.Context, c call, p program) (outcome, error) {
	if err := c.auth.check(p); err != nil {
		return outcome{}, err
	}
	res, err := s.conn.run(p, c.limit)
	return outcome{res, s.index()}, err
}

func (s *localSession) describe(_ context.Context, _ call, st statement) (*describeResult, error) {
	return s.conn.describe(st)
}

func (s *localSession) close() { s.db.put(s.conn) }
