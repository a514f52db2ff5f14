package hrana

import "context"

// proxySession is a stream at a replica. One program that only reads and leaves no transaction open runs on the
// replica's file; everything else, an interactive transaction that only reads too, runs at the primary.
type proxySession struct {
	replica *replica
	remote  *remote
	local   *conn
	inTx    bool  // a transaction is open at the primary
	wrote   Index // later reads of this stream wait for what it wrote
}

func (s *proxySession) run(ctx context.Context, c call, p program) (outcome, error) {
	if err := s.replica.awaitPrimary(ctx); err != nil {
		return outcome{}, err
	}
	if s.inTx || !p.local() || s.replica.behind() {
		return s.forward(ctx, c, p)
	}
	after := c.after
	if after == 0 {
		after = s.wrote
	}
	if err := s.replica.awaitIndex(ctx, after); err != nil {
		return outcome{}, err
	}
	if err := c.auth.check(p); err != nil {
		return outcome{}, err
	}
	local, err := s.conn()
	if err != nil {
		return outcome{}, err
	}
	index := s.replica.index()
	res, err := local.run(p, c.limit)
	if err == nil && local.autocommit() {
		return outcome{res, index}, nil
	}
	local.reset()
	if err != nil {
		return outcome{}, err
	}
	return s.forward(ctx, c, p)
}

// conn opens the replica's file at first use, and again when a new log has replaced it.
func (s *proxySession) conn() (*conn, error) {
	db := s.replica.database()
	if s.local != nil && s.local.db == db {
		return s.local, nil
	}
	s.dropLocal()
	local, err := db.get()
	s.local = local
	return local, err
}

func (s *proxySession) dropLocal() {
	if s.local != nil {
		s.local.db.put(s.local)
		s.local = nil
	}
}

func (s *proxySession) forward(ctx context.Context, c call, p program) (outcome, error) {
	s.replica.forwarded.Add(1)
	out, autocommit, err := s.remote.run(ctx, c, p)
	s.inTx = err == nil && !autocommit
	if err == nil {
		s.wrote = max(s.wrote, out.index)
	}
	return out, err
}

func (s *proxySession) describe(ctx context.Context, _ call, st statement) (*describeResult, error) {
	if err := s.replica.awaitPrimary(ctx); err != nil {
		return nil, err
	}
	local, err := s.conn()
	if err != nil {
		return nil, err
	}
	return local.describe(st)
}

func (s *proxySession) syntax(sql string) error {
	local, err := s.conn()
	if err != nil {
		return err
	}
	return local.syntax(sql)
}

func (s *proxySession) autocommit() bool { return !s.inTx }

func (s *proxySession) close() {
	s.dropLocal()
	s.remote.close()
}
