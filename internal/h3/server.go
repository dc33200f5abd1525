package h3

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"highball/internal/h1"
)

// Server serves a handler on one UDP socket. Its fields do not change once it serves.
type Server struct {
	Handler http.Handler

	// Limits are those of HTTP/1, for the same: RequestLine for method and path, Head
	// for a field section as RFC 9114 4.2.2 counts it, Fields.
	Limits h1.Limits

	// HeadTimeout bounds how long the head of a request may take, and the handshake;
	// IdleTimeout how long a connection is kept without requests; WriteTimeout how long
	// a client may take nothing of a response. Each has to be set.
	HeadTimeout, IdleTimeout, WriteTimeout time.Duration

	// Linger is how long a connection that is to end takes requests that are on their way.
	Linger time.Duration

	// Admit, if set, says whether one more connection is served; then release is called
	// at its end. One that is not is refused, and the client is free to try TCP.
	Admit func(remote net.Addr) (release func(), ok bool)

	// Refused, if set, is told of what was no request.
	Refused func(remote net.Addr, refusal *h1.Refusal)

	// Context, if set, adds to the context of the requests of a connection.
	Context func(ctx context.Context, state *tls.ConnectionState) context.Context

	Logger *slog.Logger

	start      sync.Once
	dates      h1.Dates
	buffers    sync.Pool // *[]byte: of readers
	handshakes atomic.Int64
	requests   atomic.Int64
	stopped    context.Context // no more connections are accepted
	stop       context.CancelFunc

	mu       sync.Mutex
	conns    map[*conn]struct{}
	changed  sync.Cond
	draining bool
	received uint64 // bytes of connections that have ended
	sent     uint64
}

// maxStreams is how many requests one connection may have in hand: RFC 9114 6.1 wants no
// fewer than 100. maxUnidirectional is for the three that there are, and some that mean
// nothing here.
const (
	maxStreams        = 128
	maxUnidirectional = 16
)

// What a client may send that nobody has read yet, in bytes: of one stream, and of all.
const (
	streamWindow     = 512 << 10
	connectionWindow = 2 << 20
)

// manyHandshakes is from when on clients have to show that they receive at the address
// that they send from, which costs them a round trip (RFC 9000 8.1.2).
const manyHandshakes = 64

// silence is how long a connection lasts on which no packet comes. A client that is
// there acknowledges what is sent every third of it, so that it does not end while an
// application thinks.
const silence = 30 * time.Second

func (s *Server) init() {
	s.start.Do(func() {
		s.Limits = s.Limits.WithDefaults()
		s.buffers.New = func() any { b := make([]byte, readerBuffer); return &b }
		s.stopped, s.stop = context.WithCancel(context.Background())
		s.conns = map[*conn]struct{}{}
		s.changed.L = &s.mu
	})
}

// Serve serves what comes on a socket until Drain or Close, and closes it when the last
// connection has ended.
func (s *Server) Serve(socket net.PacketConn, config *tls.Config) error {
	s.init()
	defer socket.Close()
	if own, ok := socket.(interface{ Owned() <-chan struct{} }); ok {
		select {
		case <-own.Owned():
		case <-s.stopped.Done():
			return nil
		}
	}
	var reset quic.StatelessResetKey
	_, _ = rand.Read(reset[:])
	transport := &quic.Transport{
		Conn: socket, ConnectionIDGenerator: newIDs(socket), StatelessResetKey: &reset,
		VerifySourceAddress: func(net.Addr) bool { return s.handshakes.Load() >= manyHandshakes },
		ConnContext:         s.admit,
	}
	defer transport.Close()
	listener, err := transport.ListenEarly(withTickets(config, s.Limits.Head), s.config())
	if err != nil {
		return err
	}
	for {
		q, err := listener.Accept(s.stopped)
		if err != nil {
			s.awaitEnd()
			_ = listener.Close()
			if s.stopped.Err() != nil {
				return nil
			}
			return err
		}
		go s.serveConn(q)
	}
}

