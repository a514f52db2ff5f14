package page

import (
	"slices"

	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	NoticePut     EventType = "notice_put"
	NoticeDeleted EventType = "notice_deleted"
)

// MaxNotices is how many notices a page has at most.
const MaxNotices = 20

var notices = noun{
	name: NoticeNoun,
	commands: []Spec{
		{"add_notice", NoticeNoun, "POST", "/notices", Creates, Writers, Never,
			"Add notice", "Added the notice", func() Command { return &AddNotice{} }},
		{"edit_notice", NoticeNoun, "PATCH", "/notices/:id", Changes, Writers, Never,
			"Change notice", "Changed the notice", func() Command { return &EditNotice{} }},
		{"delete_notice", NoticeNoun, "DELETE", "/notices/:id", Deletes, Writers, Never,
			"Delete notice", "Deleted the notice", func() Command { return &DeleteNotice{} }},
	},
	events: []EventSpec{
		{NoticePut, "notice_update", "it was written"},
		{NoticeDeleted, "notice_deleted", "it was deleted"},
	},
	deleted: NoticeDeleted,

	blank: func() wire.Object { return &status.Notice{} },
	find: func(s *State, id string) (x wire.Object, version int64) {
		if x, there := s.Notice(id); there {
			return x, x.Version
		}
		return nil, 0
	},
	wire: func(s *State, f *wire.Fields) { wire.List(f, "notices", &s.Notices, (*status.Notice).Wire) },
	view: func(s *State, f *wire.Fields) { wire.List(f, "notices", &s.Notices, (*status.Notice).Wire) },
	size: func(s *State) int64 { return sizeOf(s.Notices, noticeSize) },

	about: func(e *Event) (id string, is bool) {
		if e.Notice == nil {
			return "", false
		}
		return e.Notice.ID, true
	},
	log:   func(e *Event, f *wire.Fields) { wire.Opt(f, "notice", &e.Notice, (*status.Notice).Wire) },
	frame: func(e *Event, f *wire.Fields) { wire.One(f, "data", e.Notice, (*status.Notice).Wire) },
	room:  func(e *Event) { e.Notice = &status.Notice{} },
	evolve: func(s *State, e *Event) (grown int64) {
		list := slices.Clone(s.Notices)
		at := slices.IndexFunc(list, func(x status.Notice) bool { return x.ID == e.Notice.ID })
		if at >= 0 {
			grown -= noticeSize(&list[at])
			list = slices.Delete(list, at, at+1)
		}
		if e.Type == NoticePut {
			grown += noticeSize(e.Notice)
			list = append(list, *e.Notice)
		}
		slices.SortFunc(list, newestNotice)
		s.Notices = list
		return grown
	},
}

var noticesTold = telling{
	name: NoticeNoun,
	sort: func(s *State) { slices.SortFunc(s.Notices, newestNotice) },
	words: func(s *State, w *Words) {
		w.Notices = map[string]status.Notice{}
		for _, x := range s.Notices {
			w.Notices[x.ID] = x
		}
	},
	copy:  func(e *Event) { x := *e.Notice; e.Notice = &x },
	strip: func(r rewriter, e *Event) { r.notice(e.Notice, &status.Notice{}) },
	today: func(r rewriter, e, _ *Event, w *Words) {
		now := w.Notices[e.Notice.ID]
		r.notice(e.Notice, &now)
	},
	gone: func(r rewriter, before *State, e *Event) {
		if was, there := before.Notice(e.Notice.ID); there {
			old := *was
			r.notice(&old, e.Notice)
		}
	},
}

func newestNotice(a, b status.Notice) int { return order(newer(a.CreatedAt, a.ID, b.CreatedAt, b.ID)) }

func noticeSize(n *status.Notice) int64 { return 300 + inAnswer(n.Title) + inAnswer(n.Body) }

func (r rewriter) notice(n, now *status.Notice) {
	r.text(&n.Title, now.Title)
	r.text(&n.Body, now.Body)
}

// Notice finds a notice by id.
func (s *State) Notice(id string) (*status.Notice, bool) {
	for i := range s.Notices {
		if s.Notices[i].ID == id {
			return &s.Notices[i], true
		}
	}
	return nil, false
}

// AddNotice puts a notice on the page.
type AddNotice struct{ ID, Title, Body string }

func (*AddNotice) Kind() string { return "add_notice" }

func (c *AddNotice) parts() Parts {
	return Parts{of: c, ID: Place{"id", &c.ID}, Made: []Place{{"id", &c.ID}}}
}

func (c *AddNotice) texts(each func(field string, text *string)) {
	each("body", &c.Body)
	each("title", &c.Title)
}

// Wire is the body of POST notices.
func (c *AddNotice) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.Str("title", &c.Title)
	f.Str("body", &c.Body)
}

func (c *AddNotice) decide(d *draft) *fault.Error {
	n := status.Notice{ID: c.ID, Title: c.Title, Body: c.Body, CreatedAt: d.at, UpdatedAt: d.at, Version: 1}
	if err := check(c.ID, joined(n.Check(), visible("title", n.Title, ""))); err != nil {
		return err
	}
	if _, there := d.state.Notice(c.ID); there {
		return taken("a notice", "id")
	}
	if len(d.state.Notices) >= MaxNotices {
		return tooMany("notices", MaxNotices)
	}
	d.emit(Event{Type: NoticePut, Notice: &n})
	return nil
}

// EditNotice changes what is given.
type EditNotice struct {
	ID          string
	Version     *int64
	Title, Body *string
}

func (*EditNotice) Kind() string { return "edit_notice" }

func (c *EditNotice) parts() Parts {
	return Parts{of: c, ID: Place{"id", &c.ID}, Version: &c.Version}
}

// Wire is the body of PATCH notices/{id}.
func (c *EditNotice) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.OptInt("version", &c.Version)
	f.OptStr("title", &c.Title)
	f.OptStr("body", &c.Body)
}

func (c *EditNotice) decide(d *draft) *fault.Error {
	n, there := d.state.Notice(c.ID)
	if !there {
		return notFound("notice")
	}
	if err := stale("notice", c.Version, n.Version, n); err != nil {
		return err
	}
	next := *n
	edit(&next.Title, c.Title)
	edit(&next.Body, c.Body)
	if err := joined(next.Check(), visible("title", next.Title, n.Title)); err != nil || next == *n {
		return err
	}
	next.Version, next.UpdatedAt = n.Version+1, d.at
	d.emit(Event{Type: NoticePut, Notice: &next})
	return nil
}

// DeleteNotice takes a notice off the page.
type DeleteNotice struct{ removal }

func (*DeleteNotice) Kind() string { return "delete_notice" }

func (c *DeleteNotice) parts() Parts { return c.removed(c) }

func (c *DeleteNotice) decide(d *draft) *fault.Error {
	n, there := d.state.Notice(c.ID)
	if !there {
		return notFound("notice")
	}
	if err := stale("notice", c.Version, n.Version, n); err != nil {
		return err
	}
	gone := *n
	gone.Version, gone.UpdatedAt = n.Version+1, d.at
	d.emit(Event{Type: NoticeDeleted, Notice: &gone})
	return nil
}
