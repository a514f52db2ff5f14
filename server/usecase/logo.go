package usecase

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/jpeg" // the kinds of pictures that are taken
	_ "image/png"
	"net/http"
	"strconv"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
)

const (
	// MaxLogo is how many bytes a logo may have: every visitor loads it.
	MaxLogo     = 128 << 10
	maxLogoSide = 2000 // pixels
)

// logoKinds are the pictures that a page shows. SVG is not among them: it is a program, too.
var logoKinds = map[string]string{"image/png": ".png", "image/jpeg": ".jpg"}

// Place is where a picture of the page stands.
type Place int

const (
	LogoPlace Place = iota
	LogoDarkPlace
	FaviconPlace
)

// edit is the command that puts a picture of a name there.
func (p Place) edit(name string, version *int64) *page.EditPage {
	c := &page.EditPage{Version: version}
	switch p {
	case LogoDarkPlace:
		c.Style.LogoDark = &name
	case FaviconPlace:
		c.Style.Favicon = &name
	default:
		c.Logo = &name
	}
	return c
}

// SetLogo puts a picture in its place on the page. Its name is made of its content, so that it may be kept for ever
// wherever it is shown.
func (d *UseCases) SetLogo(ctx context.Context, by Caller, orgID string, place Place, body []byte,
	version *int64) (store.Answer, error) {
	if err := by.mayAdminister(orgID); err != nil {
		return store.Answer{}, err
	}
	name, no := logoName(body)
	if no != nil {
		return store.Answer{}, no
	}
	by.Beside = func(b *store.Batch) { d.db.Org(orgID).AddLogo(b, name, body, d.now()) }
	return d.Change(ctx, by, orgID, place.edit(name, version))
}

// RemoveLogo takes the picture off: the first letter of the name, or the symbol of the state, comes back.
func (d *UseCases) RemoveLogo(ctx context.Context, by Caller, orgID string, place Place,
	version *int64) (store.Answer, error) {
	return d.Change(ctx, by, orgID, place.edit("", version))
}

func logoName(body []byte) (string, *fault.Error) {
	if len(body) > MaxLogo {
		return "", fault.New(fault.TooLarge, "A logo may have 128 KB at most.").
			With("logo", "A logo may have 128 KB at most.")
	}
	ext, known := logoKinds[http.DetectContentType(body)]
	if !known {
		return "", fault.OnField("logo", "A logo must be a PNG or a JPEG.")
	}
	picture, _, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil {
		return "", fault.OnField("logo", "This picture cannot be read.")
	}
	if min(picture.Width, picture.Height) < 1 || max(picture.Width, picture.Height) > maxLogoSide {
		return "", fault.OnField("logo", "A logo may be 2,000 pixels wide and high at most.")
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:12]) + "-" + strconv.Itoa(picture.Width) + "x" + strconv.Itoa(picture.Height) + ext,
		nil
}
