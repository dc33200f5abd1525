package front

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"highball/internal/h3"
	"highball/internal/origin"
)

// HTTP/3 has an h3.Server for each UDP socket. Its connections count among the others,
// for the limits and for what is told of them; their ends it sees to itself.

// AddQUIC is Add of a UDP socket, whose connections how.TLS secures.
func (s *Server) AddQUIC(socket net.PacketConn, how Listening) (serve func() error) {
	q := &h3.Server{
		Handler: s.handler, Limits: s.options.Limits,
		HeadTimeout: s.options.HeaderTimeout, IdleTimeout: s.options.IdleTimeout, WriteTimeout: s.options.SendTimeout,
		Linger: s.linger, Admit: s.admitQUIC, Refused: s.refusals.noteOf, Logger: s.options.Logger,
	}
	if how.Variables != nil {
		q.Context = func(ctx context.Context, state *tls.ConnectionState) context.Context {
			if more := how.Variables(state); len(more) > 0 {
				return origin.With(ctx, &origin.Origin{Variables: more})
			}
			return ctx
		}
	}
	if !s.enterQUIC(q) {
		_ = socket.Close()
		return func() error { return nil }
	}
	return func() error {
		defer s.leaveQUIC(q)
		return q.Serve(socket, how.TLS)
	}
}

func (s *Server) enterQUIC(q *h3.Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining.Load() || s.cut.Load() {
		return false
	}
	s.quic[q] = struct{}{}
	return true
}

func (s *Server) leaveQUIC(q *h3.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.quic, q)
	stats := q.Stats()
	s.totals.received.Add(stats.Received)
	s.totals.sent.Add(stats.Sent)
	s.checkDrained()
}

// admitQUIC is admit for a connection of QUIC, which cannot wait: where there is no room,
// and none is idle, it is refused at once. Browsers go on by TCP, and wait there.
func (s *Server) admitQUIC(remote net.Addr) (release func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	address, ok := s.admission.perAddress.takeAddress(remote)
	if !ok {
		s.totals.refusedQUIC.Add(1)
		return nil, false
	}
	if s.full() && !s.evictQUIC() && s.evict() == nil {
		s.admission.perAddress.giveAddress(address)
		s.totals.refusedQUIC.Add(1)
		return nil, false
	}
	s.totals.accepted.Add(1)
	s.quicOpen++
	return sync.OnceFunc(func() { s.releaseQUIC(address) }), true
}

func (s *Server) releaseQUIC(address netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quicOpen--
	s.admission.perAddress.giveAddress(address)
	s.wake()
}

// evictQUIC closes a connection of QUIC on which nothing is asked, and says whether
// there was one. It needs mu.
func (s *Server) evictQUIC() bool {
	for q := range s.quic {
		if q.Evict(s.admission.idleFor) {
			s.totals.evicted.Add(1)
			return true
		}
	}
	return false
}

// quicServers are those that serve.
func (s *Server) quicServers() (all []*h3.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for q := range s.quic {
		all = append(all, q)
	}
	return all
}

func (s *Server) drainQUIC() {
	for _, q := range s.quicServers() {
		q.Drain()
	}
}

// endQUIC closes what can be closed without a loss, and says if that is not all.
func (s *Server) endQUIC() (busy bool) {
	for _, q := range s.quicServers() {
		busy = q.CloseIdle() || busy
	}
	return busy
}

// addQUIC adds what there is of QUIC to the counters. It needs mu.
func (s *Server) addQUIC(stats *Stats) {
	stats.Open += s.quicOpen
	stats.OpenQUIC, stats.RefusedQUIC = s.quicOpen, s.totals.refusedQUIC.Load()
	for q := range s.quic {
		of := q.Stats()
		stats.Received += of.Received
		stats.Sent += of.Sent
		stats.RequestsQUIC += of.Requests
	}
}

// Announce has responses by TLS say where else the same is served: the value of Alt-Svc
// (RFC 7838). A field of the application's own takes its place. It is to be called
// before Add.
func (s *Server) Announce(services string) {
	values, inner := []string{services}, s.handler
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil && r.ProtoMajor < 3 {
			w.Header()["Alt-Svc"] = values
		}
		inner.ServeHTTP(w, r)
	})
	s.http1.Handler, s.http2.Handler = s.handler, s.handler
}
