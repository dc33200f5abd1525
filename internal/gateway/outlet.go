package gateway

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

// outlet sends a response to its client at the client's pace, in a goroutine of its
// own, while the exchange takes what the application produces: the slot is not held
// for a client that reads slowly. A response of one frame needs none.
type outlet struct {
	w       http.ResponseWriter
	control *http.ResponseController
	logger  *slog.Logger
	named   named

	mu       sync.Mutex
	changed  sync.Cond
	queue    backlog
	pending  segment       // of the exchange: what has no room yet
	patience time.Duration // how long the exchange may still wait before it uses a file
	call     Call          // to be told that the client left; nil: its turn has ended
	sent     int64         // bytes
	buf      []byte        // for what comes from the file
	idle     bool          // the outlet waits
	waiting  bool          // the exchange waits
	sending  bool          // a piece is on its way
	current  segment       // that piece, if it comes from memory
	behind   bool          // a block was written that was not flushed
	flushed  bool          // once: how the body is framed must not depend on who is quicker
	closed   bool          // nothing more comes
	exited   bool
	err      error // why the client gets no more
}

const (
	// quickClient is how long, in all, a response may keep its slot because its memory is
	// full: a client that is about as quick as the application costs no file.
	quickClient = 20 * time.Millisecond
	// fileBuffer is the size, in bytes, in which what is in the file is sent: all the
	// memory that such a response takes.
	fileBuffer = 16 << 10
)

var (
	errClientLeft = errors.New("the client left")
	errSlowClient = errors.New("the client took nothing of its response for too long, and was cut (--send-timeout)")
	errPanicked   = errors.New("the writer of the response panicked")
)

// startOutlet has what follows sent by an outlet. The head has been written.
func (x *exchange) startOutlet() {
	o := &outlet{
		w: x.w, control: http.NewResponseController(x.w), logger: x.g.opts.Logger, named: x.named(),
		queue: backlog{g: x.g}, patience: quickClient,
	}
	o.changed.L = &o.mu
	if x.held {
		o.call = x.call
	}
	x.out = o
	x.watchOutlet()
	go o.run()
}

func (o *outlet) run() {
	defer o.exit()
	for {
		s, ok := o.next()
		if !ok {
			return
		}
		n, err := 0, error(nil)
		if len(s.data) > 0 {
			n, err = o.w.Write(s.data)
		}
		o.wrote(n, s.last, err)
	}
}

// next waits for something to send. A block is flushed when nothing is behind it.
func (o *outlet) next() (segment, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil {
		if s, ok := o.queue.next(); ok {
			o.sending, o.current = true, s
			return s, true
		}
		switch {
		case o.queue.filed():
			if s, ok := o.fromFile(); ok {
				return s, true
			}
		case o.behind && !o.closed, !o.flushed && o.closed:
			o.flush()
		case o.closed:
			return segment{}, false
		default:
			o.idle = true
			o.changed.Wait()
		}
	}
	return segment{}, false
}

// fromFile reads the next piece, without the lock: it may take its time.
func (o *outlet) fromFile() (segment, bool) {
	if o.buf == nil {
		o.buf = make([]byte, fileBuffer)
	}
	q := &o.queue
	file, head, n := q.file, q.head, min(q.tail-q.head, fileBuffer)
	o.sending = true
	o.mu.Unlock()
	_, err := file.ReadAt(o.buf[:n], head)
	o.mu.Lock()
	if err != nil {
		o.logger.Error("a response could not be read from its file, and is cut: "+err.Error(), o.named.attrs()...)
		o.fail(err)
		return segment{}, false
	}
	q.took(int(n))
	return segment{data: o.buf[:n], last: true}, true
}

func (o *outlet) flush() {
	o.behind, o.flushed = false, true
	o.mu.Unlock()
	err := o.control.Flush()
	o.mu.Lock()
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		o.fail(err)
	}
}

func (o *outlet) wrote(n int, last bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sending = false
	o.sent += int64(n)
	o.behind = last
	o.freeCurrent()
	if err != nil {
		o.fail(err)
	}
	o.tell()
}

func (o *outlet) freeCurrent() {
	o.queue.free(o.current)
	o.current = segment{}
}

// fail notes, under the lock, that the client gets no more. The worker is told at once.
func (o *outlet) fail(err error) {
	if o.err != nil {
		return
	}
	o.err = err
	if o.call != nil {
		o.call.Leave()
	}
	o.tell()
}

// tell wakes the exchange.
func (o *outlet) tell() {
	if o.waiting {
		o.changed.Broadcast()
	}
}

// wake wakes the outlet.
func (o *outlet) wake() {
	if o.idle {
		o.idle = false
		o.changed.Broadcast()
	}
}

// exit ends the outlet; what a writer around ours panics with must not end the process.
func (o *outlet) exit() {
	cause := recover()
	if cause != nil && cause != http.ErrAbortHandler {
		o.logger.Error("the writer of the response panicked", o.named.attrs("cause", cause, "stack", string(debug.Stack()))...)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if cause != nil {
		o.freeCurrent()
		o.fail(errPanicked)
	}
	o.exited = true
	o.tell()
}

// leave notes that the client has left, which a write that is stuck would not see.
func (o *outlet) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.exited {
		return
	}
	o.fail(errClientLeft)
	o.wake()
	_ = o.control.SetWriteDeadline(time.Now())
}

// detach ends what the outlet has to do with the call.
func (o *outlet) detach() {
	o.mu.Lock()
	o.call = nil
	o.mu.Unlock()
}
