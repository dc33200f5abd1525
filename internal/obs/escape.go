package obs

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// trimLines drops the line ends that end a text, as a Python traceback has one.
func trimLines(s string) string { return strings.TrimRight(s, "\r\n") }

// appendIndented writes each line of s behind two spaces, so that none of them
// looks like the beginning of a record.
func appendIndented(b []byte, s string) []byte {
	for line := range strings.SplitSeq(s, "\n") {
		b = append(b, "  "...)
		b = appendEscaped(b, strings.TrimSuffix(line, "\r"))
		b = append(b, '\n')
	}
	return b
}

// appendQuoted writes s in Go's quotes if it is empty or could be misread.
func appendQuoted(b []byte, s string) []byte {
	if s == "" || strings.ContainsFunc(s, needsQuotes) || !utf8.ValidString(s) {
		return strconv.AppendQuote(b, s)
	}
	return append(b, s...)
}

func needsQuotes(r rune) bool {
	return r == ' ' || r == '"' || r == '=' || !unicode.IsPrint(r)
}

// appendEscaped writes s with what does not print as an escape of Go: control
// characters, marks that change the direction of text, bytes that are not UTF-8.
func appendEscaped(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b = appendHex(b, s[i])
		case r == '\t' || unicode.IsPrint(r):
			b = append(b, s[i:i+n]...)
		default:
			quoted := strconv.QuoteRune(r)
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		i += n
	}
	return b
}

// appendHex writes c as \xhh.
func appendHex(b []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'x', digits[c>>4], digits[c&15])
}
