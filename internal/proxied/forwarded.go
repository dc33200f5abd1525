package proxied

import (
	"fmt"
	"strings"
)

// element is what one proxy has added to Forwarded (RFC 7239 4).
type element struct {
	text              string // as it was sent
	by, from          string // "for"
	host, proto       string
	hasFrom           bool
	hasHost, hasProto bool
}

// parseForwarded reads one field of Forwarded. All of it has to be well formed: what a
// client has sent could otherwise change where the proxy's own part begins.
func parseForwarded(field string) (elements []element, err error) {
	rest := field
	for {
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" {
			return elements, nil
		}
		if rest[0] == ',' { // an empty element (RFC 9110 5.6.1)
			rest = rest[1:]
			continue
		}
		e, after, err := parseElement(rest)
		if err != nil {
			return nil, err
		}
		e.text = strings.TrimRight(rest[:len(rest)-len(after)], " \t")
		elements = append(elements, e)
		if after != "" {
			after = after[1:] // the comma
		}
		rest = after
	}
}

// parseElement reads up to a comma or the end.
func parseElement(text string) (e element, rest string, err error) {
	seen := [4]bool{}
	rest = text
	for {
		rest = strings.TrimLeft(rest, " \t")
		switch {
		case rest == "" || rest[0] == ',':
			return e, rest, nil
		case rest[0] == ';':
			rest = rest[1:]
			continue
		}
		name, value, after, err := parsePair(rest)
		if err != nil {
			return e, "", err
		}
		if i := e.set(name, value); i >= 0 {
			if seen[i] {
				return e, "", fmt.Errorf("%q stands twice in one element", name)
			}
			seen[i] = true
		}
		if rest = strings.TrimLeft(after, " \t"); rest != "" && rest[0] != ';' && rest[0] != ',' {
			return e, "", fmt.Errorf("%.40q does not follow on a pair", rest)
		}
	}
}

// set keeps a parameter, and says which it is; -1: an extension.
func (e *element) set(name, value string) int {
	switch {
	case strings.EqualFold(name, "for"):
		e.from, e.hasFrom = value, true
		return 0
	case strings.EqualFold(name, "proto"):
		e.proto, e.hasProto = value, true
		return 1
	case strings.EqualFold(name, "host"):
		e.host, e.hasHost = value, true
		return 2
	case strings.EqualFold(name, "by"):
		e.by = value
		return 3
	}
	return -1
}

// parsePair reads token "=" ( token / quoted-string ).
func parsePair(text string) (name, value, rest string, err error) {
	equals := strings.IndexByte(text, '=')
	if equals < 1 || tokenLength(text) != equals {
		return "", "", "", fmt.Errorf("%.40q does not begin with a name and \"=\"", text)
	}
	name, rest = text[:equals], text[equals+1:]
	if strings.HasPrefix(rest, `"`) {
		value, rest, err = parseQuoted(rest[1:])
		return name, value, rest, err
	}
	n := tokenLength(rest)
	if n == 0 {
		return "", "", "", fmt.Errorf("%.40q has no value", text)
	}
	return name, rest[:n], rest[n:], nil
}

// parseQuoted reads what follows a quote, the second one included (RFC 9110 5.6.4).
func parseQuoted(text string) (value, rest string, err error) {
	var b []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return string(b), text[i+1:], nil
		case c == '\\' && i+1 < len(text):
			i++
			b = append(b, text[i])
		case c < ' ' && c != '\t' || c == 0x7F:
			return "", "", fmt.Errorf("a quoted string has a control character")
		default:
			b = append(b, c)
		}
	}
	return "", "", fmt.Errorf("a quoted string does not end")
}

// tokenLength is how many bytes of a token text begins with (RFC 9110 5.6.2).
func tokenLength(text string) int {
	for i := 0; i < len(text); i++ {
		c := text[i]
		letter, digit := 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9'
		if !letter && !digit && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return i
		}
	}
	return len(text)
}
