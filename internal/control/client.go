package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"
)

const (
	// answerTime is how long a question, or an order that is carried out at once,
	// may take.
	answerTime = 5 * time.Second

	// connectTime is for the kernel alone: no process has to do anything.
	connectTime = 5 * time.Second

	// introductionTime is for a server that is asked who it is only to be listed.
	introductionTime = time.Second
)

// errSilent is the cause when answerTime is over.
var errSilent = errors.New("the server accepts connections but does not answer")

// Client asks and tells the server at one control socket. Questions, Scale and
// Stop take at most 5 seconds; Reload, Recycle and Drain as long as ctx.
type Client struct {
	path       string
	answerTime time.Duration
	http       *http.Client
}

// Dial returns a Client for the socket at path. It does not connect yet.
func Dial(path string) *Client {
	c := &Client{path: path, answerTime: answerTime}
	c.http = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			path, err := socketPath(path)
			if err != nil {
				return nil, &pathError{err}
			}
			d := net.Dialer{Timeout: connectTime}
			return d.DialContext(ctx, "unix", path)
		},
	}}
	return c
}

// Status is how the server is.
func (c *Client) Status(ctx context.Context) (status Status, err error) {
	err = c.ask(ctx, "status", &status)
	return status, err
}

// Workers gives the Python processes.
func (c *Client) Workers(ctx context.Context) (workers []Worker, err error) {
	err = c.ask(ctx, "workers", &workers)
	return workers, err
}

// Requests gives the requests in flight, the oldest first.
func (c *Client) Requests(ctx context.Context) (requests []Request, err error) {
	err = c.ask(ctx, "requests", &requests)
	return requests, err
}

// Stacks gives what the threads of each worker do.
func (c *Client) Stacks(ctx context.Context) (stacks []Stacks, err error) {
	err = c.ask(ctx, "stacks", &stacks)
	return stacks, err
}

// Reload replaces all workers by such of the code as it is now. It returns when
// they serve. The error of code that does not start has its traceback. app is the name of
// one of several applications; empty: all.
func (c *Client) Reload(ctx context.Context, app string) error {
	return c.tell(ctx, "reload"+of("?", app))
}

// Scale changes how many workers are kept, of one of several applications or of all.
func (c *Client) Scale(ctx context.Context, app string, n int) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	return c.tell(ctx, "scale?n="+strconv.Itoa(n)+of("&", app))
}

// of is a parameter that names an application.
func of(before, app string) string {
	if app == "" {
		return ""
	}
	return before + "app=" + url.QueryEscape(app)
}

// Recycle replaces a worker: another is ready before it leaves.
func (c *Client) Recycle(ctx context.Context, worker int) error {
	return c.tell(ctx, "recycle?worker="+strconv.Itoa(worker))
}

// Drain lets a worker finish its requests and end; then another is started.
func (c *Client) Drain(ctx context.Context, worker int) error {
	return c.tell(ctx, "drain?worker="+strconv.Itoa(worker))
}

// Stop tells the server to drain and end. It does not wait for that.
func (c *Client) Stop(ctx context.Context) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	return c.tell(ctx, "stop")
}

func (c *Client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, c.answerTime, fmt.Errorf("%w: nothing came for %v", errSilent, c.answerTime))
}

func (c *Client) ask(ctx context.Context, what string, document any) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	return c.do(ctx, http.MethodGet, what, document)
}

func (c *Client) tell(ctx context.Context, what string) error {
	return c.do(ctx, http.MethodPost, what, &success{})
}

// do sends one request and decodes its answer into document.
func (c *Client) do(ctx context.Context, method, what string, document any) error {
	request, err := http.NewRequestWithContext(ctx, method, "http://highball/v1/"+what, nil)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.explain(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return c.explain(ctx, err)
	}
	if response.StatusCode != http.StatusOK {
		return remoteFailure(response.Status, response.StatusCode, body)
	}
	if err := json.Unmarshal(body, document); err != nil {
		return fmt.Errorf("%s: not a control socket of highball, or one of another version: %w", c.path, err)
	}
	return nil
}

// pathError marks what is wrong with the path alone.
type pathError struct{ error }

// explain says why there was no answer.
func (c *Client) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", c.path, context.Cause(ctx))
	}
	if wrong, ok := errors.AsType[*pathError](err); ok {
		return wrong.error
	}
	say := func(text string) error { return fmt.Errorf("%s: %s (%w)", c.path, text, cause(err)) }
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return say("there is no such socket: is the server running?")
	case errors.Is(err, fs.ErrPermission):
		return say(fmt.Sprintf("this user (uid %d) may not open it: be root or the user that the server runs as", os.Geteuid()))
	case errors.Is(err, syscall.ECONNREFUSED):
		return say("nobody listens there: the server has ended, or this is not its control socket")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return say("the server ended before it had answered")
	}
	return fmt.Errorf("%s: %w", c.path, err)
}

// remoteError is what the server says has failed.
type remoteError struct {
	text string
	kind error // ErrNoWorker, ErrBusy or nil
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.kind }

func remoteFailure(status string, code int, body []byte) error {
	e := &remoteError{}
	switch code {
	case http.StatusNotFound:
		e.kind = ErrNoWorker
	case http.StatusConflict:
		e.kind = ErrBusy
	}
	var said failure
	if err := json.Unmarshal(body, &said); err != nil || said.Error == "" {
		e.text, e.kind = "the server answers "+status+" without a reason", nil
		return e
	}
	e.text = said.Error
	return e
}
