package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	// teamAtOnce is how many messages to teams are under way, and teamOfOne how many begin of one organisation.
	teamAtOnce = 16
	teamOfOne  = 4
	teamEvery  = time.Second
	// keepTeam is how long it is known what a team was told.
	keepTeam = 30 * 24 * time.Hour
	teamMail = 2 * time.Minute // a try of a mail
)

// TeamNote is what a team is told.
type TeamNote struct {
	Event   string // down, up, proposal, reports, test
	Title   string
	Text    string
	URL     string // in the dashboard
	Source  string // what it is about: the same when it is over
	Monitor string // its name; "" is none
	Service string // its name; "" is none
	Since   status.Time
	Regions []string
	Error   string
	At      status.Time
}

// Wire is how it is kept, and what a webhook gets.
func (n *TeamNote) Wire(f *wire.Fields) {
	f.Str("event", &n.Event)
	f.Str("title", &n.Title)
	f.Str("text", &n.Text)
	f.Str("url", &n.URL)
	f.Str("source", &n.Source)
	f.Str("monitor", &n.Monitor)
	f.Str("service", &n.Service)
	f.Time("since", &n.Since)
	f.Strings("regions", &n.Regions)
	f.Str("error", &n.Error)
	f.Time("at", &n.At)
}

func (n *TeamNote) encoded() []byte { return wire.Marshal(n) }

func (n *TeamNote) fires() bool { return n.Event != store.Up && n.Event != "test" }

// about names what it is about.
func (n *TeamNote) about() string {
	for _, name := range []string{n.Monitor, n.Service} {
		if name != "" {
			return name
		}
	}
	return "status page"
}

// words are its text and its facts.
func (n *TeamNote) words() string {
	lines := []string{}
	if n.Text != "" {
		lines = append(lines, n.Text)
	}
	for _, x := range []fact{{"Service", n.Service}, {"Regions", strings.Join(n.Regions, ", ")}, {"Error", n.Error}} {
		if x.Value != "" {
			lines = append(lines, x.Name+": "+x.Value)
		}
	}
	if len(lines) == 0 {
		return n.Title
	}
	return strings.Join(lines, "\n")
}

// card is for Teams.
func (n *TeamNote) card() []byte {
	return encoded(object{"type": "message", "attachments": []object{{
		"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil,
		"content": object{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
			"version": "1.4", "body": []object{
				{"type": "TextBlock", "text": clip(n.Title, 500), "size": "Large", "weight": "Bolder", "wrap": true},
				{"type": "TextBlock", "text": clip(n.words(), 4000), "wrap": true}},
			"actions": []object{{"type": "Action.OpenUrl", "title": "Open", "url": n.URL}}},
	}}})
}

