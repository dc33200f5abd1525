package gunicorn

import (
	"fmt"
	"strconv"
	"strings"
)

// application writes an application so that it means what it means to gunicorn: never a
// directory that has the module's name.
func application(text string) string {
	if !strings.Contains(text, ":") {
		return text + ":application"
	}
	return text
}

// application is the file's; the command line's comes before it.
func (t *translator) application(e Entry) {
	if text := t.cfg.text(e.Name); t.cfg.App == "" && text != "" {
		t.Give(e.Place, e.to(), application(text))
	}
}

// HasApp says whether any application is named.
func (c *Config) HasApp() bool {
	return c.App != "" || c.text("wsgi_app") != "" || c.text("paste") != ""
}

func (t *translator) workers(e Entry) {
	n := e.Value.(int64)
	if n == 0 {
		t.Refuse(e.Place, e.Name, "without a worker nothing is served: give 1 or more")
		return
	}
	t.Give(e.Place, e.to(), strconv.FormatInt(n, 10))
}

// mostGreenlets is how many threads of a process stand in for greenlets at most.
const mostGreenlets = 64

// The kinds of workers, by the last part of their names.
func workerKind(name string) string {
	name = strings.TrimPrefix(name, "egg:gunicorn#")
	name = strings.TrimLeft(name, "#")
	switch name {
	case "sync", "gunicorn.workers.sync.SyncWorker":
		return "sync"
	case "gthread", "gunicorn.workers.gthread.ThreadWorker":
		return "gthread"
	case "gevent", "gevent_wsgi", "gevent_pywsgi", "gunicorn.workers.ggevent.GeventWorker", "gunicorn.workers.ggevent.GeventPyWSGIWorker",
		"eventlet", "gunicorn.workers.geventlet.EventletWorker":
		return "greenlets"
	case "asgi", "gunicorn.workers.gasgi.ASGIWorker":
		return "asgi"
	case "tornado", "gunicorn.workers.gtornado.TornadoWorker":
		return "tornado"
	}
	if strings.HasPrefix(name, "uvicorn") || strings.HasPrefix(name, "uvicorn_worker.") {
		return "asgi"
	}
	return ""
}

// workerName is the class's name, whether it is a name or a class.
func (c *Config) workerName() string {
	if object, ok := c.entries["worker_class"].Value.(Object); ok {
		return object.Name
	}
	return c.text("worker_class")
}

// isSync says whether a request has a process for itself.
func (c *Config) isSync() bool {
	return workerKind(c.workerName()) == "sync" && c.number("threads") <= 1
}

// workerClass gives the threads, which the class says as much of as the number does.
func (t *translator) workerClass(e Entry) {
	threads := t.cfg.entries["threads"]
	n := max(1, threads.Value.(int64))
	place := e.Place
	if threads.Given {
		place = threads.Place
	}
	name := t.cfg.workerName()
	switch workerKind(name) {
	case "sync", "gthread":
	case "greenlets":
		if !threads.Given || n == 1 {
			n, place = min(max(1, t.cfg.number("worker_connections")), mostGreenlets), e.Place
		}
		t.Leave(e.Place, e.Name, fmt.Sprintf("%d threads of each process stand in for the greenlets of %s; nothing is patched for it", n, name))
	case "asgi":
		t.Refuse(e.Place, e.Name, name+" serves ASGI applications, Highball serves WSGI: serve this one with uvicorn or hypercorn")
		return
	case "tornado":
		t.Refuse(e.Place, e.Name, "Tornado's own applications are not WSGI: run this one by itself, or a WSGI application with sync or gthread")
		return
	default:
		t.Refuse(e.Place, e.Name, fmt.Sprintf("%q is a class of workers that is not known here, and what it does would be missing: take sync, gthread or gevent", name))
		return
	}
	t.Give(place, "threads", strconv.FormatInt(n, 10))
}

func (t *translator) workerConnections(e Entry) {
	if e.Given && t.differs(e) && workerKind(t.cfg.workerName()) != "greenlets" {
		t.Leave(e.Place, e.Name, "connections belong to the front, not to a worker: max-connections bounds them")
	}
}

// timeout bounds a request only where a worker serves one at a time: the others of
// gunicorn's go on to give a sign of life while a thread is at work.
func (t *translator) timeout(e Entry) {
	n := e.Value.(int64)
	if t.cfg.isSync() {
		t.Give(e.Place, "request-timeout", strconv.FormatInt(n, 10))
	} else {
		t.Give(PlaceDefault, "request-timeout", "0")
		if e.Given && n != 0 {
			t.Leave(e.Place, e.Name, "it does not bound requests of threads in gunicorn either: HIGHBALL_REQUEST_TIMEOUT does here")
		}
	}
	const ours = 60 // seconds that a start may take by default
	if e.Given && (n > ours || n == 0) {
		t.Give(e.Place, "start-timeout", strconv.FormatInt(n, 10))
	}
}

func (t *translator) keepalive(e Entry) {
	n := e.Value.(int64)
	switch {
	case !e.Given:
	case n == 0:
		t.Leave(e.Place, e.Name, "connections are kept: a client or a proxy that wants none closes it")
	default:
		t.Give(e.Place, e.to(), strconv.FormatInt(n, 10))
	}
}

// Limits of a request, within what we can have: each is held in memory.

const ourHead = 64 << 10 // as large as one may be by default

func (t *translator) limitLine(e Entry) {
	n := e.Value.(int64)
	switch {
	case !e.Given:
	case n == 0:
		t.Give(e.Place, e.to(), strconv.Itoa(ourHead))
	default:
		t.Give(e.Place, e.to(), strconv.FormatInt(min(max(n, 128), 8190), 10))
	}
}

func (t *translator) limitFields(e Entry) {
	const most = 32768
	n := e.Value.(int64)
	if n == 0 || n > most {
		n = most
	}
	if e.Given {
		t.Give(e.Place, e.to(), strconv.FormatInt(n, 10))
	}
}

// fieldSize has a head be as large as it has to for one such field.
func (t *translator) fieldSize(e Entry) {
	const most = 16 << 20
	n := e.Value.(int64)
	switch {
	case !e.Given || !t.differs(e):
	case n == 0:
		t.Give(e.Place, e.to(), strconv.Itoa(most))
	case n > ourHead/2:
		t.Give(e.Place, e.to(), strconv.FormatInt(min(n+ourHead/2, most), 10))
	default:
		t.Leave(e.Place, e.Name, "the head as a whole is limited, by limit-request-head")
	}
}
