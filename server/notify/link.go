package notify

import (
	"net/url"
	"strings"

	"statuspage/server/store"
	"statuspage/shared/page"
)

// pageURL is where an organisation's page stands for a subscriber: on its own host name when that is where they subscribed, else under
// BASE_URL, else where they subscribed.
func pageURL(s *store.Subscriber, org *page.Org, base string) string {
	if u, err := url.Parse(s.Base); err == nil && org.Hostname != "" && u.Hostname() == org.Hostname || base == "" {
		return s.Base
	}
	return strings.TrimSuffix(base, "/") + "/status/" + org.Slug
}

// PageBase is what a new subscriber keeps as its page's address. host is the request's, origin its scheme and host, or BASE_URL.
func PageBase(org *page.Org, host, origin string) string {
	if h, _, _ := strings.Cut(host, ":"); org.Hostname != "" && strings.EqualFold(h, org.Hostname) {
		scheme, _, _ := strings.Cut(origin, "://")
		return scheme + "://" + strings.ToLower(host)
	}
	return strings.TrimSuffix(origin, "/") + "/status/" + org.Slug
}

// ManageURL opens a subscription of this moment.
func ManageURL(s *store.Subscriber) string { return manageURL(s.Base, s.Token) }

// manageURL opens the subscription without a login; a POST of RFC 8058 to it ends the subscription.
func manageURL(page, token string) string {
	return page + "/subscription/?token=" + url.QueryEscape(token)
}
