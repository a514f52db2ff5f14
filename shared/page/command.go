package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// Command is what somebody wants changed. Its JSON is the body of the REST call that carries it; the path's id replaces
// ID. Version, where there is one, is what the caller last read (If-Match): a mismatch is a conflict.
type Command interface {
	Kind() string
	Wire(*wire.Fields)
	decide(*draft) *fault.Error
	parts() Parts
}

// Parts are the places of a command that others than its decision ask for.
type Parts struct {
	of Command

	ID      Place   // of the object that it is about; none where that is the organisation
	Version **int64 // that the caller read; nil where there is none to read
	Entry   Place   // of the entry of a timeline that it adds or corrects, and is answered with
	Made    []Place // ids of what it makes: where the caller left them out, the server fills them in
	Notify  *bool   // what the caller says about telling subscribers
}

// Place is a member of a command's JSON that holds an id.
type Place struct {
	Field string
	Text  *string
}

// MarshalCommand writes a command with its kind, as a queue keeps it.
func MarshalCommand(c Command) []byte { return wire.Marshal(tagged{c}) }

type tagged struct{ Command }

func (t tagged) Wire(f *wire.Fields) {
	f.Derived("kind", t.Kind())
	t.Command.Wire(f)
}

// UnmarshalCommand reads what MarshalCommand wrote; unknown fields are refused.
func UnmarshalCommand(in []byte) (Command, *fault.Error) {
	var k kindOf
	if err := wire.Unmarshal(in, &k); err != nil {
		return nil, err
	}
	spec := named(k.kind)
	if spec == nil {
		return nil, fault.OnField("kind", "There is no command named %s.", k.kind)
	}
	c := spec.New()
	if err := wire.UnmarshalStrict(in, tagged{c}); err != nil {
		return nil, err
	}
	return c, nil
}

type kindOf struct{ kind string }

func (k *kindOf) Wire(f *wire.Fields) { f.Str("kind", &k.kind) }

// removal names what is deleted.
type removal struct {
	ID      string
	Version *int64
}

// Wire is {id, version}.
func (c *removal) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.OptInt("version", &c.Version)
}

// Remove fills in what is deleted, and the version that the caller read.
func (c *removal) Remove(id string, version *int64) { c.ID, c.Version = id, version }

// removed are the parts of a command that deletes.
func (c *removal) removed(of Command) Parts {
	return Parts{of: of, ID: Place{"id", &c.ID}, Version: &c.Version}
}
