package gunicorn

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kind says which values a setting may have.
type Kind int

// The kinds, each with the rules of gunicorn's.
const (
	Anything  Kind = iota
	Text           // a string or None
	Number         // a whole number that is not negative
	Boolean        // True, False, "true", "false"
	Texts          // a list of strings, or one
	Files          // likewise, of files that exist, or patterns
	Names          // a string with commas
	Networks       // likewise, of addresses and networks
	Dict           // a dictionary
	Class          // a name or a class
	Callable       // a function, or the name of one
	User           // a name or a number
	Group          // likewise
	Directory      // one that exists
	Address        // of statsd
	Engine         // of the reloader
	ProxyMode      // of the PROXY protocol
	Protocols      // of HTTP
	Cleartext      // how HTTP/2 may begin
	Choice         // one of Setting.choices
)

// check returns what the setting becomes by v, by gunicorn's rules, or why it cannot.
// dir is the directory that relative paths count from.
func (s Setting) check(v any, dir string) (any, error) {
	if object, ok := v.(Object); ok && object.Wrong != "" {
		return nil, errors.New(object.Wrong)
	}
	switch s.Kind {
	case Number:
		return s.checkNumber(v)
	case Boolean:
		return checkBoolean(v)
	case Texts:
		return checkTexts(v)
	case Files:
		return checkFiles(v, dir)
	case Networks:
		return checkNetworks(v)
	case Names:
		return checkNames(v)
	case Text:
		return checkText(v)
	}
	return s.checkOther(v, dir)
}

func (s Setting) checkOther(v any, dir string) (any, error) {
	switch s.Kind {
	case Dict:
		return checkDict(v)
	case Class:
		if object, ok := v.(Object); ok && object.Class {
			return v, nil
		}
		return checkText(v)
	case Callable:
		return s.checkCallable(v)
	case User:
		return checkIdentity(v, "user", os.Geteuid(), userID)
	case Group:
		return checkIdentity(v, "group", os.Getegid(), groupID)
	case Directory:
		return checkDirectory(v, dir)
	case Address:
		return checkAddress(v)
	case Engine:
		return oneOf(v, nil, false, "auto", "poll", "inotify")
	case ProxyMode:
		return checkProxyMode(v)
	case Protocols:
		return checkProtocols(v)
	case Cleartext:
		return checkCleartext(v)
	case Choice:
		return s.checkChoice(v)
	}
	return v, nil
}

// wrong says what v is instead of what it should be.
func wrong(v any, want string) error {
	if text, ok := v.(string); ok {
		return fmt.Errorf("%q is not %s", text, want)
	}
	if _, ok := v.(Object); ok {
		return fmt.Errorf("a value of type %s is not %s", typeName(v), want)
	}
	return fmt.Errorf("%s is not %s", pythonText(v, true), want)
}

func checkText(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return strings.TrimSpace(v), nil
	}
	return nil, wrong(v, "a string")
}

func (s Setting) checkNumber(v any) (any, error) {
	want := "a whole number of at least " + strconv.FormatInt(s.least, 10)
	if s.most > 0 {
		want = fmt.Sprintf("a whole number from %d to %d", s.least, s.most)
	}
	n, ok := v.(int64)
	switch given := v.(type) {
	case bool:
		n, ok = map[bool]int64{true: 1}[given], true // as everywhere in Python
	case string:
		n, ok = parseInt(given, 0)
	}
	if !ok || n < s.least || s.most > 0 && n > s.most {
		return nil, wrong(v, want)
	}
	return n, nil
}

