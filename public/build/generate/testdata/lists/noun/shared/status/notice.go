package status

import (
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// Notice is something that visitors should know and that breaks nothing.
type Notice struct {
	ID        string
	Title     string
	Body      string // Markdown
	CreatedAt Time
	UpdatedAt Time
	Version   int64
}

// Check says what is wrong with the texts.
func (n *Notice) Check() *fault.Error {
	var list Checks
	list.Name("title", n.Title, TitleMax, true)
	list.Text("body", n.Body, BodyMax, false)
	return list.Err()
}

// Wire is the `notice` of the REST API.
func (n *Notice) Wire(f *wire.Fields) {
	f.Str("id", &n.ID)
	f.Str("title", &n.Title)
	f.Str("body", &n.Body)
	f.Time("created_at", &n.CreatedAt)
	f.Time("updated_at", &n.UpdatedAt)
	f.Int("version", &n.Version)
}
