package app_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"statuspage/shared/page"
)

// What the table of commands says of a command is what its route does, what the document says of it, and who may use
// it.
func TestEveryCommandIsDescribedAndOpenAsItsTableSays(t *testing.T) {
	class := map[page.Right]string{page.Writers: writes, page.Admins: governs}
	success := map[page.Effect]int{page.Creates: 201, page.Adds: 201, page.Changes: 200, page.Deletes: 204}
	variable := regexp.MustCompile(`\{[a-z]+\}|:[a-z]+`)
	rows := map[string]access{}
	for route, row := range table {
		rows[variable.ReplaceAllString(route, "*")] = row
	}
	d := describes(t)
	for _, command := range page.Commands {
		if command.Method == "" {
			continue // only the server itself gives it
		}
		path := "/api/v1" + command.Path
		row, there := rows[command.Method+" "+variable.ReplaceAllString(path, "*")]
		if !there || row.class != class[command.Who] || row.ok != success[command.Effect] {
			t.Errorf("%s: the table of access says %+v", command.Kind, row)
		}
		o, described := d.operation(command.Method, strings.TrimSuffix(spelled(path), "/"))
		if !described {
			t.Errorf("%s is not described", command.Kind)
		}
		for status := range o.Responses {
			if status[0] == '2' && status != strconv.Itoa(success[command.Effect]) {
				t.Errorf("%s is described to answer %s", command.Kind, status)
			}
		}
	}
}
