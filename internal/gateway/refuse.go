package gateway

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
)

// refusal is an answer of the gateway's own, instead of the application's.
type refusal struct {
	status     int
	reason     string
	retryAfter int  // in seconds; 0: not said
	close      bool // the rest of the request is not read
}

func (e *refusal) Error() string { return e.reason }

func refuse(status int, reason string) error { return &refusal{status: status, reason: reason} }

// overloaded is the answer when there is no slot, with a word on when to come back.
func overloaded(err error) error {
	e := &refusal{status: http.StatusServiceUnavailable, reason: err.Error(), retryAfter: 1}
	var known *Unavailable
	if errors.As(err, &known) {
		e.retryAfter = max(1, int(math.Ceil(known.After.Seconds())))
	}
	return e
}

// retryError says why a request is to go to another worker: this one did not begin
// it, or died, and the request may be served twice.
type retryError struct{ cause error }

func (e *retryError) Error() string { return "no worker served it: " + e.cause.Error() }

// errTakenBack says that what was before the request took too long. It is no
// fault of anybody's, and no limit on how often.
var errTakenBack = errors.New("the request before it took too long")

// refuse answers with a plain page. The reason is for the log; the client learns
// the status and the request's id, by which the log can be searched.
func (x *exchange) refuse(err error) {
	e, ok := err.(*refusal)
	if !ok {
		e = &refusal{status: http.StatusBadGateway, reason: err.Error()}
	}
	x.failure = e.reason
	if x.headSent || x.gone {
		x.cut = !x.ended // no answer at all would be an empty 200
		return
	}
	x.tellRefusal(e)
	h := x.w.Header()
	for _, name := range [...]string{"Content-Encoding", "Etag", "Last-Modified", "Cache-Control"} {
		h.Del(name) // set by a handler around this one, for another body
	}
	if e.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(e.retryAfter))
	}
	if x.g.opts.QueueTimeField {
		h.Set(queueTimeField, x.queueTimeValue())
	}
	page := fmt.Sprintf("%d %s\nRequest %s\n", e.status, http.StatusText(e.status), x.id)
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	ends := e.status == http.StatusBadRequest || e.status == http.StatusExpectationFailed
	if (e.close || ends) && x.r.ProtoMajor == 1 {
		h.Set("Connection", "close") // where the request ends is not known, or it is not worth reading
	}
	x.headSent, x.status, x.ended = true, e.status, true
	x.noteHead(nil)
	x.w.WriteHeader(e.status)
	if x.r.Method != http.MethodHead {
		n, _ := x.w.Write([]byte(page))
		x.sent = int64(n)
	}
}

// tellRefusal tells of what is the request's own fault, but for what the engine below
// has found, and has told of.
func (x *exchange) tellRefusal(e *refusal) {
	clause := ""
	switch e.status {
	case http.StatusRequestEntityTooLarge:
		clause = "RFC 9110 15.5.14"
	case http.StatusRequestTimeout:
		clause = "RFC 9110 15.5.9"
	case http.StatusExpectationFailed:
		clause = "RFC 9110 10.1.1"
	}
	if clause != "" && x.g.opts.Refused != nil {
		x.g.opts.Refused(x.r.Context(), e.status, clause, e.reason)
	}
}

// answerEmpty answers OPTIONS for the whole server: it is there (RFC 9110 9.3.7).
func (x *exchange) answerEmpty() {
	x.headSent, x.status, x.ended = true, http.StatusOK, true
	x.w.Header().Set("Content-Length", "0")
	x.noteHead(nil)
	x.w.WriteHeader(http.StatusOK)
}

func quote(s string) string {
	if len(s) > 200 {
		s = s[:200] + "..."
	}
	return strconv.Quote(s)
}
