package gunicorn

import (
	"encoding/json"
	"net"
	"strconv"
	"strings"
)

func (t *translator) accessLog(e Entry) {
	switch text := t.cfg.text(e.Name); {
	case !e.Given:
	case text == "":
		t.Give(e.Place, e.to(), "off")
	case text == "-":
		t.Give(e.Place, e.to(), "-")
	default:
		t.Give(e.Place, e.to(), t.path(text))
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

// loggerClass passes over gunicorn's own, which are what there is here.
func (t *translator) loggerClass(e Entry) {
	name := t.cfg.text(e.Name)
	if object, ok := e.Value.(Object); ok {
		name = object.Name
		if i := strings.LastIndexByte(name, '.'); i >= 0 && strings.HasPrefix(name, "__config__.") {
			t.Refuse(e.Place, e.Name, "the class has to be in a module that the workers can import: move it out of the file, and write \"module."+name[i+1:]+"\"")
			return
		}
	}
	switch name {
	case "", "simple", "gunicorn.glogging.Logger", "gunicorn.instrument.statsd.Statsd":
	default:
		t.Give(e.Place, e.to(), name)
	}
}

// logDict is given as the JSON that it is, if it is.
func (t *translator) logDict(e Entry) {
	dict, ok := e.Value.(map[string]any)
	switch {
	case !e.Given || ok && len(dict) == 0:
	case !ok:
		t.Refuse(e.Place, e.Name, "it holds objects of Python, which no other process can have: name classes and streams by text, as in \"ext://sys.stdout\"")
	default:
		text, _ := json.Marshal(dict) // of JSON it has come
		t.Give(e.Place, e.to(), string(text))
	}
}

func (t *translator) statsd(e Entry) {
	switch a := e.Value.(type) {
	case string:
		t.Give(e.Place, e.to(), "unix:"+t.path(a))
	case []any:
		t.Give(e.Place, e.to(), net.JoinHostPort(a[0].(string), strconv.FormatInt(a[1].(int64), 10)))
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
