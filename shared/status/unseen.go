package status

// Names and titles are what people tell things apart by: none looks like another one that it is not.

// Name checks one line by which something is told from others: what Line checks, and no character that nobody sees.
func (c *Checks) Name(field, s string, limit int, needed bool) {
	before := len(c.fields)
	if c.Line(field, s, limit, needed); len(c.fields) == before {
		c.Seen(field, s)
	}
}

// Seen refuses text that has characters which nobody sees, but for those that Line refuses already. Those that a script
// or a picture is written with may be there.
func (c *Checks) Seen(field, s string) {
	last := rune(0)
	for _, r := range s {
		if unseen(last, r) {
			c.That(false, field, "%s must not contain characters that nobody sees.", field)
			return
		}
		last = r
	}
}

// unseen says of a character after another one that nobody sees it there: format characters and those with an empty
// glyph (Unicode's Default_Ignorable_Code_Point, and the empty Braille cell).
func unseen(last, r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0x200c || r == 0x200d: // joiners (RFC 5892, appendix A): in scripts that join, and between pictures
		return !(last >= 0x590 && last <= 0x1cff || picture(last) || selector(last))
	case selector(r):
		return !(last >= 0x2010 && last < 0xe0000 || last >= '0' && last <= '9' || last == '#' || last == '*' ||
			last == 0xa9 || last == 0xae)
	case r >= 0xe0100 && r <= 0xe01ef: // variants of ideographs
		return last < 0x2e80 || last >= 0xe0000
	case r >= 0xe0020 && r <= 0xe007f: // flags of parts of a country
		return last != 0x1f3f4 && (last < 0xe0020 || last > 0xe007e)
	case r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return ignorable(r)
}

func ignorable(r rune) bool {
	switch r {
	case 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x200b, 0x200e, 0x200f, 0x2800, 0x3164, 0xfeff,
		0xffa0:
		return true
	}
	return r >= 0x2060 && r <= 0x2065 || r >= 0x206a && r <= 0x206f || r >= 0xfff0 && r <= 0xfffb || r >= 0x1bca0 &&
		r <= 0x1bca3 || r >= 0x1d173 && r <= 0x1d17a
}

func picture(r rune) bool { return r >= 0x2190 && r < 0x2c00 || r >= 0x1f000 && r < 0x20000 }

func selector(r rune) bool { return r >= 0xfe00 && r <= 0xfe0f }
