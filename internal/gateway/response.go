package gateway

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"highball/internal/wire"
)

// Field is one header field, in the application's order and spelling.
type Field = struct{ Name, Value string }

// HeadWriter is what a ResponseWriter may implement to carry what net/http's
// cannot: the reason phrase, and the order, spelling and number of the fields.
// Framing fields (Content-Length) are among them. It must keep none of the texts.
type HeadWriter interface {
	WriteHead(status int, reason string, fields []Field)
}

// head is a decoded status line and its fields.
type head struct {
	status int
	reason string
	fields []Field
	length int64 // Content-Length, or -1
}

// response handles a Response frame: the head, and the first block or the whole body.
func (x *exchange) response(h wire.Header, payload []byte) error {
	d := wire.NewDecoder(payload)
	d.Tuple(3)
	hd, err := x.decodeHead(&d)
	if err != nil {
		return x.badHead(err)
	}
	body := d.Bytes()
	if d.End(); d.Err() != nil {
		return d.Err()
	}
	whole := h.Has(wire.FlagEnd)
	// An empty body may be left out of the answer to HEAD: no word on its length.
	known := len(body) > 0 || x.r.Method != http.MethodHead
	if whole && known && hd.length < 0 && bodyAllowed(hd.status) {
		x.addLength(&hd, int64(len(body)))
	}
	if x.silent() {
		return nil
	}
	if x.headSent {
		return fmt.Errorf("%w: a second head", wire.ErrMalformed)
	}
	x.writeHead(hd)
	x.ended = whole
	if whole && x.afford() {
		x.lend(h)
		x.write(body)
	} else {
		x.pushFirst(body, !whole)
	}
	if whole {
		x.checkEnd(h)
	}
	return nil
}

// badHead answers 500 for a head that must not leave; the worker is well.
func (x *exchange) badHead(err error) error {
	if errors.Is(err, wire.ErrMalformed) {
		return err
	}
	x.fail(http.StatusInternalServerError, "the response's head is not valid", err.Error())
	return nil
}

// decodeHead reads status and headers and checks them (pep3333 63 to 65, 120):
// what the worker checks at start_response is checked once more before it leaves.
func (x *exchange) decodeHead(d *wire.Decoder) (head, error) {
	text := d.Latin1
	if x.borrows {
		text = d.Latin1View
	}
	hd := head{length: -1, fields: x.scratch.fields[:0]}
	line := text()
	for range d.List() {
		d.Tuple(2)
		hd.fields = append(hd.fields, Field{text(), text()})
	}
	x.scratch.fields = hd.fields
	if err := d.Err(); err != nil {
		if errors.Is(err, wire.ErrNotLatin1) {
			return hd, errors.New("a status or header has characters beyond latin-1 (PEP 3333, Unicode Issues)")
		}
		return hd, err
	}
	status, reason, ok := strings.Cut(line, " ")
	code, err := strconv.Atoi(status)
	if !ok || err != nil || len(status) != 3 || code < 200 || hasControl(reason) {
		return hd, fmt.Errorf("status %q is not three digits, a space and a reason (PEP 3333)", line)
	}
	hd.status, hd.reason = code, reason
	fields := hd.fields
	hd.fields = fields[:0]
	for _, f := range fields {
		repeated := hd.length >= 0 && strings.EqualFold(f.Name, "Content-Length")
		if err := hd.check(f); err != nil {
			return hd, err
		}
		if !repeated { // the same length twice leaves as one (RFC 9110 8.6)
			hd.fields = append(hd.fields, f)
		}
	}
	return hd, nil
}

