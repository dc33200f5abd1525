package gunicorn

import (
	"net"
	"strconv"
	"strings"
)

func (t *translator) accessLog(e Entry) {
	switch text := t.cfg.text(e.Name); {
	case !e.Given:
	case text == "":
		t.Give(e.Place, e.to(), "off")
		return
	case text == "-":
		t.Give(e.Place, e.to(), "-")
	default:
		t.Give(e.Place, e.to(), t.path(text))
	}
	form := t.cfg.entries["access_log_format"]
	if text, ok := form.Value.(string); ok && t.cfg.has(e.Name) {
		t.Give(form.Place, form.to(), text) // its lines are read by what has read gunicorn's
	}
}

func (t *translator) errorLog(e Entry) {
	if text := t.cfg.text(e.Name); e.Given && text != "" && text != "-" {
		t.Give(e.Place, e.to(), t.path(text))
	}
}

// level: gunicorn takes what it does not know for info.
func (t *translator) level(e Entry) {
	if !e.Given {
		return
	}
	level := strings.ToLower(t.cfg.text(e.Name))
	switch level {
	case "debug", "info", "warning", "error":
	case "critical":
		level = "error"
	default:
		t.Leave(e.Place, e.Name, "it is none of debug, info, warning, error, critical, and so info")
		return
	}
	t.Give(e.Place, e.to(), level)
}

// loggerClass passes over gunicorn's own, which are what there is here. A class of the
// file is found in it again.
func (t *translator) loggerClass(e Entry) {
	name := t.cfg.text(e.Name)
	if object, ok := e.Value.(Object); ok {
		name = object.Name
	}
	switch name {
	case "", "simple", "gunicorn.glogging.Logger", "gunicorn.instrument.statsd.Statsd":
		return
	}
	if _, ok := e.Value.(Object); ok {
		name = ofHooks + e.Name
		t.needsFile = true
	}
	t.Give(e.Place, e.to(), name)
}

// ofHooks begins what is found in the file, where it is named as our hooks.
const ofHooks = "hooks:"

// logConfig is one of three, in gunicorn's order.
func (t *translator) logConfig(e Entry) {
	first := ""
	for _, name := range []string{"logconfig_dict", "logconfig_json", "logconfig"} {
		if first == "" && t.cfg.has(name) {
			first = name
		}
	}
	path, _ := e.Value.(string)
	switch {
	case !t.cfg.has(e.Name):
	case e.Name != first:
		t.Leave(e.Place, e.Name, first+" comes before it")
	case e.Name == "logconfig_dict":
		t.needsFile = true
		t.Give(e.Place, e.to(), ofHooks+e.Name)
	case e.Name == "logconfig_json" && !strings.HasSuffix(path, ".json"):
		t.Refuse(e.Place, e.Name, "the name of the file has to end in .json")
	default:
		t.Give(e.Place, e.to(), t.path(path))
	}
}

// statsd has the names that gunicorn's values have.
func (t *translator) statsd(e Entry) {
	switch a := e.Value.(type) {
	case string:
		t.Give(e.Place, e.to(), "unix:"+t.path(a))
	case []any:
		t.Give(e.Place, e.to(), net.JoinHostPort(a[0].(string), strconv.FormatInt(a[1].(int64), 10)))
	default:
		return
	}
	prefix := t.cfg.entries["statsd_prefix"]
	name := "gunicorn"
	if text := strings.TrimRight(t.cfg.text(prefix.Name), "."); text != "" {
		name = text + "." + name
	}
	t.Give(prefix.Place, prefix.to(), name)
	tags := t.cfg.entries["dogstatsd_tags"]
	if text := t.cfg.text(tags.Name); text != "" {
		t.Give(tags.Place, tags.to(), strings.Split(text, ",")...)
	}
}

// How the server runs.

func (t *translator) environment(e Entry) {
	for _, text := range t.cfg.texts(e.Name) {
		if !strings.Contains(text, "=") {
			t.Refuse(e.Place, e.Name, strconv.Quote(text)+" is not NAME=VALUE")
		}
	}
}

func (t *translator) pythonPath(Entry) {} // with what the file adds to sys.path

// identity is given as a number only if it is another than ours: only root becomes one.
func (t *translator) identity(e Entry) {
	if n, ok := e.Value.(int64); ok && e.Given {
		t.Give(e.Place, e.to(), strconv.FormatInt(n, 10))
	}
}

func (t *translator) noControl(e Entry) {
	if t.cfg.on(e.Name) {
		t.Give(e.Place, e.to(), "off")
	}
}
