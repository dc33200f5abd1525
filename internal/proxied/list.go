package proxied

import "strings"

// backwards goes through a list from its end; it may stand in several fields.
type backwards struct {
	fields []string
	field  string
	within bool // a field
}

// next is the element before, ok false at the beginning. Empty ones are none (RFC 9110
// 5.6.1).
func (b *backwards) next() (element string, ok bool) {
	for {
		if !b.within {
			if len(b.fields) == 0 {
				return "", false
			}
			last := len(b.fields) - 1
			b.field, b.fields, b.within = b.fields[last], b.fields[:last], true
		}
		comma := strings.LastIndexByte(b.field, ',')
		element = strings.Trim(b.field[comma+1:], " \t")
		if b.within = comma >= 0; b.within {
			b.field = b.field[:comma]
		}
		if element != "" {
			return element, true
		}
	}
}
