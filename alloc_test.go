package highball

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"highball/internal/gateway"
	"highball/internal/h1"
	"highball/internal/proxied"
	"highball/internal/wire"
)

// echoing is a connection whose client asks the same again and again.
type echoing struct {
	request       []byte
	left, answers int
}

func (c *echoing) ReadLate(b h1.Buffers) ([]byte, int, error) {
	if c.left--; c.left < 0 {
		return nil, 0, io.EOF
	}
	p := b.Get()
	return p, copy(p, c.request), nil
}

func (c *echoing) Write(p []byte) (int, error) {
	c.answers += bytes.Count(p, []byte("HTTP/1.1 200 "))
	return len(p), nil
}

func (*echoing) Read([]byte) (int, error)         { return 0, io.EOF }
func (*echoing) Close() error                     { return nil }
func (*echoing) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }
func (*echoing) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 50000} }
func (*echoing) SetDeadline(time.Time) error      { return nil }
func (*echoing) SetReadDeadline(time.Time) error  { return nil }
func (*echoing) SetWriteDeadline(time.Time) error { return nil }

// readySlot has the same response for each request at once.
type readySlot struct {
	gateway.Call // what is not called
	payload      []byte
}

func (*readySlot) PID() int { return 1 }

func (s *readySlot) Begin([]byte, wire.Flags, *os.File) (gateway.Call, error) { return s, nil }

func (*readySlot) Turn() bool { return true }

func (s *readySlot) Next(time.Duration) (wire.Header, error) {
	return wire.Header{Type: wire.TypeResponse, Flags: wire.FlagEnd | wire.FlagFree, Length: uint32(len(s.payload))}, nil
}

func (s *readySlot) Payload(_ wire.Header, buf []byte) ([]byte, error) {
	return append(buf[:0], s.payload...), nil
}

func (*readySlot) End()       {}
func (*readySlot) Done() bool { return true }

// readyGateway has a slot that answers at once, and trusts a proxy that is not there.
func readyGateway(t *testing.T) http.Handler {
	t.Helper()
	payload := wire.AppendTuple(nil, 3)
	payload = wire.AppendLatin1(payload, "200 OK")
	payload = wire.AppendList(payload, 2)
	for _, f := range [][2]string{{"Content-Type", "text/html; charset=utf-8"}, {"X-Frame-Options", "DENY"}} {
		payload = wire.AppendLatin1(wire.AppendLatin1(wire.AppendTuple(payload, 2), f[0]), f[1])
	}
	slot := &readySlot{payload: wire.AppendBytes(payload, []byte("hello, world"))}
	release := func() {}
	trust, err := proxied.NewTrust([]string{"192.0.2.128/25"}, "")
	if err != nil {
		t.Fatal(err)
	}
	return proxied.New(gateway.New(gateway.Options{
		Acquire: func(context.Context, gateway.Ask) (gateway.Lease, error) {
			return gateway.Lease{Slot: slot, Release: release}, nil
		},
		Logger: slog.New(slog.DiscardHandler), RequestTimeout: time.Minute,
	}), proxied.Options{Trust: trust})
}

// From a connection to the frame for a worker, and from its answer to the connection, a
// GET takes nothing from the heap.
func TestAllocationsOfARequest(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector has pools forget: make test-allocations")
	}
	server := &h1.Server{Handler: readyGateway(t), Borrows: true}
	const request = "GET /articles/2026?page=2 HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n" +
		"Accept: text/html,*/*;q=0.8\r\nAccept-Language: en-GB\r\nAccept-Encoding: gzip, br\r\nsec-fetch-mode: navigate\r\nCookie: a=b\r\n\r\n"
	run := func(requests int) float64 {
		return testing.AllocsPerRun(20, func() {
			c := &echoing{request: []byte(request), left: requests}
			server.ServeConn(t.Context(), c)
			if c.answers != requests {
				t.Fatalf("%d answers to %d requests", c.answers, requests)
			}
		})
	}
	one, many := run(1), run(1001)
	if each := (many - one) / 1000; each > 0.01 {
		t.Errorf("%.2f allocations a request", each)
	}
}
