package settings

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SourceDefault is the source of a value that nothing has set.
const SourceDefault = "default"

// Values holds the resolved value of each setting of a table. Asking for a
// name that the table does not have, or with the getter of another kind, is a
// mistake in the program and ends it.
type Values struct {
	table  Table
	values map[string]value

	entries map[string][]Values // of sections
	own     map[string]bool     // of an entry: what it says itself
}

type value struct {
	content any
	source  string
}

// String returns the value of a String or an Enum.
func (v Values) String(name string) string { return v.values[name].content.(string) }

// Int returns the value of an Int.
func (v Values) Int(name string) int { return v.values[name].content.(int) }

// Duration returns the value of a Duration; zero means off.
func (v Values) Duration(name string) time.Duration {
	return v.values[name].content.(time.Duration)
}

// Bool returns the value of a Bool.
func (v Values) Bool(name string) bool { return v.values[name].content.(bool) }

// List returns the value of a List.
func (v Values) List(name string) []string { return v.values[name].content.([]string) }

// Map returns the value of a Map.
func (v Values) Map(name string) map[string]string {
	return v.values[name].content.(map[string]string)
}

// Size returns the value of a Size in bytes; zero means off.
func (v Values) Size(name string) int64 { return int64(v.values[name].content.(Bytes)) }

// Source says where the value of a setting comes from: "flag --bind",
// "argument", "variable HIGHBALL_BIND", the path of the file, or [SourceDefault].
func (v Values) Source(name string) string { return v.values[name].source }

// With returns values of which one is another: what a default comes to by others. Its
// content has to be of the setting's kind.
func (v Values) With(name string, content any, source string) Values {
	v.values = maps.Clone(v.values)
	v.values[name] = value{content: content, source: source}
	return v
}

// From returns values of which one is as it is in others of the same table.
func (v Values) From(others Values, name string) Values {
	v.values = maps.Clone(v.values)
	v.values[name] = others.values[name]
	return v
}

// TOML prints all values as a settings file in which each line's comment names
// the value's source. Settings without a value are comments.
func (v Values) TOML() string {
	var lines, comments []string
	width := 0
	for _, s := range v.table.Settings {
		if s.FlagOnly || len(v.entries[s.Name]) > 0 { // a section has the key
			continue
		}
		line := s.Key() + " = " + quote(v.values[s.Name].content)
		comment := v.Source(s.Name)
		if s.Default == "" && comment == SourceDefault && s.Kind != Bool {
			line = "# " + s.Key()
			comment = SourceDefault + ": " + s.defaultText()
		}
		lines, comments = append(lines, line), append(comments, comment)
		if len(line) <= 40 { // one long value does not push all comments aside
			width = max(width, len(line))
		}
	}
	var b strings.Builder
	for i, line := range lines {
		fmt.Fprintf(&b, "%-*s  # %s\n", width, line, comments[i])
	}
	b.WriteString(v.entriesTOML())
	return b.String()
}

// quote writes a value in TOML.
func quote(content any) string {
	switch c := content.(type) {
	case string:
		return quoteString(c)
	case time.Duration:
		return quoteString(formatDuration(c))
	case Bytes:
		return quoteString(c.String())
	case []string:
		quoted := make([]string, len(c))
		for i, entry := range c {
			quoted[i] = quoteString(entry)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case map[string]string:
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(c)) {
			pairs = append(pairs, quoteString(name)+" = "+quoteString(c[name]))
		}
		return "{" + strings.Join(pairs, ", ") + "}"
	default:
		return fmt.Sprint(c)
	}
}

// quoteString writes a TOML basic string. Its escapes are Go's but for \a, \v
// and \x, which TOML writes as \u.
func quoteString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case !strconv.IsPrint(r):
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// formatDuration is d.String without the zeros that it ends in: 1m, not 1m0s.
func formatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	if d == 0 {
		return "0"
	}
	return text
}
