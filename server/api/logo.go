package api

import "statuspage/server/store"

// putLogo takes the picture as it is.
func putLogo(c *call) error {
	return c.logo(func(version *int64) (store.Answer, error) {
		by, err := c.caller()
		if err != nil {
			return store.Answer{}, err
		}
		return c.Desk.SetLogo(c.ctx, by, c.who.OrgID, c.Body(), version)
	})
}

func removeLogo(c *call) error {
	return c.logo(func(version *int64) (store.Answer, error) {
		by, err := c.caller()
		if err != nil {
			return store.Answer{}, err
		}
		return c.Desk.RemoveLogo(c.ctx, by, c.who.OrgID, version)
	})
}

// logo answers with the organisation as it is then.
func (c *call) logo(change func(version *int64) (store.Answer, error)) error {
	version, err := c.ifMatch()
	if err != nil {
		return err
	}
	answer, err := change(version)
	if err != nil {
		return err
	}
	return c.told(answer)
}
