package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// screen keeps the table in place on a terminal, with the line being typed below it untouched; elsewhere it prints the
// table whenever it has changed.
type screen struct {
	out      io.Writer
	terminal bool
	last     string
}

// promptRow is below the table and the notes of as many regions as anybody will start here.
const promptRow = 22

func newScreen(out io.Writer) *screen {
	s := &screen{out: out}
	if f, ok := out.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			s.terminal = true
		}
	}
	if s.terminal {
		fmt.Fprint(out, "\x1b[2J")
		s.prompt()
	}
	return s
}

// prompt makes room for the next command.
func (s *screen) prompt() {
	if s.terminal {
		fmt.Fprintf(s.out, "\x1b[%d;1H\x1b[J> ", promptRow)
	}
}

func (s *screen) draw(table string, notes []string) {
	text := table + "\n" + help + "\n\n" + strings.Join(notes, "\n")
	if !s.terminal {
		if changed := table + strings.Join(notes, "\n"); changed != s.last {
			s.last = changed
			fmt.Fprintln(s.out, changed)
		}
		return
	}
	var frame strings.Builder
	frame.WriteString("\x1b7\x1b[H") // remember the cursor, go to the top
	rows := strings.Split(text, "\n")
	for i := range promptRow - 1 {
		if i < len(rows) {
			frame.WriteString(rows[i])
		}
		frame.WriteString("\x1b[K\r\n")
	}
	frame.WriteString("\x1b8")
	io.WriteString(s.out, frame.String())
}
