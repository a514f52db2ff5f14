package api

import (
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/page"
)

// putLogo takes the picture as it is.
func putLogo(place usecase.Place) func(*call) error {
	return func(c *call) error {
		return c.logo(func(version *int64) (store.Answer, error) {
			by, err := c.caller()
			if err != nil {
				return store.Answer{}, err
			}
			return c.UseCases.SetLogo(c.ctx, by, c.who.OrgID, place, c.Body(), version)
		})
	}
}

func removeLogo(place usecase.Place) func(*call) error {
	return func(c *call) error {
		return c.logo(func(version *int64) (store.Answer, error) {
			by, err := c.caller()
			if err != nil {
				return store.Answer{}, err
			}
			return c.UseCases.RemoveLogo(c.ctx, by, c.who.OrgID, place, version)
		})
	}
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

// logoIsPut refuses a picture among the settings: its name is made of its content.
func logoIsPut(c page.Command) error {
	edit, is := c.(*page.EditPage)
	if !is {
		return nil
	}
	for _, p := range []struct {
		field, at string
		name      *string
	}{{"logo", "logo", edit.Logo}, {"logo_dark", "logo-dark", edit.Style.LogoDark}, {"favicon", "favicon",
		edit.Style.Favicon}} {
		if p.name != nil && *p.name != "" {
			return fault.OnField(p.field, "A picture is put at organization/%s; here it can only be taken off.", p.at)
		}
	}
	return nil
}
