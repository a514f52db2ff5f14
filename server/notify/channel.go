package notify

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"statuspage/server/store"
	"statuspage/shared/fault"
)

// TeamKinds are the ways in which a team is told.
var TeamKinds = []string{"email", "slack", "discord", "teams", "telegram", "ntfy", "pagerduty", "opsgenie", "pushover",
	"matrix", "webhook"}

// channel is an address that was read: what a request needs. Which of its members a kind has, readChannel says.
type channel struct {
	kind  string
	url   string // where a request goes
	token string
	to    string // chat, topic, user or room
	extra string // device of Pushover; the secret of a webhook
}

// hooks are the kinds whose address is a plain one that is posted to.
var hooks = []string{"slack", "discord", "teams", "webhook"}

// TeamAddress says what is wrong with an address, and gives its host, which is no secret. The address of a mail is
// "admins" or a member's. The others are what the service gives, https://…, or shoutrrr's notation, which many have
// in other programs already.
func TeamAddress(kind, address string, allowLoopback bool) (host string, no *fault.Error) {
	if kind == "email" {
		if address == "admins" {
			return "admins", nil
		}
		kept, _, no := checkEmail("address", address)
		return kept, no
	}
	c, no := readChannel(kind, address)
	if no != nil {
		return "", no
	}
	ours := store.Webhook
	if slices.Contains(hooks[:3], kind) {
		ours = store.Channel(kind)
	}
	if _, _, no := checkURL("address", ours, c.url, allowLoopback); no != nil {
		return "", no
	}
	u, err := url.Parse(c.url)
	if err != nil {
		return "", malformed(kind)
	}
	return u.Hostname(), nil
}

// notations say how the address of a kind is written.
var notations = map[string]string{ // #nosec G101 -- where secrets go, and none of them
	"telegram":  "telegram://TOKEN@telegram?chats=CHAT",
	"ntfy":      "ntfy://ntfy.sh/TOPIC, ntfy://TOKEN@HOST/TOPIC or ntfy://USER:PASSWORD@HOST/TOPIC",
	"pagerduty": "pagerduty://events.pagerduty.com/ROUTING_KEY",
	"opsgenie":  "opsgenie://api.opsgenie.com/API_KEY",
	"pushover":  "pushover://shoutrrr:API_TOKEN@USER_KEY/?devices=DEVICE",
	"matrix":    "matrix://:ACCESS_TOKEN@HOST/?rooms=ROOM_ID",
}

func malformed(kind string) *fault.Error {
	if how, is := notations[kind]; is {
		return fault.OnField("address", "The address of %s is written %s.", kind, how)
	}
	return fault.OnField("address", "The address of %s begins with https://.", kind)
}

// readChannel reads an address.
func readChannel(kind, address string) (*channel, *fault.Error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || len(address) > maxURL {
		return nil, malformed(kind)
	}
	c := &channel{kind: kind}
	if slices.Contains(hooks, kind) {
		if c.extra = u.Query().Get("signing_secret"); kind == "webhook" && c.extra != "" {
			q := u.Query()
			q.Del("signing_secret")
			u.RawQuery = q.Encode()
		}
		c.url = u.String()
		return c, nil
	}
	scheme := "https"
	if u.Query().Get("scheme") == "http" { // refused but where loopback is allowed
		scheme = "http"
	}
	if u.Scheme != kind {
		return nil, malformed(kind)
	}
	host, rest, word := u.Host, strings.Trim(u.Path, "/"), u.User.Username()
	password, _ := u.User.Password()
	ok := true
	switch kind {
	case "telegram":
		// A token has a colon, as a name and a password have.
		c.token, c.to = word+":"+password, first(u.Query(), "chats", "channels")
		c.url = "https://api.telegram.org/bot" + c.token + "/sendMessage"
		ok = word != "" && password != "" && c.to != "" && !strings.ContainsAny(c.token, "/?#")
	case "ntfy":
		c.token, c.to, c.url = word, rest, scheme+"://"+host+"/"
		if password != "" {
			c.token = word + ":" + password
		}
		ok = rest != "" && !strings.Contains(rest, "/")
	case "pagerduty":
		c.token, c.url = path.Base(rest), scheme+"://"+orHost(host, "default", "events.pagerduty.com")+"/v2/enqueue"
		ok = rest != ""
	case "opsgenie":
		c.token, c.url = path.Base(rest), scheme+"://"+orHost(host, "default", "api.opsgenie.com")+"/v2/alerts"
		ok = rest != ""
	case "pushover":
		c.token, c.to, c.extra = password, host, first(u.Query(), "devices")
		c.url = "https://api.pushover.net/1/messages.json"
		ok = password != ""
	case "matrix":
		c.token, c.to = password, first(u.Query(), "rooms")
		c.url = scheme + "://" + host + "/_matrix/client/v3/rooms/" + url.PathEscape(c.to) + "/send/m.room.message/"
		ok = word == "" && password != "" && c.to != ""
	}
	if !ok {
		return nil, malformed(kind)
	}
	return c, nil
}

