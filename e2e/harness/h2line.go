package harness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2Line is a connection of HTTP/2. It is ours and not net/http's, so that what is
// sent is what the test says, and nothing that comes is put right.
type h2Line struct {
	net.Conn
	framer *http2.Framer

	writing sync.Mutex // a frame, or the frames of a head
	encoder *hpack.Encoder
	encoded bytes.Buffer

	mu       sync.Mutex
	changed  *sync.Cond // windows, err
	streams  map[uint32]*h2Stream
	last     uint32 // the number of the newest stream
	window   int64  // what the server takes yet, on all streams
	initial  int64  // the window of a new stream
	maxFrame int
	err      error // why the connection is no more
}

// endless is a window for the connection that no test fills; those of the streams
// are 65,535 bytes, and open as the test reads.
const endless = 1 << 30

func newH2Line(c net.Conn) (*h2Line, error) {
	_ = c.SetDeadline(time.Now().Add(3 * Patience))
	l := &h2Line{Conn: c, framer: http2.NewFramer(c, c), streams: map[uint32]*h2Stream{}, window: 65535, initial: 65535, maxFrame: 16384}
	l.changed = sync.NewCond(&l.mu)
	l.encoder = hpack.NewEncoder(&l.encoded)
	l.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_, err := io.WriteString(c, http2.ClientPreface)
	err = errors.Join(err,
		l.framer.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 0}),
		l.framer.WriteWindowUpdate(0, endless))
	go l.follow()
	return l, err
}

func (l *h2Line) local() string { return l.LocalAddr().String() }
func (l *h2Line) close()        { _ = l.Close() }

// write has one writer at a time.
func (l *h2Line) write(do func() error) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	return do()
}

func (l *h2Line) start(e Exchange) (stream, error) {
	s := &h2Stream{line: l, arrived: make(chan struct{}, 1)}
	bare := !e.hasBody()
	err := l.write(func() error {
		l.mu.Lock()
		if l.last++; l.last%2 == 0 {
			l.last++
		}
		s.id, s.window = l.last, l.initial
		l.streams[s.id] = s
		l.mu.Unlock()
		return l.writeHead(s.id, append(pseudoFields(e, l.scheme()), e.declared()...), bare)
	})
	if err != nil {
		return nil, err
	}
	deliver(e, s)
	return s, nil
}

func (l *h2Line) scheme() string {
	if _, secure := l.Conn.(interface{ NetConn() net.Conn }); secure {
		return "https"
	}
	return "http"
}

// pseudoFields are those of a request: RFC 9113 8.3.1, RFC 9114 4.3.1.
func pseudoFields(e Exchange, scheme string) []Field {
	fields := []Field{{":method", e.Method}, {":scheme", scheme}}
	if e.Host != "" {
		fields = append(fields, Field{":authority", e.Host})
	}
	return append(fields, Field{":path", e.path()})
}

// writeHead writes HEADERS, and CONTINUATION as needed.
func (l *h2Line) writeHead(id uint32, fields []Field, end bool) error {
	l.encoded.Reset()
	for _, f := range fields {
		if err := l.encoder.WriteField(hpack.HeaderField{Name: strings.ToLower(f.Name), Value: f.Value}); err != nil {
			return err
		}
	}
	block := l.encoded.Bytes()
	l.mu.Lock()
	limit := l.maxFrame
	l.mu.Unlock()
	first := block[:min(len(block), limit)]
	block = block[len(first):]
	err := l.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: first, EndStream: end, EndHeaders: len(block) == 0})
	for err == nil && len(block) > 0 {
		part := block[:min(len(block), limit)]
		block = block[len(part):]
		err = l.framer.WriteContinuation(id, len(block) == 0, part)
	}
	return err
}

// follow reads frames until the connection ends.
func (l *h2Line) follow() {
	for {
		frame, err := l.framer.ReadFrame()
		if bad, ok := errors.AsType[http2.StreamError](err); ok {
			l.take(bad.StreamID, func(s *h2Stream) { s.fail(fmt.Errorf("the response is malformed: %w", bad)) })
			continue
		}
		if err == nil {
			err = l.handle(frame)
		}
		if err != nil {
			l.fail(err, 0)
			return
		}
	}
}

func (l *h2Line) handle(frame http2.Frame) error {
	id := frame.Header().StreamID
	switch f := frame.(type) {
	case *http2.MetaHeadersFrame:
		l.take(id, func(s *h2Stream) { s.gotHead(f) })
	case *http2.DataFrame:
		piece := string(f.Data())
		l.take(id, func(s *h2Stream) { s.got(event{piece: piece}, f.StreamEnded()) })
		if size := f.Header().Length; size > 0 {
			return l.write(func() error { return l.framer.WriteWindowUpdate(0, size) })
		}
	case *http2.RSTStreamFrame:
		code := f.ErrCode
		l.take(id, func(s *h2Stream) { s.fail(fmt.Errorf("%w: RST_STREAM %s", errCut, code)) })
	case *http2.SettingsFrame:
		if f.IsAck() {
			return nil
		}
		_ = f.ForeachSetting(l.set)
		return l.write(l.framer.WriteSettingsAck)
	case *http2.PingFrame:
		if !f.IsAck() {
			return l.write(func() error { return l.framer.WritePing(true, f.Data) })
		}
	case *http2.WindowUpdateFrame:
		l.widen(id, int64(f.Increment))
	case *http2.GoAwayFrame:
		l.fail(fmt.Errorf("GOAWAY %s", f.ErrCode), f.LastStreamID+1)
	}
	return nil
}

func (l *h2Line) set(s http2.Setting) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch s.ID {
	case http2.SettingInitialWindowSize:
		for _, stream := range l.streams {
			stream.window += int64(s.Val) - l.initial
		}
		l.initial = int64(s.Val)
		l.changed.Broadcast()
	case http2.SettingMaxFrameSize:
		l.maxFrame = int(s.Val)
	}
	return nil
}

func (l *h2Line) widen(id uint32, by int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id == 0 {
		l.window += by
	} else if s := l.streams[id]; s != nil {
		s.window += by
	}
	l.changed.Broadcast()
}

// take has the stream of this number changed, if it goes on.
func (l *h2Line) take(id uint32, change func(s *h2Stream)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.streams[id]; s != nil && s.err == nil {
		change(s)
	}
}

// fail ends the streams from this number on.
func (l *h2Line) fail(err error, from uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from == 0 {
		l.err = err
	}
	for id, s := range l.streams {
		if id >= from && s.err == nil {
			s.fail(fmt.Errorf("%w: %w", errCut, err))
		}
	}
	l.changed.Broadcast()
}

// asHead reads the fields of HEADERS, in HTTP/2 and HTTP/3.
func asHead(version string, fields []Field) (*Response, error) {
	head := &Response{}
	for _, f := range fields {
		switch {
		case f.Name == ":status":
			head.Line = version + " " + f.Value
			head.Status, _ = strconv.Atoi(f.Value)
		case f.Name != strings.ToLower(f.Name), strings.HasPrefix(f.Name, ":"):
			return nil, fmt.Errorf("%q is no field: RFC 9113 8.2, RFC 9114 4.2", f.Name)
		default:
			head.Fields = append(head.Fields, f)
		}
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade"} {
		if head.Has(name) {
			return nil, fmt.Errorf("%s is of HTTP/1: RFC 9113 8.2.2, RFC 9114 4.2", name)
		}
	}
	return head, nil
}
