package h1

import "strings"

// class is a set of the kinds that a byte may belong to.
type class uint8

const (
	tokenByte  class = 1 << iota // RFC 9110 5.6.2
	valueByte                    // of a field value: RFC 9110 5.5, HTAB and obs-text among them
	targetByte                   // of a request target: see target.go
	hostByte                     // of a registered name: RFC 3986 3.2.2
	plainByte                    // of a path that is its own URL: net/url would not escape it
	hexByte
	digitByte
)

// classes has the class of each byte.
var classes = makeClasses()

func makeClasses() (t [256]class) {
	for i := range t {
		c := byte(i)
		digit := '0' <= c && c <= '9'
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		add := func(kind class, is bool) {
			if is {
				t[i] |= kind
			}
		}
		add(digitByte, digit)
		add(hexByte, digit || 'a' <= c|0x20 && c|0x20 <= 'f')
		add(tokenByte, digit || letter || in("!#$%&'*+-.^_`|~", c))
		add(valueByte, c == '\t' || c >= ' ' && c != 0x7F)
		add(targetByte, c > ' ' && c != 0x7F && c != '#')
		add(plainByte, digit || letter || in("/-._~$&+,:;=@", c))
		add(hostByte, digit || letter || in("-._~%!$&'()*+,;=", c))
	}
	return t
}

func in(set string, c byte) bool { return strings.IndexByte(set, c) >= 0 }

// all says whether each byte is of the kind; so it is where there is none.
func all[T string | []byte](text T, kind class) bool {
	for i := 0; i < len(text); i++ {
		if classes[text[i]]&kind == 0 {
			return false
		}
	}
	return true
}

func isToken[T string | []byte](text T) bool { return len(text) > 0 && all(text, tokenByte) }

// trimOWS takes optional whitespace off both ends (RFC 9110 5.6.3).
func trimOWS[T string | []byte](text T) T {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\t') {
		text = text[:len(text)-1]
	}
	return text
}

// equalFold compares ASCII letters without regard to case; want is in lower case.
func equalFold[T string | []byte](text T, want string) bool {
	if len(text) != len(want) {
		return false
	}
	for i := 0; i < len(want); i++ {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != want[i] {
			return false
		}
	}
	return true
}