func (hd *head) check(f Field) error {
	if !isToken(f.Name) {
		return fmt.Errorf("header name %q is not a token (PEP 3333, RFC 9110 5.1)", f.Name)
	}
	if hasControl(f.Value) {
		return fmt.Errorf("the value of header %q has control characters (PEP 3333)", f.Name)
	}
	switch {
	case strings.EqualFold(f.Name, "Content-Length"):
		n, err := strconv.ParseInt(f.Value, 10, 64)
		if err != nil || f.Value[0] < '0' || hd.length >= 0 && hd.length != n {
			return fmt.Errorf("Content-Length %q is not one number (RFC 9110 8.6)", f.Value)
		}
		hd.length = n
	case hopByHop(f.Name):
		return fmt.Errorf("header %q is hop-by-hop and the server's own (PEP 3333, Other HTTP Features)", f.Name)
	}
	return nil
}

func (x *exchange) addLength(hd *head, n int64) {
	hd.length = n
	text := strconv.AppendInt(x.scratch.length[:0], n, 10)
	value := unsafe.String(&text[0], len(text))
	if !x.borrows {
		value = strings.Clone(value)
	}
	hd.fields = append(hd.fields, Field{"Content-Length", value})
	x.scratch.fields = hd.fields
}

// writeHead sends status and fields, by the writer's own means if it has them.
func (x *exchange) writeHead(hd head) {
	x.headSent, x.status, x.declared = true, hd.status, hd.length
	x.toHead = sinceAsked(x)
	x.flight.enters(Sending)
	if x.g.opts.QueueTimeField {
		hd.fields = append(hd.fields, Field{queueTimeField, x.queueTimeValue()})
	}
	x.noteHead(hd.fields)
	if hw, ok := x.w.(HeadWriter); ok {
		hw.WriteHead(hd.status, hd.reason, hd.fields)
		return
	}
	h := x.w.Header()
	setFields(h, hd.fields)
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil // net/http would guess one
	}
	x.w.WriteHeader(hd.status)
}

// setFields puts the fields into h. What a handler around this one has set stays,
// where the application does not set the same.
func setFields(h http.Header, fields []Field) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = http.CanonicalHeaderKey(f.Name)
		delete(h, names[i])
	}
	for i, f := range fields {
		h[names[i]] = append(h[names[i]], f.Value)
	}
}

// bodyAllowed: RFC 9110 6.4.1.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// block handles a Block frame: another piece of the body, sent on at once.
func (x *exchange) block(h wire.Header) error {
	if !x.headSent && !x.silent() {
		return fmt.Errorf("%w: a block before the head", wire.ErrMalformed)
	}
	if err := x.copyBlock(h); err != nil {
		return err
	}
	if h.Has(wire.FlagEnd) {
		x.ended = true
		x.checkEnd(h)
	}
	return nil
}

