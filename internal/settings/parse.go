package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parse turns the texts that one source gives for s into a value of its kind.
// Lists and maps take every text as one entry; of the others the last one
// counts, as with a flag that is given twice.
func (s Setting) parse(texts []string) (any, error) {
	switch s.Kind {
	case List:
		return slices.Clone(texts), nil
	case Map:
		return parseMap(texts)
	}
	last := ""
	if len(texts) > 0 {
		last = texts[len(texts)-1]
	}
	return s.parseScalar(last)
}

func (s Setting) parseScalar(text string) (any, error) {
	switch s.Kind {
	case Int:
		return parseInt(text, s.Min)
	case Duration:
		return parseDuration(text)
	case Bool:
		return parseBool(text)
	case Size:
		return parseSize(text)
	case Enum:
		if !slices.Contains(s.Choices, text) {
			return nil, fmt.Errorf("%q is not one of %s%s", text,
				strings.Join(s.Choices, ", "), didYouMean(closest(text, s.Choices), ""))
		}
	}
	return text, nil
}

// zero is the value of a setting with an empty default.
func (s Setting) zero() any {
	switch s.Kind {
	case Int:
		return 0
	case Duration:
		return time.Duration(0)
	case Bool:
		return false
	case List:
		return []string(nil)
	case Map:
		return map[string]string(nil)
	case Size:
		return Bytes(0)
	default:
		return ""
	}
}

func parseInt(text string, least int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		return 0, fmt.Errorf("%q is not a whole number of at least %d", text, least)
	}
	return n, nil
}

// parseDuration reads Go's syntax, or a bare number as seconds.
func parseDuration(text string) (time.Duration, error) {
	written := text
	if text != "" && strings.Trim(text, "0123456789.") == "" {
		written += "s"
	}
	d, err := time.ParseDuration(written)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time: write seconds (30) or units (500ms, 1m30s), 0 for no limit", text)
	}
	return d, nil
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

func parseMap(texts []string) (map[string]string, error) {
	m := make(map[string]string, len(texts))
	for _, text := range texts {
		name, value, found := strings.Cut(text, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("%q is not NAME=VALUE", text)
		}
		if strings.Contains(text, "\x00") {
			return nil, fmt.Errorf("%q has a byte 0, which no variable can hold", text)
		}
		m[name] = value
	}
	return m, nil
}
