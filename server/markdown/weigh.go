package markdown

import "strings"

// What a text may cost. The parser behind this package takes time in the square of some texts: of brackets, emphasis,
// quotes and lists that nest. Whoever writes so is shown as he typed it.
const (
	maxWork  = 1 << 20 // of a text: signs times length, summed over its paragraphs; 7 ns each at worst
	maxDepth = 24      // of quotes and lists in each other
	maxItems = 1_000   // paragraphs, headings and items of lists
	maxLines = 3_000
	signs    = "[](*_~`<@"
)

// weight is what it takes to render a text, counted in one pass over it.
type weight struct {
	length int // bytes
	lines  int
	work   int
	depth  int
	items  int
}

func (w weight) heavy() bool {
	return w.work > maxWork || w.depth > maxDepth || w.items > maxItems || w.lines > maxLines
}

// Cost is what a text adds to the time that a page takes, in bytes of ordinary prose: 0.2 µs each, at most.
func Cost(source string) int {
	w := weigh(source)
	if w.heavy() {
		return w.length / 4
	}
	return w.length + 4*w.lines + 25*w.items + w.work/32
}

// weigh counts at least what the parser will do. Signs in a fenced block are none, where it is certain to be one.
func weigh(source string) (w weight) {
	w.length = len(source)
	fence, fences := "", true
	paragraph, marks := 0, 0 // bytes and signs since the last empty line, or the last that begins an item
	before := byte(0)        // of the line before: how its item begins
	for line := range strings.SplitSeq(source, "\n") {
		w.lines++
		if fence != "" {
			if closes(line, fence) {
				fence = ""
			}
			continue
		}
		if fences = fences && !strings.HasPrefix(strings.TrimLeft(line, " "), "<"); fences {
			if fence = opens(line); fence != "" {
				w.items++
				w.work += paragraph * marks
				paragraph, marks, before = 0, 0, 0
				continue
			}
		}
		empty, item := strings.Trim(line, " \t\r") == "", bullet(line)
		if empty || item == '-' || item != 0 && item == before {
			w.work += paragraph * marks
			paragraph, marks = 0, 0
		}
		if before = item; item != '-' && item != 0 && paragraph > 0 {
			before = 0 // a number does not begin a list within a paragraph
		}
		if empty {
			continue
		}
		depth, items := containers(line)
		if items == 0 && (paragraph == 0 || strings.HasPrefix(strings.TrimLeft(line, " >"), "#")) {
			w.items++
		}
		w.depth, w.items = max(w.depth, depth), w.items+items
		if items > 0 { // it may stand in the one before
			w.work += 64 * (len(line) - len(strings.TrimLeft(line, " \t")))
		}
		paragraph += len(line) + 1
		marks += signsIn(line)
	}
	w.work += paragraph * marks
	return w
}

func signsIn(line string) int {
	n := strings.Count(line, "www.") + strings.Count(line, "://")
	for i := range len(line) {
		if strings.IndexByte(signs, line[i]) >= 0 {
			n++
		}
	}
	return n
}

// containers counts the quotes and list items that begin on a line, and how many of them are list items.
func containers(line string) (depth, items int) {
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == '>':
			depth++
			i++
		case (c == '-' || c == '*' || c == '+') && blankAt(line, i+1):
			depth, items = depth+1, items+1
			i++
		case c >= '0' && c <= '9':
			from := i
			for i < len(line) && line[i] >= '0' && line[i] <= '9' && i-from < 9 {
				i++
			}
			if i >= len(line) || line[i] != '.' && line[i] != ')' || !blankAt(line, i+1) {
				return depth, items
			}
			depth, items = depth+1, items+1
			i++
		default:
			return depth, items
		}
	}
	return depth, items
}

// bullet is how a line begins an item of a list that ends what was before: '-' for any sign, '.' or ')' behind a
// number; 0 when it is none for certain.
func bullet(line string) byte {
	rest := strings.TrimLeft(line, " ")
	if len(line)-len(rest) > 3 {
		return 0
	}
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	if digits > 9 || len(rest) < digits+3 || rest[digits+1] != ' ' || rest[digits+2] <= ' ' {
		return 0
	}
	switch c := rest[digits]; {
	case digits == 0 && (c == '-' || c == '*' || c == '+'):
		return '-'
	case digits > 0 && (c == '.' || c == ')'):
		return c
	}
	return 0
}

func blankAt(line string, i int) bool {
	return i >= len(line) || line[i] == ' ' || line[i] == '\t' || line[i] == '\r'
}

// opens is the fence of a block of code that begins on this line, or "". Only one that stands at the margin is certain:
// nothing contains it.
func opens(line string) string {
	for _, c := range []string{"`", "~"} {
		rest := strings.TrimLeft(line, c)
		if n := len(line) - len(rest); n >= 3 && (c == "~" || !strings.Contains(rest, "`")) {
			return line[:n]
		}
	}
	return ""
}

// closes says whether a line ends the block: it may be indented by three spaces at most.
func closes(line, fence string) bool {
	rest := strings.TrimLeft(line, " ")
	if len(line)-len(rest) > 3 || !strings.HasPrefix(rest, fence) {
		return false
	}
	return strings.Trim(strings.TrimLeft(rest, fence[:1]), " \t\r") == ""
}