// copyBlock takes a block in pieces: it may be longer than what is kept in memory.
func (x *exchange) copyBlock(h wire.Header) error {
	raw := x.call.Raw(h)
	for left := int(h.Length); left > 0; {
		s := x.g.segment(min(left, copyBuffer))
		n, err := io.ReadFull(raw, s.data)
		left -= n
		s.data, s.last = s.data[:n], left == 0 && !h.Has(wire.FlagEnd)
		x.push(s)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// copyBuffer is the size, in bytes, in which large blocks go through the front.
const copyBuffer = 64 << 10

// write sends a piece of the body to the client. What the client does not take
// is not an error of the exchange: the application is told, and ends.
func (x *exchange) write(p []byte) {
	if p = x.take(p); len(p) == 0 {
		return
	}
	x.guardDeadlock(func() {
		n, err := x.w.Write(p)
		x.sent += int64(n)
		if err != nil {
			x.unsent(err)
		}
	})
}

// take counts a piece of the body, and returns what of it is for the client.
func (x *exchange) take(p []byte) []byte {
	if x.silent() || !x.hasBody() {
		return nil
	}
	if x.declared >= 0 && int64(len(p)) > x.declared-x.taken {
		p = p[:x.declared-x.taken]
		x.failure = "the body is longer than its Content-Length, and was cut"
	}
	x.taken += int64(len(p))
	return p
}

// hasBody says whether a body follows this head.
func (x *exchange) hasBody() bool {
	return x.r.Method != http.MethodHead && bodyAllowed(x.status)
}

// flush is for what the exchange has written itself.
func (x *exchange) flush() {
	if x.silent() || x.out != nil {
		return
	}
	x.guardDeadlock(func() {
		if err := http.NewResponseController(x.w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			x.unsent(err)
		}
	})
}

// guardDeadlock lets the request's body be read on while send is blocked: the
// client may be one that reads only after it has sent everything.
func (x *exchange) guardDeadlock(send func()) {
	if x.intake == nil {
		send()
		return
	}
	x.intake.sending()
	send()
	x.intake.sent()
}

// checkEnd cuts the connection when the body is shorter than its Content-Length
// (pep3333 87); the worker has logged why.
func (x *exchange) checkEnd(h wire.Header) {
	if x.silent() {
		x.cut = x.cut || x.gone
		return
	}
	if h.Has(wire.FlagCut) || x.hasBody() && x.taken < x.declared {
		x.cut = true
		x.failure = "the body is shorter than its Content-Length"
	}
	if x.cut {
		x.flush()
	}
}

// hints handles a Hints frame: 103 (RFC 8297), to clients that know 1xx.
func (x *exchange) hints(payload []byte) error {
	d := wire.NewDecoder(payload)
	n := d.List()
	fields := make([]Field, 0, min(n, 64))
	for range n {
		d.Tuple(2)
		fields = append(fields, Field{d.Latin1(), d.Latin1()})
	}
	d.End()
	switch err := d.Err(); {
	case errors.Is(err, wire.ErrNotLatin1):
		return nil // hints may be left out; the worker has refused such fields already
	case err != nil:
		return err
	}
	fields = slices.DeleteFunc(fields, func(f Field) bool {
		return !isToken(f.Name) || hasControl(f.Value) || hopByHop(f.Name) || strings.EqualFold(f.Name, "Content-Length")
	})
	finalOnly := x.origin != nil && x.origin.FinalOnly
	if len(fields) == 0 || x.headSent || x.silent() || finalOnly || !x.r.ProtoAtLeast(1, 1) {
		return nil
	}
	h := x.w.Header()
	before := h.Clone()
	clear(h)
	for _, f := range fields {
		h.Add(f.Name, f.Value)
	}
	x.hinted = true
	x.w.WriteHeader(http.StatusEarlyHints)
	clear(h)
	maps.Copy(h, before)
	return nil
}

// applicationFailed handles an Error frame: the application raised.
func (x *exchange) applicationFailed(payload []byte) error {
	d := wire.NewDecoder(payload)
	d.Tuple(2)
	kind, trace := d.Text(), d.Text()
	if d.End(); d.Err() != nil {
		return d.Err()
	}
	if kind == "disconnected" || x.gone {
		x.disconnected()
		return nil
	}
	x.fail(http.StatusInternalServerError, "the application failed", trace)
	return nil
}

// disconnected ends the exchange with a client that has left, or whose body is
// no body.
func (x *exchange) disconnected() {
	x.failure = x.whyLeft()
	x.g.opts.Logger.Debug("the client left while it was served", x.attrs("cause", x.failure)...)
	if x.bodyError != nil && !x.headSent {
		x.refuse(x.bodyError)
		return
	}
	x.leave()
	x.cut = true
}

func (x *exchange) whyLeft() string {
	switch {
	case x.bodyError != nil:
		return x.bodyError.reason
	case errors.Is(x.unsentFor, os.ErrDeadlineExceeded):
		return errSlowClient.Error()
	}
	return errClientLeft.Error()
}

// fail logs what the application did wrong and answers status, or cuts the
// response that has begun.
func (x *exchange) fail(status int, what, trace string) {
	x.g.opts.Logger.Error(what, x.attrs("traceback", trace)...)
	if x.headSent {
		x.failure = what
		x.cut = x.declared < 0 || x.taken < x.declared
		x.flush()
	} else {
		x.refuse(&refusal{status: status, reason: what})
	}
	x.mute = true
	x.tellLeft()
}
