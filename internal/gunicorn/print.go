package gunicorn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Print lists all settings in force, as gunicorn's --print-config does.
func (c *Config) Print() string {
	names := slices.Sorted(maps.Keys(c.entries))
	width := 0
	for _, name := range names {
		width = max(width, len(name))
	}
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%-*s = %s\n", width, name, c.entries[name].printed())
	}
	return b.String()
}

func (e Entry) printed() string {
	if object, ok := e.Value.(Object); ok && object.Callable {
		_, name, _ := strings.Cut(object.Name, ".")
		return "<" + name + "()>"
	}
	if e.Kind == Callable && e.Value == nil {
		return "<" + functionOf(e.Name) + "()>"
	}
	return pythonText(e.Value, false)
}

// functionOf is gunicorn's own function for a hook that nobody has defined.
func functionOf(name string) string {
	switch name {
	case "nworkers_changed":
		return "NumWorkersChanged." + name
	case "ssl_context":
		return "NewSSLContext." + name
	case "pre_fork":
		return "Prefork." + name
	case "post_fork":
		return "Postfork." + name
	}
	var class strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		class.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return class.String() + "." + name
}

// Values are all settings as the hooks' objects have them (server.cfg), in what JSON can
// hold: a setting of which Python alone has the value is not among them.
func (c *Config) Values() map[string]any {
	values := map[string]any{}
	for name, e := range c.entries {
		if _, isObject := e.Value.(Object); isObject || e.Kind == Callable {
			continue
		}
		values[name] = e.Value
	}
	values["config"] = strings.TrimPrefix(c.File, "python:")
	return values
}
