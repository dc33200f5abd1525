package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"highball/internal/obs"
	"highball/internal/spool"
)

// Options configure a Gateway.
type Options struct {
	// Acquire gives a slot, after a wait perhaps. An error that is not the
	// context's means that the server is overloaded: 503.
	Acquire func(ctx context.Context, ask Ask) (Lease, error)

	// ScriptName is the path prefix of the application, without a final slash.
	ScriptName string

	// Nobody says that there is no application: each request is answered 404.
	Nobody bool

	// RequestTimeout is how long the application may take to its first block,
	// and then between blocks; then it is interrupted, see overtime.go. 0: no limit.
	RequestTimeout time.Duration

	// RetryIdempotent has a request whose worker died while it served it sent to
	// another, if its method is idempotent and nothing was sent to the client.
	RetryIdempotent bool

	// QueueTimeField has X-Queue-Time say to the application and to the client how
	// long the request has waited for a slot, in seconds.
	QueueTimeField bool

	// Bodies bound the bodies of requests, and say where they wait.
	Bodies Bodies

	// ClosesInOrder, if set, says that the connection of ctx closes by itself, and
	// without harm to the response, where the request has not been read to its end.
	ClosesInOrder func(ctx context.Context) bool

	// Refused, if set, is told of what the gateway refuses before Python sees it, by the
	// clause that says so.
	Refused func(ctx context.Context, status int, clause, reason string)

	// WhileQueued, if set, makes a request's context one that also ends when the client
	// has probably left.
	WhileQueued func(ctx context.Context) context.Context

	// ResponseMemory bounds what is kept in memory, in bytes, of a response that its
	// client has not taken, and ResponseBudget what is of all together.
	ResponseMemory, ResponseBudget int64

	// Beside, if set, is a gateway whose ResponseBudget this one uses, in place of its own.
	Beside *Gateway

	// Spool keeps what is beyond, up to ResponseSpoolLimit bytes a response; nil or 0:
	// the application waits for the client instead.
	Spool              *spool.Store
	ResponseSpoolLimit int64

	// Logger receives the application's failures.
	Logger *slog.Logger

	// OnDone, if set, is told of each request when its response has ended. The texts of
	// both go with the request.
	OnDone func(r *http.Request, done Done)

	// Detailed has OnDone told more, at the price of some memory for each request.
	Detailed bool
}

// Done is what became of a request.
type Done struct {
	RequestID string
	Began     time.Time
	Status    int
	Bytes     int64         // of the body, sent
	Waited    time.Duration // in the queue
	ToHead    time.Duration // the application's time to the head of its response
	Took      time.Duration // from beginning to end
	WorkerPID int
	Failure   string // why the response is not the application's, or incomplete
	Detail    *Detail
}

// Gateway is the http.Handler in front of a Python application.
type Gateway struct {
	opts       Options
	ids        requestIDs
	bufs       sync.Pool // *[]byte: frames
	lents      sync.Pool // *lent
	exchanges  sync.Pool // *exchange
	routes     *routes
	register   register
	bodies     bodyCounters
	pieces     pieces
	noBodyRoom obs.Reminder
	responses  responses
	late       sync.WaitGroup // slots whose application still runs after its response
}

// New returns a Gateway.
func New(opts Options) *Gateway {
	g := &Gateway{opts: opts, ids: newRequestIDs(), routes: newRoutes()}
	g.bufs.New = func() any { b := make([]byte, 0, newFrame); return &b }
	g.lents.New = func() any { return newLent(g) }
	g.responses.memory = &budget{limit: opts.ResponseBudget}
	if opts.Beside != nil {
		g.responses.memory = opts.Beside.responses.memory
	}
	if opts.Spool != nil {
		g.responses.create = func() (spoolFile, error) {
			f, err := opts.Spool.Create()
			if err != nil {
				return nil, err
			}
			return f, nil
		}
	}
	return g
}

// Wait returns when no application runs on behind a finished response.
func (g *Gateway) Wait() { g.late.Wait() }

// ServeHTTP serves one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := g.newExchange(w, r)
	g.register.add(&x.flight)
	whole := false
	defer func() { g.end(x, whole) }()
	switch err := x.serve(); err {
	case nil:
	case errWholeServer:
		x.answerEmpty()
	default:
		x.refuse(err)
	}
	x.awaitClient()
	x.endBody()
	if g.opts.OnDone != nil {
		g.opts.OnDone(r, x.done())
	}
	whole = true
	if x.cut {
		// The server then closes the connection (HTTP/1) or resets the stream
		// (HTTP/2), so that nobody takes what was sent for the whole.
		panic(http.ErrAbortHandler)
	}
}

// serve answers the request, or returns why it cannot. A worker that died is no
// reason where another may have the request.
func (x *exchange) serve() error {
	x.pooled = x.g.bufs.Get().(*[]byte)
	defer x.endFrames()
	frame, err := x.frame((*x.pooled)[:0])
	*x.pooled = frame
	if err != nil {
		return err
	}
	ask := Ask{Cost: x.cost(frame)}
	for deaths := 0; ; {
		err := x.attempt(frame, ask)
		if err == nil {
			return nil
		}
		var retry *retryError
		if !errors.As(err, &retry) {
			return err
		}
		ask.Again = true
		if errors.Is(retry.cause, errTakenBack) {
			continue
		}
		if deaths++; deaths == maxDeaths {
			return err
		}
		x.g.opts.Logger.Warn("request goes to another worker", "request", strings.Clone(x.id), "cause", retry.cause)
	}
}

// maxDeaths bounds how many dying workers one request may meet.
const maxDeaths = 10

// endFrames gives the buffer for frames back.
func (x *exchange) endFrames() {
	x.g.recycle(x.pooled)
	if x.kept > 0 {
		x.g.responses.memory.give(x.kept)
	}
}

// newFrame is the size of a buffer for frames at first, in bytes.
const newFrame = 8 << 10

// keepFrame is the largest buffer that is kept for further requests, in bytes.
const keepFrame = 128 << 10

func (g *Gateway) recycle(bufp *[]byte) {
	if cap(*bufp) <= keepFrame {
		g.bufs.Put(bufp)
	}
}
