package jsonschema

// appendIndented appends JSON text without blanks in the form of Jackson's default
// printer: each member of an object on a line of its own, the items of an array
// on one line.
func appendIndented(dst, compact []byte) []byte {
	depth := 0
	line := func() {
		dst = append(dst, '\n')
		for range depth {
			dst = append(dst, "  "...)
		}
	}
	var open []byte // the brackets around the place
	for i := 0; i < len(compact); i++ {
		switch c := compact[i]; c {
		case '"':
			end := textEnd(compact, i)
			dst = append(dst, compact[i:end]...)
			i = end - 1
		case '{', '[':
			dst = append(dst, c)
			if next := compact[i+1]; next == '}' || next == ']' {
				dst = append(dst, ' ', next)
				i++
				continue
			}
			open = append(open, c)
			if c == '[' {
				dst = append(dst, ' ')
				continue
			}
			depth++
			line()
		case '}', ']':
			open = open[:len(open)-1]
			if c == ']' {
				dst = append(dst, ' ')
			} else {
				depth--
				line()
			}
			dst = append(dst, c)
		case ',':
			dst = append(dst, c)
			if open[len(open)-1] == '[' {
				dst = append(dst, ' ')
			} else {
				line()
			}
		case ':':
			dst = append(dst, " : "...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// textEnd is where the text that begins at i ends, behind its quote.
func textEnd(compact []byte, i int) int {
	for i++; compact[i] != '"'; i++ {
		if compact[i] == '\\' {
			i++
		}
	}
	return i + 1
}
