package gunicorn

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Values are nil, bool, int64, float64, string, []any, map[string]any, and Object for
// what has no other form than the one it has in Python.

// Object is a value of the file that only Python can hold.
type Object struct {
	Type     string // of what type it is: "function", "GeventWorker"
	Name     string // "gunicorn.conf.post_fork"
	Class    bool   // it is a class
	Callable bool
	Arity    int    // how many positional arguments it has
	Wrong    string // why it could not be had
}

// pythonText writes v as Python's str does, quoted as repr does where it is part of another.
func pythonText(v any, part bool) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case string:
		if part {
			return quoted(v)
		}
		return v
	case []any:
		parts := make([]string, len(v))
		for i, entry := range v {
			parts[i] = pythonText(entry, true)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, quoted(key)+": "+pythonText(v[key], true))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case Object:
		return "<" + v.Type + " " + v.Name + ">"
	}
	return fmt.Sprint(v)
}

// quoted writes a text as Python would, for the usual ones.
func quoted(text string) string {
	if strings.Contains(text, "'") {
		return strconv.Quote(text)
	}
	q := strconv.Quote(text)
	return "'" + strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`) + "'"
}

// typeName names v's type to a reader of Python.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []any:
		return "list"
	case map[string]any:
		return "dict"
	case Object:
		return v.Type
	}
	return "object"
}

// parseInt reads a number as Python's int does: base 0 is that of its source, 10 takes
// leading zeros. Underscores may stand between digits.
func parseInt(text string, base int) (int64, bool) {
	text = strings.TrimSpace(text)
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") || strings.HasPrefix(digits, "_") {
		return 0, false
	}
	if base == 0 && len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0_") != "" && strings.ContainsRune("0123456789_", rune(digits[1])) {
		return 0, false // 010 is neither octal nor decimal to Python
	}
	if base != 0 {
		text = strings.ReplaceAll(text, "_", "")
	}
	n, ok := new(big.Int).SetString(text, base)
	if !ok || !n.IsInt64() {
		return 0, false
	}
	return n.Int64(), true
}

// parseOctal reads 0o22, 022, 0x1f and 18 as gunicorn reads a mode.
func parseOctal(text string) (int64, bool) {
	if len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9' {
		text = strings.Replace(text, "0", "0o", 1)
	}
	return parseInt(text, 0)
}

// isSet says whether Python would take v for true.
func isSet(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}
