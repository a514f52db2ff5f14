package main

import (
	"bytes"
	"fmt"
	"strings"

	"statuspage/shared/page"
)

var effects = map[page.Effect]string{
	page.Creates: "creates", page.Adds: "adds", page.Changes: "changes", page.Deletes: "deletes",
}

const commandsHead = `// Made by go generate of shared/page/commands.go and event.go: change those.

/** @typedef {%s} Kind of a command */

/**
 * @typedef {object} Spec what is said of a command once
 * @property {%s} noun
 * @property {string} method "" is a command that only the server itself gives
 * @property {string} path below /api/v1; :id is the object's, :update the entry's
 * @property {'creates'|'adds'|'changes'|'deletes'} effect
 * @property {string} id the member that names the object; "" is the organisation
 * @property {string} entry the member that names the entry of a timeline that it adds or corrects, or ""
 * @property {string[]} made the members with ids of what it makes
 * @property {string} does in words, before the object's name
 * @property {string} did likewise, in the audit log
 */

`

const commandsRow = `  %s: {
    noun: '%s', method: '%s', path: '%s', effect: '%s',
    id: '%s', entry: '%s', made: [%s], does: '%s', did: '%s',
  },
`

const happenedHead = `};

/** What an event did, as the end of a sentence. @type {Record<string, string>} */
export const happened = {
`

// commands is the table of commands, and what events did in words, as the dashboard reads them.
func commands(string, []byte) ([]byte, error) {
	var out bytes.Buffer
	kinds := make([]string, len(page.Commands))
	for i, row := range page.Commands {
		kinds[i] = "'" + row.Kind + "'"
	}
	fmt.Fprintf(&out, commandsHead, strings.Join(kinds, "|"), nounsOf())
	out.WriteString("/** @type {Record<Kind, Spec>} */\nexport const commands = {\n")
	for i := range page.Commands {
		row := &page.Commands[i]
		parts := page.PartsOf(row.New())
		var made []string
		for _, place := range parts.Made {
			made = append(made, "'"+place.Field+"'")
		}
		fmt.Fprintf(&out, commandsRow, row.Kind, row.Noun, row.Method, slashed(row.Path), effects[row.Effect],
			parts.ID.Field, parts.Entry.Field, strings.Join(made, ", "), row.Does, row.Did)
	}
	out.WriteString(happenedHead)
	for _, row := range page.Events {
		fmt.Fprintf(&out, "  %s: '%s',\n", row.Type, row.Happened)
	}
	out.WriteString("};\n")
	return out.Bytes(), nil
}

// nounsOf are the names of all nouns, as a type.
func nounsOf() string {
	var names []string
	for _, noun := range page.Nouns() {
		names = append(names, "'"+string(noun)+"'")
	}
	return strings.Join(names, "|")
}

// slashed is a path as the API's links are written.
func slashed(path string) string {
	if path == "" {
		return ""
	}
	return path + "/"
}
