package uwsgi

import (
	"strings"
	"testing"
	"time"

	"highball/e2e/harness"
)

const unbuffered = "uwsgi_buffering off;"

// A generator's blocks reach the client while the application makes the next.
func TestStreams(t *testing.T) {
	t.Parallel()
	s := start(t, "all:application")
	s.ways(t, unbuffered, func(t *testing.T, w way) {
		gate := harness.NewGate(t)
		c := w.dial(t).Send(harness.Request("GET", "/blocks?"+gate.Query()))
		one := gate.Arrival()
		if r := c.Head(); r.Status != 200 || r.Get("Transfer-Encoding") != "chunked" {
			t.Fatalf("got %s, %q", r.Line, r.Fields)
		}
		if got := c.Chunk(); got != "one" {
			t.Errorf("got %q, want the first block", got)
		}
		c.Silent()
		one.Go()
		two := gate.Arrival()
		if got := c.Chunk(); got != "two" {
			t.Errorf("got %q, want the second block", got)
		}
		two.Go()
		if got := c.Chunk(); got != "" {
			t.Errorf("got %q, want the end", got)
		}
	})
}

// The application is told when the proxy's client has left.
func TestClientsThatLeave(t *testing.T) {
	t.Parallel()
	s := start(t, "all:application")
	s.ways(t, unbuffered, func(t *testing.T, w way) {
		tag := "t" + w.Address[strings.LastIndex(w.Address, ":")+1:]
		c := w.dial(t).Send(harness.Request("GET", "/endless?size=10000&tag="+tag))
		c.Head()
		if n := s.Count(tag + " closed after"); n > 0 {
			t.Fatal("it was closed too early")
		}
		c.Reset()
		s.WaitText(t, tag+" closed after")
		if n := s.Count(tag + " closed after"); n != 1 {
			t.Errorf("closed %d times", n)
		}
	})
}

// A peer that speaks uwsgi itself, and leaves.
func TestPeersThatLeave(t *testing.T) {
	t.Parallel()
	s := start(t, "all:application")
	for network, address := range map[string]string{"tcp": s.tcp, "unix": s.socket} {
		c := harness.Dial(t, network, address).Send(get("/endless?tag=" + network))
		c.Head()
		_ = c.Close()
		s.WaitText(t, network+" closed after")
		gate := harness.NewGate(t)
		c = harness.Dial(t, network, address).Send(get("/waits_then_streams?tag=w" + network + "&" + gate.Query()))
		visitor := gate.Arrival()
		_ = c.Close()
		visitor.Go()
		s.WaitText(t, "w"+network+" closed after")
	}
}

func TestResponsesWithoutABody(t *testing.T) {
	t.Parallel()
	s := start(t, "all:application")
	s.ways(t, unbuffered, func(t *testing.T, w way) {
		c := w.dial(t) // of which each response has to end where it does
		for _, path := range []string{"/hello", "/files/plain", "/blocks_not/there"} {
			r := c.Send(harness.Request("HEAD", path)).Response("HEAD")
			if want := map[string]int{"/blocks_not/there": 500}[path]; r.Status != max(want, 200) || r.Body != "" {
				t.Errorf("HEAD %s: got %s, %q", path, r.Line, r.Body)
			}
			if path == "/files/plain" && r.Get("Content-Length") != "200000" {
				t.Errorf("HEAD %s: got %q", path, r.Fields)
			}
			if strings.Contains(path, "there") { // Apache closes then
				c = w.dial(t)
			}
		}
		for _, status := range []string{"204", "304"} {
			for _, how := range []string{"list", "generator", "yields"} {
				r := c.Send(harness.Request("GET", "/no_body/"+status+"?how="+how)).Response("GET")
				if r.Status != map[string]int{"204": 204, "304": 304}[status] || r.Get("X-Mine") != "1" {
					t.Errorf("%s, %s: got %s, %q", status, how, r.Line, r.Fields)
				}
			}
		}
		c.Send(harness.Request("GET", "/hello")).Response("GET").Want(t, 200, "hello")
	})
}