func checkBoolean(v any) (any, error) {
	switch given := v.(type) {
	case nil, bool:
		return v, nil
	case string:
		switch strings.ToLower(strings.TrimSpace(given)) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return nil, wrong(v, "True or False")
}

func checkTexts(v any) (any, error) {
	if !isSet(v) {
		return []any{}, nil
	}
	if text, ok := v.(string); ok {
		v = []any{text}
	}
	entries, ok := v.([]any)
	if !ok {
		return nil, wrong(v, "a list of strings")
	}
	texts := []any{}
	for _, entry := range entries {
		text, err := checkText(entry)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func checkFiles(v any, dir string) (any, error) {
	texts, err := checkTexts(v)
	if err != nil {
		return nil, err
	}
	for _, entry := range texts.([]any) {
		path, _ := entry.(string)
		if strings.ContainsAny(path, "*?[") || entry == nil {
			continue
		}
		if _, err := os.Stat(absolute(dir, path)); err != nil {
			return nil, fmt.Errorf("the file %s does not exist", path)
		}
	}
	return texts, nil
}

func checkNames(v any) (any, error) {
	text, err := checkText(v)
	if err != nil {
		return nil, err
	}
	names := []any{}
	joined, _ := text.(string)
	for part := range strings.SplitSeq(joined, ",") {
		if part != "" {
			names = append(names, strings.TrimSpace(part))
		}
	}
	return names, nil
}

func checkNetworks(v any) (any, error) {
	names, err := checkNames(v)
	if err != nil {
		return nil, err
	}
	for _, entry := range names.([]any) {
		name, _ := entry.(string)
		if name == "*" {
			continue
		}
		if prefix, err := netip.ParsePrefix(name); err == nil && prefix != prefix.Masked() {
			return nil, fmt.Errorf("%q has bits behind the network: did you mean %s?", name, prefix.Masked())
		} else if _, no := netip.ParseAddr(name); err != nil && no != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network", name)
		}
	}
	return names, nil
}

func checkDict(v any) (any, error) {
	if object, ok := v.(Object); ok && object.Type == "dict" {
		return v, nil
	}
	if _, ok := v.(map[string]any); ok {
		return v, nil
	}
	return nil, wrong(v, "a dictionary")
}

func (s Setting) checkCallable(v any) (any, error) {
	object, ok := v.(Object)
	switch {
	case !ok || !object.Callable:
		return nil, wrong(v, "callable")
	case s.arity >= 0 && object.Arity != s.arity:
		return nil, fmt.Errorf("the function has %d arguments, gunicorn calls it with %d", object.Arity, s.arity)
	case s.arity < 0 && (object.Arity < 2 || object.Arity > 4):
		return nil, fmt.Errorf("the function has %d arguments, gunicorn calls it with 2, 3 or 4", object.Arity)
	}
	return v, nil
}

func userID(name string) (string, error) {
	found, err := user.Lookup(name)
	if err != nil {
		return "", err
	}
	return found.Uid, nil
}

func groupID(name string) (string, error) {
	found, err := user.LookupGroup(name)
	if err != nil {
		return "", err
	}
	return found.Gid, nil
}

func checkIdentity(v any, what string, ours int, lookup func(string) (string, error)) (any, error) {
	switch given := v.(type) {
	case nil:
		return int64(ours), nil
	case bool:
		return map[bool]int64{true: 1}[given], nil
	case int64:
		return given, nil
	case string:
		id, err := given, error(nil)
		if given == "" || strings.Trim(given, "0123456789") != "" {
			if id, err = lookup(given); err != nil {
				return nil, fmt.Errorf("there is no %s %q", what, given)
			}
		}
		n, err := strconv.ParseInt(id, 10, 64)
		return n, err
	}
	return nil, wrong(v, "the name or the number of a "+what)
}

func checkDirectory(v any, dir string) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, wrong(v, "a string")
	}
	path := absolute(dir, strings.TrimSpace(text))
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("the directory %s does not exist", text)
	}
	return path, nil
}

// absolute is path as seen from dir.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

var unixPort = regexp.MustCompile(`^unix:(\d+)$`)

