package notify

import (
	"net/url"
	"strings"

	"statuspage/server/store"
	"statuspage/shared/page"
)

// pageURL is where an organisation's page stands for a subscriber: on its own host name when that is where they
// subscribed, else under BASE_URL. Without one it is where they subscribed: no mail goes out then.
func pageURL(s *store.Subscriber, org *page.Org, base string) string {
	if base == "" {
		return s.Base
	}
	if u, err := url.Parse(s.Base); err == nil && org.OwnHost() != "" && u.Hostname() == org.OwnHost() {
		return onHost(base, org.OwnHost())
	}
	return strings.TrimSuffix(base, "/") + "/status/" + org.Slug
}

// PageBase is what a new subscriber keeps as its page's address. host is the request's, of which nothing is kept but
// that it is the page's own proved one; origin is BASE_URL, or the request's scheme and host where there is none.
func PageBase(org *page.Org, host, origin string) string {
	if h, _, _ := strings.Cut(host, ":"); org.OwnHost() != "" && strings.EqualFold(h, org.OwnHost()) {
		return onHost(origin, org.OwnHost())
	}
	return strings.TrimSuffix(origin, "/") + "/status/" + org.Slug
}

// onHost is an origin on another host name: with its scheme and its port.
func onHost(origin, host string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return "https://" + host
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	return u.Scheme + "://" + host
}

// ManageURL opens a subscription of this moment.
func ManageURL(s *store.Subscriber) string { return manageURL(s.Base, s.Token) }

// manageURL opens the subscription without a login; a POST of RFC 8058 to it ends the subscription.
func manageURL(page, token string) string {
	return page + "/subscription/?token=" + url.QueryEscape(token)
}
