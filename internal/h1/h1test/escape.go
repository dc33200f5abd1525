package h1test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxRepeated bounds the bytes that one repetition makes, so that a slip of the
// pen does not fill the memory.
const maxRepeated = 1 << 20

// Unescape gives the bytes that are written as text: printable ASCII stands for
// itself, all else for what the corpus' README says.
func Unescape(text string) ([]byte, error) {
	var b []byte
	for text != "" {
		if c := text[0]; c < ' ' || c > '~' {
			return nil, fmt.Errorf("byte 0x%02x: write it as an escape", c)
		}
		if text[0] != '\\' {
			b, text = append(b, text[0]), text[1:]
			continue
		}
		meant, rest, err := unescapeOne(text[1:])
		if err != nil {
			return nil, err
		}
		b, text = append(b, meant...), rest
	}
	return b, nil
}

// unescapeOne reads one escape, of which the backslash is gone.
func unescapeOne(text string) (meant []byte, rest string, err error) {
	if text == "" {
		return nil, "", errors.New(`a backslash at the end: write \\`)
	}
	switch text[0] {
	case 'r':
		return []byte{'\r'}, text[1:], nil
	case 'n':
		return []byte{'\n'}, text[1:], nil
	case 't':
		return []byte{'\t'}, text[1:], nil
	case '0':
		return []byte{0}, text[1:], nil
	case '\\':
		return []byte{'\\'}, text[1:], nil
	case 'x':
		return unescapeHex(text[1:])
	case '{':
		return unescapeRepeated(text[1:])
	}
	return nil, "", fmt.Errorf(`unknown escape \%c`, text[0])
}

func unescapeHex(text string) ([]byte, string, error) {
	if len(text) < 2 {
		return nil, "", errors.New(`\x wants two hexadecimal digits`)
	}
	n, err := strconv.ParseUint(text[:2], 16, 8)
	if err != nil {
		return nil, "", fmt.Errorf(`\x wants two hexadecimal digits, not %q`, text[:2])
	}
	return []byte{byte(n)}, text[2:], nil
}

// unescapeRepeated reads `text*N}`. A brace in the text is written \x7d, so that the
// first one is the end.
func unescapeRepeated(text string) ([]byte, string, error) {
	inside, rest, found := strings.Cut(text, "}")
	star := strings.LastIndexByte(inside, '*')
	if !found || star < 0 {
		return nil, "", errors.New(`\{ wants text*N}`)
	}
	if strings.Contains(inside, `\{`) {
		return nil, "", errors.New(`\{ within \{: write one of them out`)
	}
	once, err := Unescape(inside[:star])
	if err != nil {
		return nil, "", err
	}
	n, err := strconv.Atoi(inside[star+1:])
	if err != nil || n < 2 || len(once) == 0 || n > maxRepeated/len(once) {
		return nil, "", fmt.Errorf(`\{%s}: wants some text at least twice, and at most %d bytes`, inside, maxRepeated)
	}
	return []byte(strings.Repeat(string(once), n)), rest, nil
}

// Escape writes bytes so that Unescape gives them back, without repetitions.
func Escape(b []byte) string {
	var text strings.Builder
	for _, c := range b {
		switch {
		case c == '\r':
			text.WriteString(`\r`)
		case c == '\n':
			text.WriteString(`\n`)
		case c == '\t':
			text.WriteString(`\t`)
		case c == 0:
			text.WriteString(`\0`)
		case c == '\\':
			text.WriteString(`\\`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&text, `\x%02x`, c)
		default:
			text.WriteByte(c)
		}
	}
	return text.String()
}
