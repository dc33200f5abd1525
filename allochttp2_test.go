package highball

import (
	"io"
	"testing"

	"highball/internal/h2"
)

// asking is a connection of HTTP/2 whose client asks the same again when it has its answer.
type asking struct {
	echoing
	begun    bool
	stream   uint32
	request  []byte // a frame
	answered chan struct{}
}

// newAsking's field block is of literals without an index (RFC 7541 6.2.2), and of
// what the static table has.
func newAsking(requests int) *asking {
	block := []byte{0x82, 0x84, 0x86}
	for _, f := range [][2]string{{":authority", "www.example.org"}, {"user-agent", "Mozilla/5.0"}, {"accept", "text/html"}} {
		block = append(append(append(block, 0, byte(len(f[0]))), f[0]...), byte(len(f[1])))
		block = append(block, f[1]...)
	}
	c := &asking{answered: make(chan struct{}, 1), request: append([]byte{0, 0, byte(len(block)), 1, 5, 0, 0, 0, 0}, block...)}
	c.left, c.stream = requests, 1
	return c
}

func (c *asking) Read(p []byte) (int, error) {
	if !c.begun {
		c.begun = true
		return copy(p, "\x00\x00\x00\x04\x00\x00\x00\x00\x00"), nil
	}
	if len(c.echoing.request) == 0 {
		if c.stream > 1 {
			<-c.answered
			c.answers++
		}
		if c.left--; c.left < 0 {
			return 0, io.EOF
		}
		c.request[5], c.request[6], c.request[7], c.request[8] = byte(c.stream>>24), byte(c.stream>>16), byte(c.stream>>8), byte(c.stream)
		c.stream += 2
		c.echoing.request = c.request
	}
	n := copy(p, c.echoing.request)
	c.echoing.request = c.echoing.request[n:]
	return n, nil
}

// ReadLate hides echoing's.
func (c *asking) ReadLate() {}

// Write looks for the end of a stream.
func (c *asking) Write(p []byte) (int, error) {
	for rest := p; len(rest) >= 9; rest = rest[9+int(rest[1])<<8+int(rest[2]):] {
		if rest[3] == 0 && rest[4]&1 != 0 {
			c.answered <- struct{}{}
		}
	}
	return len(p), nil
}

// A GET over HTTP/2 takes from the heap the texts of fields that are not in the
// client's table, and nothing else.
func TestAllocationsOfAStream(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector has pools forget: make test-allocations")
	}
	const texts = 6
	server := &h2.Server{Handler: readyGateway(t), Borrows: true}
	run := func(requests int) float64 {
		return testing.AllocsPerRun(20, func() {
			c := newAsking(requests)
			server.ServeConn(t.Context(), c, []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
			if c.answers != requests {
				t.Fatalf("%d answers to %d requests", c.answers, requests)
			}
		})
	}
	one, many := run(1), run(1001)
	if each := (many - one) / 1000; each > texts+0.01 {
		t.Errorf("%.2f allocations a request", each)
	}
}
