package status

// Blanks lists the names of the {{blanks}} in a text, each once, in the order in which they come.
func Blanks(text string) []string {
	var names []string
	each(text, func(_, name string) string {
		if name != "" && !contains(names, name) {
			names = append(names, name)
		}
		return ""
	})
	return names
}

// Filled puts values in the place of a text's {{blanks}}; a blank without a value stays.
func Filled(text string, value func(name string) (string, bool)) string {
	return each(text, func(blank, name string) string {
		if v, known := value(name); known {
			return v
		}
		return blank
	})
}

// each walks through a text and replaces each blank; a name is letters, digits, spaces, - and _, up to 50 bytes.
func each(text string, replace func(blank, name string) string) string {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if end, name := blankAt(text, i); end > 0 {
			out = append(out, replace(text[i:end], name)...)
			i = end
			continue
		}
		out = append(out, text[i])
		i++
	}
	return string(out)
}

func blankAt(text string, i int) (end int, name string) {
	if i+4 >= len(text) || text[i:i+2] != "{{" {
		return 0, ""
	}
	from := i + 2
	for end = from; end < len(text) && end-from <= 50 && named(text[end]); end++ {
	}
	if end+2 > len(text) || text[end:end+2] != "}}" {
		return 0, ""
	}
	name = text[from:end]
	for name != "" && name[0] == ' ' {
		name = name[1:]
	}
	for name != "" && name[len(name)-1] == ' ' {
		name = name[:len(name)-1]
	}
	if name == "" {
		return 0, ""
	}
	return end + 2, name
}

func named(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == ' ' || c == '-' || c == '_' ||
		c >= 0x80
}
