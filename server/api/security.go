package api

// getSecurity tells what the organisation asks of its people.
func getSecurity(c *call) error {
	s, err := c.UseCases.Security(c.ctx, c.who.OrgID)
	if err != nil {
		return err
	}
	return c.object(&s)
}

func editSecurity(c *call) error {
	s, err := c.UseCases.Security(c.ctx, c.who.OrgID)
	if err != nil {
		return err
	}
	if err := c.read(&s); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	next, err := c.UseCases.SetSecurity(c.ctx, by, c.who.OrgID, s)
	if err != nil {
		return err
	}
	return c.object(&next)
}