func (s *Server) config() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout: min(s.HeadTimeout, 10*time.Second), MaxIdleTimeout: silence, KeepAlivePeriod: silence / 3,
		InitialStreamReceiveWindow: streamWindow, MaxStreamReceiveWindow: streamWindow,
		InitialConnectionReceiveWindow: connectionWindow, MaxConnectionReceiveWindow: connectionWindow,
		MaxIncomingStreams: maxStreams, MaxIncomingUniStreams: maxUnidirectional, RequireStreamCreditRelease: true,
		Allow0RTT: true, EnableStreamResetPartialDelivery: true,
	}
}

// admit is asked before the handshake.
func (s *Server) admit(ctx context.Context, client *quic.ClientInfo) (context.Context, error) {
	if s.stopped.Err() != nil {
		return nil, errors.New("the server stops")
	}
	if s.Admit != nil {
		release, ok := s.Admit(client.RemoteAddr)
		if !ok {
			return nil, errors.New("there is no room for one more connection")
		}
		context.AfterFunc(ctx, release)
	}
	s.handshakes.Add(1)
	h := &handshake{server: s, verified: client.AddrVerified}
	context.AfterFunc(ctx, h.done)
	return context.WithValue(ctx, handshakeKey{}, h), nil
}

// handshake is one that has begun.
type handshake struct {
	server   *Server
	verified bool // the client has shown before that it receives at its address
	once     sync.Once
}

type handshakeKey struct{}

func (h *handshake) done() { h.once.Do(func() { h.server.handshakes.Add(-1) }) }

func (s *Server) serveConn(q *quic.Conn) {
	c := newConn(s, q)
	if err := c.begin(); err != nil {
		c.close(internalError, "")
		return
	}
	s.mu.Lock()
	s.conns[c] = struct{}{}
	draining := s.draining
	s.mu.Unlock()
	go func() {
		if h, ok := q.Context().Value(handshakeKey{}).(*handshake); ok && c.awaitConfirmed() {
			h.done()
		}
	}()
	if draining {
		go c.drain()
	}
	c.serve()
	_ = q.CloseWithError(quic.ApplicationErrorCode(noError), "")
	stats := q.ConnectionStats()
	s.mu.Lock()
	delete(s.conns, c)
	s.received += stats.BytesReceived
	s.sent += stats.BytesSent
	s.changed.Broadcast()
	s.mu.Unlock()
}

func (s *Server) awaitEnd() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.conns) > 0 {
		s.changed.Wait()
	}
}

// Drain accepts no more connections, and has those that there are end: each tells its
// client, takes what is on its way for Linger, and closes when its requests are done.
func (s *Server) Drain() {
	s.init()
	s.mu.Lock()
	s.draining = true
	conns := s.all()
	s.mu.Unlock()
	s.stop()
	for _, c := range conns {
		c.drain()
	}
}

// CloseIdle closes the connections without requests, and says whether others are left.
func (s *Server) CloseIdle() (busy bool) {
	s.init()
	s.mu.Lock()
	conns := s.all()
	s.mu.Unlock()
	for _, c := range conns {
		busy = c.closeIfIdle() || busy
	}
	return busy
}

// Evict closes a connection on which nothing was asked for so long, and says whether
// there was one.
func (s *Server) Evict(idle time.Duration) bool {
	s.init()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.evict(idle) {
			return true
		}
	}
	return false
}

// Close cuts all connections.
func (s *Server) Close() {
	s.init()
	s.mu.Lock()
	s.draining = true
	conns := s.all()
	s.mu.Unlock()
	s.stop()
	for _, c := range conns {
		go c.close(internalError, "the server stops")
	}
}

// all needs mu.
func (s *Server) all() (conns []*conn) {
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

// Stats is what has happened since the server began.
type Stats struct {
	Requests       int64
	Received, Sent int64 // bytes
}

// Stats gives the counters as they are now.
func (s *Server) Stats() Stats {
	s.init()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Requests: s.requests.Load(), Received: int64(s.received), Sent: int64(s.sent)}
	for c := range s.conns {
		stats := c.quic.ConnectionStats()
		st.Received += int64(stats.BytesReceived)
		st.Sent += int64(stats.BytesSent)
	}
	return st
}
