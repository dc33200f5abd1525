package control

import (
	"context"
	"errors"
	"slices"
	"time"
)

// States of a server.
const (
	StateStarting = "starting" // no worker has been ready yet
	StateReady    = "ready"
	StateFailing  = "failing"  // the workers do not start, or die young: see Status.LastError
	StateDraining = "draining" // it is about to end
)

// States of a worker.
const (
	WorkerReady   = "ready"
	WorkerLeaving = "leaving" // it gets no more requests and ends after those that it has
)

// States of a request.
const (
	RequestReceiving = "receiving" // its body has not come whole
	RequestQueued    = "queued"    // no worker has it
	RequestRunning   = "running"   // the application is at work, and no response has begun
	RequestSending   = "sending"   // the response has begun
)

// ErrNoWorker says that no worker has the number that was asked for. A Target
// wraps it; the Client gives it back.
var ErrNoWorker = errors.New("no such worker")

// ErrBusy says that the order cannot be carried out now because another one is:
// a reload is in progress. A Target wraps it; the Client gives it back.
var ErrBusy = errors.New("another order is in progress")

// ErrNoApp says that no application has the name that was asked for. A Target wraps it.
var ErrNoApp = errors.New("no such application")

// Target is the server that is asked and told. Its methods are called from many
// goroutines, and have to answer while every Python thread is stuck.
type Target interface {
	Status() Status
	Workers() []Worker

	// Requests and Stacks ask the Python processes. ctx ends after 4 seconds: then
	// they return what they have, without the stacks of those that have not answered.
	Requests(ctx context.Context) []Request
	Stacks(ctx context.Context) []Stacks

	// Reload returns when the new code serves, or with the error of the code that
	// does not start, its traceback included. Reload, Recycle and Drain may take
	// long; ctx ends when the operator goes away (Ctrl-C). app is the name of one of
	// several applications, or empty.
	Reload(ctx context.Context, app string) error

	// Scale changes how many workers are kept, and does not wait for them.
	Scale(app string, n int) error

	// Recycle has another worker ready before this one leaves.
	Recycle(ctx context.Context, worker int) error

	// Drain lets this one finish and end before another is started. It returns when
	// this one gets no more requests.
	Drain(ctx context.Context, worker int) error

	// Stop begins the end of the server and does not wait for it.
	Stop()
}

// Status is how a server is.
type Status struct {
	State       string    `json:"state"` // one of StateStarting, ...
	PID         int       `json:"pid"`
	Version     string    `json:"version"` // "0.1.0"
	Began       time.Time `json:"began"`
	Addresses   []string  `json:"addresses"` // "http://127.0.0.1:8000/", "unix:/run/shop.sock"
	Application string    `json:"application"`
	Generation  int       `json:"generation"` // that of the newest worker: 1, and one more for each reload, also one that fails
	Workers     []Worker  `json:"workers"`
	Queue       Queue     `json:"queue"`
	Requests    Traffic   `json:"requests"`
	Bodies      Bodies    `json:"bodies"`
	Responses   Responses `json:"responses"`
	Spool       Spool     `json:"spool"`

	Connections Connections      `json:"connections"`
	Refusals    map[string]int64 `json:"refusals_total"` // what was no request, by the clause that says so: "RFC 9112 6.3"

	Certificates []Certificate `json:"certificates"` // of https: those of files, and those that the server gets by itself

	Apps []App `json:"apps,omitempty"` // where there are several

	LastError string     `json:"last_error,omitempty"` // why the last worker did not start, or how it died young
	Retry     *time.Time `json:"retry,omitempty"`      // when the next is started after that
}

// App is one of several applications: its part of the Status.
type App struct {
	Name        string     `json:"name"`
	Hosts       []string   `json:"hosts"` // none: each
	Path        string     `json:"path"`
	State       string     `json:"state"`       // StateStarting, StateReady or StateFailing
	Application string     `json:"application"` // "shop.wsgi:application"
	Python      string     `json:"python"`      // its interpreter
	Generation  int        `json:"generation"`
	Queue       Queue      `json:"queue"`
	Requests    Traffic    `json:"requests"`
	LastError   string     `json:"last_error,omitempty"`
	Retry       *time.Time `json:"retry,omitempty"`
}

// Ready says whether new requests are welcome, and there is who serves them: also
// while others do not start.
func (s *Status) Ready() bool {
	return (s.State == StateReady || s.State == StateFailing) && slices.ContainsFunc(s.Workers, func(w Worker) bool { return w.State == WorkerReady })
}

// Queue is where requests wait for a worker.
type Queue struct {
	Waiting int `json:"waiting"`
	Size    int `json:"size"` // how many may wait
}

// Traffic counts requests.
type Traffic struct {
	InFlight int   `json:"in_flight"`
	Served   int64 `json:"served"` // since the server's start
}

