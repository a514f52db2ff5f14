package collect

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Path is where regions bring their results, at the primary.
const Path = "/internal/looks"

// Signature is the header of a batch's HMAC-SHA256, in hexadecimal.
const Signature = "Status-Signature"

// parcel is a batch of results on its way.
type parcel struct {
	region string
	sent   status.Time // by the region's clock
	looks  []store.Look
}

func (p *parcel) Wire(f *wire.Fields) {
	f.Str("region", &p.region)
	f.Time("sent", &p.sent)
	wire.List(f, "looks", &p.looks, (*store.Look).Wire)
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte("monitor results\x00"+secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// send brings results to the primary.
func (c *Collector) send(ctx context.Context, looks []store.Look) error {
	if c.opts.PrimaryURL == "" {
		return errNoPrimary
	}
	secret, err := c.db.CollectKey(ctx)
	if err != nil || secret == "" {
		return fmt.Errorf("the key for results is not here yet: %w", err)
	}
	body := wire.Marshal(&parcel{c.opts.Region, c.now(), looks})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.opts.PrimaryURL+Path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(Signature, sign(secret, body))
	res, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("the primary answered %d", res.StatusCode)
	}
	return nil
}

// maxSkew is by how much a region's clock may differ without being corrected, or without being corrected anew, in
// milliseconds: within it, results that are brought twice are the same.
const maxSkew = 30_000

// skew is by how much a region's results are moved whose clock seems to differ by so much.
func (c *Collector) skew(region string, by status.Time) status.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, there := c.skews[region]
	if by-known < maxSkew && known-by < maxSkew {
		return known
	}
	if there || len(c.skews) < status.MaxRegions {
		c.skews[region] = by
	}
	return by
}

// Bring takes what another region has seen.
func (c *Collector) Bring(ctx context.Context, signature string, body []byte) error {
	secret, err := c.db.CollectKey(ctx)
	if err != nil {
		return err
	}
	if secret == "" || !hmac.Equal([]byte(signature), []byte(sign(secret, body))) {
		return fault.New(fault.Unauthenticated, "This is not signed by a region.")
	}
	var p parcel
	if no := wire.Unmarshal(body, &p); no != nil {
		return no
	}
	skew := c.skew(p.region, c.now()-p.sent)
	for i := range p.looks {
		p.looks[i].Region = p.region
		p.looks[i].At += skew
	}
	return c.Receive(ctx, p.looks)
}