// checkAddress returns a path, or host and port.
func checkAddress(v any) (any, error) {
	given, err := checkText(v)
	if text, ok := given.(string); ok {
		if m := unixPort.FindStringSubmatch(text); m != nil {
			port, _ := strconv.ParseInt(m[1], 10, 64)
			return []any{"unix", port}, nil // a host of that name
		}
		return parseAddress(text, "8125")
	}
	return nil, err
}

// parseAddress returns a path, a descriptor's number, or host and port.
func parseAddress(text, defaultPort string) (any, error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		return strings.TrimPrefix(path, "//"), nil
	}
	if number, ok := strings.CutPrefix(text, "fd://"); ok {
		if n, ok := parseInt(number, 10); ok {
			return n, nil
		}
		return nil, fmt.Errorf("%q is not a number of a descriptor", number)
	}
	if _, after, ok := strings.Cut(text, "tcp://"); ok && strings.HasPrefix(text, "tcp://") {
		text = after
	}
	host, port := text, defaultPort
	switch {
	case strings.Contains(text, "[") && strings.Contains(text, "]"):
		before, _, _ := strings.Cut(text, "]")
		host = before[min(1, len(before)):]
		if _, after, ok := strings.Cut(text, "]:"); ok {
			port = after
		}
	case strings.Contains(text, ":"):
		parts := strings.Split(text, ":")
		host, port = parts[0], parts[1]
	case text == "":
		host = "0.0.0.0"
	}
	n, ok := parseInt(port, 10)
	if !ok {
		return nil, fmt.Errorf("%q: %q is not a port", text, port)
	}
	return []any{strings.ToLower(host), n}, nil
}

func checkProxyMode(v any) (any, error) {
	switch given := v.(type) {
	case nil:
		return "off", nil
	case bool:
		return map[bool]string{true: "auto", false: "off"}[given], nil
	case string:
		switch mode := strings.ToLower(strings.TrimSpace(given)); mode {
		case "off", "false", "0", "none":
			return "off", nil
		case "auto", "true", "1":
			return "auto", nil
		case "v1", "v2":
			return mode, nil
		}
	}
	return nil, wrong(v, "one of off, v1, v2, auto")
}

func checkProtocols(v any) (any, error) {
	text, ok := v.(string)
	if !ok && v != nil {
		return nil, wrong(v, "a string like h1,h2")
	}
	protocols := []any{}
	for part := range strings.SplitSeq(text, ",") {
		name := strings.ToLower(strings.TrimSpace(part))
		switch {
		case name == "":
		case name != "h1" && name != "h2":
			return nil, fmt.Errorf("%q is not one of h1, h2", name)
		case slices.Contains(protocols, any(name)):
			return nil, fmt.Errorf("%q is given twice", name)
		default:
			protocols = append(protocols, name)
		}
	}
	if len(protocols) == 0 {
		protocols = list("h1")
	}
	return protocols, nil
}

func checkCleartext(v any) (any, error) {
	if on, ok := v.(bool); ok {
		return map[bool]string{true: "prior-knowledge", false: "off"}[on], nil
	}
	return oneOf(v, "off", true, "off", "prior-knowledge", "upgrade", "both")
}

// checkChoice: None is the first of the choices, but for header_map, which takes it.
func (s Setting) checkChoice(v any) (any, error) {
	choices := strings.Fields(s.choices)
	if s.Name == "header_map" {
		return oneOf(v, nil, true, choices...)
	}
	return oneOf(v, choices[0], true, choices...)
}

// oneOf reads a choice; none is what None is taken for, where lenient, and case and
// spaces do not count then.
func oneOf(v, none any, lenient bool, choices ...string) (any, error) {
	if v == nil && lenient {
		return none, nil
	}
	text, ok := v.(string)
	if lenient {
		text = strings.ToLower(strings.TrimSpace(text))
	}
	if !ok || !slices.Contains(choices, text) {
		return nil, wrong(v, "one of "+strings.Join(choices, ", "))
	}
	return text, nil
}
