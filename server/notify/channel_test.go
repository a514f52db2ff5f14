package notify

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestAddressesOfTeamsAreReadAsTheyAreWrittenElsewhere: what is malformed is refused in words, with how it is written.
func TestAddressesOfTeamsAreReadAsTheyAreWrittenElsewhere(t *testing.T) {
	for _, x := range []struct{ kind, address, host, url string }{
		{"telegram", "telegram://123:abc@telegram?chats=@ops", "api.telegram.org",
			"https://api.telegram.org/bot123:abc/sendMessage"},
		{"ntfy", "ntfy://ntfy.sh/alarms", "ntfy.sh", "https://ntfy.sh/"},
		{"pagerduty", "pagerduty://events.pagerduty.com/abc", "events.pagerduty.com",
			"https://events.pagerduty.com/v2/enqueue"},
		{"opsgenie", "opsgenie://api.eu.opsgenie.com/key", "api.eu.opsgenie.com",
			"https://api.eu.opsgenie.com/v2/alerts"},
		{"pushover", "pushover://shoutrrr:token@user/?devices=phone", "api.pushover.net",
			"https://api.pushover.net/1/messages.json"},
		{"matrix", "matrix://:token@matrix.example/?rooms=!a:b", "matrix.example",
			"https://matrix.example/_matrix/client/v3/rooms/%21a:b/send/m.room.message/"},
		{"slack", "https://hooks.slack.com/services/T/B/x", "hooks.slack.com",
			"https://hooks.slack.com/services/T/B/x"},
		{"webhook", "https://a.example/x?signing_secret=whsec_YQ==", "a.example", "https://a.example/x"},
	} {
		host, no := TeamAddress(x.kind, x.address, false)
		if no != nil || host != x.host {
			t.Errorf("%s: %q, %v", x.address, host, no)
			continue
		}
		if c, _ := readChannel(x.kind, x.address); c.url != x.url {
			t.Errorf("%s: %s", x.address, c.url)
		}
	}
	for _, x := range [][2]string{{"telegram", "telegram://123@telegram?chats=a"},
		{"telegram", "https://api.telegram.org/"},
		{"ntfy", "ntfy://ntfy.sh/"}, {"matrix", "matrix://user:password@m.example/?rooms=a"},
		{"matrix", "matrix://:t@m.example/"},
		{"ntfy", "ntfy://127.0.0.1/t"}, {"ntfy", "ntfy://[::1]/t"}, {"opsgenie", "opsgenie://169.254.169.254/k"},
		{"ntfy", "ntfy://ntfy.sh/t?scheme=http"}, {"slack", "https://discord.com/api/webhooks/1/2"},
		{"webhook", "http://a.example/"},
		{"email", "nonsense"}, {"pushover", "pushover://user/"}} {
		if _, no := TeamAddress(x[0], x[1], false); no == nil {
			t.Errorf("%s: taken", x[1])
		}
	}
}

// TestEachKindIsToldInItsOwnWords, and no secret stands in what is sent but where the service wants it.
func TestEachKindIsToldInItsOwnWords(t *testing.T) {
	n := &TeamNote{Event: "down", Title: "Site is down", URL: "https://s.example/dashboard/monitors",
		Source:  "monitor/1",
		Monitor: "Site", Regions: []string{"fra", "syd"}, Error: "it answered 500"}
	for _, x := range []struct{ kind, address, member, want string }{
		{"telegram", "telegram://1:a@telegram?chats=@ops", "chat_id", "@ops"},
		{"pushover", "pushover://shoutrrr:token@user/", "user", "user"},
		{"opsgenie", "opsgenie://api.opsgenie.com/k", "alias", "monitor/1"},
		{"pagerduty", "pagerduty://events.pagerduty.com/k", "event_action", "trigger"},
		{"matrix", "matrix://:t@m.example/?rooms=a", "msgtype", "m.text"},
		{"ntfy", "ntfy://ntfy.sh/alarms", "topic", "alarms"},
	} {
		c, no := readChannel(x.kind, x.address)
		if no != nil {
			t.Fatal(no)
		}
		r := c.request(n, "1")
		var got map[string]any
		if err := json.Unmarshal(r.Body, &got); err != nil || got[x.member] != x.want {
			t.Errorf("%s: %s", x.kind, r.Body)
		}
		if !strings.Contains(string(r.Body), "it answered 500") || !strings.Contains(string(r.Body), "Site is down") {
			t.Errorf("%s: %s", x.kind, r.Body)
		}
	}
	n.Event = "up"
	c, _ := readChannel("opsgenie", "opsgenie://api.opsgenie.com/k")
	if r := c.request(n, "1"); r.URL != "https://api.opsgenie.com/v2/alerts/monitor%2F1/close?identifierType=alias" {
		t.Error(r.URL)
	}
}
