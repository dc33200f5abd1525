package harness

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Load is a number of clients that ask without a pause until nobody listens any
// more. KeepAlive of them keep their connections until told otherwise, OneShot
// make a new one for each request.
type Load struct {
	Network, Address   string
	Path               string
	Body               string // of a POST; empty: GET
	KeepAlive, OneShot int
	TLS                *tls.Config // nil: none

	wg       sync.WaitGroup
	answered atomic.Int64
	ended    atomic.Bool
	mu       sync.Mutex
	report   LoadReport
}

// LoadReport is what became of a Load.
type LoadReport struct {
	Answered int // whole answers
	Told     int // of these, with "Connection: close" though the client would have gone on
	Refused  int // clients that ended by a refused connect, as they should
	Losses   []Loss
}

// Loss is a connection on which a request was sent and not answered, or a connect
// that failed other than by a refusal.
type Loss struct {
	Local  string // the client's address; empty if it did not connect
	Before int    // answers that came on the connection before
	Err    error
}

// NoAnswer says that not a byte came on the connection, but its end, before
// the first answer. It may be that the server has never accepted it.
func (l Loss) NoAnswer() bool {
	return l.Before == 0 && (errors.Is(l.Err, io.EOF) || errors.Is(l.Err, syscall.ECONNRESET) || errors.Is(l.Err, syscall.EPIPE))
}

func (l Loss) String() string {
	if l.Local == "" {
		return l.Err.Error()
	}
	return fmt.Sprintf("%s, after %d answers: %v", l.Local, l.Before, l.Err)
}

// Start begins.
func (l *Load) Start() {
	for i := range l.KeepAlive + l.OneShot {
		l.wg.Go(func() {
			for l.connection(i < l.KeepAlive) {
			}
		})
	}
}

// Answered is how many answers there were up to now.
func (l *Load) Answered() int { return int(l.answered.Load()) }

// End has the clients stop after the request that they are at. Then none of them
// should have been Refused.
func (l *Load) End() { l.ended.Store(true) }

// Wait returns when all clients were refused or, after Patience, gave up.
func (l *Load) Wait() LoadReport {
	timer := time.AfterFunc(Patience, func() { l.ended.Store(true) })
	defer timer.Stop()
	l.wg.Wait()
	l.report.Answered = l.Answered()
	return l.report
}

// connection makes one, uses it, and says whether to go on.
func (l *Load) connection(keep bool) bool {
	c, err := net.DialTimeout(l.Network, l.Address, Patience)
	switch {
	case err == nil:
	case errors.Is(err, syscall.EAGAIN): // a Unix socket whose backlog is full
		return !l.ended.Load()
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		l.note(func(r *LoadReport) { r.Refused++ })
		return false
	default:
		l.note(func(r *LoadReport) { r.Losses = append(r.Losses, Loss{Err: err}) })
		return false
	}
	if l.TLS != nil {
		c = tls.Client(c, l.TLS)
	}
	defer c.Close()
	reader := bufio.NewReader(c)
	for before := 0; !l.ended.Load(); before++ {
		closes, err := l.ask(c, reader, keep)
		if err != nil {
			l.note(func(r *LoadReport) { r.Losses = append(r.Losses, Loss{c.LocalAddr().String(), before, err}) })
			return true
		}
		l.answered.Add(1)
		if keep && closes {
			l.note(func(r *LoadReport) { r.Told++ })
		}
		if !keep || closes {
			return true
		}
	}
	return false
}

func (l *Load) ask(c net.Conn, reader *bufio.Reader, keep bool) (closes bool, err error) {
	var fields []string
	if !keep {
		fields = []string{"Connection: close"}
	}
	request := Request("GET", l.Path, fields...)
	if l.Body != "" {
		request = Post(l.Path, l.Body, fields...)
	}
	_ = c.SetDeadline(time.Now().Add(Patience))
	// A failed write is told by the read: an answer may have come before it.
	_, writeErr := io.WriteString(c, request)
	if _, err := reader.Peek(1); err != nil {
		return false, errors.Join(err, writeErr)
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return false, fmt.Errorf("a head that is not whole: %v", err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return false, fmt.Errorf("a body that is not whole: %v", err)
	}
	if response.StatusCode != http.StatusOK {
		return false, errors.New(response.Status)
	}
	return response.Close, nil
}

func (l *Load) note(change func(*LoadReport)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.report)
}