// tellTeams delivers what teams are told until the context ends. One organisation's slow receivers hold up nobody
// else's.
func (w *Worker) tellTeams(ctx context.Context) {
	tick := time.NewTicker(teamEvery)
	defer tick.Stop()
	var mu sync.Mutex
	busy, all := map[string]int{}, 0
	for n := int64(0); ; n++ {
		mu.Lock()
		free, full := teamAtOnce-all, []string{}
		for org, k := range busy {
			if k >= teamOfOne {
				full = append(full, org)
			}
		}
		mu.Unlock()
		var jobs []store.TeamJob
		if now := w.opts.Now(); free > 0 {
			var err error
			jobs, err = w.db.ClaimTeam(store.Unasked(ctx), w.me.ID+":team:"+strconv.FormatInt(n, 10), free, teamOfOne,
				full,
				moment(now), moment(now.Add(teamMail+w.opts.Lease)))
			if err != nil && ctx.Err() == nil {
				slog.Warn("what teams are told waits", "error", err)
			}
		}
		for i := range jobs {
			j := &jobs[i]
			mu.Lock()
			busy[j.OrgID]++
			all++
			mu.Unlock()
			w.tries.Go(func() {
				w.tellOne(context.WithoutCancel(ctx), j)
				mu.Lock()
				drop(busy, j.OrgID)
				all--
				mu.Unlock()
				poke(w.team)
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.team:
		}
	}
}

// tellOne makes one try and keeps what became of it.
func (w *Worker) tellOne(ctx context.Context, j *store.TeamJob) {
	err := w.deliverTeam(ctx, j)
	var b store.Batch
	now := w.opts.Now()
	wait, more := pause(j.Tries + 1)
	var no final
	var come later
	switch {
	case err == nil:
		w.count.Sent.Add(1)
		store.SentTeam(&b, j, moment(now))
	case errors.Is(err, errNobody):
		store.DropTeam(&b, j)
	case !more, j.Kind == "test", errors.As(err, &no), errors.Is(err, errGone):
		w.count.Dead.Add(1)
		store.FailedTeam(&b, j, problem(err), moment(now), 0)
	default:
		w.count.Failed.Add(1)
		if errors.As(err, &come) {
			wait = max(wait, come.wait)
		}
		store.FailedTeam(&b, j, problem(err), moment(now), moment(now.Add(wait)))
	}
	if err := w.db.Do(ctx, &b); err != nil {
		slog.Warn("what became of a message to a team is not kept; it may be sent again", "error", err)
	}
}

// deliverTeam makes one try.
func (w *Worker) deliverTeam(ctx context.Context, j *store.TeamJob) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = final{fmt.Errorf("this message cannot be sent: %v", broken)}
		}
	}()
	var n TeamNote
	if no := wire.Unmarshal([]byte(j.Body), &n); no != nil {
		return final{no}
	}
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte(j.OrgID+"/team/"+strconv.FormatInt(j.ID, 10)+"/"+j.Topic)).String()
	switch {
	case j.To == nil && j.Email == "", j.To != nil && j.To.Paused && j.Kind != "test":
		return errNobody
	case j.To == nil:
		return w.mailTeam(ctx, j, &n, []string{j.Email}, id)
	}
	address, err := w.opts.Open("destination/"+j.To.ID, j.To.Address)
	if err != nil {
		return final{errors.New("the address cannot be opened here: it was sealed with another key")}
	}
	if j.To.Kind == "email" {
		to, err := w.teamAddresses(ctx, j.OrgID, address)
		if err != nil {
			return err
		}
		return w.mailTeam(ctx, j, &n, to, id)
	}
	c, no := readChannel(j.To.Kind, address)
	if no != nil {
		return final{no}
	}
	ctx, cancel := context.WithTimeout(ctx, hookDeadline)
	defer cancel()
	return hiding(w.post.send(ctx, c.request(&n, id), store.Webhook), c.token, c.to, c.extra)
}

// teamAddresses are the members whom a mail goes to: somebody who has left gets none.
func (w *Worker) teamAddresses(ctx context.Context, orgID, address string) (to []string, err error) {
	team, _, err := w.db.Org(orgID).Team(store.Unasked(ctx), store.Span{Limit: 1000})
	if err != nil {
		return nil, err
	}
	for i := range team {
		m := &team[i]
		meant := address == "admins" && m.Role == "admin" || strings.EqualFold(m.Email, address)
		if m.Offer == nil && m.Email != "" && meant {
			to = append(to, m.Email)
		}
	}
	if len(to) == 0 {
		return nil, final{errors.New("there is no such member any more")}
	}
	return to, nil
}

func (w *Worker) mailTeam(ctx context.Context, j *store.TeamJob, n *TeamNote, to []string, id string) error {
	ctx, cancel := context.WithTimeout(ctx, teamMail)
	defer cancel()
	p, err := w.db.Org(j.OrgID).Head(store.Unasked(ctx))
	if err != nil {
		return err
	}
	for _, address := range to {
		began := time.Now()
		err := w.mailAccount(ctx, &envelope{letter: n.letter(p, w.opts.BaseURL), To: address, ID: id})
		if w.letterBox == "" {
			err = w.relay.heard(err, began)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// letter is a note as a mail.
func (n *TeamNote) letter(org page.Org, base string) *letter {
	l := &letter{Notice: &Notice{}, Org: org, Page: base + "/status/" + org.Slug, Link: n.URL, Heading: n.Title,
		Say: n.Text, Button: "Open the dashboard", Why: "You get this as one of the team of " + org.Name + "."}
	for _, x := range []fact{{"Service", n.Service}, {"Regions", strings.Join(n.Regions, ", ")}, {"Error", n.Error}} {
		if x.Value != "" {
			l.Facts = append(l.Facts, x)
		}
	}
	l.Subject = subject(org.Name, "", l.Heading)
	return l
}

// hiding leaves secrets out of what a receiver says.
func hiding(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	words := err.Error()
	for _, s := range secrets {
		if len(s) > 3 {
			words = strings.ReplaceAll(words, s, "…")
		}
	}
	if words == err.Error() {
		return err
	}
	return inWords{err, words}
}
