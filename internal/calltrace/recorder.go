// Package calltrace turns what happened in one request — bytes on a connection,
// and the events of a worker that traces — into numbered steps for people and
// for programs. See docs/CHECK_AND_TRACE.md.
package calltrace

import (
	"sync"
	"time"
)

// Recorder collects what happens, in any order and from any goroutine.
type Recorder struct {
	Request    *Request
	ScriptName string            // the setting, for the origin of SCRIPT_NAME
	Environ    map[string]string // the setting

	mu      sync.Mutex
	start   int64 // in ns since 1970
	entries []entry
	outer   int // the number of the outermost layer, once seen
	begun   bool
	closes  bool          // what the outermost layer returned has close()
	done    chan struct{} // closed when the application has nothing more to do
	isDone  bool
}

// entry is one thing that happened.
type entry struct {
	at    int64 // in ns since 1970
	event event
	bytes []byte // of a request or a response
}

// New returns a Recorder for one request.
func New(r *Request) *Recorder { return &Recorder{Request: r, done: make(chan struct{})} }

// Sent records the request's bytes; its time is the start of all times.
func (r *Recorder) Sent(data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.start = time.Now().UnixNano()
	r.entries = append(r.entries, entry{at: r.start, event: event{"event": "request"}, bytes: data})
}

// Received records bytes of the response.
func (r *Recorder) Received(data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := append([]byte(nil), data...)
	r.entries = append(r.entries, entry{at: time.Now().UnixNano(), event: event{"event": "response"}, bytes: kept})
}

// Event records an event of the worker.
func (r *Recorder) Event(e map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ev := event(e)
	r.entries = append(r.entries, entry{at: ev.number("time"), event: ev})
	if ev.kind() == "environ" {
		r.outer, r.begun = ev.layer(), true
	}
	if ev.layer() == r.outer && r.isLast(ev) && !r.isDone {
		r.isDone = true
		close(r.done)
	}
}

// isLast says whether nothing of its layer follows the event.
func (r *Recorder) isLast(e event) bool {
	switch e.kind() {
	case "return":
		r.closes = e.is("close")
		return e.number("blocks") >= 0 // a list or a tuple
	case "exception":
		return e.text("phase") == "call" || !r.closes
	case "end":
		return !r.closes
	}
	return e.kind() == "close"
}

// Await returns when the application has been seen to end, or after grace.
func (r *Recorder) Await(grace time.Duration) {
	r.mu.Lock()
	if !r.begun {
		grace /= 5 // the server has answered by itself, most likely
	}
	r.mu.Unlock()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-r.done:
	case <-timer.C:
	}
}

// event is what the worker sends; highball_worker/trace.py makes them.
type event map[string]any

func (e event) kind() string              { return e.text("event") }
func (e event) text(key string) string    { s, _ := e[key].(string); return s }
func (e event) number(key string) int64   { n, _ := e[key].(int64); return n }
func (e event) is(key string) bool        { b, _ := e[key].(bool); return b }
func (e event) list(key string) []any     { l, _ := e[key].([]any); return l }
func (e event) layer() int                { return int(e.number("layer")) }
func (e event) texts(key string) []string { return texts(e.list(key)) }

func texts(list []any) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i], _ = v.(string)
	}
	return out
}