func TestFiles(t *testing.T) {
	t.Parallel()
	s := start(t, "all:application")
	digits := strings.Repeat("0123456789", 20_000)
	s.ways(t, unbuffered, func(t *testing.T, w way) {
		for _, kind := range []string{"plain", "named", "unbuffered", "read_ahead", "zipped", "pipe", "Reader", "bytesio"} {
			r := w.do(t, harness.Request("GET", "/files/"+kind))
			want := digits
			if kind == "pipe" {
				want = digits[:5000]
			}
			if r.Status != 200 || !r.Complete || r.Body != want {
				t.Errorf("%s: got %s, %d bytes, complete: %t", kind, r.Line, len(r.Body), r.Complete)
			}
		}
	})
}

// What the engine writes on the wire: a response of HTTP/1 that ends with its
// connection, never in chunks, and no interim one.
func TestResponsesOnTheWire(t *testing.T) {
	t.Parallel()
	s := start(t, "all:application")
	for _, path := range []string{"/hello", "/endless_not", "/files/plain", "/closing?end=normal", "/hints"} {
		c := harness.Dial(t, "tcp", s.tcp).Send(get(path))
		answer := c.Rest()
		head, _, whole := strings.Cut(answer, "\r\n\r\n")
		if !whole || !strings.HasPrefix(head, "HTTP/1.1 ") || strings.Contains(head, "Transfer-Encoding") || strings.Contains(head, " 103 ") || !strings.Contains(head, "\r\nConnection: close") {
			t.Errorf("%s: got %.300q", path, answer)
		}
	}
	// A response that is cut is shorter than its length: nginx tells its client.
	answer := harness.Dial(t, "tcp", s.tcp).Send(get("/closing?end=raises&length=99")).Rest()
	if !strings.Contains(answer, "Content-Length: 99\r\n") || !strings.HasSuffix(answer, "begun") {
		t.Errorf("got %q", answer)
	}
}

// A packet that does not come is given up, one byte at a time or none at all.
func TestSlowPackets(t *testing.T) {
	t.Parallel()
	control := t.TempDir() + "/c"
	s := start(t, "hello/wsgi.py", "--header-timeout", "1s", "--control", control, "--max-connections", "40")
	for network, address := range map[string]string{"tcp": s.tcp, "unix": s.socket} {
		for _, part := range []string{get("/")[:1], get("/")[:3], get("/")[:30], get("/")[:len(get("/"))-1]} {
			began := time.Now()
			c := harness.Dial(t, network, address).Send(part)
			c.Response("GET").WantStatus(t, 408)
			c.ExpectEnd()
			if took := time.Since(began); took < 500*time.Millisecond {
				t.Errorf("%s: given up after %s", network, took)
			}
		}
		harness.Dial(t, network, address).Send(get("/")[:30]).CloseWrite().ExpectEnd()
		c := harness.Dial(t, network, address)
		for i := range len(get("/")) {
			c.Send(get("/")[i : i+1])
		}
		c.Response("GET").Want(t, 200, "hello")
	}
	out, _, _ := harness.Ctl(t, harness.Binary(), control, "status", "--json")
	if !strings.Contains(out, `"RFC 9110 15.5.9": 8`) && !strings.Contains(out, `"RFC 9110 15.5.9":8`) {
		t.Errorf("the status does not count them: %s", out)
	}
}

// Connections on which no packet comes make room for others.
func TestMaxConnections(t *testing.T) {
	t.Parallel()
	control := t.TempDir() + "/c"
	s := start(t, "hello/wsgi.py", "--max-connections", "10", "--control", control)
	for range 30 {
		harness.Dial(t, "tcp", s.tcp)
		harness.Dial(t, "unix", s.socket)
	}
	harness.Dial(t, "tcp", s.tcp).Send(get("/")).Response("GET").Want(t, 200, "hello")
	out, _, _ := harness.Ctl(t, harness.Binary(), control, "status", "--json")
	if !strings.Contains(out, `"evicted_total"`) || strings.Contains(out, `"evicted_total": 0`) || strings.Contains(out, `"evicted_total":0`) {
		t.Errorf("got %s", out)
	}
}
