package relay

import (
	"slices"
	"strings"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

const (
	// MaxViews is how many views of one page are kept beside it.
	MaxViews = 32
	// MaxViewBytes is how many bytes of documents the views of one page keep together.
	MaxViewBytes = 16 << 20
)

// View is the page as somebody of some audiences sees it, with documents of its own. It goes with the page.
func (p *Page) View(audiences []string) *Page {
	if p.whole != nil {
		return p.whole.View(audiences)
	}
	key := ViewKey(audiences)
	p.mu.Lock()
	v := p.views[key]
	if len(p.views) > MaxViews || p.viewBytes > MaxViewBytes { // whoever has one may go on with it
		p.views, p.viewBytes, v = nil, 0, nil
	}
	p.mu.Unlock()
	if v != nil {
		return v
	}
	v = NewPage(page.View(p.State, audiences), p.Epoch)
	v.Words, v.Held, v.HeldSince, v.whole = p.Words, p.Held, p.HeldSince, p
	v.audiences = slices.Clone(audiences)
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.views[key]; first != nil {
		return first
	}
	if p.views == nil {
		p.views = map[string]*Page{}
	}
	p.views[key] = v
	return v
}

// ViewKey names the view of some audiences, in whatever order they are.
func ViewKey(audiences []string) string {
	sorted := slices.Clone(audiences)
	slices.Sort(sorted)
	return strings.Join(slices.Compact(sorted), " ")
}

// Viewed says that this is a view: what is read from elsewhere for it goes through Incidents and Maintenances.
func (p *Page) Viewed() bool { return p.whole != nil }

// Audiences are those whose view this is; nil of the page itself.
func (p *Page) Audiences() []string { return p.audiences }

// Incidents are those of a list, which was read elsewhere, that may be shown with this page, as they may be shown.
func (p *Page) Incidents(list []status.Incident) []status.Incident {
	if !p.Viewed() {
		return list
	}
	return p.State.SeenIncidents(list)
}

// Maintenances is Incidents of windows.
func (p *Page) Maintenances(list []status.Maintenance) []status.Maintenance {
	if !p.Viewed() {
		return list
	}
	return p.State.SeenMaintenances(list)
}

// keeps counts a document of a view.
func (p *Page) keeps(d *Doc) {
	if p.whole == nil {
		return
	}
	p.whole.mu.Lock()
	defer p.whole.mu.Unlock()
	p.whole.viewBytes += int64(len(d.Body) + len(d.Gzip) + len(d.Brotli))
}
