package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Crowd is a number of clients that ask the application e2e/apps/ledger without a
// pause, until they are stopped or nobody listens any more. Each request has an id
// that no other has, and what became of it is kept. KeepAlive of the clients keep
// their connections, OneShot make a new one for each request.
type Crowd struct {
	Network, Address   string
	Kinds              []Kind // which the clients ask in turn
	KeepAlive, OneShot int

	clients  sync.WaitGroup
	stopped  atomic.Bool
	answered atomic.Int64
	mu       sync.Mutex
	outcomes []Outcome
}

// Kind is a request but for its id.
type Kind struct {
	Method string
	Path   string // with its query, if it has one
}

// Outcome is what became of one request.
type Outcome struct {
	Kind
	ID     string
	Status int   // 0: no whole answer came
	Err    error // why not, or what is wrong with the answer
	First  bool  // on its connection
	Sent   time.Time
	Took   time.Duration
}

// Lost says that the connection ended, or the client gave up, before a whole answer.
func (o Outcome) Lost() bool { return o.Status == 0 }

// NoAnswer says that not a byte came on a new connection, but its end. It may be
// that the server has never accepted it.
func (o Outcome) NoAnswer() bool {
	return o.Lost() && o.First && (errors.Is(o.Err, io.EOF) || errors.Is(o.Err, syscall.ECONNRESET) || errors.Is(o.Err, syscall.EPIPE))
}

// Start begins.
func (c *Crowd) Start() {
	for n := range c.KeepAlive + c.OneShot {
		c.clients.Go(func() { c.client(n, n < c.KeepAlive) })
	}
}

// Answered is how many answers there were up to now, whatever they say.
func (c *Crowd) Answered() int { return int(c.answered.Load()) }

// Stop has the clients ask no more, waits for the answers to what they have
// asked, and returns what became of all requests.
func (c *Crowd) Stop() []Outcome {
	c.stopped.Store(true)
	c.clients.Wait()
	return c.outcomes
}

// Refused waits until nobody listens any more, for Patience at most, and
// returns the same.
func (c *Crowd) Refused() []Outcome {
	timer := time.AfterFunc(Patience, func() { c.stopped.Store(true) })
	defer timer.Stop()
	c.clients.Wait()
	return c.outcomes
}

func (c *Crowd) client(n int, keep bool) {
	var conn *asker
	for i := 0; !c.stopped.Load(); i++ {
		if conn == nil {
			var listens bool
			if conn, listens = c.dial(); !listens {
				return
			}
		}
		o := Outcome{Kind: c.Kinds[(n+i)%len(c.Kinds)], ID: fmt.Sprintf("%d.%d", n, i), First: conn.asked == 0}
		closes := conn.ask(&o, keep)
		c.mu.Lock()
		c.outcomes = append(c.outcomes, o)
		c.mu.Unlock()
		if !o.Lost() {
			c.answered.Add(1)
		}
		if closes || o.Err != nil {
			_ = conn.Close()
			conn = nil
		}
	}
	if conn != nil {
		_ = conn.Close()
	}
}

// dial connects, or says that nobody listens.
func (c *Crowd) dial() (conn *asker, listens bool) {
	for !c.stopped.Load() {
		raw, err := net.DialTimeout(c.Network, c.Address, Patience)
		switch {
		case err == nil:
			return &asker{Conn: raw, reader: bufio.NewReader(raw)}, true
		case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
			return nil, false
		}
		runtime.Gosched() // the backlog is full, or a port is not free again
	}
	return nil, false
}

// asker is a client's connection.
type asker struct {
	net.Conn
	reader *bufio.Reader
	asked  int
}

// ask sends one request, reads its answer, and says whether the connection ends.
func (a *asker) ask(o *Outcome, keep bool) (closes bool) {
	a.asked++
	began := time.Now()
	defer func() { o.Took = time.Since(began) }()
	_ = a.SetDeadline(began.Add(Patience))
	// A failed write is told by the read: an answer may have come before it.
	_, writeErr := io.WriteString(a, o.text(keep))
	o.Sent = time.Now()
	if _, err := a.reader.Peek(1); err != nil {
		o.Err = errors.Join(err, writeErr)
		return true
	}
	response, err := http.ReadResponse(a.reader, &http.Request{Method: o.Method})
	if err != nil {
		o.Err = fmt.Errorf("a head that is not whole: %v", err)
		return true
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		o.Err = fmt.Errorf("a body that is not whole: %v", err)
		return true
	}
	o.Status = response.StatusCode
	if o.Status == http.StatusOK && string(body) != o.ID {
		o.Err = fmt.Errorf("the answer is that of %.40q", body)
	} else if rest := a.rest(response.Close); rest != "" {
		o.Err = fmt.Errorf("behind the answer there is more: %.40q", rest)
	}
	return response.Close
}

// rest is what came behind an answer, up to the connection's end if it ends.
func (a *asker) rest(ends bool) string {
	if ends {
		rest, _ := io.ReadAll(a.reader)
		return string(rest)
	}
	rest, _ := a.reader.Peek(a.reader.Buffered())
	return string(rest)
}

func (o *Outcome) text(keep bool) string {
	path := o.Path + "?id=" + o.ID
	if strings.Contains(o.Path, "?") {
		path = o.Path + "&id=" + o.ID
	}
	var fields []string
	if !keep {
		fields = append(fields, "Connection: close")
	}
	if o.Method == http.MethodPost {
		return Post(path, "body of "+o.ID, fields...)
	}
	return Request(o.Method, path, fields...)
}
