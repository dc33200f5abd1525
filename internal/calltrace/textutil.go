package calltrace

import (
	"fmt"
	"strings"
)

// bytesRepr writes bytes (one rune for each) as Python's repr does.
func bytesRepr(data []rune) string {
	var b strings.Builder
	quote := '\''
	if strings.ContainsRune(string(data), '\'') && !strings.ContainsRune(string(data), '"') {
		quote = '"'
	}
	b.WriteString("b" + string(quote))
	for _, r := range data {
		switch {
		case r == quote || r == '\\':
			b.WriteString("\\" + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r >= 0x7F:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteString(string(quote))
	return b.String()
}

// printable takes bytes (one rune for each) for UTF-8 where they are, and hides
// what a terminal could take for commands.
func printable(text string) string {
	raw := make([]byte, 0, len(text))
	for _, r := range text {
		raw = append(raw, byte(r))
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case r < ' ' || r >= 0x7F && r < 0xA0:
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(string(raw), "\uFFFD"))
}

// cut gives the index of the n-th rune.
func cut(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	return len(text)
}

// Wrap breaks text at spaces into lines of at most width characters.
func Wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}
