package h3

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"highball/internal/origin"
)

// mark is what environ has for a request.
func mark(r *http.Request) string {
	if o := origin.Of(r.Context()); o != nil {
		for _, v := range o.Variables {
			if v.Name == earlyData {
				return v.Value
			}
		}
	}
	return "-"
}

// deaf is a socket of a client that hears nothing until it may: its handshake cannot end.
type deaf struct {
	net.PacketConn
	hears chan struct{}
}

func (d deaf) ReadFrom(p []byte) (int, net.Addr, error) {
	<-d.hears
	return d.PacketConn.ReadFrom(p)
}

// telling says when a session is put into a cache.
type telling struct {
	tls.ClientSessionCache
	stored chan struct{}
}

func (c telling) Put(key string, state *tls.ClientSessionState) {
	c.ClientSessionCache.Put(key, state)
	select {
	case c.stored <- struct{}{}:
	default:
	}
}

// tokens says when a token is put into a store: the word of the server that the client
// receives at its address (RFC 9000 8.1.3).
type tokens struct {
	quic.TokenStore
	stored chan struct{}
}

func (s tokens) Put(key string, token *quic.ClientToken) {
	s.TokenStore.Put(key, token)
	select {
	case s.stored <- struct{}{}:
	default:
	}
}

// session makes a client's configuration that has been there before, so that its next
// connection may begin with early data.
func (r *running) session(t *testing.T) (*tls.Config, *quic.Config) {
	t.Helper()
	stored, known := make(chan struct{}, 1), make(chan struct{}, 1)
	own := &quic.Config{TokenStore: tokens{quic.NewLRUTokenStore(1, 1), known}}
	config := &tls.Config{
		RootCAs: r.roots, ServerName: "h3.test", NextProtos: []string{protocol},
		ClientSessionCache: telling{tls.NewLRUClientSessionCache(4), stored},
	}
	q, err := quic.DialAddr(t.Context(), r.address.String(), config, own)
	if err != nil {
		t.Fatal(err)
	}
	defer q.CloseWithError(0x100, "")
	for _, had := range []chan struct{}{stored, known} {
		select {
		case <-had:
		case <-time.After(10 * time.Second):
			t.Fatal("there is no session to resume, or no token")
		}
	}
	return config, own
}

// early sends a request before the handshake can end, and returns its stream.
func (r *running) early(t *testing.T, config *tls.Config, own *quic.Config, hears chan struct{}, request []byte) (*quic.Conn, *quic.Stream) {
	t.Helper()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	transport := &quic.Transport{Conn: deaf{struct{ net.PacketConn }{socket}, hears}}
	t.Cleanup(func() {
		transport.Close()
		socket.Close()
	})
	q, err := transport.DialEarly(t.Context(), r.address, config, own)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := q.OpenStream()
	if err == nil {
		_, err = stream.Write(request)
	}
	if err == nil {
		err = stream.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return q, stream
}

func startEarly(t *testing.T) (r *running, served chan string) {
	t.Helper()
	served = make(chan string, 1)
	return start(t, func(_ http.ResponseWriter, r *http.Request) { served <- r.Method + " " + mark(r) }), served
}

func TestSafeRequestsAreServedEarlyAndMarked(t *testing.T) {
	r, served := startEarly(t)
	hears := make(chan struct{})
	config, own := r.session(t)
	q, stream := r.early(t, config, own, hears, get())
	select {
	case got := <-served:
		if got != "GET 1" {
			t.Errorf("served %s", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("not served before the handshake's end")
	}
	close(hears)
	if p, err := io.ReadAll(stream); err != nil || len(p) == 0 {
		t.Errorf("%d bytes, %v", len(p), err)
	}
	if !q.ConnectionState().Used0RTT {
		t.Error("there was no early data")
	}
}

// Who has not shown that it receives at its address may have made that up: a proxy's that
// is trusted, say.
func TestNothingIsServedEarlyOfAnAddressThatMayBeForged(t *testing.T) {
	r, served := startEarly(t)
	hears := make(chan struct{})
	config, _ := r.session(t)
	q, stream := r.early(t, config, nil, hears, get())
	select {
	case got := <-served:
		close(hears)
		t.Fatalf("%s was served before the client has shown that it receives anything", got)
	case <-time.After(300 * time.Millisecond):
	}
	close(hears)
	select {
	case got := <-served:
		if got != "GET -" {
			t.Errorf("served %s", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("not served after the handshake's end")
	}
	if p, err := io.ReadAll(stream); err != nil || len(p) == 0 { // by its end the client's handshake is over
		t.Errorf("%d bytes, %v", len(p), err)
	}
	if !q.ConnectionState().Used0RTT {
		t.Error("there was no early data")
	}
}

// Who can copy the request of another cannot end the handshake.
func TestOtherRequestsWaitForTheHandshake(t *testing.T) {
	r, served := startEarly(t)
	hears := make(chan struct{})
	config, own := r.session(t)
	q, stream := r.early(t, config, own, hears, append(post(), data("x")...))
	select {
	case got := <-served:
		t.Fatalf("%s was served before the handshake's end", got)
	case <-time.After(300 * time.Millisecond):
	}
	close(hears)
	if got := <-served; got != "POST -" {
		t.Errorf("served %s", got)
	}
	if p, err := io.ReadAll(stream); err != nil || len(p) == 0 {
		t.Errorf("%d bytes, %v", len(p), err)
	}
	if !q.ConnectionState().Used0RTT {
		t.Error("there was no early data")
	}
}

// The settings that a client remembers must hold for its early data (RFC 9114 7.2.4.2).
func TestATicketOfLargerSettingsAllowsNoEarlyData(t *testing.T) {
	session := &tls.SessionState{}
	for _, c := range []struct {
		wrapped, unwrapped int
		want               bool
	}{{16 << 10, 16 << 10, true}, {16 << 10, 64 << 10, true}, {64 << 10, 16 << 10, false}} {
		var ticket *tls.SessionState
		base := &tls.Config{
			WrapSession: func(_ tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
				ticket = s
				return nil, nil
			},
			UnwrapSession: func([]byte, tls.ConnectionState) (*tls.SessionState, error) { return ticket, nil },
		}
		*session = tls.SessionState{EarlyData: true}
		if _, err := withTickets(base, c.wrapped).WrapSession(tls.ConnectionState{}, session); err != nil {
			t.Fatal(err)
		}
		got, err := withTickets(base, c.unwrapped).UnwrapSession(nil, tls.ConnectionState{})
		if err != nil || got.EarlyData != c.want {
			t.Errorf("%v: early data %t, %v", c, got.EarlyData, err)
		}
	}
}
