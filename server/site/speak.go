package site

import (
	"encoding/json"
	"sync"

	"github.com/gofiber/fiber/v2"

	"statuspage/public"
	"statuspage/server/lang"
	"statuspage/server/relay"
)

// interfaceWords are the catalogues of the dashboard's interface by language: what its scripts say, and the pages
// before it. There are none before the build, and none of English, which is in the templates.
var interfaceWords = sync.OnceValue(func() map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, tag := range public.Languages {
		file, built := public.Open(address("dashboard." + tag + ".json"))
		if !built {
			continue
		}
		words := map[string]any{}
		if err := json.Unmarshal(file.Body, &words); err != nil {
			panic(err) // made by our own build
		}
		all[tag] = words
	}
	return all
})

// offered is a language of the interface, for the switch on the pages before it.
type offered struct {
	Tag, Name string
	Here      bool // the page is in it
}

// offers are the languages to choose from; none where there is only one.
func offers(here string) (list []offered) {
	tags := interfaceTags()
	if len(tags) < 2 {
		return nil
	}
	for _, tag := range tags {
		list = append(list, offered{tag, lang.Names[tag], tag == here})
	}
	return list
}

// interfaceTags are English and the languages that have a catalogue.
var interfaceTags = sync.OnceValue(func() []string {
	tags := []string{lang.English}
	for _, tag := range public.Languages {
		if interfaceWords()[tag] != nil {
			tags = append(tags, tag)
		}
	}
	return tags
})

// say puts a text of the interface into one of its languages; one that the catalogue has not stays English.
func say(tag, text string) string {
	if said, ok := interfaceWords()[tag][text].(string); ok {
		return said
	}
	return text
}

// interfaceIn is the language of the interface for whoever asks: as ?lang= says, as they chose in this browser, as the
// browser asks. It is in the answer's headers. CONTRACT 8.
func interfaceIn(c *fiber.Ctx) string {
	tag := lang.Choose(c.Query("lang"), c.Cookies("interface"), c.Get(fiber.HeaderAcceptLanguage), "", interfaceTags())
	c.Set(fiber.HeaderContentLanguage, tag)
	c.Vary(fiber.HeaderAcceptLanguage, fiber.HeaderCookie)
	return tag
}

// inTurn is a page before the dashboard; in each language it is rendered when it is first asked for.
func inTurn(policy, name string, s shell) fiber.Handler {
	var docs sync.Map // language → *relay.Doc
	return func(c *fiber.Ctx) error {
		tag := interfaceIn(c)
		doc, there := docs.Load(tag)
		if !there {
			doc, _ = docs.LoadOrStore(tag, shellDoc(tag, name, s))
		}
		return fixed(policy, doc.(*relay.Doc))(c)
	}
}