// Bodies counts the bodies of requests from the server's start, but for those that
// waited in memory.
type Bodies struct {
	Spooled      int64 `json:"spooled_total"` // waited in a file
	SpooledBytes int64 `json:"spooled_bytes_total"`
	Streamed     int64 `json:"streamed_total"`
	TooLarge     int64 `json:"too_large_total"` // 413
	TooSlow      int64 `json:"too_slow_total"`  // 408
	NoRoom       int64 `json:"no_room_total"`   // 503
}

// Responses tells of what waits, or has waited, for clients that read slowly.
type Responses struct {
	Memory       int64 `json:"memory_bytes"`  // now
	Spooled      int64 `json:"spooled_total"` // responses of which a part was in a file
	SpooledBytes int64 `json:"spooled_bytes_total"`
	Stalls       int64 `json:"stalls_total"` // the application had to wait: there was room nowhere
}

// Spool is what the files hold now in which bodies and responses wait.
type Spool struct {
	Dir   string `json:"dir"` // empty: there are none
	Files int64  `json:"files"`
	Held  int64  `json:"held_bytes"`
	Quota int64  `json:"quota_bytes"` // 0: no limit
}

// Connections are those of clients. What only grows counts from the server's start.
type Connections struct {
	Open     int   `json:"open"`
	Max      int   `json:"max"` // how many may be open; 0: no limit
	Accepted int64 `json:"accepted_total"`

	RefusedPerAddress int64 `json:"refused_per_address_total"` // closed at once: their clients had as many as they may
	Evicted           int64 `json:"evicted_total"`             // closed while idle, for new ones
	Waited            int64 `json:"waited_total"`              // for another to end: none was idle

	Handshakes       int64 `json:"handshakes_total"`         // of TLS, completed
	Resumed          int64 `json:"handshakes_resumed_total"` // of these, with a session of before
	HandshakesFailed int64 `json:"handshakes_failed_total"`
	PlainOnTLS       int64 `json:"plain_on_tls_total"` // of these, requests in the clear

	HTTP3         int   `json:"http3_open"`           // of those that are open
	HTTP3Refused  int64 `json:"http3_refused_total"`  // tries to begin one: there was no room, and they cannot wait
	HTTP3Requests int64 `json:"http3_requests_total"` // on them

	Received int64 `json:"received_bytes_total"`
	Sent     int64 `json:"sent_bytes_total"`
}

// Certificate is one that https clients are shown, or are to be.
type Certificate struct {
	Names   []string   `json:"names"`
	Until   *time.Time `json:"until,omitempty"` // nil: there is none yet
	From    string     `json:"from"`            // its files, or who has signed it
	Problem string     `json:"problem,omitempty"`
}

// Worker is one Python process.
type Worker struct {
	Number     int       `json:"number"` // never used again for another
	App        string    `json:"app,omitempty"`
	PID        int       `json:"pid"`
	Generation int       `json:"generation"`
	State      string    `json:"state"` // WorkerReady or WorkerLeaving
	Began      time.Time `json:"began"`
	Served     int       `json:"served"`       // requests
	Busy       int       `json:"busy"`         // requests that it has now
	Condemned  int       `json:"condemned"`    // of these, such as will not end
	Memory     int64     `json:"memory_bytes"` // resident; 0 where the system does not tell
}

// Request is one that has come and whose response is not complete.
type Request struct {
	ID     string `json:"id"` // as in the logs
	App    string `json:"app,omitempty"`
	Method string `json:"method"`
	Path   string `json:"path"`
	Client string `json:"client"`
	State  string `json:"state"` // RequestQueued, ...

	// Worker, PID and Slot mean nothing while State is RequestReceiving or RequestQueued,
	// and when PID is 0: the application has ended, and the client is still to take its
	// response.
	Worker int `json:"worker"` // its number
	PID    int `json:"pid"`
	Slot   int `json:"slot"` // the worker's thread, from 0

	AgeMS    int64  `json:"age_ms"`
	QueuedMS int64  `json:"queued_ms"`       // of its age, without a worker
	Stack    string `json:"stack,omitempty"` // of its Python thread, outermost call first
	Mute     bool   `json:"mute,omitempty"`  // no Python thread of its worker has answered in time
	Dump     string `json:"dump,omitempty"`  // of a worker that is mute: all its threads, had without its help
}

// Stacks is what the threads of one worker do.
type Stacks struct {
	Worker  int      `json:"worker"` // its number
	App     string   `json:"app,omitempty"`
	PID     int      `json:"pid"`
	Mute    bool     `json:"mute"` // no Python thread of it has answered in time
	Threads []Thread `json:"threads"`
	Dump    string   `json:"dump,omitempty"` // of one that is mute: what could be had without its help
}

// Thread is a thread of Python.
type Thread struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Stack string `json:"stack"` // outermost call first
}
