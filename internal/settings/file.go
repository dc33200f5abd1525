package settings

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/BurntSushi/toml"
)

// readFile reads a TOML file of settings. Unknown keys come back as errors
// beside what could be read, so that all of them are reported at once.
func (t Table) readFile(path string) (map[string]any, []error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, []error{fmt.Errorf("cannot read the settings file: %w", err)}
	}
	var content map[string]any
	if _, err := toml.Decode(string(text), &content); err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			return nil, []error{fmt.Errorf("%s:%d: %s", path, syntax.Position.Line, syntax.Message)}
		}
		return nil, []error{fmt.Errorf("%s: %w", path, err)}
	}
	return content, t.checkKeys(content, path, func(key string) string { return path + ": " + key })
}

// checkKeys has an error for each key of what has this name that is none of t's. place
// says where one is.
func (t Table) checkKeys(content map[string]any, name string, place func(key string) string) (errs []error) {
	known := map[string]Setting{}
	for _, s := range t.Settings {
		known[s.Key()] = s
	}
	for _, key := range slices.Sorted(maps.Keys(content)) {
		s, ok := known[key]
		switch {
		case !ok:
			errs = append(errs, t.unknownKey(name, key))
		case s.FlagOnly:
			errs = append(errs, fmt.Errorf("%s: can be given only as the flag %s", place(key), s.Flag()))
		}
	}
	return errs
}

// UnknownArgument is the error for an argument of a function, at place, whose name is no
// setting's.
func (t Table) UnknownArgument(place, name string) error {
	hint := ""
	if s, ok := t.guess(name); ok {
		hint = didYouMean(s.Key(), "")
	}
	return fmt.Errorf("%s: unknown setting %q%s", place, name, hint)
}

func (t Table) unknownKey(name, key string) error {
	hint := ""
	if s, ok := t.guess(key); ok {
		hint = didYouMean(s.Key(), "")
		if s.FlagOnly {
			hint = didYouMean(s.Flag(), "the flag ")
		}
	}
	return fmt.Errorf("%s: unknown key %q%s", name, key, hint)
}

// fromTOML returns the texts that a value of the file stands for. TOML has
// types, and a value of another type is refused rather than guessed at.
func (s Setting) fromTOML(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		if s.Kind == Int || s.Kind == Bool || s.Kind == Map {
			break
		}
		return []string{v}, nil // for a list: one entry
	case bool:
		if s.Kind == Bool {
			return []string{strconv.FormatBool(v)}, nil
		}
	case int64:
		if s.Kind == Int || s.Kind == Duration || s.Kind == Size {
			return []string{strconv.FormatInt(v, 10)}, nil
		}
	case float64:
		if s.Kind == Duration {
			return []string{strconv.FormatFloat(v, 'f', -1, 64)}, nil
		}
	case []any:
		if s.Kind == List {
			return stringsOf(v)
		}
	case map[string]any:
		if s.Kind == Map {
			return pairsOf(v)
		}
	}
	return nil, fmt.Errorf("%s is not a %s: write %s", describe(value), s.Kind, s.example())
}

func stringsOf(values []any) ([]string, error) {
	texts := make([]string, 0, len(values))
	for _, value := range values {
		text, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("the list holds %s: put its entries in quotes", describe(value))
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func pairsOf(table map[string]any) ([]string, error) {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(table)) {
		text, ok := table[name].(string)
		if !ok {
			return nil, fmt.Errorf("%s is %s: put the value in quotes", name, describe(table[name]))
		}
		pairs = append(pairs, name+"="+text)
	}
	return pairs, nil
}

func describe(value any) string {
	switch v := value.(type) {
	case string:
		return fmt.Sprintf("the string %q", v)
	case []any:
		return "a list"
	case map[string]any, []map[string]any:
		return "a table"
	default:
		return fmt.Sprint(v)
	}
}

// example shows how the setting is written in the file.
func (s Setting) example() string {
	switch s.Kind {
	case Int:
		return s.Key() + " = 4"
	case Duration:
		return s.Key() + ` = "30s"`
	case Size:
		return s.Key() + ` = "512MiB"`
	case Bool:
		return s.Key() + " = true"
	case Enum:
		return fmt.Sprintf("%s = %q", s.Key(), s.Choices[0])
	case List:
		return s.Key() + ` = ["…", "…"]`
	case Map:
		return "[" + s.Key() + `] and lines of NAME = "value"`
	default:
		return s.Key() + ` = "…"`
	}
}
