package hrana

// query is a statement with its arguments laid out.
type query struct {
	statement
	values   []any
	wantRows bool
	// invalid is a mismatch of arguments, which sqld reports when the step runs.
	invalid error
}

type step struct {
	cond  *Cond
	query query
	wire  Stmt // what is sent on when a replica hands the program to its primary
}

type program []step

// local says whether a replica may try the program on its own file.
func (p program) local() bool {
	for _, s := range p {
		if !s.query.kind.local() {
			return false
		}
	}
	return true
}

func (p program) batch() *Batch {
	b := &Batch{}
	for _, s := range p {
		b.Steps = append(b.Steps, BatchStep{Condition: s.cond, Stmt: s.wire})
	}
	return b
}

// checkCond refuses conditions on steps that come later, unknown types, and is_autocommit before version 3.
func checkCond(c *Cond, step int, version int) error {
	switch c.Type {
	case "ok", "error":
		if c.Step == nil || int(*c.Step) >= step {
			return protocolError("Invalid reference to step in a batch condition")
		}
		return nil
	case "not":
		if c.Cond == nil {
			return protocolError("Cannot deserialize client message from JSON: missing field `cond`")
		}
		return checkCond(c.Cond, step, version)
	case "and", "or":
		for i := range c.Conds {
			if err := checkCond(&c.Conds[i], step, version); err != nil {
				return err
			}
		}
		return nil
	case "is_autocommit":
		if version < 3 {
			return protocolError("BatchCond of type `is_autocommit` is only supported in protocol version hrana3 and " +
				"higher")
		}
		return nil
	}
	return protocolError("Cannot deserialize client message from JSON: unknown variant `" + c.Type + "`")
}

// holds evaluates a condition. A step that was skipped counts as an error, which is sqld's reading of the
// specification.
func (c *Cond) holds(done []bool, autocommit bool) bool {
	switch c.Type {
	case "ok":
		return done[*c.Step]
	case "error":
		return !done[*c.Step]
	case "not":
		return !c.Cond.holds(done, autocommit)
	case "and":
		for i := range c.Conds {
			if !c.Conds[i].holds(done, autocommit) {
				return false
			}
		}
		return true
	case "or":
		for i := range c.Conds {
			if c.Conds[i].holds(done, autocommit) {
				return true
			}
		}
		return false
	}
	return autocommit
}

// run executes a program. A statement that fails is in the result; an error means that the program was cut short, with
// whatever transaction it had opened still open.
func (c *conn) run(p program, limit int64) (*BatchResult, error) {
	res := &BatchResult{StepResults: make([]*StmtResult, len(p)), StepErrors: make([]*Error, len(p))}
	done, size := make([]bool, len(p)), newBudget(limit)
	timedOut := false
	for i, s := range p {
		if err := c.step(i, s, res, done, size, &timedOut); err != nil {
			return nil, err
		}
	}
	return res, nil
}

func (c *conn) step(i int, s step, res *BatchResult, done []bool, size *budget, timedOut *bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timedOut {
		c.timedOut, *timedOut = false, true
	}
	if *timedOut {
		res.StepErrors[i] = errTxTimeout
		return nil
	}
	if s.cond != nil && !s.cond.holds(done, c.raw.AutoCommit()) {
		return nil
	}
	out, err := c.attempt(s.query, size)
	if fatal(err) {
		return err
	}
	if err != nil {
		res.StepErrors[i] = stmtError(s.query.text, err)
		return nil
	}
	res.StepResults[i], done[i] = out, true
	return nil
}

func (c *conn) attempt(q query, size *budget) (*StmtResult, error) {
	if q.invalid != nil {
		return nil, q.invalid
	}
	if q.pragma() {
		c.altered = true
	}
	return c.execute(q, size)
}

func fatal(err error) bool {
	_, isInternal := err.(*internalError)
	return err == errTooLarge || isInternal
}
