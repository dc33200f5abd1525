package uwsgiconf

import (
	"fmt"
	"slices"
	"strings"
)

// variables takes UWSGI_NAME=value from the environment: the option name, before all others.
func (r *reader) variables() error {
	for _, entry := range r.sys.Environ {
		name, value, _ := strings.Cut(entry, "=")
		key, ok := strings.CutPrefix(name, "UWSGI_")
		if !ok || slices.Contains(ownVariables, name) {
			continue
		}
		key = strings.ReplaceAll(strings.ToLower(key), "_", "-")
		if err := r.add(Entry{Key: key, Value: value, Place: "variable " + name}); err != nil {
			return err
		}
	}
	return nil
}

// ownVariables are such as uWSGI sets for what it starts itself.
var ownVariables = []string{"UWSGI_RELOADS", "UWSGI_ORIGINAL_PROC_NAME", "UWSGI_FILE", "UWSGI_APPID", "UWSGI_VASSALS_DIR", "UWSGI_EMPEROR_FD"}

// commandLine reads arguments as getopt_long(3) does: options may stand after others,
// `--` ends them.
func (r *reader) commandLine(args []string) error {
	var files []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			files = append(files, args...)
			args = nil
		case strings.HasPrefix(arg, "--"):
			rest, err := r.long(arg, args)
			if err != nil {
				return err
			}
			args = rest
		case strings.HasPrefix(arg, "-") && arg != "-":
			rest, err := r.short(arg, args)
			if err != nil {
				return err
			}
			args = rest
		default:
			files = append(files, arg)
		}
	}
	for _, file := range files {
		if err := r.plain(file); err != nil {
			return err
		}
	}
	return nil
}

// plain is for an argument that is no option: a file of options, or an application.
func (r *reader) plain(file string) error {
	if kind, ok := kindOf(file); ok {
		return r.within(Entry{Key: "the file", Value: file, Place: "argument"}, r.file(kind, file, ""))
	}
	switch {
	case strings.HasSuffix(file, ".py"), strings.HasSuffix(file, ".wsgi"):
		return r.add(Entry{Key: "wsgi-file", Value: file, Place: "argument " + file})
	case strings.HasSuffix(file, ".xml"):
		return r.add(Entry{Key: "xml", Value: file, Place: "argument " + file})
	}
	return fmt.Errorf("argument %s: want a file of options (.ini, .yml, .yaml, .json), or --module or --wsgi-file before an application", file)
}

// long takes --name, --name=value or --name value; it returns the arguments that remain.
func (r *reader) long(arg string, rest []string) ([]string, error) {
	name, value, given := strings.Cut(arg[2:], "=")
	o, known := find(name)
	switch {
	case !known:
		return nil, fmt.Errorf("unknown option --%s%s", name, suggestion(name, "--"))
	case o.argument == none && given:
		return nil, fmt.Errorf("--%s takes no value", name)
	case o.argument == needed && !given:
		if len(rest) == 0 {
			return nil, fmt.Errorf("--%s needs a value", name)
		}
		value, rest = rest[0], rest[1:]
	}
	return rest, r.add(Entry{Key: name, Value: value, Bare: o.argument != needed && !given, Place: "argument --" + name})
}

// short takes -p4, -p 4 or several flags in one, -MT.
func (r *reader) short(arg string, rest []string) ([]string, error) {
	letters := arg[1:]
	for letters != "" {
		letter := letters[:1]
		letters = letters[1:]
		o, known := findShort(letter)
		if !known {
			return nil, fmt.Errorf("unknown option -%s", letter)
		}
		value := ""
		switch {
		case o.argument == needed && letters == "" && len(rest) == 0:
			return nil, fmt.Errorf("-%s needs a value", letter)
		case o.argument == needed && letters == "":
			value, rest = rest[0], rest[1:]
		case o.argument != none:
			value, letters = letters, ""
		}
		if err := r.add(Entry{Key: o.name, Value: value, Bare: o.argument != needed && value == "", Place: "argument -" + letter}); err != nil {
			return nil, err
		}
	}
	return rest, nil
}