func orHost(host, named, usual string) string {
	if host == named {
		return usual
	}
	return host
}

func first(q url.Values, names ...string) string {
	for _, name := range names {
		if text := q.Get(name); text != "" {
			one, _, _ := strings.Cut(text, ",")
			return one
		}
	}
	return ""
}

// request is what tells a note there; id is the same for every try.
func (c *channel) request(n *TeamNote, id string) *post {
	x := &post{URL: c.url, ID: "msg_" + id, Header: http.Header{}}
	text := n.words()
	switch c.kind {
	case "slack":
		x.Body = encoded(object{"text": fitted("*"+n.Title+"*\n"+text, 3000, slackText) + "\n<" + slackURL(n.URL) +
			"|Open>"})
	case "discord":
		x.Body = encoded(object{"allowed_mentions": object{"parse": []string{}},
			"content": clip("**"+n.Title+"**\n"+text, 1500) + "\n" + n.URL})
	case "teams":
		x.Body = n.card()
	case "telegram":
		x.Body = encoded(object{"chat_id": c.to, "text": clip(n.Title+"\n"+text, 3500) + "\n" + n.URL,
			"link_preview_options": object{"is_disabled": true}})
	case "ntfy":
		x.Body = encoded(object{"topic": c.to, "title": n.Title, "message": clip(text, 3000), "click": n.URL,
			"priority": map[bool]int{true: 4, false: 3}[n.fires()]})
		if name, password, is := strings.Cut(c.token, ":"); is {
			r := http.Request{Header: x.Header}
			r.SetBasicAuth(name, password)
		} else if c.token != "" {
			x.Header.Set("Authorization", "Bearer "+c.token)
		}
	case "pagerduty":
		event := object{"routing_key": c.token, "event_action": "trigger", "dedup_key": clip(n.Source, 255),
			"client": "Status Page", "client_url": n.URL, "payload": object{"summary": clip(n.Title, 1024),
				"severity": "error",
				"source":   clip(n.about(), 255), "timestamp": n.At.String(), "custom_details": object{"text": text}}}
		if !n.fires() {
			event["event_action"] = "resolve"
		}
		x.Body = encoded(event)
	case "opsgenie":
		x.Header.Set("Authorization", "GenieKey "+c.token)
		x.Body = encoded(object{"message": clip(n.Title, 130), "alias": clip(n.Source, 512), "source": "Status Page",
			"description": clip(text+"\n"+n.URL, 15_000)})
		if !n.fires() {
			x.URL += "/" + url.PathEscape(clip(n.Source, 512)) + "/close?identifierType=alias"
			x.Body = encoded(object{"source": "Status Page", "note": clip(n.Title, 25_000)})
		}
	case "pushover":
		x.Body = encoded(object{"token": c.token, "user": c.to, "device": c.extra, "title": clip(n.Title, 250),
			"message": clip(text, 1000), "url": clip(n.URL, 500)})
	case "matrix":
		x.Method, x.URL = http.MethodPut, c.url+id
		x.Header.Set("Authorization", "Bearer "+c.token)
		x.Body = encoded(object{"msgtype": "m.text", "body": clip(n.Title+"\n"+text, 10_000) + "\n" + n.URL})
	default:
		x.Secret, x.Body = c.extra, n.encoded()
	}
	return x
}
