package uwsgiconf

import (
	"fmt"
	"strings"
)

func logRows() []Option {
	return []Option{
		mapped("disable-logging", "access-log", "`off`; without it requests are logged to standard output, as uWSGI does", keep),
		mapped("log-format logformat", "access-log-format", "its variables are written as gunicorn's atoms; `size` is the body's alone, as `rsize`, and `cl` is `-` without a body", logFormat),
		mapped("logto logto2", "error-log access-log", "both logs are appended to the file", func(t *translator, e Entry) { t.logs = append(t.logs, e) }),
		mapped("logger", "error-log", "a file; others are refused", loggerRow),
		mapped("req-logger logger-req", "access-log", "a file, or `stdio`; others are refused", loggerRow),
		mapped("daemonize daemonize2", "daemon error-log access-log", "both logs are appended to the file", func(t *translator, e Entry) {
			t.Give(e.Place, "daemon", "true")
			t.logs = append(t.logs, e)
		}),
		obeyed("log-master log-master-* threaded-logger log-drain log-sendfile log-ioerror", "the front writes the logs"),
		left("log-4xx log-5xx log-slow log-big log-zero log-filter", "choose lines where the log is read: the access log has all requests or none"),
		left("log-x-forwarded-for", "name your proxies in trusted-proxies: then the address is the client's everywhere"),
		left("log-maxsize log-backupname log-truncate logfile-chmod logfile-chown log-reopen", "rotate with logrotate and SIGUSR1"),
		left("log-date logdate log-micros log-prefix log-format-strftime logformat-strftime", "each line has its time"),
		left("log-syslog log-socket log-encoder log-req-encoder log-route log-req-route alarm alarms-list alarm-* logger-list loggers-list log-alarm not-log-alarm not-alarm-log rsyslog-* listen-queue-alarm backlog-alarm lq-alarm segfault-alarm metric-alarm",
			"use the service manager's journal, and log-format = json for a collector"),
	}
}

func loggerRow(t *translator, e Entry) {
	kind, path, found := strings.Cut(e.Value, ":")
	if i := strings.LastIndexByte(kind, ' '); i >= 0 { // `logger = name file:PATH`
		kind = kind[i+1:]
	}
	switch {
	case kind == "file" && found && path != "":
		e.Value, _, _ = strings.Cut(strings.TrimPrefix(path, "logfile="), ",")
		t.logs = append(t.logs, e)
	case kind == "stdio" || kind == "fd" && strings.HasPrefix(path, "1"):
		e.Value = "-"
		t.logs = append(t.logs, e)
	default:
		t.Refuse(e.Place, e.Key, "want file:PATH or stdio: other loggers are the service manager's work")
	}
}

// chooseLogs gives where lines go.
func (t *translator) chooseLogs() {
	access, place := "-", uwsgiDefault
	for _, e := range t.logs {
		if e.Value == "" {
			continue
		}
		if e.Key == "req-logger" || e.Key == "logger-req" {
			access, place = e.Value, e.Place
			continue
		}
		if e.Value != "-" {
			t.Give(e.Place, "error-log", e.Value)
		}
		if e.Key != "logger" {
			access, place = e.Value, e.Place
		}
	}
	if e, ok := t.last["disable-logging"]; ok && isTrue(e.Value) {
		access, place = "off", e.Place
	}
	t.Give(place, "access-log", access)
}

// atoms are gunicorn's words for uWSGI's variables of a log line.
var atoms = map[string]string{
	"method": "%(m)s", "uri": "%({REQUEST_URI}e)s", "addr": "%(h)s", "user": "%(u)s", "proto": "%(H)s", "status": "%(s)s",
	"size": "%(B)s", "rsize": "%(B)s", "msecs": "%(M)s", "micros": "%(D)s", "secs": "%(T)s", "ltime": "%(t)s", "ctime": "%(t)s",
	"uagent": "%(a)s", "referer": "%(f)s", "host": "%({host}i)s", "pid": "%(p)s", "cl": "%({content-length}i)s",
}

// logFormat writes a format with gunicorn's atoms; a percent sign by itself is doubled.
func logFormat(t *translator, e Entry) {
	var b strings.Builder
	rest := e.Value
	for {
		i := strings.Index(rest, "%(")
		end := strings.IndexByte(rest[max(i, 0):], ')')
		if i < 0 || end < 0 {
			break
		}
		name := rest[i+2 : i+end]
		b.WriteString(strings.ReplaceAll(rest[:i], "%", "%%"))
		atom, ok := atom(name)
		if !ok {
			t.Leave(e.Place, e.Key, fmt.Sprintf("%%(%s) has no counterpart, and is written as -", name))
		}
		b.WriteString(atom)
		rest = rest[i+end+1:]
	}
	b.WriteString(strings.ReplaceAll(rest, "%", "%%"))
	t.Give(e.Place, "access-log-format", b.String())
}

func atom(name string) (string, bool) {
	if atom, ok := atoms[name]; ok {
		return atom, true
	}
	if variable, ok := strings.CutPrefix(name, "var."); ok {
		if field, ok := strings.CutPrefix(variable, "HTTP_"); ok {
			return "%({" + strings.ReplaceAll(strings.ToLower(field), "_", "-") + "}i)s", true
		}
		return "%({" + variable + "}e)s", true
	}
	return "-", false
}
